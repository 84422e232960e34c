package org.eigenscope.probes.linalg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.assertj.core.data.Percentage;
import org.eigenscope.probes.linalg.SpectralDensity.GaussianOptions;
import org.eigenscope.probes.linalg.SpectralDensity.KappaOptions;
import org.eigenscope.probes.linalg.SpectralDensity.Scale;
import org.eigenscope.probes.linalg.SpectralDensity.Sign;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SpectralDensityTest {

  private static final GaussianOptions GAUSSIAN = GaussianOptions.defaults();
  private static final KappaOptions KAPPA = KappaOptions.defaults();

  private static final List<QuadratureRule> DRAWS =
      List.of(
          new QuadratureRule(new double[] {-1, 0.1, 2, 9}, new double[] {0.1, 0.6, 0.25, 0.05}),
          new QuadratureRule(new double[] {-1.2, 0, 8}, new double[] {0.2, 0.7, 0.1}));

  private static QuadratureRule uniform(double... values) {
    double[] nodes = values.clone();
    Arrays.sort(nodes);
    double[] weights = new double[nodes.length];
    Arrays.fill(weights, 1.0 / nodes.length);
    return new QuadratureRule(nodes, weights);
  }

  private static List<QuadratureRule> mapped(
      List<QuadratureRule> draws, double factor, double shift) {
    return draws.stream()
        .map(
            rule ->
                new QuadratureRule(
                    Arrays.stream(rule.nodes()).map(x -> factor * x + shift).toArray(),
                    rule.weights()))
        .toList();
  }

  private static double trapezoid(SpectralDensity density) {
    double[] grid = density.grid();
    double[] values = density.values();
    double sum = 0;
    for (int i = 1; i < grid.length; i++) {
      sum += (grid[i] - grid[i - 1]) * (values[i] + values[i - 1]) / 2;
    }
    return sum;
  }

  private static double normal(double x, double mean, double variance) {
    return Math.exp(-(x - mean) * (x - mean) / (2 * variance)) / Math.sqrt(2 * Math.PI * variance);
  }

  @Test
  void gaussianFollowsThePublishedCode() {
    SpectralDensity density = SpectralDensity.gaussian(DRAWS, GAUSSIAN);

    double lower = (-1 - 1.2) / 2 - 0.01;
    double upper = (9 + 8) / 2.0 + 0.01;
    double variance = 1e-5 * (upper - lower);
    double step = (upper - lower) / 9999;
    double[] expected = new double[10_000];
    double sum = 0;
    for (int i = 0; i < expected.length; i++) {
      for (QuadratureRule rule : DRAWS) {
        for (int j = 0; j < rule.size(); j++) {
          expected[i] += rule.weight(j) * normal(lower + i * step, rule.node(j), variance) / 2;
        }
      }
      sum += expected[i];
    }
    assertThat(density.variance()).isCloseTo(variance, within(1e-18));
    assertThat(density.bandwidth()).isCloseTo(Math.sqrt(variance), within(1e-15));
    assertThat(density.grid()).hasSize(10_000).startsWith(lower).endsWith(upper);
    for (int i = 0; i < expected.length; i++) {
      assertThat(density.values()[i]).isCloseTo(expected[i] / (sum * step), within(1e-9));
    }
  }

  @Test
  void gaussianVarianceDoesNotShrinkBelowThatOfAUnitRange() {
    SpectralDensity density = SpectralDensity.gaussian(List.of(uniform(0, 0.1)), GAUSSIAN);

    assertThat(density.variance()).isEqualTo(1e-5);
  }

  @Test
  void gaussianOfAllEigenvaluesIsTheDirectSum() {
    TridiagonalMatrix wishart = TridiagonalMatrix.wishart(15, 15, 0, new Random(3));
    double[] eigenvalues = wishart.largest(15);
    SpectralDensity density =
        SpectralDensity.gaussian(
            List.of(uniform(eigenvalues)), GAUSSIAN.withGridExpansion(0.2).withPoints(4000));

    for (int i = 0; i < 4000; i += 7) {
      double direct = 0;
      for (double eigenvalue : eigenvalues) {
        direct += normal(density.grid()[i], eigenvalue, density.variance()) / 15;
      }
      assertThat(density.values()[i]).isCloseTo(direct, within(1e-9));
    }
  }

  @Test
  void gaussianOfLanczosWithAllStepsIsThatOfTheEigenvaluesOnAverage() {
    // A weight's deviation over 2000 draws is about sqrt(2/2000)/n: 3% of a peak.
    TridiagonalMatrix wishart = TridiagonalMatrix.wishart(10, 20, 0, new Random(4));
    GaussianOptions options = GAUSSIAN.withRelativeVariance(0.01).withPoints(200);
    SpectralDensity exact =
        SpectralDensity.gaussian(List.of(uniform(wishart.largest(10))), options);
    SpectralDensity drawn =
        SpectralDensity.gaussian(wishart.draws(10, 2000, new Random(5)), options);

    double peak = Arrays.stream(exact.values()).max().orElseThrow();
    assertThat(drawn.grid()).containsExactly(exact.grid(), within(1e-9));
    assertThat(drawn.values()).containsExactly(exact.values(), within(0.12 * peak));
  }

  @ParameterizedTest
  @ValueSource(doubles = {1, 1e3, 1e6, 1e150})
  void gaussianIntegratesToOneOverAnyRange(double range) {
    SpectralDensity density = SpectralDensity.gaussian(mapped(DRAWS, range, 0), GAUSSIAN);

    assertThat(density.integral()).isCloseTo(1, within(1e-12));
  }

  @Test
  void gaussianKeepsEveryWeightWhenItsKernelIsNarrowerThanTheGrid() {
    SpectralDensity density = SpectralDensity.gaussian(List.of(uniform(0, 1e6 / 3, 1e6)), GAUSSIAN);

    double[] grid = density.grid();
    double[] values = density.values();
    double below = 0;
    for (int i = 0; i < grid.length && grid[i] < 5e5; i++) {
      below += values[i] * (grid[1] - grid[0]);
    }
    assertThat(below).isCloseTo(2 / 3.0, within(1e-9));
  }

  @Test
  void gaussianMovesWithTheSpectrum() {
    SpectralDensity plain = SpectralDensity.gaussian(DRAWS, GAUSSIAN);
    // The paper's variance goes with the range, not its square, and the expansion is absolute.
    GaussianOptions threefold = GAUSSIAN.withRelativeVariance(3e-5).withGridExpansion(0.03);
    SpectralDensity moved = SpectralDensity.gaussian(mapped(DRAWS, 3, 50), threefold);

    for (int i = 0; i < 10_000; i += 11) {
      assertThat(moved.grid()[i]).isCloseTo(3 * plain.grid()[i] + 50, within(1e-12));
      assertThat(3 * moved.values()[i]).isCloseTo(plain.values()[i], within(1e-9));
    }
  }

  @Test
  void kappaFollowsTheFormula() {
    SpectralDensity density = SpectralDensity.kappa(DRAWS, 90, -1.2, 9, KAPPA);

    double margin = 0.05 * 10.2;
    double center = (-1.2 + 9) / 2;
    double half = 10.2 / 2 + margin;
    double sigma = 2.0 / 89 / Math.sqrt(8 * Math.log(1.25));
    assertThat(density.scale()).isEqualTo(Scale.LINEAR);
    assertThat(density.bandwidth()).isCloseTo(half * sigma, within(1e-14));
    assertThat(density.grid()).hasSize(1024);
    double peak = Arrays.stream(density.values()).max().orElseThrow();
    for (int i = 0; i < 1024; i++) {
      double x = -1 + 2.0 * i / 1023;
      double expected = 0;
      for (QuadratureRule rule : DRAWS) {
        for (int j = 0; j < rule.size(); j++) {
          double node = (rule.node(j) - center) / half;
          expected += rule.weight(j) * normal(x, node, sigma * sigma) / 2;
        }
      }
      assertThat(density.grid()[i]).isCloseTo(half * x + center, within(1e-13));
      assertThat(density.values()[i]).isCloseTo(expected / half, within(1e-6 * peak));
    }
  }

  @Test
  void kernelsOneResolutionApartDipByKappa() {
    SpectralDensity density =
        SpectralDensity.kappa(List.of(uniform(0)), 11, -1, 1, KAPPA.withPoints(1001).withMargin(0));

    // h = 0.2, so h/2 is 50 of the steps of 0.002.
    assertThat(density.values()[500] / density.values()[550]).isCloseTo(1.25, within(1e-12));
  }

  @ParameterizedTest
  @CsvSource({"2, 0.05", "10, 0", "90, 0.05", "256, 0.05", "2048, 0.05", "100000, 0"})
  void kappaAndLogarithmicIntegrateToOneForAnyNumberOfSteps(int steps, double margin) {
    KappaOptions options = KAPPA.withMargin(margin);
    SpectralDensity linear = SpectralDensity.kappa(DRAWS, steps, -1.2, 9, options);
    SpectralDensity logarithmic =
        SpectralDensity.logarithmic(DRAWS, steps, -1.2, 9, Sign.ANY, 1e-6, options);

    assertThat(linear.integral()).isCloseTo(1, within(1e-12));
    assertThat(logarithmic.integral()).isCloseTo(1, within(1e-12));
  }

  @Test
  void densitiesIntegrateToOneOverEigenvaluesByTheTrapezoidRule() {
    assertThat(trapezoid(SpectralDensity.gaussian(DRAWS, GAUSSIAN))).isCloseTo(1, within(1e-4));
    assertThat(trapezoid(SpectralDensity.kappa(DRAWS, 90, -1.2, 9, KAPPA)))
        .isCloseTo(1, within(1e-6));
    assertThat(trapezoid(SpectralDensity.logarithmic(DRAWS, 90, -1.2, 9, Sign.ANY, 1e-6, KAPPA)))
        .isCloseTo(1, within(1e-4));
  }

  @ParameterizedTest
  @CsvSource({"3, 50", "1e-150, 0", "1e120, -1e120", "0.5, -1000"})
  void kappaMovesWithTheSpectrum(double factor, double shift) {
    SpectralDensity plain = SpectralDensity.kappa(DRAWS, 90, -1.2, 9, KAPPA);
    SpectralDensity moved =
        SpectralDensity.kappa(
            mapped(DRAWS, factor, shift), 90, factor * -1.2 + shift, factor * 9 + shift, KAPPA);

    assertThat(moved.bandwidth() / factor).isCloseTo(plain.bandwidth(), within(1e-12));
    double size = Math.abs(factor) * 10 + Math.abs(shift);
    for (int i = 0; i < 1024; i++) {
      assertThat(moved.grid()[i]).isCloseTo(factor * plain.grid()[i] + shift, within(1e-13 * size));
      assertThat(factor * moved.values()[i]).isCloseTo(plain.values()[i], within(1e-9));
    }
  }

  @Test
  void logarithmicScalesWithTheSpectrum() {
    SpectralDensity plain = SpectralDensity.logarithmic(DRAWS, 90, -1.2, 9, Sign.ANY, 1e-6, KAPPA);
    SpectralDensity scaled =
        SpectralDensity.logarithmic(
            mapped(DRAWS, 7, 0), 90, 7 * -1.2, 7 * 9, Sign.ANY, 7e-6, KAPPA);

    for (int i = 0; i < 1024; i++) {
      assertThat(scaled.grid()[i] / 7).isCloseTo(plain.grid()[i], Percentage.withPercentage(1e-9));
      assertThat(7 * scaled.values()[i])
          .isCloseTo(plain.values()[i], within(1e-9 * (1 + plain.values()[i])));
    }
  }

  @Test
  void logarithmicSignsAddUpToTheirShares() {
    SpectralDensity all = SpectralDensity.logarithmic(DRAWS, 90, -1.2, 9, Sign.ANY, 1e-6, KAPPA);
    SpectralDensity positive =
        SpectralDensity.logarithmic(DRAWS, 90, -1.2, 9, Sign.POSITIVE, 1e-6, KAPPA);
    SpectralDensity negative =
        SpectralDensity.logarithmic(DRAWS, 90, -1.2, 9, Sign.NEGATIVE, 1e-6, KAPPA);

    assertThat(negative.integral()).isCloseTo(0.15, within(1e-12));
    assertThat(positive.integral()).isCloseTo(0.85, within(1e-12));
    assertThat(positive.grid()).containsExactly(all.grid());
    for (int i = 0; i < 1024; i++) {
      assertThat(positive.values()[i] + negative.values()[i])
          .isCloseTo(all.values()[i], within(1e-9 * (1 + all.values()[i])));
    }
  }

  @Test
  void logarithmicStaysFiniteAtAnEigenvalueOfMinusTheFloor() {
    QuadratureRule rule = new QuadratureRule(new double[] {-1e-6, 1}, new double[] {0.5, 0.5});
    SpectralDensity density =
        SpectralDensity.logarithmic(List.of(rule), 90, -1e-6, 1, Sign.ANY, 1e-6, KAPPA);

    assertThat(density.integral()).isCloseTo(1, within(1e-12));
  }

  @Test
  void logarithmicShowsAPowerLawAsOne() {
    // Quantiles of the density 1/λ² on [1, 1000], whose distribution is (1 − 1/λ) / (1 − 1/1000).
    double[] quantiles = new double[20_000];
    for (int i = 0; i < quantiles.length; i++) {
      quantiles[i] = 1 / (1 - 0.999 * (i + 0.5) / quantiles.length);
    }
    SpectralDensity density =
        SpectralDensity.logarithmic(
            List.of(uniform(quantiles)), 1000, 1, 1000, Sign.POSITIVE, 1e-6, KAPPA);

    double[] grid = density.grid();
    for (int i = 0; i < grid.length; i++) {
      if (grid[i] > 1.5 && grid[i] < 30) {
        assertThat(density.values()[i] * grid[i] * grid[i]).isCloseTo(1 / 0.999, within(0.02));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, 1, -1, 1e-150, 1e150})
  void oneEigenvalueIsADensityToo(double value) {
    List<QuadratureRule> draws = List.of(uniform(value));

    assertThat(SpectralDensity.gaussian(draws, GAUSSIAN).integral()).isCloseTo(1, within(1e-12));
    assertThat(SpectralDensity.kappa(draws, 90, value, value, KAPPA).integral())
        .isCloseTo(1, within(1e-12));
    assertThat(
            SpectralDensity.logarithmic(draws, 90, value, value, Sign.ANY, 1e-6, KAPPA).integral())
        .isCloseTo(1, within(1e-12));
  }

  @Test
  void drawsMergeByTheirMean() {
    SpectralDensity merged = SpectralDensity.kappa(DRAWS, 90, -2, 10, KAPPA);
    double[] first = SpectralDensity.kappa(DRAWS.subList(0, 1), 90, -2, 10, KAPPA).values();
    double[] second = SpectralDensity.kappa(DRAWS.subList(1, 2), 90, -2, 10, KAPPA).values();

    for (int i = 0; i < 1024; i++) {
      assertThat(merged.values()[i]).isCloseTo((first[i] + second[i]) / 2, within(1e-12));
    }
  }

  @Test
  void isImmutable() {
    SpectralDensity density = SpectralDensity.kappa(DRAWS, 90, -2, 10, KAPPA);
    SpectralDensity same = SpectralDensity.kappa(DRAWS, 90, -2, 10, KAPPA);
    density.grid()[0] = 77;
    density.values()[0] = 77;

    assertThat(density).isEqualTo(same).hasSameHashCodeAs(same);
    assertThat(density).isNotEqualTo(SpectralDensity.kappa(DRAWS, 91, -2, 10, KAPPA));
    assertThat(density).hasToString(same.toString());
    assertThat(density.toString()).contains("LINEAR", "1024 points");
  }

  @Test
  void optionsHaveThePapersDefaults() {
    assertThat(GAUSSIAN).isEqualTo(new GaussianOptions(1e-5, 10_000, 0.01));
    assertThat(KAPPA).isEqualTo(new KappaOptions(1.25, 1024, 0.05));
    assertThat(KAPPA.withKappa(3)).isEqualTo(new KappaOptions(3, 1024, 0.05));
    assertThat(SpectralDensity.DEFAULT_FLOOR).isEqualTo(1e-6);
  }

  @Test
  void rejectsMisuse() {
    assertThatThrownBy(() -> SpectralDensity.gaussian(List.of(), GAUSSIAN))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("at least one draw");
    assertThatThrownBy(() -> SpectralDensity.kappa(DRAWS, 90, -1.1, 9, KAPPA))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("[-1.1, 9.0]")
        .hasMessageContaining("-1.2");
    assertThatThrownBy(() -> SpectralDensity.kappa(DRAWS, 90, -2, 8.5, KAPPA))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> SpectralDensity.kappa(DRAWS, 1, -2, 9, KAPPA))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("got 1");
    assertThatThrownBy(() -> SpectralDensity.logarithmic(DRAWS, 90, -2, 9, Sign.ANY, 0, KAPPA))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("floor");
    assertThatThrownBy(() -> GAUSSIAN.withRelativeVariance(0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("relativeVariance");
    assertThatThrownBy(() -> GAUSSIAN.withGridExpansion(Double.POSITIVE_INFINITY))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("gridExpansion");
    assertThatThrownBy(() -> GAUSSIAN.withPoints(1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("got 1");
    assertThatThrownBy(() -> KAPPA.withKappa(1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("kappa");
    assertThatThrownBy(() -> KAPPA.withMargin(-0.1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("margin");
  }

  @Test
  void rejectsWhatIsNoDensity() {
    double[] grid = {0, 1};
    double[] values = {1, 0};

    assertThatThrownBy(() -> new SpectralDensity(Scale.LINEAR, grid, new double[3], 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("3 and 2");
    assertThatThrownBy(() -> new SpectralDensity(Scale.LINEAR, new double[2], values, 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("ascend");
    assertThatThrownBy(() -> new SpectralDensity(Scale.LINEAR, grid, new double[] {-1, 0}, 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("-1.0");
    assertThatThrownBy(() -> new SpectralDensity(Scale.LINEAR, grid, values, 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("variance");
  }
}
