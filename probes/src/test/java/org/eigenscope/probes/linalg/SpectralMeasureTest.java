package org.eigenscope.probes.linalg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

class SpectralMeasureTest {

  /** Eigenvalues that stand apart at the upper end, and a bulk. */
  private static final double[] SPECTRUM =
      Matrices.values(60, i -> i < 4 ? 20 - 4 * i : Math.cos(i));

  static LongStream seeds() {
    return Matrices.seeds();
  }

  private static SpectralMeasure measure(LinearOperator operator, INDArray vector, int steps) {
    return SpectralMeasure.of(operator, vector, Lanczos.Options.ofSteps(steps));
  }

  @ParameterizedTest
  @EnumSource(names = {"FLOAT", "DOUBLE"})
  void anEigenvectorHasOneNode(DataType type) {
    INDArray vector = Matrices.array(new double[60]).putScalar(2, -3).castTo(type);
    SpectralMeasure measure = measure(Matrices.diagonal(type, SPECTRUM), vector, 30);

    assertThat(measure.rule().nodes()).containsExactly(new double[] {12}, within(1e-12));
    assertThat(measure.rule().weights()).containsExactly(new double[] {1}, within(1e-12));
    assertThat(measure.exact()).isTrue();
    assertThat(measure.matvecs()).isEqualTo(1);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void aSumOfEigenvectorsHasANodeForEachWithItsSquaredComponent(long seed) {
    double[] spectrum = {7, 5, 2, 0.5, -1, -3, 0, 4, 6, 1.5};
    INDArray basis = Orthonormal.rows(10, 10, seed);
    INDArray matrix = basis.transpose().mmul(basis.mulColumnVector(Matrices.array(spectrum)));
    INDArray vector =
        basis.getRow(1).mul(3).add(basis.getRow(4).mul(-1)).add(basis.getRow(7).mul(2));
    SpectralMeasure measure = measure(DenseOperator.of(matrix), vector, 8);

    // 9, 1 and 4 of 14 at 5, -1 and 4; further nodes would be rounding, and weigh as little.
    assertThat(measure.rule().nodes()).containsExactly(new double[] {-1, 4, 5}, within(1e-12));
    assertThat(measure.rule().weights())
        .containsExactly(new double[] {1 / 14.0, 4 / 14.0, 9 / 14.0}, within(1e-12));
    assertThat(measure.exact()).isTrue();
  }

  @Test
  void equalEigenvaluesShareANode() {
    SpectralMeasure measure =
        measure(Matrices.diagonal(2, 2, 5, 2), Matrices.array(1, 2, 4, -2), 4);

    assertThat(measure.rule().nodes()).containsExactly(new double[] {2, 5}, within(1e-12));
    assertThat(measure.rule().weights())
        .containsExactly(new double[] {9 / 25.0, 16 / 25.0}, within(1e-12));
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void momentsAreThoseOfTheVector(long seed) {
    INDArray vector = Matrices.gaussian(seed, 60);
    QuadratureRule rule = measure(Matrices.diagonal(SPECTRUM), vector, 6).rule();

    double norm = vector.mul(vector).sumNumber().doubleValue();
    for (int power = 0; power <= 11; power++) {
      double exact = 0;
      double scale = 0;
      for (int i = 0; i < 60; i++) {
        double mass = vector.getDouble(i) * vector.getDouble(i) / norm;
        exact += mass * Math.pow(SPECTRUM[i], power);
        scale += mass * Math.pow(Math.abs(SPECTRUM[i]), power);
      }
      double sum = 0;
      for (int j = 0; j < rule.size(); j++) {
        sum += rule.weight(j) * Math.pow(rule.node(j), power);
      }
      assertThat(sum).isCloseTo(exact, within(1e-12 * scale));
    }
  }

  /** The weights before a node, and those up to it, bracket the exact distribution there. */
  @ParameterizedTest
  @MethodSource("seeds")
  void everyNodeBracketsTheDistribution(long seed) {
    INDArray vector = Matrices.gaussian(seed, 60);
    double norm = vector.mul(vector).sumNumber().doubleValue();
    for (int steps : new int[] {1, 2, 5, 12, 25}) {
      QuadratureRule rule = measure(Matrices.diagonal(SPECTRUM), vector, steps).rule();
      double before = 0;
      for (int j = 0; j < rule.size(); j++) {
        // Nodes that have converged to an eigenvalue lie on either side of it by rounding.
        double below = mass(vector, rule.node(j) - 1e-9) / norm;
        double upTo = mass(vector, rule.node(j) + 1e-9) / norm;
        assertThat(below).isGreaterThanOrEqualTo(before - 1e-10);
        before += rule.weight(j);
        assertThat(upTo).isLessThanOrEqualTo(before + 1e-10);
      }
    }
  }

  private static double mass(INDArray vector, double upTo) {
    double mass = 0;
    for (int i = 0; i < 60; i++) {
      mass += SPECTRUM[i] <= upTo ? vector.getDouble(i) * vector.getDouble(i) : 0;
    }
    return mass;
  }

  /** Where the top-k eigenspace stands apart, the weight beyond it is the gradient's fraction. */
  @ParameterizedTest
  @MethodSource("seeds")
  void weightBeyondAnEigenvalueIsTheFractionInItsEigenspace(long seed) {
    DenseOperator operator = Matrices.dense(Matrices.withSpectrum(seed, SPECTRUM));
    INDArray gradient = Matrices.gaussian(seed + 7, 60);
    ExtremeEigenpairs pairs =
        ExtremeEigenpairs.compute(
            operator, ExtremeEigenpairs.Options.of(4, 0).withRelativeTolerance(1e-9));
    double[] fractions = GradientFraction.of(TopEigenspace.of(pairs.largest()), gradient);
    QuadratureRule rule = measure(operator, gradient, 25).rule();

    for (int k = 1; k <= 4; k++) {
      // Half way to the next: 14, 10, 6, and between 8 and the bulk's end at 1.
      double edge = k < 4 ? 22 - 4 * k : 4;
      double beyond = 0;
      for (int j = 0; j < rule.size(); j++) {
        beyond += rule.node(j) > edge ? rule.weight(j) : 0;
      }
      assertThat(beyond).as("k = " + k).isCloseTo(fractions[k - 1], within(1e-8));
    }
  }

  @ParameterizedTest
  @ValueSource(doubles = {-1, 1e-150, 1e150})
  void doesNotDependOnTheScaleOfTheVector(double scale) {
    INDArray vector = Matrices.gaussian(5, 60);
    SpectralMeasure measure = measure(Matrices.diagonal(SPECTRUM), vector, 10);
    SpectralMeasure scaled = measure(Matrices.diagonal(SPECTRUM), vector.mul(scale), 10);

    assertThat(scaled.rule().nodes()).containsExactly(measure.rule().nodes(), within(1e-10));
    assertThat(scaled.rule().weights()).containsExactly(measure.rule().weights(), within(1e-10));
  }

  @Test
  void takesNoMoreStepsThanTheOrder() {
    SpectralMeasure measure = measure(Matrices.diagonal(1, 2, 3), Matrices.array(1, 1, 1), 90);

    assertThat(measure.rule().nodes()).containsExactly(new double[] {1, 2, 3}, within(1e-12));
    assertThat(measure.matvecs()).isEqualTo(3);
    assertThat(measure.exact()).isTrue();
  }

  @Test
  void saysThatItIsNotExactAndDoesWithoutABasisThatDoesNotFit() {
    DiagonalOperator operator = Matrices.diagonal(SPECTRUM);
    INDArray vector = Matrices.gaussian(6, 60);
    SpectralMeasure full = measure(operator, vector, 12);
    SpectralMeasure none =
        SpectralMeasure.of(operator, vector, Lanczos.Options.ofSteps(12).withMemoryBytes(1000));

    assertThat(full.exact()).isFalse();
    assertThat(full.matvecs()).isEqualTo(12);
    assertThat(full.reorthogonalization()).isEqualTo(Reorthogonalization.FULL);
    assertThat(none.reorthogonalization()).isEqualTo(Reorthogonalization.NONE);
    assertThat(Arrays.stream(none.rule().weights()).sum()).isCloseTo(1, within(1e-10));
  }

  @Test
  void aVectorOfZerosHasNone() {
    assertThatThrownBy(
            () -> measure(Matrices.diagonal(SPECTRUM), Matrices.array(new double[60]), 5))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("start must be finite and not zero");
  }
}
