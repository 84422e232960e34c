package org.eigenscope.probes.linalg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class OperatorCheckTest {

  /** An operator from a function, right or wrong. */
  private record Product(long order, DataType dataType, UnaryOperator<INDArray> function)
      implements LinearOperator {
    @Override
    public INDArray apply(INDArray block) {
      return function.apply(block);
    }
  }

  @Test
  void measuresTheSymmetryDefect() {
    // Upper shift: xᵀAy − yᵀAx = Σ x_i y_{i+1} − y_i x_{i+1}.
    INDArray shift = Nd4j.create(DataType.DOUBLE, 6, 6);
    for (int i = 0; i < 5; i++) {
      shift.putScalar(i, i + 1, 4);
    }
    OperatorCheck check =
        OperatorCheck.measure(new Product(6, DataType.DOUBLE, x -> x.mmul(shift)), 3);
    INDArray block = Matrices.gaussian(3, 2, 6, DataType.DOUBLE);
    INDArray products = block.mmul(shift);
    double expected =
        Math.abs(
            Vectors.dot(block.getRow(0), products.getRow(1))
                - Vectors.dot(block.getRow(1), products.getRow(0)));
    assertThat(check.symmetryDefect()).isCloseTo(expected, within(1e-14)).isGreaterThan(0.01);
    assertThatThrownBy(() -> check.requireSymmetric(1e-8))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "operator is not symmetric: |xᵀAy − yᵀAx| = %s exceeds 1e-08·‖A‖ (estimate %s); finite differences across a ReLU kink can cause this",
            String.format(java.util.Locale.ROOT, "%.1e", check.symmetryDefect()),
            String.format(java.util.Locale.ROOT, "%.1e", check.normEstimate()));
  }

  @Test
  void measuresTheDifferenceOfTwoApplications() {
    double[] noise = {0};
    OperatorCheck check =
        OperatorCheck.measure(
            new Product(5, DataType.DOUBLE, x -> x.add(noise[0]++ == 1 ? 0.25 : 0)), 3);
    assertThat(check.determinismDefect()).isCloseTo(0.25, within(1e-15));
    assertThat(check.deterministic()).isFalse();
    assertThatThrownBy(check::requireDeterministic)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith(
            "operator is not deterministic: two applications to one block differ by 2.5e-01");
  }

  @Test
  void passesASymmetricOperatorAndEstimatesItsNorm() {
    CountingOperator operator =
        CountingOperator.of(
            Matrices.dense(Matrices.withSpectrum(1, Matrices.values(30, i -> i == 7 ? -50 : 1))));
    OperatorCheck check = OperatorCheck.measure(operator, Matrices.seed());
    assertThat(check.requireSymmetric(1e-12).requireDeterministic()).isSameAs(check);
    assertThat(check.normEstimate()).isBetween(49.0, 50.0 + 1e-9);
    assertThat(check.matvecs()).isEqualTo(operator.matvecs()).isEqualTo(10);
  }

  @Test
  void passesTheZeroOperator() {
    OperatorCheck check = OperatorCheck.measure(Matrices.diagonal(0, 0), 1);
    assertThat(check.relativeSymmetryDefect()).isZero();
    assertThat(check.requireSymmetric(0)).isSameAs(check);
  }

  @Test
  void namesAProductThatIsNotFinite() {
    LinearOperator operator = Matrices.diagonal(1, Double.NaN);
    assertThatThrownBy(() -> OperatorCheck.measure(operator, 1))
        .isInstanceOf(NonFiniteValueException.class)
        .hasMessageContaining("at index 1 after 2 matvecs");
  }
}
