package org.eigenscope.probes.linalg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class LowRankDeflationTest {
  private static final double[] SPECTRUM = {9, 6, 1, 0.5, 0.25, 0, -0.25, -0.5, -1, -7};
  private static final ExtremeEigenpairs.Options OPTIONS = ExtremeEigenpairs.Options.of(1, 0);

  @ParameterizedTest
  @MethodSource("org.eigenscope.probes.linalg.Matrices#seeds")
  void takesTheLargestMagnitudesWithTheirSigns(long seed) {
    LinearOperator operator = Matrices.dense(Matrices.withSpectrum(seed, SPECTRUM));
    LowRankDeflation deflation = LowRankDeflation.of(operator, 3, OPTIONS.withSeed(seed));
    assertThat(deflation.converged()).isTrue();
    assertThat(deflation.matvecs()).isPositive();
    double[] expected = {9, -7, 6};
    assertThat(deflation.pairs()).hasSize(3);
    for (int i = 0; i < 3; i++) {
      RitzPair pair = deflation.pairs().get(i);
      assertThat(pair.value()).isCloseTo(expected[i], within(1e-9));
      assertThat(pair.residualNorm()).isLessThan(1e-5);
    }
  }

  @ParameterizedTest
  @MethodSource("org.eigenscope.probes.linalg.Matrices#seeds")
  void leavesTheOtherEigenvalues(long seed) {
    LinearOperator operator = Matrices.dense(Matrices.withSpectrum(seed, SPECTRUM));
    LinearOperator rest = LowRankDeflation.of(operator, 3, OPTIONS).rest();
    ExtremeEigenpairs ends = ExtremeEigenpairs.compute(rest, ExtremeEigenpairs.Options.of(1, 1));
    assertThat(ends.largest().get(0).value()).isCloseTo(1, within(1e-8));
    assertThat(ends.smallest().get(0).value()).isCloseTo(-1, within(1e-8));
  }

  @Test
  void canTakeAll() {
    LowRankDeflation deflation = LowRankDeflation.of(Matrices.diagonal(3, -2, 1), 3, OPTIONS);
    assertThat(deflation.pairs())
        .extracting(pair -> Math.rint(pair.value()))
        .containsExactly(3.0, -2.0, 1.0);
  }

  @Test
  void rejectsARankThatIsNone() {
    assertThatThrownBy(() -> LowRankDeflation.of(Matrices.diagonal(3, -2), 3, OPTIONS))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("rank must be between 1 and the order 2, got 3");
  }
}
