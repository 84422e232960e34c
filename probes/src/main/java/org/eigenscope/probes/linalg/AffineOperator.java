package org.eigenscope.probes.linalg;

import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** cA + σI. */
record AffineOperator(LinearOperator operator, double factor, double shift)
    implements LinearOperator {

  AffineOperator {
    if (!Double.isFinite(factor) || !Double.isFinite(shift)) {
      throw new IllegalArgumentException(
          "factor and shift must be finite, got %s and %s".formatted(factor, shift));
    }
  }

  @Override
  public long order() {
    return operator.order();
  }

  @Override
  public DataType dataType() {
    return operator.dataType();
  }

  @Override
  public INDArray apply(INDArray block) {
    INDArray result = operator.apply(block);
    if (factor != 1) {
      result.muli(factor);
    }
    if (shift != 0) {
      result.addi(block.mul(shift));
    }
    return result;
  }
}
