package org.eigenscope.listeners.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.eigenscope.probes.Spectrum;
import org.eigenscope.probes.linalg.QuadratureRule;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SpectralHistogramTest {

  private static final double[] BOUNDS = {-1, 0, 1};

  @Test
  void aBucketTakesTheValuesUpToItsBound() {
    SpectralHistogram histogram =
        histogram(
            rule(
                new double[] {-7, -1, -0.5, -0.0, 0, 0.5, 1, 1.5},
                new double[] {.125, .125, .125, .125, .125, .125, .125, .125}));

    assertThat(histogram.counts()).containsExactly(250_000, 375_000, 250_000, 125_000);
  }

  @Test
  void drawsCountAlikeWhateverTheirWeightsAddUpTo() {
    SpectralHistogram histogram =
        histogram(
            rule(new double[] {-2}, new double[] {1}),
            rule(new double[] {0.5, 4}, new double[] {3, 1}));

    assertThat(histogram.counts()).containsExactly(500_000, 0, 375_000, 125_000);
    assertThat(histogram.sum()).isCloseTo(1e6 * (-2 + 0.75 * 0.5 + 0.25 * 4) / 2, within(1e-6));
  }

  @Test
  void aSpectrumWithoutWeightHasNoHistogram() {
    Spectrum spectrum =
        new Spectrum(
            "s", Map.of(), 1, List.of(new QuadratureRule(new double[] {1}, new double[] {0})));

    assertThat(SpectralHistogram.of(spectrum, BOUNDS)).isNull();
  }

  @ParameterizedTest(name = "seed {0}")
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
  void countsAddUpToTheTotalAndLieWithinRoundingOfTheMass(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    double[] bounds = SpectrumGrid.defaults().bounds();
    List<QuadratureRule> draws = new ArrayList<>();
    for (int draw = 0; draw < 7; draw++) {
      double[] nodes = new double[90];
      double[] weights = new double[90];
      for (int i = 0; i < nodes.length; i++) {
        double magnitude = Math.pow(10, random.nextDouble(-6, 5));
        nodes[i] = random.nextInt(3) == 0 ? -magnitude : magnitude;
        weights[i] = Math.pow(10, random.nextDouble(-9, 0));
      }
      Arrays.sort(nodes);
      draws.add(new QuadratureRule(nodes, weights));
    }

    long[] counts = histogram(bounds, draws.toArray(QuadratureRule[]::new)).counts();

    assertThat(Arrays.stream(counts).sum()).isEqualTo(1_000_000);
    for (int b = 0; b < counts.length; b++) {
      double expected = 0;
      for (QuadratureRule draw : draws) {
        double total = Arrays.stream(draw.weights()).sum();
        for (int i = 0; i < draw.size(); i++) {
          boolean above = b == 0 || draw.node(i) > bounds[b - 1];
          boolean upTo = b == bounds.length || draw.node(i) <= bounds[b];
          expected += above && upTo ? draw.weight(i) / total / draws.size() : 0;
        }
      }
      assertThat(counts[b]).isNotNegative();
      assertThat((double) counts[b]).isCloseTo(1e6 * expected, within(1.001));
    }
  }

  private static QuadratureRule rule(double[] nodes, double[] weights) {
    return new QuadratureRule(nodes, weights);
  }

  private static SpectralHistogram histogram(QuadratureRule... draws) {
    return histogram(BOUNDS, draws);
  }

  private static SpectralHistogram histogram(double[] bounds, QuadratureRule... draws) {
    SpectralHistogram histogram =
        SpectralHistogram.of(new Spectrum("s", Map.of(), 10, List.of(draws)), bounds);
    assertThat(histogram).isNotNull();
    return histogram;
  }
}
