package org.eigenscope.cli.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.DoubleStream;
import org.eigenscope.probes.Spectrum;
import org.eigenscope.probes.linalg.QuadratureRule;
import org.eigenscope.probes.linalg.SpectralDensity;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SpectrumScaleTest {
  private static final int ORDER = 1000;

  /** As many nodes as Lanczos steps are usual: they tell how wide kernels are. */
  private static final int STEPS = 90;

  /** Returns a spectrum of some nodes and weights, the last node repeated without weight. */
  private static Spectrum spectrum(double... nodesAndWeights) {
    int half = nodesAndWeights.length / 2;
    double[] nodes = Arrays.copyOf(nodesAndWeights, STEPS);
    Arrays.fill(nodes, half, STEPS, nodes[half - 1]);
    double[] weights =
        Arrays.copyOf(Arrays.copyOfRange(nodesAndWeights, half, nodesAndWeights.length), STEPS);
    return new Spectrum(
        Spectrum.EIGENVALUES, Map.of(), ORDER, List.of(new QuadratureRule(nodes, weights)));
  }

  /** Returns the area under a curve, by trapezoids. */
  private static double area(DoubleStream x, double[] y) {
    double[] at = x.toArray();
    double sum = 0;
    for (int i = 1; i < at.length; i++) {
      sum += (at[i] - at[i - 1]) * (y[i] + y[i - 1]) / 2;
    }
    return sum;
  }

  @Test
  void aDensityIntegratesToOne() {
    Spectrum spectrum = spectrum(-2, 0, 5, 0.001, 0.9, 0.099);
    SpectralDensity density = SpectrumScale.of(List.of(spectrum)).density(spectrum);

    assertThat(area(Arrays.stream(density.grid()), density.values())).isCloseTo(1, within(1e-3));
  }

  @Test
  void amountsPerDecadeIntegrateToTheNumberOfEigenvaluesBeyondTheMiddle() {
    Spectrum spectrum = spectrum(-2, 1e-9, 5, 0.002, 0.9, 0.098);
    Curve curve = SpectrumScale.of(List.of(spectrum)).perDecade(spectrum);
    int zero = Arrays.binarySearch(curve.x(), 0);

    double[] positive = Arrays.copyOfRange(curve.x(), zero + 1, curve.x().length);
    double[] above = Arrays.copyOfRange(curve.y(), zero + 1, curve.y().length);
    assertThat(area(Arrays.stream(positive).map(Math::log10), above)).isCloseTo(98, within(0.5));
    double[] negative = Arrays.copyOf(curve.x(), zero);
    double[] below = Arrays.copyOf(curve.y(), zero);
    assertThat(-area(Arrays.stream(negative).map(x -> Math.log10(-x)), below))
        .isCloseTo(2, within(0.01));
  }

  @Test
  void kernelsThatGoByGapsKeepTheNumberOfEigenvalues() {
    Spectrum spectrum = spectrum(-2, 0, 5, 0.002, 0.9, 0.098);
    Curve curve = SpectrumScale.of(List.of(spectrum)).perDecadeByGaps(spectrum);
    int zero = Arrays.binarySearch(curve.x(), 0);

    assertThat(curve.x()).isSorted();
    double[] above = Arrays.copyOfRange(curve.y(), zero + 1, curve.y().length);
    assertThat(Arrays.stream(above).sum() / 24).isCloseTo(98, within(0.5));
    double[] below = Arrays.copyOf(curve.y(), zero);
    assertThat(Arrays.stream(below).sum() / 24).isCloseTo(2, within(0.01));
    // Alone on its side: a kernel of a tenth of a decade at -2.
    assertThat(Arrays.stream(below).max()).hasValueCloseTo(2 / (0.1 * 2.5066), within(0.2));
  }

  @Test
  void aKernelIsHalfAsWideAsTheGapsBesideIt() {
    Spectrum spectrum =
        new Spectrum(
            Spectrum.EIGENVALUES,
            Map.of(),
            ORDER,
            List.of(
                new QuadratureRule(
                    new double[] {0.01, 0.1 / Math.sqrt(10), 0.1}, new double[] {0, 1, 0})));
    Curve curve = SpectrumScale.of(List.of(spectrum)).perDecadeByGaps(spectrum);

    // Half a decade to each side.
    assertThat(curve.highest()).isCloseTo(ORDER / (0.25 * 2.5066), within(10.0));
  }

  @Test
  void theAxisHasRoomForFurtherEigenvalues() {
    SpectrumScale scale = SpectrumScale.of(List.of(spectrum(-0.5, 0.05, 0.5, 0.5)));
    assertThat(List.of(scale.exponent(), scale.negative(), scale.positive()))
        .containsExactly(-3, 3, 2);

    assertThat(scale.with()).isEqualTo(scale);
    assertThat(scale.with(0.01, -0.02)).isEqualTo(scale);
    SpectrumScale wider = scale.with(-5, 50);
    assertThat(List.of(wider.exponent(), wider.negative(), wider.positive()))
        .containsExactly(-3, 4, 5);
    SpectrumScale coarser = scale.with(5e7);
    assertThat(List.of(coarser.exponent(), coarser.negative(), coarser.positive()))
        .containsExactly(1, 1, 7);
  }

  @Test
  void sharesAreCountedByCell() {
    Spectrum spectrum = spectrum(-2, -0.5, 1e-3, 0.02, 0.7, 5, 0.1, 0.2, 0.3, 0.15, 0.05, 0.2);
    SpectrumScale scale = SpectrumScale.of(List.of(spectrum));

    assertThat(scale.exponent()).isEqualTo(-2);
    // Edges: -10, -1, -0.1, -0.01, 0.01, 0.1, 1, 10.
    assertThat(scale.shares(spectrum, 1))
        .containsExactly(new double[] {0.1, 0.2, 0, 0.15, 0.05, 0.2}, within(1e-15));
    assertThat(scale.within(spectrum)).isCloseTo(0.3, within(1e-15));
    assertThat(scale.edge(0, 1)).isEqualTo(-10);
    assertThat(scale.edge(4, 1)).isCloseTo(0.1, within(1e-15));
    // 5 is in the third quarter of its decade, 0.7 in the last, and 0.02 in the second.
    assertThat(Arrays.copyOfRange(scale.shares(spectrum, 4), 12, 24))
        .containsExactly(new double[] {0, 0.15, 0, 0, 0, 0, 0, 0.05, 0, 0, 0.2, 0}, within(1e-15));
  }

  @Test
  void theAxisReachesBelowTheSmallestOfSpectraThatGrow() {
    Spectrum small = spectrum(0, 0.05, 0.5, 0.5);
    Spectrum zero = spectrum(0, 0, 0.5, 0.5);
    Spectrum large = spectrum(0, 50, 0.5, 0.5);
    Spectrum tiny = spectrum(0, 1e-30, 0.5, 0.5);

    assertThat(SpectrumScale.of(List.of(small, zero, large)).exponent()).isEqualTo(-4);
    assertThat(SpectrumScale.of(List.of(zero)).exponent()).isEqualTo(-3);
    assertThat(SpectrumScale.of(List.of(large, tiny)).exponent()).isEqualTo(-5);
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, 1, -1, 1e-99, -1e99})
  void drawsASpectrumOfOneNode(double node) {
    Spectrum spectrum = spectrum(node, 1);
    SpectrumScale scale = SpectrumScale.of(List.of(spectrum));

    assertThat(SpectrumScale.canDraw(spectrum)).isTrue();
    assertThat(
            SpectrumFigures.overIterations(
                Meter.of(Spectrum.EIGENVALUES), new TreeMap<>(Map.of(3, spectrum)), 1))
        .hasSize(2);
    assertThat(Arrays.stream(scale.shares(spectrum, 1)).sum() + scale.within(spectrum))
        .isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(doubles = {1e101, -1e300, 1e-101})
  void refusesWhatIsBeyondDoublePrecision(double node) {
    assertThat(SpectrumScale.canDraw(spectrum(node, 1))).isFalse();
  }
}
