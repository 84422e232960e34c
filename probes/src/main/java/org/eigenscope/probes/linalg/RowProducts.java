package org.eigenscope.probes.linalg;

import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** Inner products of long rows, accumulated in double whatever the type of the rows. */
final class RowProducts {

  /**
   * Rows are taken in pieces of this many columns, so that a DOUBLE copy of a piece stays small.
   */
  static final long PIECE = 1 << 16;

  /** How far rows may be from orthonormal, max|VVᵀ − I|: well above rounding in FLOAT. */
  private static final double ORTHONORMALITY_TOLERANCE = 1e-4;

  private RowProducts() {}

  /**
   * Returns the [j, k] matrix of inner products a bᵀ in DOUBLE.
   *
   * @param a an array [j, n]; not modified
   * @param b an array [k, n] of any floating type; not modified
   */
  static INDArray of(INDArray a, INDArray b) {
    long n = a.size(1);
    INDArray products = Nd4j.zeros(DataType.DOUBLE, a.size(0), b.size(0));
    for (long from = 0; from < n; from += PIECE) {
      long to = Math.min(n, from + PIECE);
      products.addi(piece(a, from, to).mmul(piece(b, from, to).transpose()));
    }
    return products;
  }

  private static INDArray piece(INDArray rows, long from, long to) {
    return rows.get(NDArrayIndex.all(), NDArrayIndex.interval(from, to)).castTo(DataType.DOUBLE);
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
    double[][] products = of(rows, rows).toDoubleMatrix();
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
