package org.eigenscope.probes.linalg;

import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** (I − P) A (I − P), P the projector on the rows of an orthonormal basis. */
final class ProjectedOperator implements LinearOperator {
  private final LinearOperator operator;
  private final INDArray basis;

  ProjectedOperator(LinearOperator operator, INDArray basis) {
    operator.checkBlock(basis);
    this.operator = operator;
    this.basis = basis.dup('c');
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
    checkBlock(block);
    return project(operator.apply(project(block.dup('c'))));
  }

  private INDArray project(INDArray block) {
    return block.subi(block.mmul(basis.transpose()).mmul(basis));
  }
}
