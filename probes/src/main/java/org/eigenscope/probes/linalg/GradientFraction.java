package org.eigenscope.probes.linalg;

import java.util.Arrays;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * How much of a gradient lies in the span of the first k vectors of a basis.
 *
 * <p><b>Definition.</b> ‖P_k g‖² / ‖g‖² with P_k the orthogonal projector on the first k rows
 * (Gur-Ari, Roberts and Dyer, arXiv 1812.04754, f_top; Ghorbani, Krishnan and Xiao, arXiv
 * 1901.10159). A random direction has k/n of its squared norm there: see {@link #chanceLevel}.
 */
public final class GradientFraction {

  private GradientFraction() {}

  /**
   * Returns the fractions in the spans of the first k rows, for every k at once.
   *
   * <p><b>Cost.</b> O(Kn) flops after the check of the basis, O(K²n); sums run in double, also over
   * FLOAT arrays.
   *
   * @param basis orthonormal rows [K, n]; not modified
   * @param gradient n finite numbers, an array [n] or [1, n] of any floating type; not modified
   * @return K numbers in [0, 1], never decreasing, that of the first i rows at index i − 1; all NaN
   *     for a zero gradient
   * @throws IllegalArgumentException if the basis is not of rank 2, its rows are not orthonormal to
   *     1e-4, the gradient has another length or is not finite
   */
  public static double[] of(INDArray basis, INDArray gradient) {
    RowProducts.requireOrthonormal("basis", basis);
    return fractions(basis, gradient);
  }

  /**
   * Returns the fractions in the top-k eigenspaces, for every k at once.
   *
   * @return as {@link #of(INDArray, INDArray)}
   * @throws IllegalArgumentException if the gradient has another length than the operator's order
   *     or is not finite
   */
  public static double[] of(TopEigenspace top, INDArray gradient) {
    return fractions(top.vectors(), gradient);
  }

  /**
   * Returns k/n, the expected fraction of a random direction.
   *
   * @param k dimension of the space, between 0 and n
   * @param n dimension of the whole, at least 1
   * @throws IllegalArgumentException if k or n is out of range
   */
  public static double chanceLevel(int k, long n) {
    if (n < 1 || k < 0 || k > n) {
      throw new IllegalArgumentException(
          "k must be between 0 and n >= 1, got k = %d and n = %d".formatted(k, n));
    }
    return (double) k / n;
  }

  private static double[] fractions(INDArray basis, INDArray gradient) {
    long n = basis.size(1);
    if (gradient.length() != n) {
      throw new IllegalArgumentException(
          "gradient must have the basis' length %d, got %d".formatted(n, gradient.length()));
    }
    double scale = largestMagnitude(gradient);
    if (!Double.isFinite(scale)) {
      throw new IllegalArgumentException("gradient must be finite, got max|g| = " + scale);
    }
    double[] fractions = new double[(int) basis.size(0)];
    if (scale == 0) {
      Arrays.fill(fractions, Double.NaN);
      return fractions;
    }
    // Scaled, because the square of a norm below 1e-162 is zero.
    INDArray row = gradient.castTo(DataType.DOUBLE).div(scale).reshape(1, n);
    double squaredNorm = RowProducts.of(row, row)[0][0];
    double[][] components = RowProducts.of(basis, row);
    double sum = 0;
    for (int k = 0; k < fractions.length; k++) {
      double component = components[k][0];
      sum += component * component;
      // Rows that are orthonormal up to rounding only can exceed 1 by as much.
      fractions[k] = Math.min(1, sum / squaredNorm);
    }
    return fractions;
  }

  /** Returns max|g|, or NaN if there is one: ND4J's amax passes over it. */
  private static double largestMagnitude(INDArray gradient) {
    double largest = gradient.amaxNumber().doubleValue();
    return gradient.isNaN().any() ? Double.NaN : largest;
  }
}
