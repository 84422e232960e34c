package org.eigenscope.probes.linalg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SpectralMomentsTest {

  private static final double[] EIGENVALUES = {-3, -1, 0, 0.5, 0.5, 2, 7, 11};

  /** What Lanczos with n steps gives: all eigenvalues, weighted by the squared test vector. */
  private static List<QuadratureRule> exactDraws(int count, long seed) {
    Random random = new Random(seed);
    List<QuadratureRule> draws = new ArrayList<>();
    for (int draw = 0; draw < count; draw++) {
      double[] weights = new double[EIGENVALUES.length];
      double sum = 0;
      for (int i = 0; i < weights.length; i++) {
        double g = random.nextGaussian();
        weights[i] = g * g;
        sum += weights[i];
      }
      for (int i = 0; i < weights.length; i++) {
        weights[i] /= sum;
      }
      draws.add(new QuadratureRule(EIGENVALUES, weights));
    }
    return draws;
  }

  private static QuadratureRule uniform(double... ascending) {
    double[] weights = new double[ascending.length];
    Arrays.fill(weights, 1.0 / ascending.length);
    return new QuadratureRule(ascending, weights);
  }

  /** Var[vᵀBv] for a direction uniform on the sphere, times n². */
  private static double varianceOfTrace(double... eigenvalues) {
    double trace = 0;
    double squares = 0;
    for (double value : eigenvalues) {
      trace += value;
      squares += value * value;
    }
    int n = eigenvalues.length;
    return 2 * (n * squares - trace * trace) / (n + 2.0);
  }

  @Test
  void uniformWeightsGiveExactTraceMomentsAndCounts() {
    SpectralMoments moments = SpectralMoments.of(List.of(uniform(EIGENVALUES)), 8);

    assertThat(moments.trace().estimate()).isCloseTo(17, within(1e-13));
    assertThat(moments.moment(0).estimate()).isCloseTo(1, within(1e-15));
    assertThat(moments.moment(1).estimate()).isCloseTo(17 / 8.0, within(1e-14));
    assertThat(moments.moment(3).estimate())
        .isCloseTo((-27 - 1 + 0.125 + 0.125 + 8 + 343 + 1331) / 8.0, within(1e-10));
    assertThat(moments.count(0.5, 7).estimate()).isCloseTo(3, within(1e-14));
    assertThat(moments.count(Double.NEGATIVE_INFINITY, 0).estimate()).isCloseTo(2, within(1e-14));
    assertThat(moments.negativeMass().estimate()).isCloseTo(4 / 25.0, within(1e-15));
    assertThat(moments.traceOf(Math::exp).estimate())
        .isCloseTo(Arrays.stream(EIGENVALUES).map(Math::exp).sum(), within(1e-9));
  }

  @Test
  void quadratureIsExactForMomentsUpToTwiceItsNodes() {
    TridiagonalMatrix matrix = TridiagonalMatrix.wishart(30, 60, 0, new Random(5));
    List<QuadratureRule> few = matrix.draws(4, 3, new Random(7));
    List<QuadratureRule> all = matrix.draws(30, 3, new Random(7));

    for (int power = 0; power <= 7; power++) {
      double exact = SpectralMoments.of(all, 30).moment(power).estimate();
      assertThat(SpectralMoments.of(few, 30).moment(power).estimate())
          .as("power %d", power)
          .isCloseTo(exact, within(1e-11 * exact));
    }
    assertThat(SpectralMoments.of(few, 30).moment(8).estimate())
        .isLessThan(SpectralMoments.of(all, 30).moment(8).estimate() * (1 - 1e-8));
  }

  @Test
  void traceLiesWithinFourStandardErrorsOfTheTruth() {
    double exactError = Math.sqrt(varianceOfTrace(EIGENVALUES) / 20);
    int misses = 0;
    for (int seed = 0; seed < 100; seed++) {
      TraceEstimate trace = SpectralMoments.of(exactDraws(20, seed), 8).trace();
      misses += Math.abs(trace.estimate() - 17) > 4 * exactError ? 1 : 0;
      assertThat(trace.draws()).isEqualTo(20);
    }

    assertThat(misses).isLessThanOrEqualTo(1);
  }

  @Test
  void reportedStandardErrorMatchesTheSpread() {
    // The mean of 200 squared standard errors of 20 draws has a relative deviation of about 2.5%.
    double sum = 0;
    for (int seed = 0; seed < 200; seed++) {
      double error = SpectralMoments.of(exactDraws(20, seed), 8).trace().standardError();
      sum += error * error;
    }

    double exact = varianceOfTrace(EIGENVALUES) / 20;
    assertThat(sum / 200).isCloseTo(exact, within(0.1 * exact));
  }

  @Test
  void negativeMassLiesWithinItsErrorOfTheTruth() {
    int misses = 0;
    for (int seed = 0; seed < 100; seed++) {
      SpectralMoments.NegativeMass mass =
          SpectralMoments.of(exactDraws(50, seed), 8).negativeMass();
      misses += Math.abs(mass.estimate() - 0.16) > 4 * mass.standardError() ? 1 : 0;
      assertThat(mass.estimate()).isBetween(0.0, 1.0);
    }

    assertThat(misses).isLessThanOrEqualTo(1);
  }

  @Test
  void errorOfNegativeMassMatchesTheSpread() {
    double[] estimates = new double[400];
    double meanError = 0;
    for (int seed = 0; seed < estimates.length; seed++) {
      SpectralMoments.NegativeMass mass =
          SpectralMoments.of(exactDraws(50, 1000 + seed), 8).negativeMass();
      estimates[seed] = mass.estimate();
      meanError += mass.standardError() / estimates.length;
    }
    double mean = Arrays.stream(estimates).average().orElseThrow();
    double variance = Arrays.stream(estimates).map(e -> (e - mean) * (e - mean)).sum() / 399;

    assertThat(meanError).isCloseTo(Math.sqrt(variance), within(0.15 * Math.sqrt(variance)));
  }

  @Test
  void standardErrorIsUnknownWithOneDraw() {
    SpectralMoments one = SpectralMoments.of(exactDraws(1, 3), 8);

    assertThat(one.trace().standardError()).isNaN();
    assertThat(one.count(0, 1).standardError()).isNaN();
    assertThat(one.negativeMass().standardError()).isNaN();
  }

  @Test
  void zeroSpectrumHasNoNegativeMass() {
    QuadratureRule zero = uniform(0);

    assertThat(SpectralMoments.of(List.of(zero), 5).negativeMass())
        .isEqualTo(new SpectralMoments.NegativeMass(0, Double.NaN, 1));
    assertThat(SpectralMoments.of(List.of(zero, zero), 5).negativeMass())
        .isEqualTo(new SpectralMoments.NegativeMass(0, 0, 2));
    assertThat(SpectralMoments.of(List.of(zero, zero), 5).trace())
        .isEqualTo(new TraceEstimate(0, 0, 2));
  }

  @ParameterizedTest
  @ValueSource(doubles = {1e-200, 1e-150, 1e150, 1e200})
  void scalesWithTheSpectrum(double scale) {
    List<QuadratureRule> draws = exactDraws(4, 9);
    List<QuadratureRule> scaled =
        draws.stream()
            .map(
                rule ->
                    new QuadratureRule(
                        Arrays.stream(rule.nodes()).map(x -> scale * x).toArray(), rule.weights()))
            .toList();
    SpectralMoments plain = SpectralMoments.of(draws, 8);
    SpectralMoments moments = SpectralMoments.of(scaled, 8);

    assertThat(moments.trace().estimate() / scale)
        .isCloseTo(plain.trace().estimate(), within(1e-12));
    assertThat(moments.trace().standardError() / scale)
        .isCloseTo(plain.trace().standardError(), within(1e-12));
    assertThat(moments.negativeMass().estimate())
        .isCloseTo(plain.negativeMass().estimate(), within(1e-13));
    assertThat(moments.negativeMass().standardError())
        .isCloseTo(plain.negativeMass().standardError(), within(1e-13));
  }

  @Test
  void rejectsMisuse() {
    List<QuadratureRule> draws = exactDraws(1, 1);

    assertThatThrownBy(() -> SpectralMoments.of(List.of(), 8))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("0 draws");
    assertThatThrownBy(() -> SpectralMoments.of(draws, 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("order 0");
    assertThatThrownBy(() -> SpectralMoments.of(draws, 8).moment(-1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("-1");
    assertThatThrownBy(() -> SpectralMoments.of(draws, 8).count(2, 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("2.0 and 1.0");
    assertThatThrownBy(() -> SpectralMoments.of(draws, 8).count(Double.NaN, 1))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
