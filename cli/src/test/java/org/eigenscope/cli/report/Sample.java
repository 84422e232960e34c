package org.eigenscope.cli.report;

import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.eigenscope.listeners.journal.JournalSink;
import org.eigenscope.probes.Measurement;
import org.eigenscope.probes.Provenance;
import org.eigenscope.probes.Reading;
import org.eigenscope.probes.RecordedReading;
import org.eigenscope.probes.Spectrum;
import org.eigenscope.probes.linalg.QuadratureRule;

/** Readings for tests, put together piece by piece, and journals of them. */
final class Sample {
  static final Instant START = Instant.parse("2026-01-02T03:04:05Z");
  static final int ORDER = 1000;

  private String run = "run";
  private String model = "model";
  private String probe = "spectrum";
  private final int iteration;
  private Instant time;
  private final Map<String, String> tags = new TreeMap<>();
  private final Map<String, String> settings = new TreeMap<>();
  private Map<String, String> versions = Map.of("eigenscope", "0.1.0");
  private final List<Measurement> measurements = new ArrayList<>();
  private final List<Spectrum> spectra = new ArrayList<>();
  private final List<String> notes = new ArrayList<>();

  private Sample(int iteration) {
    this.iteration = iteration;
    time = START.plusSeconds(iteration);
    tags.putAll(Map.of("operator", "hessian", "normalization", "none", "layer", "all"));
    settings.putAll(Map.of("engine", "tangent", "precision", "double", "batchNorm", "batch"));
  }

  /** Returns a reading without a number. */
  static Sample empty(int iteration) {
    return new Sample(iteration);
  }

  /** Returns a reading of all that the spectrum probe measures, scaled by a factor. */
  static Sample full(int iteration, double scale) {
    return cheap(iteration, scale)
        .with("eigenscope.trace", 7 * scale)
        .with("eigenscope.trace.standard.error", 0.5 * scale)
        .with("eigenscope.negative.mass", 0.25)
        .with("eigenscope.outliers", 2)
        .with("eigenscope.bulk.edge", scale, "side", "upper")
        .with("eigenscope.outlier.ratio", 4)
        .spectrum(scale);
  }

  /** Returns a reading without draws: what they tell is not known. */
  static Sample cheap(int iteration, double scale) {
    Sample sample = new Sample(iteration);
    for (int rank = 1; rank <= 4; rank++) {
      sample.with("eigenscope.eigenvalue", (5 - rank) * scale, "end", "largest", "rank", "" + rank);
      sample.with(
          "eigenscope.eigenvalue.residual", 1e-6 * scale, "end", "largest", "rank", "" + rank);
      sample.with("eigenscope.gradient.fraction", rank / 5.0, "k", "" + rank);
      sample.with("eigenscope.subspace.overlap", 0.9, "k", "" + rank);
    }
    return sample
        .with("eigenscope.eigenvalue", -0.5 * scale, "end", "smallest", "rank", "1")
        .with("eigenscope.eigenvalue.residual", 1e-6 * scale, "end", "smallest", "rank", "1")
        .with("eigenscope.outliers", Double.NaN)
        .with("eigenscope.bulk.edge", Double.NaN, "side", "upper")
        .with("eigenscope.outlier.ratio", Double.NaN)
        .with("eigenscope.trace", Double.NaN)
        .with("eigenscope.trace.standard.error", Double.NaN)
        .with("eigenscope.negative.mass", Double.NaN)
        .with("eigenscope.gradient.norm", 3)
        .with("eigenscope.loss", 2.0 / (1 + iteration))
        .with("eigenscope.stability.ratio", scale / 4);
  }

  Sample run(String value) {
    run = value;
    return this;
  }

  Sample model(String value) {
    model = value;
    return this;
  }

  Sample probe(String value) {
    probe = value;
    return this;
  }

  Sample at(Instant value) {
    time = value;
    return this;
  }

  Sample setting(String key, String value) {
    settings.put(key, value);
    return this;
  }

  Sample versions(Map<String, String> value) {
    versions = value;
    return this;
  }

  Sample note(String value) {
    notes.add(value);
    return this;
  }

  /** Changes a tag of all that the reading has and will get. */
  Sample tag(String key, String value) {
    tags.put(key, value);
    measurements.replaceAll(m -> new Measurement(m.name(), changed(m.tags(), key), m.value()));
    spectra.replaceAll(s -> new Spectrum(s.name(), changed(s.tags(), key), s.order(), s.draws()));
    return this;
  }

  private Map<String, String> changed(Map<String, String> old, String key) {
    Map<String, String> changed = new TreeMap<>(old);
    changed.put(key, tags.get(key));
    return changed;
  }

  /** Adds a scalar, or replaces the one of the same name and tags. */
  Sample with(String name, double value, String... keyValues) {
    Map<String, String> all = tagged(keyValues);
    measurements.removeIf(m -> m.name().equals(name) && m.tags().equals(all));
    measurements.add(new Measurement(name, all, value));
    return this;
  }

  /** Adds a spectrum: most eigenvalues near zero, two outliers at 3 and 4 times the scale. */
  Sample spectrum(double scale) {
    return spectrum(
        "eigenscope.spectrum",
        new double[] {-0.5 * scale, -0.01 * scale, 0, 0.02 * scale, scale, 3 * scale, 4 * scale},
        new double[] {0.002, 0.018, 0.9, 0.07, 0.008, 0.001, 0.001});
  }

  Sample spectrum(String name, double[] nodes, double[] weights, String... keyValues) {
    spectra.add(
        new Spectrum(name, tagged(keyValues), ORDER, List.of(new QuadratureRule(nodes, weights))));
    return this;
  }

  private Map<String, String> tagged(String... keyValues) {
    Map<String, String> all = new TreeMap<>(tags);
    for (int i = 0; i < keyValues.length; i += 2) {
      all.put(keyValues[i], keyValues[i + 1]);
    }
    return all;
  }

  /** Adds all that another reading has. */
  Sample and(Sample other) {
    measurements.addAll(other.measurements);
    spectra.addAll(other.spectra);
    return this;
  }

  Reading reading() {
    Provenance provenance =
        new Provenance(probe, run, model, iteration, 0, time, 1.5, 100, 7, 240, settings, versions);
    return new RecordedReading(provenance, measurements, spectra, notes);
  }

  /** Writes a journal, or continues it. */
  static Path write(Path path, Sample... samples) {
    return write(path, Arrays.asList(samples));
  }

  /** Writes a journal, or continues it. */
  static Path write(Path path, List<Sample> samples) {
    try (JournalSink sink = JournalSink.open(path)) {
      samples.forEach(sample -> sink.accept(sample.reading()));
    }
    return path;
  }
}
