package org.eigenscope.probes.linalg;

import java.util.List;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** A − Σ θ v vᵀ. */
final class DeflatedOperator implements LinearOperator {
  private final LinearOperator operator;

  /** The vectors [k, n]. */
  private final INDArray basis;

  /** θ as a row [1, k]. */
  private final INDArray values;

  DeflatedOperator(LinearOperator operator, List<RitzPair> pairs) {
    if (pairs.isEmpty()) {
      throw new IllegalArgumentException("deflation needs at least one pair, got none");
    }
    this.operator = operator;
    this.basis = Nd4j.createUninitialized(operator.dataType(), pairs.size(), operator.order());
    double[] thetas = new double[pairs.size()];
    for (int i = 0; i < thetas.length; i++) {
      INDArray vector = pairs.get(i).vector();
      operator.checkBlock(vector.reshape(1, vector.length()));
      basis.getRow(i).assign(vector);
      thetas[i] = pairs.get(i).value();
    }
    this.values =
        Nd4j.createFromArray(thetas).castTo(operator.dataType()).reshape(1, thetas.length);
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
    INDArray coefficients = block.mmul(basis.transpose()).muliRowVector(values);
    return result.subi(coefficients.mmul(basis));
  }
}
