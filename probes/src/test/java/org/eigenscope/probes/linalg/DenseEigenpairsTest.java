package org.eigenscope.probes.linalg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class DenseEigenpairsTest {

  /** Eigenvalues of the second difference, 2 − 2 cos(jπ/(n+1)). */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 7, 130})
  void findsTheSpectrumOfTheSecondDifference(int n) {
    INDArray matrix = Nd4j.create(DataType.DOUBLE, n, n);
    for (int i = 0; i < n; i++) {
      matrix.putScalar(i, i, 2);
      if (i + 1 < n) {
        matrix.putScalar(i, i + 1, -1).putScalar(i + 1, i, -1);
      }
    }
    INDArray before = matrix.dup();
    DenseEigenpairs pairs = DenseEigenpairs.of(matrix);

    for (int i = 0; i < n; i++) {
      assertThat(pairs.value(i))
          .isCloseTo(2 - 2 * Math.cos((n - i) * Math.PI / (n + 1)), within(1e-13 * n));
    }
    INDArray products = pairs.vectors().mmul(matrix);
    INDArray scaled =
        pairs.vectors().mulColumnVector(Nd4j.createFromArray(pairs.values()).reshape(n, 1));
    assertThat(products.sub(scaled).amaxNumber().doubleValue()).isLessThan(1e-13 * n);
    INDArray gram = pairs.vectors().mmul(pairs.vectors().transpose()).subi(Nd4j.eye(n));
    assertThat(gram.amaxNumber().doubleValue()).isLessThan(1e-13 * n);
    assertThat(matrix).isEqualTo(before);
  }

  @Test
  void keepsSignsAndKnowsTheNorm() {
    DenseEigenpairs pairs =
        DenseEigenpairs.of(Nd4j.diag(Nd4j.createFromArray(1e-150, -3e-150, 0.0)));
    assertThat(pairs.values()).containsExactly(1e-150, 0, -3e-150);
    assertThat(pairs.norm()).isEqualTo(3e-150);
  }

  @Test
  void takesFloatsAsTheyAre() {
    DenseEigenpairs pairs =
        DenseEigenpairs.of(Nd4j.createFromArray(new float[][] {{2, 1}, {1, 2}}));
    assertThat(pairs.values()).containsExactly(new double[] {3, 1}, within(1e-15));
    assertThat(pairs.vectors().dataType()).isEqualTo(DataType.DOUBLE);
  }

  @Test
  void rejectsWhatHasNoEigenpairs() {
    assertThatThrownBy(() -> DenseEigenpairs.of(Nd4j.create(DataType.DOUBLE, 2, 3)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("square")
        .hasMessageContaining("[2, 3]");
    INDArray undefined = Nd4j.createFromArray(new double[][] {{1, Double.NaN}, {Double.NaN, 1}});
    assertThatThrownBy(() -> DenseEigenpairs.of(undefined))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("finite");
  }
}
