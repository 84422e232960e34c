package org.eigenscope.probes.structure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.eigenscope.probes.linalg.DenseOperator;
import org.eigenscope.probes.linalg.LinearOperator;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class KnockOutTest {
  private static final INDArray MATRIX =
      Nd4j.createFromArray(new double[][] {{5, 1, 0, 2}, {1, 4, 1, 0}, {0, 1, 3, 1}, {2, 0, 1, 2}});

  /** Three rows, of which two are parallel. */
  private static final INDArray ROWS =
      Nd4j.createFromArray(new double[][] {{1, 2, 0, 0}, {0, 1, 1, 0}, {-2, -4, 0, 0}});

  private static INDArray dense(LinearOperator operator) {
    return operator.apply(Nd4j.eye(4).castTo(DataType.DOUBLE));
  }

  private static double largest(INDArray array) {
    return array.amaxNumber().doubleValue();
  }

  @Test
  void subtractsTheProductOfTheRows() {
    INDArray expected = MATRIX.sub(ROWS.transpose().mmul(ROWS));
    INDArray actual = dense(KnockOut.subtraction(DenseOperator.of(MATRIX), ROWS));
    assertThat(largest(actual.sub(expected))).isLessThan(1e-13);
  }

  @Test
  void projectsTheSpanOfTheRowsOut() {
    INDArray projected = dense(KnockOut.projection(DenseOperator.of(MATRIX), ROWS));
    assertThat(largest(projected.mmul(ROWS.transpose()))).isLessThan(1e-13);
    INDArray basis = KnockOut.basis(ROWS);
    assertThat(basis.rows()).isEqualTo(2);
    assertThat(largest(basis.mmul(basis.transpose()).sub(Nd4j.eye(2)))).isLessThan(1e-14);
    // Vectors orthogonal to the rows see the matrix as it is, between themselves.
    INDArray free = Nd4j.createFromArray(new double[][] {{2, -1, 1, 0}, {0, 0, 0, 1}});
    INDArray expected = free.mmul(MATRIX).mmul(free.transpose());
    INDArray actual = free.mmul(projected).mmul(free.transpose());
    assertThat(largest(actual.sub(expected))).isLessThan(1e-12);
  }

  @Test
  void rejectsRowsOfZeros() {
    assertThatThrownBy(
            () -> KnockOut.projection(DenseOperator.of(MATRIX), Nd4j.zeros(DataType.DOUBLE, 2, 4)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("rows to project out must not be zero");
  }
}
