package org.eigenscope.view;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.eigenscope.probes.Measurement;
import org.eigenscope.probes.Provenance;
import org.eigenscope.probes.RecordedReading;
import org.eigenscope.probes.Spectrum;
import org.eigenscope.probes.linalg.QuadratureRule;

/** Readings with values that can be told apart. */
final class Readings {
  private Readings() {}

  /** Returns a reading with nine outliers above 0.9, in one of two draws. */
  static RecordedReading nineOutliers() {
    List<Measurement> all = new ArrayList<>();
    double[] largest = {23.1, 14.2, 9.7, 8.8, 6.1, 5.2, 4.4, 3.3, 2.6, 0.9, 0.7};
    for (int rank = largest.length; rank >= 1; rank--) {
      all.add(
          measurement("eigenscope.eigenvalue", largest[rank - 1], "end", "largest", "rank", rank));
    }
    all.add(measurement("eigenscope.eigenvalue", -0.41, "end", "smallest", "rank", 1));
    all.add(measurement("eigenscope.loss", 0.123456));
    all.add(measurement("eigenscope.outliers", 9));
    all.add(measurement("eigenscope.bulk.edge", 0.9, "side", "upper"));
    all.add(measurement("eigenscope.gradient.fraction", 0.5, "k", 1));
    all.add(measurement("eigenscope.gradient.fraction", 0.87654, "k", 10));
    all.add(measurement("eigenscope.trace", 1234.5));
    all.add(measurement("eigenscope.trace.standard.error", 67.89));
    QuadratureRule draw =
        new QuadratureRule(
            new double[] {-0.4, -0.05, 1e-7, 0.03, 0.8, 5, 23},
            new double[] {0.001, 0.01, 0.9, 0.08, 0.006, 0.002, 0.001});
    QuadratureRule other =
        new QuadratureRule(new double[] {-0.2, 0, 0.06, 22}, new double[] {0.01, 0.9, 0.08, 0.01});
    return reading(599, all, List.of(draw, other));
  }

  /** Returns that reading with the gradient's measure, and another matrix's spectra before it. */
  static RecordedReading withGradient() {
    RecordedReading plain = nineOutliers();
    Map<String, String> other = Map.of("operator", "gauss-newton");
    QuadratureRule rule =
        new QuadratureRule(
            new double[] {-0.2, 1e-6, 0.02, 2, 7, 9.7, 23.1},
            new double[] {0.05, 0.1, 1e-5, 0.05, 0.1, 0.2, 0.49999});
    List<Measurement> measurements = new ArrayList<>();
    measurements.add(measurement("eigenscope.outliers", 1, "operator", "gauss-newton"));
    measurements.add(
        measurement(
            "eigenscope.eigenvalue", 400, "operator", "gauss-newton", "end", "largest", "rank", 1));
    measurements.addAll(plain.measurements());
    return new RecordedReading(
        plain.provenance(),
        measurements,
        List.of(
            new Spectrum(Spectrum.GRADIENT, other, 6006, List.of(rule)),
            plain.spectra().get(0),
            new Spectrum(Spectrum.GRADIENT, plain.spectra().get(0).tags(), 6006, List.of(rule))),
        List.of());
  }

  /** Returns a reading that knows nothing but its iteration and one node. */
  static RecordedReading unknown(double node) {
    List<Measurement> all =
        List.of(
            measurement("eigenscope.loss", Double.NaN),
            measurement("eigenscope.outliers", Double.NaN));
    return reading(0, all, List.of(new QuadratureRule(new double[] {node}, new double[] {1})));
  }

  /** Returns a reading without a spectrum. */
  static RecordedReading withoutSpectrum() {
    return new RecordedReading(provenance(0), List.of(), List.of(), List.of());
  }

  private static RecordedReading reading(
      int iteration, List<Measurement> measurements, List<QuadratureRule> draws) {
    Spectrum spectrum =
        new Spectrum("eigenscope.spectrum", Map.of("operator", "hessian"), 6006, draws);
    return new RecordedReading(provenance(iteration), measurements, List.of(spectrum), List.of());
  }

  static Provenance provenance(int iteration) {
    return new Provenance(
        "spectrum",
        "demo",
        "model",
        iteration,
        0,
        Instant.EPOCH,
        4.25,
        100,
        1,
        200,
        Map.of(),
        Map.of());
  }

  private static Measurement measurement(String name, double value, Object... tags) {
    Map<String, String> map = new TreeMap<>();
    map.put("operator", "hessian");
    for (int i = 0; i < tags.length; i += 2) {
      map.put(tags[i].toString(), tags[i + 1].toString());
    }
    return new Measurement(name, map, value);
  }
}
