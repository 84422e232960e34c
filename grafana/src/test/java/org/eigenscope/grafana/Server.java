package org.eigenscope.grafana;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;

/**
 * Prometheus or Alertmanager with the shipped configuration, on a free port of the loopback
 * address. Only addresses and intervals are replaced, so that a test takes seconds.
 */
final class Server implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final Duration PAUSE = Duration.ofMillis(50);

  private final HttpClient client =
      HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(10)).build();
  private final Process process;
  private final Path log;
  private final int port;

  private Server(Process process, Path log, int port) {
    this.process = process;
    this.log = log;
    this.port = port;
  }

  /** Starts a Prometheus that scrapes an endpoint several times a second. */
  static Server prometheus(Program program, Path directory, int endpoint, int alertmanager)
      throws Exception {
    Path configuration =
        configuration(
            directory.resolve("prometheus.yaml"),
            ShippedFiles.text(ShippedFiles.PROMETHEUS),
            "scrape_interval: 15s",
            "scrape_interval: 400ms",
            "evaluation_interval: 15s",
            "evaluation_interval: 200ms",
            "rules/*.yaml",
            ShippedFiles.DIRECTORY.resolve("rules") + "/*.yaml",
            "localhost:9464",
            "127.0.0.1:" + endpoint,
            "localhost:9093",
            "127.0.0.1:" + alertmanager);
    return start(
        program,
        directory.resolve("prometheus.log"),
        List.of(
            "--config.file=" + configuration,
            "--storage.tsdb.path=" + directory.resolve("prometheus")),
        List.of());
  }

  /** Starts an Alertmanager that sends to a webhook without delay. */
  static Server alertmanager(Program program, Path directory, URI webhook) throws Exception {
    Path configuration =
        configuration(
            directory.resolve("alertmanager.yaml"),
            ShippedFiles.text(ShippedFiles.ALERTMANAGER),
            "http://localhost:9465/alerts",
            webhook.toString(),
            "group_wait: 30s",
            "group_wait: 100ms",
            "group_interval: 1m",
            "group_interval: 200ms");
    return start(
        program,
        directory.resolve("alertmanager.log"),
        List.of(
            "--config.file=" + configuration,
            "--storage.path=" + directory.resolve("alertmanager")),
        List.of("--cluster.listen-address="));
  }

  private static Path configuration(Path file, String shipped, String... replacements)
      throws IOException {
    String text = shipped;
    for (int i = 0; i < replacements.length; i += 2) {
      assertThat(text).contains(replacements[i]);
      text = text.replace(replacements[i], replacements[i + 1]);
    }
    return Files.writeString(file, text);
  }

  private static Server start(
      Program program, Path log, List<String> arguments, List<String> furtherArguments)
      throws Exception {
    int port = freePort();
    List<String> command = new ArrayList<>(List.of(program.file().toString()));
    command.addAll(arguments);
    command.add("--web.listen-address=127.0.0.1:" + port);
    command.addAll(furtherArguments);
    Server server =
        new Server(
            new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start(),
            log,
            port);
    try {
      server.await("readiness", () -> server.get("/-/ready").statusCode() == 200);
    } catch (Throwable t) {
      server.close();
      throw t;
    }
    return server;
  }

  int port() {
    return port;
  }

  /** Returns the series that a query has now. */
  JsonNode query(String expression) throws Exception {
    return result("query?query=" + encode(expression));
  }

  /** Returns the series that a query has in the last minutes. */
  JsonNode queryRange(String expression) throws Exception {
    long now = System.currentTimeMillis() / 1000;
    return result(
        "query_range?query=%s&start=%d&end=%d&step=1"
            .formatted(encode(expression), now - 300, now + 1));
  }

  /** Returns the value of a query with one series; NaN when it has none. */
  double value(String expression) throws Exception {
    JsonNode series = query(expression);
    return series.size() == 1
        ? Double.parseDouble(series.path(0).path("value").path(1).textValue())
        : Double.NaN;
  }

  /** Waits until something holds. */
  void await(String what, Callable<Boolean> condition) throws Exception {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (System.nanoTime() < deadline) {
      try {
        if (condition.call()) {
          return;
        }
      } catch (IOException e) {
        // It is still starting.
      }
      assertThat(process.waitFor(PAUSE.toMillis(), TimeUnit.MILLISECONDS))
          .as(() -> "the server ended: " + ShippedFiles.text(log))
          .isFalse();
    }
    throw new AssertionError("no %s in %s: %s".formatted(what, PATIENCE, ShippedFiles.text(log)));
  }

  private JsonNode result(String request) throws Exception {
    HttpResponse<String> response = get("/api/v1/" + request);
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    return new ObjectMapper().readTree(response.body()).path("data").path("result");
  }

  private HttpResponse<String> get(String path) throws Exception {
    URI uri = URI.create("http://127.0.0.1:%d%s".formatted(port, path));
    return client.send(
        HttpRequest.newBuilder(uri).timeout(PATIENCE).build(), BodyHandlers.ofString());
  }

  @Override
  public void close() {
    process.destroy();
    try {
      if (!process.waitFor(20, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }

  private static String encode(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }
}
