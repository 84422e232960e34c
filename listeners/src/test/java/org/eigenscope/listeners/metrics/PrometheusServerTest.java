package org.eigenscope.listeners.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.eigenscope.listeners.HandmadeReadings;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What Prometheus itself makes of the endpoint; skipped where its programs are not installed. */
class PrometheusServerTest {

  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final HttpClient client =
      HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(10)).build();

  @TempDir Path directory;

  @Test
  void promtoolFindsNothingToSayAboutTheScrape() throws Exception {
    Path promtool = onPath("promtool");
    try (PrometheusEndpoint endpoint = PrometheusEndpoint.start(0)) {
      HandmadeReadings.feed(endpoint.sink());
      Path scrape = directory.resolve("scrape.txt");
      Path findings = directory.resolve("findings.txt");
      client.send(
          HttpRequest.newBuilder(endpoint.uri()).timeout(PATIENCE).build(),
          BodyHandlers.ofFile(scrape));

      Process check =
          new ProcessBuilder(promtool.toString(), "check", "metrics")
              .redirectInput(scrape.toFile())
              .redirectErrorStream(true)
              .redirectOutput(findings.toFile())
              .start();
      try {
        assertThat(check.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
      } finally {
        check.destroyForcibly();
      }

      assertThat(findings).isEmptyFile();
      assertThat(check.exitValue()).isZero();
    }
  }

  @Test
  void prometheusIngestsEigenvaluesAndTheSpectrum() throws Exception {
    Path prometheus = onPath("prometheus");
    try (PrometheusEndpoint endpoint = PrometheusEndpoint.start(0)) {
      HandmadeReadings.feed(endpoint.sink());
      int port = freePort();
      Process server = startServer(prometheus, port, endpoint.port());
      try {
        assertThat(values(server, port, "eigenscope_eigenvalue{end=\"largest\",rank=\"1\"}"))
            .containsExactly(12.5);
        assertThat(values(server, port, "eigenscope_spectrum_bucket")).hasSize(46);
        assertThat(values(server, port, "eigenscope_spectrum_bucket{le=\"+Inf\"}"))
            .containsExactly(1e6);
        assertThat(values(server, port, "eigenscope_spectrum_bucket{le=\"-1.0\"}"))
            .containsExactly(125_000.0);
        assertThat(values(server, port, "eigenscope_spectrum_bucket{le=\"0.0\"}"))
            .containsExactly(625_000.0);
        assertThat(values(server, port, "eigenscope_spectrum_gcount")).containsExactly(1e6);
        assertThat(values(server, port, "eigenscope_probe_timestamp"))
            .containsExactly(1767323045.5);
        assertThat(values(server, port, "eigenscope_probe_failures_total")).containsExactly(1.0);
        // A quarter of the mass lies between 0 and 12.5: interpolated within its bucket.
        assertThat(values(server, port, "histogram_quantile(0.8, eigenscope_spectrum_bucket)"))
            .allSatisfy(quantile -> assertThat(quantile).isBetween(10.0, 21.5));
      } finally {
        server.destroy();
        if (!server.waitFor(20, TimeUnit.SECONDS)) {
          server.destroyForcibly().waitFor();
        }
      }
    }
  }

  private Process startServer(Path prometheus, int port, int scraped) throws IOException {
    Path configuration =
        Files.writeString(
            directory.resolve("prometheus.yml"),
            """
            global:
              scrape_interval: 500ms
              scrape_timeout: 500ms
            scrape_configs:
              - job_name: eigenscope
                static_configs:
                  - targets: ["127.0.0.1:%d"]
            """
                .formatted(scraped));
    return new ProcessBuilder(
            prometheus.toString(),
            "--config.file=" + configuration,
            "--storage.tsdb.path=" + directory.resolve("data"),
            "--web.listen-address=127.0.0.1:" + port)
        .redirectErrorStream(true)
        .redirectOutput(directory.resolve("prometheus.log").toFile())
        .start();
  }

  /** Returns a query's values as soon as there are any. */
  private List<Double> values(Process server, int port, String query) throws Exception {
    URI uri =
        URI.create(
            "http://127.0.0.1:%d/api/v1/query?query=%s"
                .formatted(port, URLEncoder.encode(query, StandardCharsets.UTF_8)));
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (System.nanoTime() < deadline) {
      List<Double> values = new ArrayList<>();
      try {
        String body =
            client
                .send(
                    HttpRequest.newBuilder(uri).timeout(PATIENCE).build(), BodyHandlers.ofString())
                .body();
        JsonNode answer = new ObjectMapper().readTree(body);
        for (JsonNode series : answer.path("data").path("result")) {
          values.add(Double.parseDouble(series.path("value").get(1).textValue()));
        }
      } catch (IOException e) {
        // It is still starting.
        values.clear();
      }
      if (!values.isEmpty()) {
        return values;
      }
      assertThat(server.waitFor(100, TimeUnit.MILLISECONDS))
          .as(() -> "the server ended: " + log())
          .isFalse();
    }
    throw new AssertionError("no values for " + query + " in " + PATIENCE + ": " + log());
  }

  private String log() {
    try {
      return Files.readString(directory.resolve("prometheus.log"));
    } catch (IOException e) {
      return e.toString();
    }
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  private static Path onPath(String program) {
    for (String entry : System.getenv("PATH").split(File.pathSeparator, -1)) {
      Path file = Path.of(entry, program);
      if (Files.isExecutable(file)) {
        return file;
      }
    }
    assumeTrue(false, program + " is not on the PATH (Debian package prometheus)");
    throw new AssertionError();
  }
}
