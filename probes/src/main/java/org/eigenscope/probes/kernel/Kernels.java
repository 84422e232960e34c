package org.eigenscope.probes.kernel;

import org.nd4j.linalg.api.buffer.DataType;

/**
 * Matrix products and convolutions on native memory, in one floating-point type.
 *
 * <p>Arrays are named by the address of their first element; they are dense, in row-major order,
 * and must stay allocated for the time of the call. Operands may not overlap results.
 *
 * <p><b>Threading.</b> Every method may be called by several threads at once. A thread that called
 * {@link #enterThread} is the only one that works on its calls, as far as the library behind
 * allows; other threads' calls are spread over the library's own threads.
 *
 * <p><b>Reproducibility.</b> The same call on the same thread count gives the same bits.
 */
public interface Kernels extends AutoCloseable {

  /**
   * Returns the fastest kernels there are for a type: oneDNN for FLOAT where its natives are on the
   * class path, {@link #portable} ones otherwise.
   *
   * @param type FLOAT or DOUBLE
   */
  static Kernels of(DataType type) {
    return type == DataType.FLOAT && OneDnnLibrary.isAvailable()
        ? new OneDnnKernels()
        : portable(type);
  }

  /**
   * Returns kernels over the BLAS library that ND4J itself uses, which run wherever ND4J's CPU
   * backend does.
   *
   * @param type FLOAT or DOUBLE
   */
  static Kernels portable(DataType type) {
    return new BlasKernels(Elements.of(type));
  }

  /** Returns FLOAT or DOUBLE. */
  DataType type();

  /** Returns the name and version of the library that does the work, for provenance. */
  String library();

  /**
   * Prepares the calling thread for work as a member of a team, in which every thread computes its
   * own share: asks the library not to start threads for calls from this one. Changes no setting of
   * any other thread.
   */
  void enterThread();

  /**
   * Computes C = alpha op(A) op(B) + beta C, with op(A) of m rows and k columns and op(B) of k rows
   * and n columns. With beta = 0 the old content of C has no influence, be it NaN.
   *
   * @param transposeA whether A is stored [k, m] instead of [m, k]
   * @param transposeB whether B is stored [n, k] instead of [k, n]
   * @param strideA elements from one stored row of A to the next, likewise for B and C
   */
  void multiply(
      boolean transposeA,
      boolean transposeB,
      long m,
      long n,
      long k,
      double alpha,
      long a,
      long strideA,
      long b,
      long strideB,
      double beta,
      long c,
      long strideC);

  /** Returns a convolution of one shape, for any number of examples. */
  Convolution convolution(ConvolutionShape shape);

  /** Gives back what the kernels hold, with the convolutions and filters they made. */
  @Override
  void close();
}
