package org.eigenscope.probes.linalg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;

class StochasticLanczosQuadratureTest {

  private static StochasticLanczosQuadrature.Options options() {
    return StochasticLanczosQuadrature.Options.defaults();
  }

  private static double mean(QuadratureRule rule) {
    double sum = 0;
    for (int i = 0; i < rule.size(); i++) {
      sum += rule.weight(i) * rule.node(i);
    }
    return sum;
  }

  private static double trace(SpectralEstimate estimate) {
    return estimate.order()
        * estimate.draws().stream()
            .mapToDouble(StochasticLanczosQuadratureTest::mean)
            .average()
            .orElseThrow();
  }

  /**
   * Returns the standard deviation of one Gaussian draw's trace, n²·2(n‖B‖² − (tr B)²)/(n²(n+2)).
   */
  private static double deviation(double[] eigenvalues) {
    int n = eigenvalues.length;
    double trace = Arrays.stream(eigenvalues).sum();
    double squares = Arrays.stream(eigenvalues).map(x -> x * x).sum();
    return Math.sqrt(2 * (n * squares - trace * trace) / (n + 2));
  }

  /** T-L6: within four standard errors for at least 99 of 100 seeds. */
  @Test
  void theTraceOfGaussianDrawsHasTheExactVariance() {
    double[] eigenvalues = Matrices.values(60, i -> i < 4 ? 10 + i : Math.sin(i));
    double exact = Arrays.stream(eigenvalues).sum();
    int draws = 5;
    double standardError = deviation(eigenvalues) / Math.sqrt(draws);
    int within = 0;
    double squares = 0;
    for (int i = 0; i < 100; i++) {
      SpectralEstimate estimate =
          StochasticLanczosQuadrature.estimate(
              Matrices.diagonal(eigenvalues),
              options()
                  .withSteps(3)
                  .withDraws(draws)
                  .withDistribution(RandomVectors.Distribution.GAUSSIAN)
                  .withSeed(Matrices.seed() + i));
      double error = trace(estimate) - exact;
      squares += error * error;
      within += Math.abs(error) <= 4 * standardError ? 1 : 0;
    }
    assertThat(within).isGreaterThanOrEqualTo(99);
    // The mean of 100 squared errors, each about chi-squared: relative deviation sqrt(2/100) or so.
    assertThat(squares / 100 / (standardError * standardError)).isBetween(0.4, 1.8);
  }

  @Test
  void theTraceOfARademacherDrawOfADiagonalOperatorIsExact() {
    double[] eigenvalues = Matrices.values(64, i -> Math.cos(i));
    SpectralEstimate estimate =
        StochasticLanczosQuadrature.estimate(
            Matrices.diagonal(eigenvalues), options().withSteps(4).withDraws(1));
    assertThat(trace(estimate)).isCloseTo(Arrays.stream(eigenvalues).sum(), within(1e-12));
  }

  @ParameterizedTest
  @EnumSource(names = {"FLOAT", "DOUBLE"})
  void theResultDoesNotDependOnTheGroups(DataType type) {
    int n = 700;
    DiagonalOperator operator =
        Matrices.diagonal(type, Matrices.values(n, i -> i < 3 ? 30 + i : 1 / (1.0 + i)));
    StochasticLanczosQuadrature.Options options = options().withSteps(40).withDraws(5);
    SpectralEstimate together = StochasticLanczosQuadrature.estimate(operator, options);
    assertThat(together.groupSize()).isEqualTo(5);
    long one = Lanczos.bytesPerStart(operator, 40);
    for (int size : new int[] {1, 2, 3}) {
      CountingOperator counting = CountingOperator.of(operator);
      SpectralEstimate grouped =
          StochasticLanczosQuadrature.estimate(
              counting, options.withMemoryBytes(size * one + one / 2));
      assertThat(grouped.groupSize()).isEqualTo(size);
      assertThat(grouped.draws()).isEqualTo(together.draws());
      assertThat(counting.blocks()).isEqualTo(40L * ((5 + size - 1) / size));
    }
  }

  @Test
  void doesWithoutABasisWhenNoneFits() {
    int n = 700;
    DiagonalOperator operator = Matrices.diagonal(Matrices.values(n, i -> Math.sin(i)));
    StochasticLanczosQuadrature.Options options = options().withSteps(10).withDraws(2);
    SpectralEstimate estimate =
        StochasticLanczosQuadrature.estimate(operator, options.withMemoryBytes(1000));
    assertThat(estimate.reorthogonalization()).isEqualTo(Reorthogonalization.NONE);
    assertThat(estimate.groupSize()).isEqualTo(1);
    SpectralEstimate full = StochasticLanczosQuadrature.estimate(operator, options);
    assertThat(full.reorthogonalization()).isEqualTo(Reorthogonalization.FULL);
    for (int i = 0; i < 2; i++) {
      assertThat(estimate.draws().get(i).nodes())
          .containsExactly(full.draws().get(i).nodes(), within(1e-10));
    }
  }

  @Test
  void withoutReorthogonalizationTheDrawsStillAdvanceTogether() {
    CountingOperator operator = CountingOperator.of(Matrices.diagonal(Matrices.values(50, i -> i)));
    SpectralEstimate estimate =
        StochasticLanczosQuadrature.estimate(
            operator,
            options().withSteps(5).withDraws(3).withReorthogonalization(Reorthogonalization.NONE));
    assertThat(estimate.groupSize()).isEqualTo(3);
    assertThat(operator.blocks()).isEqualTo(5);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 7})
  void takesAtMostAsManyStepsAsTheOrder(int n) {
    double[] eigenvalues = Matrices.values(n, i -> i + 1);
    CountingOperator operator = CountingOperator.of(Matrices.diagonal(eigenvalues));
    SpectralEstimate estimate = StochasticLanczosQuadrature.estimate(operator, options());
    assertThat(estimate.order()).isEqualTo(n);
    assertThat(estimate.draws()).hasSize(10);
    assertThat(estimate.matvecs()).isEqualTo(operator.matvecs()).isEqualTo(10L * n);
    assertThat(estimate.draws().get(3).nodes()).containsExactly(eigenvalues, within(1e-12));
  }

  @Test
  void theSameSeedGivesTheSameBitsAndAnotherDoesNot() {
    DiagonalOperator operator = Matrices.diagonal(Matrices.values(90, i -> Math.sin(i)));
    StochasticLanczosQuadrature.Options options =
        options().withSteps(20).withDraws(2).withDistribution(RandomVectors.Distribution.GAUSSIAN);
    assertThat(StochasticLanczosQuadrature.estimate(operator, options))
        .isEqualTo(StochasticLanczosQuadrature.estimate(operator, options))
        .isNotEqualTo(StochasticLanczosQuadrature.estimate(operator, options.withSeed(2)));
  }

  @Test
  void rejectsOptionsOutOfRange() {
    assertThatThrownBy(() -> options().withSteps(0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("steps must be at least 1, got 0");
    assertThatThrownBy(() -> options().withDraws(0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("draws must be at least 1, got 0");
    assertThatThrownBy(() -> options().withMemoryBytes(-1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("memoryBytes must be at least 0, got -1");
  }
}
