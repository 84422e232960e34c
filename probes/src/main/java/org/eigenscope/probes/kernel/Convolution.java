package org.eigenscope.probes.kernel;

/**
 * A convolution and its two transposes. Activations are [examples, height, width, channels]
 * ("NHWC"), filters [outChannels, inChannels, kernelHeight, kernelWidth].
 *
 * <p><b>Threading.</b> As {@link Kernels}.
 */
public interface Convolution {

  /** Filters, in whatever layout the convolution reads fastest. Until loaded they are undefined. */
  interface Filters {
    /**
     * Copies filters from native memory, [outChannels, inChannels, kernelHeight, kernelWidth]. No
     * other thread may read these filters at the same time.
     */
    void load(long address);
  }

  /** Returns new filters, which live as long as the kernels. */
  Filters filters();

  /**
   * Computes y = W ∗ x, or adds that to y.
   *
   * @param examples number of examples, at least 1
   * @param add whether y keeps what it has
   */
  void forward(int examples, long x, Filters filters, long y, boolean add);

  /** Computes dx, the gradient of ⟨dy, W ∗ x⟩ with respect to x, or adds it to dx. */
  void backwardData(int examples, long dy, Filters filters, long dx, boolean add);

  /**
   * Computes dw, the gradient of ⟨dy, W ∗ x⟩ with respect to W, summed over the examples, or adds
   * it to dw.
   *
   * @param dw address of [outChannels, inChannels, kernelHeight, kernelWidth]
   */
  void backwardFilters(int examples, long x, long dy, long dw, boolean add);
}
