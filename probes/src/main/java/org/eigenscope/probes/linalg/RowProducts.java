package org.eigenscope.probes.linalg;

import org.eigenscope.probes.kernel.Tensor;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Inner products of a few long rows, in double whatever the type of the rows. */
final class RowProducts {

  /** Rows are taken in pieces of this many columns, which stay in the cache as doubles. */
  private static final int PIECE = 1024;

  /** How far rows may be from orthonormal, max|VVᵀ − I|: well above rounding in FLOAT. */
  private static final double ORTHONORMALITY_TOLERANCE = 1e-4;

  private RowProducts() {}

  /**
   * Returns the [j, k] matrix of inner products a bᵀ.
   *
   * @param a an array [j, n], FLOAT or DOUBLE; not modified
   * @param b an array [k, n], FLOAT or DOUBLE, which may be the same one; not modified
   */
  static double[][] of(INDArray a, INDArray b) {
    double[][] products = new double[(int) a.size(0)][(int) b.size(0)];
    double[][] left = new double[products.length][PIECE];
    double[][] right = a == b ? left : new double[products[0].length][PIECE];
    try (Dense rows = new Dense(a);
        Dense others = new Dense(b)) {
      for (long from = 0; from < a.size(1); from += PIECE) {
        int count = (int) Math.min(PIECE, a.size(1) - from);
        read(rows.tensor(), from, left, count);
        if (a != b) {
          read(others.tensor(), from, right, count);
        }
        for (int i = 0; i < left.length; i++) {
          for (int j = 0; j < (a == b ? i + 1 : right.length); j++) {
            products[i][j] += LanczosSweeps.dot(left[i], right[j], count);
          }
        }
      }
    }
    for (int i = 0; a == b && i < products.length; i++) {
      for (int j = 0; j < i; j++) {
        products[j][i] = products[i][j];
      }
    }
    return products;
  }

  private static void read(Tensor rows, long from, double[][] into, int count) {
    for (int i = 0; i < into.length; i++) {
      rows.read(i * (long) rows.width() + from, into[i], 0, count);
    }
  }

  /**
   * Checks that an array is a matrix with orthonormal rows.
   *
   * @throws IllegalArgumentException if it is not; the message says how far off it is
   */
  static void requireOrthonormal(String name, INDArray rows) {
    if (rows.rank() != 2) {
      throw new IllegalArgumentException(
          "%s must be of rank 2, got rank %d".formatted(name, rows.rank()));
    }
    double[][] products = of(rows, rows);
    double defect = 0;
    for (int i = 0; i < products.length; i++) {
      for (int j = 0; j < products.length; j++) {
        // Math.max keeps NaN, ND4J's amax does not.
        defect = Math.max(defect, Math.abs(products[i][j] - (i == j ? 1 : 0)));
      }
    }
    if (!(defect <= ORTHONORMALITY_TOLERANCE)) {
      throw new IllegalArgumentException(
          "rows of %s must be orthonormal to %s, got max|VVᵀ − I| = %s"
              .formatted(name, ORTHONORMALITY_TOLERANCE, defect));
    }
  }
}
