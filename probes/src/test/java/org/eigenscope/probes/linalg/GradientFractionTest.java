package org.eigenscope.probes.linalg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

class GradientFractionTest {

  private static INDArray gaussian(int n, long seed) {
    Random random = new Random(seed);
    double[] values = new double[n];
    for (int i = 0; i < n; i++) {
      values[i] = random.nextGaussian();
    }
    return Nd4j.createFromArray(values);
  }

  @Test
  void growsToOneOverTheWholeSpace() {
    double[] fractions = GradientFraction.of(Orthonormal.rows(20, 20, 1), gaussian(20, 2));

    assertThat(fractions).hasSize(20).isSorted();
    assertThat(fractions[0]).isBetween(0.0, 1.0);
    assertThat(fractions[19]).isCloseTo(1, within(1e-14)).isLessThanOrEqualTo(1);
  }

  @ParameterizedTest
  @EnumSource(
      value = DataType.class,
      names = {"FLOAT", "DOUBLE"})
  void agreesWithTheDefinition(DataType type) {
    INDArray basis = Orthonormal.rows(3, 50, 3).castTo(type);
    INDArray gradient = gaussian(50, 4);

    double[] fractions = GradientFraction.of(basis, gradient);

    double norm = 0;
    for (int c = 0; c < 50; c++) {
      norm += gradient.getDouble(c) * gradient.getDouble(c);
    }
    double sum = 0;
    for (int k = 0; k < 3; k++) {
      double component = 0;
      for (int c = 0; c < 50; c++) {
        component += basis.getDouble(k, c) * gradient.getDouble(c);
      }
      sum += component * component;
      assertThat(fractions[k]).isCloseTo(sum / norm, within(1e-14));
    }
  }

  @Test
  void isOneInTheSpaceAndZeroAcrossIt() {
    INDArray rows = Orthonormal.rows(4, 30, 5);
    INDArray basis = rows.get(NDArrayIndex.interval(0, 2), NDArrayIndex.all());
    INDArray inside = rows.getRow(0).mul(3).add(rows.getRow(1).mul(4));

    assertThat(GradientFraction.of(basis, inside))
        .containsExactly(new double[] {9 / 25.0, 1}, within(1e-14));
    assertThat(GradientFraction.of(basis, rows.getRow(2).mul(7)))
        .containsExactly(new double[] {0, 0}, within(1e-28));
  }

  @Test
  void randomDirectionsReachTheChanceLevel() {
    // Beta(k/2, (n − k)/2) for k = 5, n = 100: deviation 0.0305, of the mean of 500: 0.0014.
    INDArray basis = Orthonormal.rows(5, 100, 6);
    double mean = 0;
    for (int seed = 0; seed < 500; seed++) {
      mean += GradientFraction.of(basis, gaussian(100, 100 + seed))[4] / 500;
    }

    assertThat(mean).isCloseTo(GradientFraction.chanceLevel(5, 100), within(0.0056));
  }

  @ParameterizedTest
  @ValueSource(doubles = {-1, 1e-200, 1e200})
  void doesNotDependOnTheScaleOfTheGradient(double scale) {
    INDArray basis = Orthonormal.rows(4, 25, 7);
    INDArray gradient = gaussian(25, 8);

    assertThat(GradientFraction.of(basis, gradient.mul(scale)))
        .containsExactly(GradientFraction.of(basis, gradient), within(1e-14));
  }

  @Test
  void takesARowVectorAndAnEigenspace() {
    INDArray rows = Orthonormal.rows(2, 9, 9);
    INDArray gradient = gaussian(9, 10);
    TopEigenspace top =
        TopEigenspace.of(
            List.of(new RitzPair(2, rows.getRow(0), 0), new RitzPair(1, rows.getRow(1), 0)));

    double[] fractions = GradientFraction.of(rows, gradient);

    assertThat(GradientFraction.of(top, gradient.reshape(1, 9))).containsExactly(fractions);
    assertThat(GradientFraction.of(top.first(1), gradient)).containsExactly(fractions[0]);
  }

  @Test
  void isUnknownForAZeroGradient() {
    assertThat(GradientFraction.of(Orthonormal.rows(2, 5, 11), Nd4j.zeros(DataType.DOUBLE, 5)))
        .containsExactly(Double.NaN, Double.NaN);
  }

  @Test
  void doesNotModifyItsArguments() {
    INDArray basis = Orthonormal.rows(2, 5, 12);
    INDArray gradient = gaussian(5, 13);
    INDArray basisBefore = basis.dup();
    INDArray gradientBefore = gradient.dup();

    GradientFraction.of(basis, gradient);

    assertThat(basis).isEqualTo(basisBefore);
    assertThat(gradient).isEqualTo(gradientBefore);
  }

  @Test
  void rejectsMisuse() {
    INDArray basis = Orthonormal.rows(2, 5, 14);

    assertThatThrownBy(() -> GradientFraction.of(basis.add(0.1), gaussian(5, 1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("rows of basis must be orthonormal");
    assertThatThrownBy(() -> GradientFraction.of(basis, gaussian(6, 1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("gradient must have the basis' length 5, got 6");
    assertThatThrownBy(() -> GradientFraction.of(basis, gaussian(5, 1).putScalar(3, Double.NaN)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("finite");
    assertThatThrownBy(() -> GradientFraction.chanceLevel(6, 5))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("k = 6 and n = 5");
    assertThatThrownBy(() -> GradientFraction.chanceLevel(0, 0))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> GradientFraction.chanceLevel(-1, 5))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
