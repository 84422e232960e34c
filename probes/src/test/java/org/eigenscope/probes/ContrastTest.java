package org.eigenscope.probes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.eigenscope.probes.SpectrumReading.Eigenvalue;
import org.eigenscope.probes.linalg.QuadratureRule;
import org.eigenscope.probes.linalg.TraceEstimate;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ContrastTest {

  private static final Map<String, String> COMMON = Map.of("operator", "hessian", "layer", "all");

  private static SpectrumReading reading(
      String normalization,
      double loss,
      @Nullable Integer outliers,
      List<Double> fractions,
      double... largest) {
    Map<String, String> tags = new TreeMap<>(COMMON);
    tags.put("normalization", normalization);
    return new SpectrumReading(
        new Provenance(
            "spectrum", "run", "model", 0, 0, Instant.EPOCH, 0, 1, 1, 1, Map.of(), Map.of()),
        tags,
        loss,
        1,
        10,
        10,
        Arrays.stream(largest).mapToObj(value -> new Eigenvalue(value, 0)).toList(),
        List.of(),
        new TraceEstimate(1, 0, 2),
        0,
        outliers,
        outliers == null ? Double.NaN : 1,
        fractions,
        fractions,
        Double.NaN,
        List.of(new QuadratureRule(new double[] {0}, new double[] {1})),
        null,
        List.of());
  }

  private static SpectrumReading without() {
    return reading("none", 2.5, 9, List.of(0.5, 0.75, 0.875), 24, 12, 4);
  }

  private static SpectrumReading with() {
    return reading("batch", 1, 2, List.of(0.0625, 0.125, 0.25), 3, 2.5, 2);
  }

  @Test
  void isWhatTheValuesOfTheReadingsGive() {
    // 24/3; (24/4)/(3/2); 0.875 − 0.25; 9 − 2; 2.5 − 1.
    assertThat(Contrast.of(without(), with(), 3))
        .isEqualTo(new Contrast("none", "batch", COMMON, 3, 8, 4, 0.625, 7, 1.5));
    Contrast other = Contrast.of(with(), without(), 2);
    assertThat(other.eigenvalueRatio()).isEqualTo(0.125);
    assertThat(other.outlierRatio()).isCloseTo(0.6, within(1e-15));
    assertThat(other.gradientFractionDifference()).isEqualTo(-0.625);
    assertThat(other.outlierDifference()).isEqualTo(-7);
    assertThat(other.lossDifference()).isEqualTo(-1.5);
  }

  @Test
  void anArmEqualToItsReferenceDoesNotDiffer() {
    assertThat(Contrast.of(without(), without().withNormalization("frozen"), 3))
        .isEqualTo(new Contrast("none", "frozen", COMMON, 3, 1, 1, 0, 0, 0));
  }

  @Test
  void isMeasuredWithTheNamesOfBothArms() {
    Contrast contrast = Contrast.of(without(), with(), 3);
    Map<String, String> tags =
        Map.of("operator", "hessian", "layer", "all", "arm", "none", "reference", "batch");
    Map<String, String> ofK = new TreeMap<>(tags);
    ofK.put("k", "3");

    assertThat(contrast.measurements())
        .containsExactly(
            new Measurement("eigenscope.contrast.eigenvalue.ratio", tags, 8),
            new Measurement("eigenscope.contrast.outlier.ratio", ofK, 4),
            new Measurement("eigenscope.contrast.gradient.fraction.difference", ofK, 0.625),
            new Measurement("eigenscope.contrast.outliers.difference", tags, 7),
            new Measurement("eigenscope.contrast.loss.difference", tags, 1.5));
    assertThat(contrast.quantities())
        .extracting(quantity -> quantity.name() + quantity.tags())
        .isEqualTo(contrast.measurements().stream().map(m -> m.name() + m.tags()).toList());
  }

  @Test
  void armsThatWereNotMeasuredHaveTheSameScalarsWithoutAValue() {
    Contrast unknown = Contrast.unknown("none", "batch", without().tags(), 3);

    assertThat(unknown.quantities()).isEqualTo(Contrast.of(without(), with(), 3).quantities());
    assertThat(unknown.measurements()).hasSize(5).allMatch(m -> Double.isNaN(m.value()));
  }

  @Test
  void whatAReadingDoesNotKnowIsUnknown() {
    SpectrumReading reading =
        reading("frozen", Double.NaN, null, List.of(Double.NaN, Double.NaN), 3, 0);
    Contrast contrast = Contrast.of(reading, with(), 2);

    assertThat(contrast.eigenvalueRatio()).isEqualTo(1);
    assertThat(contrast.outlierRatio()).isNaN();
    assertThat(contrast.gradientFractionDifference()).isNaN();
    assertThat(contrast.outlierDifference()).isNaN();
    assertThat(contrast.lossDifference()).isNaN();
  }

  @Test
  void aRatioOfEigenvaluesThatAreNotPositiveIsUnknown() {
    SpectrumReading flat = reading("frozen", 1, 0, List.of(1.0, 1.0), -1, -2);

    assertThat(Contrast.of(flat, with(), 2).eigenvalueRatio()).isNaN();
    assertThat(Contrast.of(flat, with(), 2).outlierRatio()).isNaN();
    assertThat(Contrast.of(with(), flat, 2).eigenvalueRatio()).isNaN();
  }

  @Test
  void rejectsArmsThatCannotBeCompared() {
    SpectrumReading layer = without();
    Map<String, String> tags = new TreeMap<>(layer.tags());
    tags.put("layer", "hidden");
    SpectrumReading block =
        new SpectrumReading(
            layer.provenance(),
            tags,
            layer.loss(),
            1,
            10,
            5,
            layer.largest(),
            List.of(),
            layer.trace(),
            0,
            null,
            Double.NaN,
            layer.gradientFraction(),
            layer.subspaceOverlap(),
            Double.NaN,
            layer.draws(),
            null,
            List.of());

    assertThatIllegalArgumentException()
        .isThrownBy(() -> Contrast.of(block, with(), 1))
        .withMessage(
            "an arm and its reference must be of the same matrix, got {layer=hidden,"
                + " operator=hessian} and {layer=all, operator=hessian}");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Contrast.of(with(), with(), 1))
        .withMessage("an arm and its reference must normalise differently, got 'batch' twice");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Contrast.of(without(), with(), 4))
        .withMessage("k must be between 1 and 3, got 4");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Contrast.unknown("none", "batch", COMMON, 0))
        .withMessage("k must be at least 1, got 0");
  }
}
