package org.eigenscope.probes.linalg;

import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** VᵀV for a few rows V. */
public final class LowRankOperator implements LinearOperator {
  private final INDArray rows;

  private LowRankOperator(INDArray rows) {
    this.rows = rows;
  }

  /**
   * Returns the operator of some rows.
   *
   * <p><b>Cost.</b> 4rn flops for a product.
   *
   * @param rows V, [r, n], FLOAT or DOUBLE; copied
   * @throws IllegalArgumentException if the rows are not of rank 2
   */
  public static LowRankOperator of(INDArray rows) {
    if (rows.rank() != 2) {
      throw new IllegalArgumentException("rows must be of rank 2, got rank " + rows.rank());
    }
    Vectors.checkType("rows", rows.dataType());
    return new LowRankOperator(rows.dup('c'));
  }

  @Override
  public long order() {
    return rows.columns();
  }

  @Override
  public DataType dataType() {
    return rows.dataType();
  }

  @Override
  public INDArray apply(INDArray block) {
    checkBlock(block);
    return block.mmul(rows.transpose()).mmul(rows).dup('c');
  }
}
