package org.eigenscope.probes.linalg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

class SubspaceOverlapTest {

  private static double bruteForce(INDArray u, INDArray v, int k) {
    double sum = 0;
    for (int i = 0; i < k; i++) {
      for (int j = 0; j < k; j++) {
        double cosine = 0;
        for (int c = 0; c < u.size(1); c++) {
          cosine += u.getDouble(i, c) * v.getDouble(j, c);
        }
        sum += cosine * cosine;
      }
    }
    return sum / k;
  }

  @ParameterizedTest
  @EnumSource(
      value = DataType.class,
      names = {"FLOAT", "DOUBLE"})
  void agreesWithTheDefinitionForEveryDimension(DataType type) {
    INDArray u = Orthonormal.rows(6, 40, 1).castTo(type);
    INDArray v = Orthonormal.rows(4, 40, 2).castTo(type);

    double[] overlaps = SubspaceOverlap.of(u, v);

    assertThat(overlaps).hasSize(4);
    for (int k = 1; k <= 4; k++) {
      assertThat(overlaps[k - 1]).isCloseTo(bruteForce(u, v, k), within(1e-13));
    }
    assertThat(SubspaceOverlap.of(v, u)).containsExactly(overlaps, within(1e-14));
  }

  @Test
  void equalSpacesOverlapFullyAndOrthogonalOnesNotAtAll() {
    INDArray rows = Orthonormal.rows(10, 30, 3);
    INDArray first = rows.get(NDArrayIndex.interval(0, 5), NDArrayIndex.all());
    INDArray others = rows.get(NDArrayIndex.interval(5, 10), NDArrayIndex.all());

    for (double overlap : SubspaceOverlap.of(first, first)) {
      assertThat(overlap).isCloseTo(1, within(1e-14)).isLessThanOrEqualTo(1);
    }
    for (double overlap : SubspaceOverlap.of(first, others)) {
      assertThat(overlap).isCloseTo(0, within(1e-28));
    }
  }

  @Test
  void doesNotDependOnTheBasisOfTheWholeSpace() {
    INDArray u = Orthonormal.rows(5, 30, 4);
    INDArray v = Orthonormal.rows(5, 30, 5);
    INDArray rotation = Orthonormal.rows(5, 5, 6);

    double[] plain = SubspaceOverlap.of(u, v);
    double[] rotated = SubspaceOverlap.of(rotation.mmul(u), v);

    assertThat(rotated[4]).isCloseTo(plain[4], within(1e-13));
    assertThat(rotated[1]).isNotCloseTo(plain[1], within(1e-3));
  }

  @Test
  void independentRandomSpacesOverlapByChance() {
    // k = 5 of n = 50: the mean of 400 overlaps, each with a deviation of about 0.026.
    double mean = 0;
    for (int seed = 0; seed < 400; seed++) {
      INDArray u = Orthonormal.rows(5, 50, 2L * seed);
      INDArray v = Orthonormal.rows(5, 50, 2L * seed + 1);
      mean += SubspaceOverlap.of(u, v)[4] / 400;
    }

    assertThat(mean).isCloseTo(0.1, within(0.006));
  }

  @Test
  void kroneckerProductWithADirectionMultipliesByItsSquaredCosine() {
    INDArray u = Orthonormal.rows(3, 12, 7);
    INDArray v = Orthonormal.rows(3, 12, 8);
    INDArray t = Orthonormal.rows(1, 7, 9);
    INDArray s = Orthonormal.rows(1, 7, 10);
    double cosine = t.mmul(s.transpose()).getDouble(0, 0);

    double[] overlaps = SubspaceOverlap.of(kronecker(u, t), kronecker(v, s));

    double[] factors = SubspaceOverlap.of(u, v);
    for (int k = 0; k < 3; k++) {
      assertThat(overlaps[k]).isCloseTo(cosine * cosine * factors[k], within(1e-14));
    }
  }

  private static INDArray kronecker(INDArray rows, INDArray direction) {
    INDArray product = Nd4j.create(DataType.DOUBLE, rows.size(0), rows.size(1) * direction.size(1));
    for (int i = 0; i < rows.size(0); i++) {
      for (int j = 0; j < rows.size(1); j++) {
        for (int c = 0; c < direction.size(1); c++) {
          product.putScalar(
              i, j * direction.size(1) + c, rows.getDouble(i, j) * direction.getDouble(0, c));
        }
      }
    }
    return product;
  }

  @Test
  void sumsLongFloatRowsInDouble() {
    // 1/sqrt(n) is rounded to float: the exact sum of squares is n times the square of the
    // rounding.
    int n = 200_017;
    INDArray row = Nd4j.valueArrayOf(new long[] {1, n}, 1 / Math.sqrt(n), DataType.FLOAT);
    double rounded = (float) (1 / Math.sqrt(n));

    assertThat(RowProducts.of(row, row)[0][0]).isCloseTo(n * rounded * rounded, within(1e-12));
  }

  @Test
  void takesEigenspacesOfDifferentDimensions() {
    INDArray rows = Orthonormal.rows(3, 9, 11);
    TopEigenspace three =
        TopEigenspace.of(
            List.of(
                new RitzPair(3, rows.getRow(0), 0),
                new RitzPair(2, rows.getRow(1), 0),
                new RitzPair(1, rows.getRow(2), 0)));

    assertThat(SubspaceOverlap.of(three, three.first(2)))
        .containsExactly(new double[] {1, 1}, within(1e-14));
  }

  @Test
  void rejectsMisuse() {
    INDArray rows = Orthonormal.rows(3, 9, 12);

    assertThatThrownBy(() -> SubspaceOverlap.of(rows.mul(1.01), rows))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("rows of first must be orthonormal to 1.0E-4")
        .hasMessageContaining("0.0201");
    assertThatThrownBy(() -> SubspaceOverlap.of(rows, rows.dup().putScalar(0, 0, Double.NaN)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("second");
    assertThatThrownBy(() -> SubspaceOverlap.of(rows, rows.getRow(0)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("rank 1");
    assertThatThrownBy(() -> SubspaceOverlap.of(rows, Orthonormal.rows(3, 10, 13)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("9 and 10");
  }
}
