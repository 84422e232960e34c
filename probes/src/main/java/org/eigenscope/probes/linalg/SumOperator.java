package org.eigenscope.probes.linalg;

import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** A + sB with s = ±1. */
record SumOperator(LinearOperator left, LinearOperator right, int sign) implements LinearOperator {

  SumOperator {
    if (left.order() != right.order() || left.dataType() != right.dataType()) {
      throw new IllegalArgumentException(
          "operators must have one order and type, got %d %s and %d %s"
              .formatted(left.order(), left.dataType(), right.order(), right.dataType()));
    }
  }

  @Override
  public long order() {
    return left.order();
  }

  @Override
  public DataType dataType() {
    return left.dataType();
  }

  @Override
  public INDArray apply(INDArray block) {
    INDArray result = left.apply(block);
    INDArray other = right.apply(block);
    return sign > 0 ? result.addi(other) : result.subi(other);
  }
}
