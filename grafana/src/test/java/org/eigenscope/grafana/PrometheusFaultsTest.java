package org.eigenscope.grafana;

import static java.util.stream.Collectors.toSet;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.eigenscope.listeners.metrics.PrometheusEndpoint;
import org.eigenscope.probes.Measurement;
import org.eigenscope.probes.Provenance;
import org.eigenscope.probes.Reading;
import org.eigenscope.probes.RecordedReading;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Endpoints that come and go, and a Prometheus that does, with the shipped configuration. */
class PrometheusFaultsTest {
  private static final int NOBODY = 1;
  private static final String GREW =
      "ALERTS{alertname=\"EigenscopeOutlierGrew\", alertstate=\"firing\"}";

  @TempDir Path directory;

  @Test
  void endpointsAreFoundByTheFilesThatTheyWriteAndGoneOnceClosed() throws Exception {
    Program program = Program.onPath("prometheus", "prometheus");
    PrometheusEndpoint.Builder builder =
        PrometheusEndpoint.builder().discovery(directory.resolve("runs"));
    try (PrometheusEndpoint first = builder.start();
        Server prometheus = Server.prometheus(program, directory, NOBODY, NOBODY)) {
      first.sink().accept(reading("first", 1, 1));
      try (PrometheusEndpoint second = builder.start()) {
        second.sink().accept(reading("second", 1, 1));
        prometheus.await("both", () -> runs(prometheus).equals(Set.of("first", "second")));
        assertThat(instances(prometheus))
            .containsExactlyInAnyOrder("127.0.0.1:" + first.port(), "127.0.0.1:" + second.port());
      }
      prometheus.await(
          "the first and the shipped target alone",
          () ->
              labels(prometheus.query("up"), "instance")
                  .equals(Set.of("127.0.0.1:" + first.port(), "127.0.0.1:" + NOBODY)));
      assertThat(runs(prometheus)).containsExactly("first");
    }
  }

  /** A past of six readings makes an alert; five of them are from before. */
  @Test
  @Tag("slow")
  void aRestartedPrometheusGoesOnWithWhatItKnew() throws Exception {
    Program program = Program.onPath("prometheus", "prometheus");
    int iteration = 0;
    try (PrometheusEndpoint endpoint = PrometheusEndpoint.start(0)) {
      try (Server prometheus = Server.prometheus(program, directory, endpoint.port(), NOBODY)) {
        for (; iteration < 5; iteration++) {
          step(endpoint, prometheus, iteration, 1);
        }
      }
      try (Server prometheus = Server.prometheus(program, directory, endpoint.port(), NOBODY)) {
        step(endpoint, prometheus, iteration++, 1);
        assertThat(prometheus.query(GREW)).isEmpty();
        for (int i = 0; i < 3; i++) {
          step(endpoint, prometheus, iteration++, 4);
        }
        prometheus.await("alert", () -> prometheus.value(GREW) == 1);
      }
    }
  }

  private static Set<String> runs(Server prometheus) throws Exception {
    return labels(prometheus.query("eigenscope_loss"), "run");
  }

  private static Set<String> instances(Server prometheus) throws Exception {
    return labels(prometheus.query("eigenscope_loss"), "instance");
  }

  private static Set<String> labels(JsonNode series, String label) {
    return ShippedFiles.stream(series)
        .map(one -> one.path("metric").path(label).textValue())
        .collect(toSet());
  }

  /** Gives a reading, and waits until the rules have counted all so far. */
  private static void step(
      PrometheusEndpoint endpoint, Server prometheus, int iteration, double eigenvalue)
      throws Exception {
    endpoint.sink().accept(reading("run", iteration, eigenvalue));
    prometheus.await(
        "reading " + iteration,
        () ->
            prometheus.value("eigenscope:signal:readings{signal=\"sharpness\"}") == iteration + 1);
  }

  private static Reading reading(String run, int iteration, double eigenvalue) {
    Map<String, String> tags =
        Map.of("operator", "hessian", "normalization", "none", "layer", "all");
    Map<String, String> ranked = new TreeMap<>(tags);
    ranked.put("end", "largest");
    ranked.put("rank", "1");
    return new RecordedReading(
        new Provenance(
            "spectrum", run, "model", iteration, 0, Instant.now(), 1, 1, 1, 1, Map.of(), Map.of()),
        List.of(
            // What tells readings apart.
            new Measurement("eigenscope.loss", tags, 1.0 / (1 + iteration)),
            new Measurement("eigenscope.eigenvalue", ranked, eigenvalue),
            new Measurement("eigenscope.eigenvalue.residual", ranked, 1e-6)),
        List.of(),
        List.of());
  }
}
