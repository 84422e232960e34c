package org.eigenscope.probes.curvature.tangent;

/**
 * The shape of one example's value: an image, in memory [height, width, channels], or a vector,
 * which has height and width 1.
 */
record Shape(int channels, int height, int width, boolean image) {
  static Shape vector(long length) {
    return new Shape(Math.toIntExact(length), 1, 1, false);
  }

  static Shape image(long channels, long height, long width) {
    return new Shape(
        Math.toIntExact(channels), Math.toIntExact(height), Math.toIntExact(width), true);
  }

  /** Returns the number of elements. */
  int size() {
    return Math.toIntExact((long) channels * height * width);
  }

  /** Returns where an element is in memory. */
  int at(int channel, int y, int x) {
    return (y * width + x) * channels + channel;
  }
}
