package org.eigenscope.probes.linalg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class TopEigenspaceTest {
  private static final INDArray UNITS = Nd4j.eye(4).castTo(DataType.DOUBLE);

  private static RitzPair pair(double value, int unit) {
    return new RitzPair(value, UNITS.getRow(unit), value / 100);
  }

  @Test
  void keepsValuesResidualsAndVectorsInOrder() {
    TopEigenspace space = TopEigenspace.of(List.of(pair(5, 2), pair(3, 0), pair(3, 1)));
    assertThat(space.k()).isEqualTo(3);
    assertThat(space.order()).isEqualTo(4);
    assertThat(space.value(1)).isEqualTo(3);
    assertThat(space.residualNorm(0)).isEqualTo(0.05);
    assertThat(space.vectors().toDoubleMatrix())
        .isDeepEqualTo(new double[][] {{0, 0, 1, 0}, {1, 0, 0, 0}, {0, 1, 0, 0}});
    assertThat(space).hasToString("TopEigenspace[k=3, order=4, values=[5.0, 3.0, 3.0]]");
  }

  @Test
  void itsFirstVectorsSpanTheSmallerSpaces() {
    TopEigenspace first = TopEigenspace.of(List.of(pair(5, 2), pair(3, 0), pair(1, 1))).first(2);
    assertThat(first.k()).isEqualTo(2);
    assertThat(first.value(1)).isEqualTo(3);
    assertThat(first.vectors().toDoubleMatrix())
        .isDeepEqualTo(new double[][] {{0, 0, 1, 0}, {1, 0, 0, 0}});
    assertThatThrownBy(() -> first.first(3))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("j must be between 1 and 2, got 3");
  }

  @Test
  void rejectsPairsThatAreNoBasis() {
    assertThatThrownBy(() -> TopEigenspace.of(List.of()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("an eigenspace needs at least one pair, got none");
    assertThatThrownBy(() -> TopEigenspace.of(List.of(pair(1, 0), pair(2, 1))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("values must descend, got 2.0 after 1.0 at 1");
    assertThatThrownBy(() -> TopEigenspace.of(List.of(pair(2, 1), pair(1, 1))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("rows of vectors must be orthonormal to 1.0E-4, got max|VVᵀ − I| = 1.0");
    assertThatThrownBy(
            () -> TopEigenspace.of(List.of(pair(2, 1), new RitzPair(1, Matrices.array(1), 0))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("vectors must have one length, got 1 at 1 after 4");
  }

  @ParameterizedTest
  @EnumSource(
      value = DataType.class,
      names = {"FLOAT", "DOUBLE"})
  void rejectsVectorsThatAreNotFinite(DataType type) {
    for (double broken : new double[] {Double.NaN, Double.POSITIVE_INFINITY}) {
      for (int place = 0; place < 3; place++) {
        List<RitzPair> pairs = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
          INDArray vector = UNITS.getRow(i).castTo(type).dup();
          if (i == place) {
            vector.putScalar(3, broken);
          }
          pairs.add(new RitzPair(3 - i, vector, 0));
        }
        assertThatThrownBy(() -> TopEigenspace.of(pairs))
            .as("%s in vector %d", broken, place)
            .isInstanceOf(IllegalArgumentException.class)
            .hasMessage("rows of vectors must be orthonormal to 1.0E-4, got max|VVᵀ − I| = NaN");
      }
    }
  }
}
