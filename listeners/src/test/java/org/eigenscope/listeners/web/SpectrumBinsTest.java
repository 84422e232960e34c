package org.eigenscope.listeners.web;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.eigenscope.probes.Spectrum;
import org.eigenscope.probes.linalg.QuadratureRule;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SpectrumBinsTest {

  private static Spectrum spectrum(QuadratureRule... draws) {
    return new Spectrum(Spectrum.EIGENVALUES, Map.of(), 1000, List.of(draws));
  }

  private static QuadratureRule rule(double[] nodes, double[] weights) {
    return new QuadratureRule(nodes, weights);
  }

  /** Returns draws whose nodes are spread over many decades of both signs. */
  static Spectrum spread(long seed, int draws, int nodes, double scale) {
    SplittableRandom random = new SplittableRandom(seed);
    QuadratureRule[] rules = new QuadratureRule[draws];
    for (int d = 0; d < draws; d++) {
      double[] at = new double[nodes];
      double[] weights = new double[nodes];
      for (int i = 0; i < nodes; i++) {
        double magnitude = Math.pow(10, -9 * random.nextDouble());
        at[i] = scale * (random.nextBoolean() ? magnitude : -magnitude);
        weights[i] = 1.0 / nodes;
      }
      Arrays.sort(at);
      rules[d] = rule(at, weights);
    }
    return spectrum(rules);
  }

  @Test
  void mergesDrawsIntoTheMeanOfABin() {
    SpectrumBins bins =
        SpectrumBins.of(
            spectrum(
                rule(new double[] {-2, 5.01}, new double[] {0.25, 0.75}),
                rule(new double[] {5.03, 100}, new double[] {0.5, 0.5})));

    assertThat(bins.values()).hasSize(3);
    assertThat(bins.values()[0]).isEqualTo(-2);
    assertThat(bins.values()[1]).isCloseTo((5.01 * 0.75 + 5.03 * 0.5) / 1.25, within(1e-12));
    assertThat(bins.values()[2]).isEqualTo(100);
    assertThat(bins.masses()).containsExactly(0.125, 0.625, 0.25);
  }

  @Test
  void keepsApartWhatIsMoreThanABinApart() {
    double ratio = Math.pow(10, 1.0 / SpectrumBins.PER_DECADE);

    SpectrumBins bins =
        SpectrumBins.of(
            spectrum(
                rule(
                    new double[] {-ratio * 1.01, -1, 1, ratio * 1.01},
                    new double[] {0.25, 0.25, 0.25, 0.25})));

    assertThat(bins.values()).hasSize(4);
  }

  @Test
  void gathersAroundZeroWhatIsNotKnownBetter() {
    SpectrumBins bins =
        SpectrumBins.of(
            spectrum(
                rule(
                    new double[] {-5e-5, 0, 9e-5, 2e-4, 100},
                    new double[] {0.125, 0.25, 0.125, 0.25, 0.25})));

    assertThat(bins.masses()).containsExactly(0.5, 0.25, 0.25);
    assertThat(bins.values()[0]).isCloseTo((-5e-5 * 0.125 + 9e-5 * 0.125) / 0.5, within(1e-18));
  }

  @Test
  void leavesOutWhatHasNoMass() {
    SpectrumBins bins =
        SpectrumBins.of(spectrum(rule(new double[] {1, 2, 3}, new double[] {0.5, 0, 0.5})));

    assertThat(bins.values()).containsExactly(1, 3);
  }

  @Test
  void ofZerosThereIsOneBin() {
    SpectrumBins bins =
        SpectrumBins.of(spectrum(rule(new double[] {0, 0}, new double[] {0.5, 0.5})));

    assertThat(bins.values()).containsExactly(0);
    assertThat(bins.masses()).containsExactly(1);
  }

  @ParameterizedTest
  @ValueSource(doubles = {1, 1e-300, 1e300, 123.456})
  void keepsMassAndMeanInFewAscendingBins(double scale) {
    Spectrum spectrum = spread(7, 10, 300, scale);
    double mean = 0;
    for (QuadratureRule draw : spectrum.draws()) {
      for (int i = 0; i < draw.size(); i++) {
        mean += draw.node(i) * draw.weight(i) / spectrum.draws().size();
      }
    }

    SpectrumBins bins = SpectrumBins.of(spectrum);

    double binned = 0;
    for (int i = 0; i < bins.values().length; i++) {
      binned += bins.values()[i] * bins.masses()[i];
    }
    assertThat(Arrays.stream(bins.masses()).sum()).isCloseTo(1, within(1e-12));
    assertThat(binned).isCloseTo(mean, within(1e-12 * scale));
    assertThat(bins.values())
        .isSorted()
        .hasSizeLessThanOrEqualTo(2 * 6 * SpectrumBins.PER_DECADE + 3);
  }
}
