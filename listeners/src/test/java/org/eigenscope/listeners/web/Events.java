package org.eigenscope.listeners.web;

import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.DoubleStream;
import org.jspecify.annotations.Nullable;

/** Events as the endpoint sends them. */
final class Events {
  static final Instant START = Instant.parse("2026-01-02T03:04:05Z");
  static final int ORDER = 1000;

  private static final double EDGE = 2;

  private Events() {}

  static Map<String, Object> hello(String state, Instant now) {
    return Map.of(
        "source",
        state.equals("finished") ? "journal" : "live",
        "title",
        "a title",
        "version",
        "1.2.3",
        "now",
        now.toString(),
        "state",
        state);
  }

  static Map<String, Object> beat(Instant now) {
    return Map.of("now", now.toString());
  }

  /** A reading of the Hessian without normalization, ten seconds after the one before. */
  static Reading reading(int iteration) {
    return new Reading(iteration);
  }

  static Map<String, Object> probe(String run, String outcome, String message) {
    return Map.ofEntries(
        Map.entry("run", run),
        Map.entry("model", "model"),
        Map.entry("probe", "spectrum"),
        Map.entry("iteration", 7),
        Map.entry("outcome", outcome),
        Map.entry("seconds", 0.5),
        Map.entry("message", message),
        Map.entry("completed", 3),
        Map.entry("failed", outcome.equals("failed") ? 2 : 0),
        Map.entry("skipped", 5),
        Map.entry("overheadRatio", 0.125));
  }

  static Map<String, Object> alert(String name, String severity, String state, String summary) {
    return Map.ofEntries(
        Map.entry("name", name),
        Map.entry("severity", severity),
        Map.entry("state", state),
        Map.entry("run", "run"),
        Map.entry("model", "model"),
        Map.entry("probe", "spectrum"),
        Map.entry("iteration", 30),
        Map.entry("time", START.toString()),
        Map.entry("value", 1.25),
        Map.entry("limit", 1),
        Map.entry("tags", Map.of("layer", "all")),
        Map.entry("runbook", "docs/runbook.md#somewhere"),
        Map.entry("summary", summary));
  }

  /** A reading that can be made another one. */
  static final class Reading {
    private final int iteration;
    private Instant time;
    private String run = "run";
    private String probe = "spectrum";
    private String layer = "all";
    private double scale = 1;
    private @Nullable Double residual = 1e-6;
    private List<String> normalizations = List.of("none");
    private List<String> notes = List.of();
    private final List<Map<String, Object>> more = new ArrayList<>();

    private Reading(int iteration) {
      this.iteration = iteration;
      time = START.plusSeconds(iteration);
    }

    Reading run(String newRun) {
      run = newRun;
      return this;
    }

    Reading probe(String newProbe) {
      probe = newProbe;
      return this;
    }

    Reading layer(String newLayer) {
      layer = newLayer;
      return this;
    }

    Reading time(Instant newTime) {
      time = newTime;
      return this;
    }

    /** Multiplies all eigenvalues; those of the first reading are 10, 5 and below 3. */
    Reading scale(double newScale) {
      scale = newScale;
      return this;
    }

    Reading residual(@Nullable Double newResidual) {
      residual = newResidual;
      return this;
    }

    Reading normalizations(String... newNormalizations) {
      normalizations = List.of(newNormalizations);
      return this;
    }

    Reading notes(String... newNotes) {
      notes = List.of(newNotes);
      return this;
    }

    /** Adds a measurement; of null, one that is not known. */
    Reading with(String name, Map<String, String> tags, @Nullable Double value) {
      add(more, name, tags, value);
      return this;
    }

    Map<String, Object> event() {
      List<Map<String, Object>> measurements = new ArrayList<>(more);
      List<Map<String, Object>> spectra = new ArrayList<>();
      for (int arm = 0; arm < normalizations.size(); arm++) {
        Map<String, String> matrix =
            Map.of("operator", "hessian", "layer", layer, "normalization", normalizations.get(arm));
        addArm(matrix, scale * (1 + arm), measurements, spectra);
      }
      return Map.ofEntries(
          Map.entry("id", iteration + 1),
          Map.entry("probe", probe),
          Map.entry("run", run),
          Map.entry("model", "model"),
          Map.entry("iteration", iteration),
          Map.entry("epoch", 0),
          Map.entry("time", time.toString()),
          Map.entry("seconds", 1.5),
          Map.entry("examples", 100),
          Map.entry("matvecs", 900),
          Map.entry("measurements", measurements),
          Map.entry("spectra", spectra),
          Map.entry("notes", notes));
    }

    private void addArm(
        Map<String, String> matrix,
        double factor,
        List<Map<String, Object>> measurements,
        List<Map<String, Object>> spectra) {
      double[] largest = {10, 5, 2, 1.5};
      for (int i = 0; i < largest.length; i++) {
        String rank = Integer.toString(i + 1);
        Map<String, String> end = tagged(matrix, "end", "largest", "rank", rank);
        add(measurements, "eigenscope.eigenvalue", end, factor * largest[i]);
        add(measurements, "eigenscope.eigenvalue.residual", end, residual);
        Map<String, String> k = tagged(matrix, "k", rank);
        add(measurements, "eigenscope.gradient.fraction", k, 0.2 * (i + 1));
        add(measurements, "eigenscope.subspace.overlap", k, 0.75);
      }
      Map<String, String> smallest = tagged(matrix, "end", "smallest", "rank", "1");
      add(measurements, "eigenscope.eigenvalue", smallest, -factor);
      add(measurements, "eigenscope.eigenvalue.residual", smallest, residual);
      add(measurements, "eigenscope.outliers", matrix, 2.0);
      add(measurements, "eigenscope.bulk.edge", tagged(matrix, "side", "upper"), factor * EDGE);
      add(measurements, "eigenscope.outlier.ratio", matrix, 5.0);
      add(measurements, "eigenscope.trace", matrix, 40 * factor);
      add(measurements, "eigenscope.trace.standard.error", matrix, 4 * factor);
      add(measurements, "eigenscope.negative.mass", matrix, 0.125);
      add(measurements, "eigenscope.loss", matrix, 0.5);
      add(measurements, "eigenscope.gradient.norm", matrix, 0.25);
      add(measurements, "eigenscope.stability.ratio", matrix, 0.5 * factor);
      double[] nodes = {-1, -0.1, -0.001, 0.0001, 0.01, 0.1, 1, 2, 5, 10};
      double[] masses = {0.01, 0.05, 0.1, 0.5, 0.2, 0.1, 0.03, 0.008, 0.001, 0.001};
      for (String name : List.of("eigenscope.spectrum", "eigenscope.gradient.spectrum")) {
        spectra.add(
            Map.of(
                "name", name,
                "tags", matrix,
                "order", ORDER,
                "values", DoubleStream.of(nodes).map(node -> factor * node).toArray(),
                "masses", masses));
      }
    }

    private static void add(
        List<Map<String, Object>> measurements,
        String name,
        Map<String, String> tags,
        @Nullable Double value) {
      Map<String, Object> measurement = new HashMap<>();
      measurement.put("name", name);
      measurement.put("tags", tags);
      measurement.put("value", value);
      measurements.add(measurement);
    }

    private static Map<String, String> tagged(Map<String, String> tags, String... more) {
      Map<String, String> all = new HashMap<>(tags);
      for (int i = 0; i < more.length; i += 2) {
        all.put(more[i], more[i + 1]);
      }
      return all;
    }
  }
}
