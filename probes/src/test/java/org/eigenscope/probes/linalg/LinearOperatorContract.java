package org.eigenscope.probes.linalg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** What every operator keeps, against a dense matrix. */
abstract class LinearOperatorContract {

  /** Returns the operator under test, of order at least 2. */
  abstract LinearOperator operator();

  /** Returns its matrix, from elsewhere. */
  abstract double[][] oracle();

  /** Returns an operator of the kind with the order 1. */
  abstract LinearOperator ofOrderOne();

  double tolerance() {
    return operator().dataType() == DataType.FLOAT ? 1e-5 : 1e-12;
  }

  private INDArray block(int rows) {
    LinearOperator operator = operator();
    return Matrices.gaussian(Matrices.seed(), rows, operator.order(), operator.dataType());
  }

  private double norm() {
    return Math.max(1e-300, Matrices.largestMagnitude(JacobiEigenvalues.of(oracle())));
  }

  private void assertClose(INDArray actual, INDArray expected) {
    assertThat(
            actual
                .castTo(DataType.DOUBLE)
                .sub(expected.castTo(DataType.DOUBLE))
                .amaxNumber()
                .doubleValue())
        .isCloseTo(0, within(tolerance() * norm()));
  }

  @Test
  void hasTheOrderOfItsMatrix() {
    assertThat(operator().order()).isEqualTo(oracle().length);
  }

  @Test
  void multipliesLikeItsMatrix() {
    INDArray block = block(3);
    INDArray expected = block.castTo(DataType.DOUBLE).mmul(Nd4j.createFromArray(oracle()));
    assertClose(operator().apply(block), expected);
  }

  @Test
  void multipliesEachUnitVectorLikeItsMatrix() {
    LinearOperator operator = operator();
    INDArray identity = Nd4j.eye(operator.order()).castTo(operator.dataType()).dup('c');
    assertClose(operator.apply(identity), Nd4j.createFromArray(oracle()));
  }

  @Test
  void isLinear() {
    LinearOperator operator = operator();
    INDArray x = block(2);
    INDArray y = Matrices.gaussian(Matrices.seed() + 1, 2, operator.order(), operator.dataType());
    INDArray together = operator.apply(x.mul(0.75).add(y.mul(-1.5)));
    assertClose(together, operator.apply(x).mul(0.75).add(operator.apply(y).mul(-1.5)));
  }

  @Test
  void isSymmetric() {
    OperatorCheck check = OperatorCheck.measure(operator(), Matrices.seed());
    assertThat(check.symmetryDefect()).isLessThanOrEqualTo(tolerance() * norm());
  }

  @Test
  void isDeterministic() {
    INDArray block = block(2);
    LinearOperator operator = operator();
    assertThat(operator.apply(block).toDoubleMatrix())
        .isDeepEqualTo(operator.apply(block).toDoubleMatrix());
  }

  @Test
  void treatsRowsAlike() {
    INDArray block = block(3);
    INDArray second = block.getRow(1).dup().reshape(1, operator().order());
    assertClose(operator().apply(second), operator().apply(block).getRow(1, true));
  }

  @Test
  void leavesTheBlockAlone() {
    INDArray block = block(2);
    INDArray copy = block.dup();
    INDArray result = operator().apply(block);
    result.assign(7);
    assertThat(block.toDoubleMatrix()).isDeepEqualTo(copy.toDoubleMatrix());
  }

  @Test
  void returnsABlockOfTheSameShapeTypeAndRowMajorOrder() {
    INDArray result = operator().apply(block(3));
    assertThat(result.shape()).containsExactly(3, operator().order());
    assertThat(result.dataType()).isEqualTo(operator().dataType());
    assertThat(result.ordering()).isEqualTo('c');
  }

  @Test
  void takesABlockInColumnMajorOrder() {
    INDArray block = block(3);
    assertClose(operator().apply(block.dup('f')), operator().apply(block));
  }

  @Test
  void rejectsAVectorOfTheWrongLength() {
    LinearOperator operator = operator();
    INDArray wrong = Nd4j.create(operator.dataType(), 2, operator.order() - 1);
    assertThatThrownBy(() -> operator.apply(wrong))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "block has %d columns but the operator has order %d",
            operator.order() - 1, operator.order());
  }

  @Test
  void rejectsAVectorThatIsNotARow() {
    LinearOperator operator = operator();
    INDArray wrong = Nd4j.create(operator.dataType(), operator.order());
    assertThatThrownBy(() -> operator.apply(wrong))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("block must have rank 2")
        .hasMessageContaining("got shape [" + operator.order() + "]");
  }

  @Test
  void rejectsAnotherDataType() {
    LinearOperator operator = operator();
    DataType other = operator.dataType() == DataType.FLOAT ? DataType.DOUBLE : DataType.FLOAT;
    INDArray wrong = Nd4j.create(other, 2, operator.order());
    assertThatThrownBy(() -> operator.apply(wrong))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("block is %s but the operator is %s", other, operator.dataType());
  }

  @Test
  void worksInOrderOne() {
    LinearOperator one = ofOrderOne();
    assertThat(one.order()).isEqualTo(1);
    INDArray block = Nd4j.create(one.dataType(), 2, 1).addi(2);
    INDArray result = one.apply(block);
    assertThat(result.shape()).containsExactly(2, 1);
    assertThat(result.getDouble(0)).isEqualTo(result.getDouble(1));
  }
}
