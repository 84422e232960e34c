package org.eigenscope.probes.linalg;

import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** A ⊗ B on row-major vectorised matrices. */
record KroneckerOperator(LinearOperator left, LinearOperator right) implements LinearOperator {

  KroneckerOperator {
    if (left.dataType() != right.dataType()) {
      throw new IllegalArgumentException(
          "operators must have one type, got %s and %s"
              .formatted(left.dataType(), right.dataType()));
    }
    Math.multiplyExact(left.order(), right.order());
  }

  @Override
  public long order() {
    return left.order() * right.order();
  }

  @Override
  public DataType dataType() {
    return left.dataType();
  }

  @Override
  public INDArray apply(INDArray block) {
    checkBlock(block);
    long k = block.size(0);
    long n = left.order();
    long m = right.order();
    INDArray rows = right.apply(block.reshape('c', k * n, m));
    INDArray columns = rows.reshape('c', k, n, m).permute(0, 2, 1).dup('c').reshape('c', k * m, n);
    return left.apply(columns)
        .reshape('c', k, m, n)
        .permute(0, 2, 1)
        .dup('c')
        .reshape('c', k, n * m);
  }
}
