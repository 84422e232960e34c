package org.eigenscope.probes.linalg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class RandomVectorsTest {

  @ParameterizedTest
  @EnumSource(RandomVectors.Distribution.class)
  void rowsAreUnitVectors(RandomVectors.Distribution distribution) {
    INDArray rows = new RandomVectors(distribution, 5).next(4, 1001, DataType.DOUBLE);
    for (int i = 0; i < 4; i++) {
      assertThat(Vectors.norm(rows.getRow(i))).isCloseTo(1, within(1e-14));
    }
  }

  @ParameterizedTest
  @EnumSource(RandomVectors.Distribution.class)
  void vectorsDoNotDependOnHowManyAreDrawnAtATime(RandomVectors.Distribution distribution) {
    INDArray together = new RandomVectors(distribution, 5).next(5, 33, DataType.DOUBLE);
    RandomVectors split = new RandomVectors(distribution, 5);
    INDArray parts =
        Nd4j.vstack(
            split.next(2, 33, DataType.DOUBLE),
            split.next(1, 33, DataType.DOUBLE),
            split.next(2, 33, DataType.DOUBLE));
    assertThat(parts.toDoubleMatrix()).isDeepEqualTo(together.toDoubleMatrix());
  }

  @ParameterizedTest
  @EnumSource(RandomVectors.Distribution.class)
  void floatVectorsAreTheDoubleOnesRounded(RandomVectors.Distribution distribution) {
    INDArray wide = new RandomVectors(distribution, 5).next(2, 65, DataType.DOUBLE);
    INDArray narrow = new RandomVectors(distribution, 5).next(2, 65, DataType.FLOAT);
    assertThat(narrow.dataType()).isEqualTo(DataType.FLOAT);
    for (int i = 0; i < 130; i++) {
      assertThat(narrow.getFloat(i)).isEqualTo((float) wide.getDouble(i));
    }
  }

  @ParameterizedTest
  @EnumSource(RandomVectors.Distribution.class)
  void rowsAreNearlyOrthogonal(RandomVectors.Distribution distribution) {
    // Independent unit vectors: n·(xᵀy)² has the mean 1, and five standard deviations are rare.
    INDArray rows =
        new RandomVectors(distribution, Matrices.seed()).next(6, 10_000, DataType.DOUBLE);
    for (int i = 0; i < 6; i++) {
      for (int j = 0; j < i; j++) {
        assertThat(Vectors.dot(rows.getRow(i), rows.getRow(j))).isCloseTo(0, within(5e-2));
      }
    }
  }

  @Test
  void rademacherElementsAreSigns() {
    INDArray rows =
        new RandomVectors(RandomVectors.Distribution.RADEMACHER, Matrices.seed())
            .next(1, 10_000, DataType.DOUBLE);
    assertThat(rows.mul(100).sum().getDouble(0)).isCloseTo(0, within(500.0));
    for (int i = 0; i < 10_000; i++) {
      assertThat(Math.abs(rows.getDouble(i))).isEqualTo(0.01);
    }
  }

  @Test
  void gaussianElementsHaveTheKurtosisOfANormal() {
    INDArray rows =
        new RandomVectors(RandomVectors.Distribution.GAUSSIAN, Matrices.seed())
            .next(1, 100_000, DataType.DOUBLE);
    double fourth = 0;
    for (int i = 0; i < 100_000; i++) {
      fourth += Math.pow(rows.getDouble(i), 4);
    }
    // n Σ x⁴ of a unit vector has the mean 3 and the variance 24/n.
    assertThat(fourth * 100_000).isCloseTo(3, within(5 * Math.sqrt(24e-5)));
  }

  @Test
  void leavesTheRandomGeneratorOfNd4jAlone() {
    Nd4j.getRandom().setSeed(9);
    float expected = Nd4j.getRandom().nextFloat();
    Nd4j.getRandom().setSeed(9);
    var unused =
        new RandomVectors(RandomVectors.Distribution.GAUSSIAN, 1).next(2, 50, DataType.FLOAT);
    assertThat(Nd4j.getRandom().nextFloat()).isEqualTo(expected);
  }

  @Test
  void rejectsNoVectorsAndOtherTypes() {
    RandomVectors random = new RandomVectors(RandomVectors.Distribution.GAUSSIAN, 1);
    assertThatThrownBy(() -> random.next(0, 5, DataType.FLOAT))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("count and order must be at least 1, got 0 and 5");
    assertThatThrownBy(() -> random.next(1, 5, DataType.INT32))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("type must be FLOAT or DOUBLE, got INT");
  }
}
