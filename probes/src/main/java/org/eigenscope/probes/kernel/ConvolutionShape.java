package org.eigenscope.probes.kernel;

/**
 * The shape of a two-dimensional convolution (cross-correlation, as in Deeplearning4j) of one
 * example.
 *
 * <p>Output (y, x) covers input rows y · strideHeight − top + i · dilationHeight, i &lt;
 * kernelHeight, and columns alike; outside the input there are zeros.
 */
public record ConvolutionShape(
    int inChannels,
    int inHeight,
    int inWidth,
    int outChannels,
    int outHeight,
    int outWidth,
    int kernelHeight,
    int kernelWidth,
    int strideHeight,
    int strideWidth,
    int dilationHeight,
    int dilationWidth,
    int top,
    int left) {

  /** Returns the elements of one example's input, [inHeight, inWidth, inChannels]. */
  public int inSize() {
    return inHeight * inWidth * inChannels;
  }

  /** Returns the elements of one example's output, [outHeight, outWidth, outChannels]. */
  public int outSize() {
    return outHeight * outWidth * outChannels;
  }

  /** Returns the elements of the filters, [outChannels, inChannels, kernelHeight, kernelWidth]. */
  public int filterSize() {
    return outChannels * inChannels * kernelHeight * kernelWidth;
  }
}
