package org.eigenscope.view;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.eigenscope.probes.NormalizationReading;
import org.eigenscope.probes.SpectrumReading;
import org.eigenscope.probes.SpectrumReading.Eigenvalue;
import org.eigenscope.probes.linalg.QuadratureRule;
import org.eigenscope.probes.linalg.TraceEstimate;
import org.jspecify.annotations.Nullable;

/**
 * Readings of networks with and without batch normalization, with values that can be told apart.
 */
final class Comparisons {
  private static final QuadratureRule DRAW =
      new QuadratureRule(new double[] {-0.2, 0.01, 0.5}, new double[] {0.1, 0.8, 0.1});

  private Comparisons() {}

  /** Returns a reading of two arms, one with three outliers and one without. */
  static NormalizationReading at(int iteration) {
    Map<String, SpectrumReading> arms = new LinkedHashMap<>();
    arms.put("batch", reading(iteration, List.of(1.5, 1.25, 1.0), 0.125, null, List.of(DRAW)));
    QuadratureRule draw =
        new QuadratureRule(
            new double[] {-0.5, 0.01, 8, 20}, new double[] {0.0999, 0.9, 0.00005, 0.00005});
    arms.put("none", reading(iteration, List.of(20.0, 16.0, 8.0), 0.75, 3, List.of(draw)));
    return comparison(arms);
  }

  /** Returns a reading of one arm, of which all but the loss is unknown, and k-th is negative. */
  static NormalizationReading unknown(int iteration) {
    return comparison(
        Map.of(
            "batch", reading(iteration, List.of(1.0, 0.5, -0.5), Double.NaN, null, List.of(DRAW))));
  }

  /** Returns a reading without draws. */
  static NormalizationReading withoutDraws() {
    return comparison(Map.of("none", reading(7, List.of(1.0, 0.5, 0.25), 0.5, 1, List.of())));
  }

  private static NormalizationReading comparison(Map<String, SpectrumReading> arms) {
    return new NormalizationReading(
        arms.values().iterator().next().provenance(), arms, List.of(), List.of(), List.of());
  }

  private static SpectrumReading reading(
      int iteration,
      List<Double> largest,
      double fraction,
      @Nullable Integer outliers,
      List<QuadratureRule> draws) {
    return new SpectrumReading(
        Readings.provenance(iteration),
        Map.of("operator", "hessian"),
        0.5,
        1,
        1010,
        1000,
        largest.stream().map(value -> new Eigenvalue(value, 0)).toList(),
        List.of(),
        new TraceEstimate(Double.NaN, Double.NaN, draws.size()),
        0,
        outliers,
        0.5,
        List.of(fraction / 4, fraction / 2, fraction),
        List.of(),
        Double.NaN,
        draws,
        draws.isEmpty() ? null : draws.get(0),
        List.of());
  }
}
