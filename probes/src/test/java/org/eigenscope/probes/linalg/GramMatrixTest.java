package org.eigenscope.probes.linalg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class GramMatrixTest {

  @ParameterizedTest
  @MethodSource("org.eigenscope.probes.linalg.Matrices#seeds")
  void holdsTheInnerProductsOfAllPairs(long seed) {
    INDArray rows = Matrices.gaussian(seed, 4, 3001, DataType.DOUBLE);
    INDArray gram = GramMatrix.of(rows);
    INDArray difference = gram.sub(rows.mmul(rows.transpose()));
    assertThat(difference.amaxNumber().doubleValue()).isLessThan(1e-11);
    assertThat(gram).isEqualTo(gram.transpose().dup());
  }

  @Test
  void sumsFloatsInDouble() {
    // In FLOAT the small products would be lost beside the first.
    INDArray rows = Nd4j.ones(DataType.FLOAT, 1, 1001);
    rows.putScalar(0, 8192);
    assertThat(GramMatrix.of(rows).getDouble(0, 0)).isEqualTo(8192.0 * 8192 + 1000);
  }

  @Test
  void rejectsWhatIsNoBlockOfRows() {
    assertThatThrownBy(() -> GramMatrix.of(Nd4j.ones(3)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("rows must be of rank 2, got rank 1");
  }
}
