package org.eigenscope.probes.linalg;

import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * How much two subspaces have in common: the mean squared cosine of their canonical angles.
 *
 * <p><b>Definition.</b> For orthonormal bases in the rows of U and V, both [k, n], the overlap is
 * ‖U Vᵀ‖²_F / k: 1 for equal spaces, 0 for orthogonal ones, k/n expected for independent random
 * ones. It does not depend on the bases chosen (Wu, Zhu, Wu, Wang and Ge, arXiv 2010.04261, Def.
 * 4.1; Gur-Ari, Roberts and Dyer, arXiv 1812.04754).
 */
public final class SubspaceOverlap {

  private SubspaceOverlap() {}

  /**
   * Returns the overlaps of the spans of the first k rows, for every k at once.
   *
   * <p><b>Cost.</b> O(K²n) flops; sums run in double, also over FLOAT arrays.
   *
   * @param first orthonormal rows [j, n]; not modified
   * @param second orthonormal rows [k, n] of any floating type; not modified
   * @return K = min(j, k) overlaps, that of the first i rows at index i − 1; each in [0, 1]
   * @throws IllegalArgumentException if an array is not of rank 2, its rows are not orthonormal to
   *     1e-4, or their lengths differ
   */
  public static double[] of(INDArray first, INDArray second) {
    RowProducts.requireOrthonormal("first", first);
    RowProducts.requireOrthonormal("second", second);
    return overlaps(first, second);
  }

  /**
   * Returns the overlaps of the top-k eigenspaces, for every k at once.
   *
   * @return as {@link #of(INDArray, INDArray)}
   * @throws IllegalArgumentException if the spaces belong to operators of different orders
   */
  public static double[] of(TopEigenspace first, TopEigenspace second) {
    return overlaps(first.vectors(), second.vectors());
  }

  private static double[] overlaps(INDArray first, INDArray second) {
    if (first.size(1) != second.size(1)) {
      throw new IllegalArgumentException(
          "rows must have one length, got %d and %d".formatted(first.size(1), second.size(1)));
    }
    double[][] cosines = RowProducts.of(first, second);
    double[] overlaps = new double[Math.min(cosines.length, cosines[0].length)];
    double sum = 0;
    for (int k = 0; k < overlaps.length; k++) {
      sum += cosines[k][k] * cosines[k][k];
      for (int i = 0; i < k; i++) {
        sum += cosines[i][k] * cosines[i][k] + cosines[k][i] * cosines[k][i];
      }
      // Rows that are orthonormal up to rounding only can exceed 1 by as much.
      overlaps[k] = Math.min(1, sum / (k + 1));
    }
    return overlaps;
  }
}
