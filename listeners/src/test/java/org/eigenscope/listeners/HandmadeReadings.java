package org.eigenscope.listeners;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.eigenscope.probes.Contrast;
import org.eigenscope.probes.Measurement;
import org.eigenscope.probes.NormalizationReading;
import org.eigenscope.probes.Provenance;
import org.eigenscope.probes.Quantity;
import org.eigenscope.probes.Reading;
import org.eigenscope.probes.RecordedReading;
import org.eigenscope.probes.Spectrum;
import org.eigenscope.probes.SpectrumReading;
import org.eigenscope.probes.SpectrumReading.Eigenvalue;
import org.eigenscope.probes.linalg.QuadratureRule;
import org.eigenscope.probes.linalg.TraceEstimate;

/** Readings with fixed values, for tests of sinks. */
public final class HandmadeReadings {

  public static final Map<String, String> TAGS =
      Map.of("operator", "hessian", "normalization", "none", "layer", "all");

  /** 2026-01-02T03:04:05.5Z is 1767323045.5 seconds since the epoch. */
  public static final Instant TIME = Instant.parse("2026-01-02T03:04:05.500Z");

  private HandmadeReadings() {}

  public static Provenance provenance(String probe, int iteration) {
    return new Provenance(
        probe,
        "run-1",
        "lenet",
        iteration,
        2,
        TIME,
        1.25,
        512,
        -7_000_000_000L,
        940,
        Map.of("engine", "difference", "steps", "90"),
        Map.of("eigenscope", "0.1.0", "nd4j", "1.0.0-M2.1"));
  }

  /** Returns a reading of every kind of value, with two draws. */
  public static SpectrumReading spectrum(int iteration) {
    return spectrum(iteration, "none");
  }

  private static SpectrumReading spectrum(int iteration, String normalization) {
    Map<String, String> tags = new TreeMap<>(TAGS);
    tags.put("normalization", normalization);
    return new SpectrumReading(
        provenance("spectrum", iteration),
        tags,
        0.75,
        0.125,
        1000,
        990,
        List.of(new Eigenvalue(12.5, 1e-6), new Eigenvalue(8, 2e-6), new Eigenvalue(2, 3e-6)),
        List.of(new Eigenvalue(-1.5, 4e-6)),
        new TraceEstimate(99, 4.5, 2),
        0.0625,
        2,
        2,
        List.of(0.5, 0.6, 0.7),
        List.of(Double.NaN, Double.NaN, Double.NaN),
        0.25,
        List.of(
            new QuadratureRule(new double[] {-1.5, 0, 12.5}, new double[] {0.25, 0.5, 0.25}),
            new QuadratureRule(new double[] {-0.5, 0.1, 20_000}, new double[] {0.5, 0.25, 0.25})),
        new QuadratureRule(new double[] {0.25, 12.5}, new double[] {0.125, 0.875}),
        List.of("the smallest eigenvalue did not converge — residual 4·10⁻⁶ 😀"));
  }

  /** Returns a reading of two modes that do not differ, and of one that failed. */
  public static NormalizationReading paired(int iteration) {
    SpectrumReading batch = spectrum(iteration, "batch");
    SpectrumReading frozen = spectrum(iteration, "frozen");
    return new NormalizationReading(
        provenance("normalization", iteration),
        new TreeMap<>(Map.of("batch", batch, "frozen", frozen)),
        List.of(Contrast.of(frozen, batch, 3), Contrast.unknown("population", "batch", TAGS, 3)),
        announcementOf(spectrum(iteration, "population")).quantities(),
        List.of("population: could not be measured: loss must be finite"));
  }

  /** Returns a reading of a probe without draws, whose outliers are unknown. */
  public static SpectrumReading withoutDraws(int iteration) {
    return new SpectrumReading(
        provenance("sharpness", iteration),
        TAGS,
        0.5,
        0.25,
        1000,
        990,
        List.of(new Eigenvalue(14, 1e-6), new Eigenvalue(9, 2e-6)),
        List.of(),
        new TraceEstimate(Double.NaN, Double.NaN, 0),
        Double.NaN,
        null,
        Double.NaN,
        List.of(0.25, 0.5),
        List.of(0.75, 0.875),
        0.5,
        List.of(),
        null,
        List.of());
  }

  /** Returns what a probe announces that gives readings like another one. */
  public static Announcement announcementOf(Reading reading) {
    List<Quantity> quantities = new ArrayList<>();
    for (Measurement measurement : reading.measurements()) {
      quantities.add(
          new Quantity(
              measurement.name(),
              measurement.tags(),
              "What " + measurement.name() + " is, in a sentence"));
    }
    Provenance provenance = reading.provenance();
    return new Announcement(provenance.run(), provenance.model(), provenance.probe(), quantities);
  }

  /** Gives a sink an announcement, a reading, and one event of each kind. */
  public static void feed(ReadingSink sink) {
    SpectrumReading reading = spectrum(300);
    sink.announce(announcementOf(reading));
    sink.accept(reading);
    sink.report(
        new ProbeEvent.Completed("run-1", "lenet", "spectrum", 300, 1_500_000_000L, 940, 0.125));
    sink.report(
        new ProbeEvent.Failed(
            "run-1", "lenet", "spectrum", 400, 250_000_000L, new IllegalStateException("boom")));
    sink.report(new ProbeEvent.Skipped("run-1", "lenet", "spectrum", 500));
  }

  /** Returns a reading of one scalar. */
  public static Reading scalar(
      String probe, int iteration, String name, Map<String, String> tags, double value) {
    return new RecordedReading(
        provenance(probe, iteration),
        List.of(new Measurement(name, tags, value)),
        List.of(),
        List.of());
  }

  /** Returns a reading of spectra with one draw and all of its mass at one value. */
  public static Reading layers(int iteration, int layers, double eigenvalue, int nodes) {
    List<Measurement> measurements = new ArrayList<>();
    List<Spectrum> spectra = new ArrayList<>();
    double[] at = new double[nodes];
    double[] weights = new double[nodes];
    for (int i = 0; i < nodes; i++) {
      at[i] = eigenvalue;
      weights[i] = 1.0 / nodes;
    }
    QuadratureRule rule = new QuadratureRule(at, weights);
    for (int layer = 0; layer < layers; layer++) {
      Map<String, String> tags = new TreeMap<>(TAGS);
      tags.put("layer", "layer-" + layer);
      measurements.add(new Measurement("eigenscope.trace", tags, eigenvalue));
      measurements.add(new Measurement("eigenscope.loss", tags, eigenvalue));
      spectra.add(new Spectrum("eigenscope.spectrum", tags, 100, List.of(rule)));
    }
    return new RecordedReading(provenance("layers", iteration), measurements, spectra, List.of());
  }
}
