package org.eigenscope.probes.curvature.tangent;

import java.util.Arrays;
import org.deeplearning4j.nn.conf.ConvolutionMode;

/**
 * How a window moves over an image, height first.
 *
 * @param top rows of zeros above the image
 * @param left columns of zeros before it
 */
record Window(
    int[] kernel, int[] stride, int[] dilation, int top, int left, int outHeight, int outWidth) {

  /** Returns a layer's window. */
  static Window of(
      Shape image,
      int[] kernel,
      int[] stride,
      int[] dilation,
      int[] padding,
      ConvolutionMode mode) {
    int[] in = {image.height(), image.width()};
    int[] out = new int[2];
    int[] before = new int[2];
    for (int i = 0; i < 2; i++) {
      int extent = (kernel[i] - 1) * dilation[i] + 1;
      if (mode == ConvolutionMode.Same) {
        out[i] = (in[i] + stride[i] - 1) / stride[i];
        before[i] = Math.max(0, ((out[i] - 1) * stride[i] + extent - in[i]) / 2);
      } else {
        out[i] = (in[i] + 2 * padding[i] - extent) / stride[i] + 1;
        before[i] = padding[i];
      }
    }
    return new Window(kernel, stride, dilation, before[0], before[1], out[0], out[1]);
  }

  /** Returns the elements of a whole window in one channel. */
  int elements() {
    return kernel[0] * kernel[1];
  }

  /** Returns for each output the elements of the image in its window, row by row. */
  int[][] sources(Shape image) {
    Shape shape = Shape.image(image.channels(), outHeight, outWidth);
    int[][] sources = new int[shape.size()][];
    int[] found = new int[elements()];
    for (int y = 0; y < outHeight; y++) {
      for (int x = 0; x < outWidth; x++) {
        for (int c = 0; c < image.channels(); c++) {
          int count = 0;
          for (int i = 0; i < elements(); i++) {
            int sourceY = y * stride[0] - top + i / kernel[1] * dilation[0];
            int sourceX = x * stride[1] - left + i % kernel[1] * dilation[1];
            if (sourceY >= 0
                && sourceY < image.height()
                && sourceX >= 0
                && sourceX < image.width()) {
              found[count++] = image.at(c, sourceY, sourceX);
            }
          }
          sources[shape.at(c, y, x)] = Arrays.copyOf(found, count);
        }
      }
    }
    return sources;
  }
}
