package org.eigenscope.probes.linalg;

import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Inner products of vectors, from which whatever their span holds can be computed. */
public final class GramMatrix {

  private GramMatrix() {}

  /**
   * Returns the inner products of all pairs of rows.
   *
   * <p><b>Cost.</b> k²n flops in one thread; the rows are read once.
   *
   * <p><b>Accuracy.</b> Sums are taken in double, for rows of FLOAT too.
   *
   * @param rows k vectors as rows, [k, n], FLOAT or DOUBLE; not modified
   * @return a new DOUBLE array [k, k], symmetric
   * @throws IllegalArgumentException if the rows are not of rank 2
   */
  public static INDArray of(INDArray rows) {
    if (rows.rank() != 2) {
      throw new IllegalArgumentException("rows must be of rank 2, got rank " + rows.rank());
    }
    return Nd4j.createFromArray(RowProducts.of(rows, rows));
  }
}
