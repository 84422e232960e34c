package org.eigenscope.examples.howto;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.micrometer.core.instrument.Clock;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.micrometer.registry.otlp.OtlpConfig;
import io.micrometer.registry.otlp.OtlpMeterRegistry;
import io.opentelemetry.proto.collector.metrics.v1.ExportMetricsServiceRequest;
import io.opentelemetry.proto.metrics.v1.Metric;
import io.opentelemetry.proto.metrics.v1.NumberDataPoint;
import io.prometheus.metrics.exporter.pushgateway.Format;
import io.prometheus.metrics.exporter.pushgateway.PushGateway;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.eigenscope.listeners.ProbeListener;
import org.eigenscope.listeners.ProbeSchedule;
import org.eigenscope.listeners.metrics.EigenscopeMetrics;
import org.eigenscope.listeners.metrics.PrometheusEndpoint;
import org.eigenscope.listeners.metrics.SpectrumCollector;
import org.eigenscope.listeners.metrics.SpectrumGrid;
import org.eigenscope.probes.SpectrumProbe;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.dataset.DataSet;

/** The snippets of docs/how-to/push-short-jobs.md, run. */
class PushedReadingsTest {
  private static final DataSet EXAMPLES = Quadrants.examples();
  private static final int ITERATIONS = 3;

  @TempDir Path directory;

  /** A job shorter than any interval: what arrives is what closing sends. */
  @Test
  void anOtlpReceiverHasTheLastReadingOfAJobThatHasEnded() throws Exception {
    List<ExportMetricsServiceRequest> received = new CopyOnWriteArrayList<>();
    HttpServer receiver =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    receiver.createContext("/v1/metrics", exchange -> received.add(requestOf(exchange)));
    receiver.start();
    try {
      trainAndSend(
          Quadrants.network(false),
          "http://127.0.0.1:%d/v1/metrics".formatted(receiver.getAddress().getPort()));
    } finally {
      receiver.stop(0);
    }

    Map<String, Metric> metrics =
        received.stream()
            .flatMap(request -> request.getResourceMetricsList().stream())
            .flatMap(resource -> resource.getScopeMetricsList().stream())
            .flatMap(scope -> scope.getMetricsList().stream())
            .collect(Collectors.toMap(Metric::getName, metric -> metric, (a, b) -> b));
    assertThat(gauges(metrics, "eigenscope.probe.iteration"))
        .extracting(NumberDataPoint::getAsDouble)
        .containsExactly(ITERATIONS - 1.0);
    assertThat(gauges(metrics, "eigenscope.eigenvalue"))
        .hasSize(4)
        .allSatisfy(point -> assertThat(point.getAsDouble()).isFinite())
        .allSatisfy(
            point ->
                assertThat(point.getAttributesList())
                    .extracting(attribute -> attribute.getKey())
                    .containsExactlyInAnyOrder(
                        "run", "model", "operator", "normalization", "layer", "end", "rank"));
    assertThat(gauges(metrics, "eigenscope.trace").get(0).getAsDouble()).isFinite();
    // What no reading knows stays NaN.
    assertThat(gauges(metrics, "eigenscope.stability.ratio")).hasSize(1);
    assertThat(metrics.get("eigenscope.probe.matvecs").getSum().getDataPoints(0).getAsDouble())
        .isGreaterThan(10);
    assertThat(metrics.get("eigenscope.probe.duration").getHistogram().getDataPointsList())
        .extracting(point -> point.getCount())
        .containsExactlyInAnyOrder((long) ITERATIONS, 0L);
    // The histogram is no meter of Micrometer's.
    assertThat(metrics).doesNotContainKey("eigenscope.spectrum");
  }

  private static void trainAndSend(MultiLayerNetwork network, String url) {
    EigenscopeMetrics metrics = EigenscopeMetrics.create();
    OtlpConfig config = key -> key.equals("otlp.url") ? url : null;
    MeterRegistry registry = new OtlpMeterRegistry(config, Clock.SYSTEM);
    metrics.bindTo(registry);
    try (ProbeListener listener = listener(metrics)) {
      network.addListeners(listener);
      for (int i = 0; i < ITERATIONS; i++) {
        network.fit(EXAMPLES);
      }
    } finally {
      registry.close(); // after the listener: sends the last reading
    }
  }

  @Test
  void aPushgatewayHasTheLastReadingWithItsSpectrum() throws Exception {
    Path program = onPath("prometheus-pushgateway");
    int port = freePort();
    Process gateway =
        new ProcessBuilder(program.toString(), "--web.listen-address=127.0.0.1:" + port)
            .redirectErrorStream(true)
            .redirectOutput(directory.resolve("pushgateway.log").toFile())
            .start();
    try {
      URI page = URI.create("http://127.0.0.1:%d/metrics".formatted(port));
      awaitAnswer(gateway, page);
      trainAndPush(Quadrants.network(false), "127.0.0.1:" + port);

      List<String> lines = read(page);
      assertThat(lines)
          .filteredOn(line -> line.startsWith("eigenscope_probe_iteration{"))
          .satisfiesExactly(
              line ->
                  assertThat(line)
                      .contains("job=\"eigenscope\"", "run=\"short\"", "probe=\"spectrum\"")
                      .endsWith("} " + (ITERATIONS - 1)));
      assertThat(lines)
          .filteredOn(line -> line.startsWith("eigenscope_eigenvalue{"))
          .hasSize(4)
          .noneMatch(line -> line.endsWith("NaN"));
      assertThat(lines)
          .filteredOn(line -> line.startsWith("eigenscope_spectrum_bucket{"))
          .hasSize(46)
          .filteredOn(line -> line.contains("le=\"+Inf\""))
          .allMatch(line -> line.endsWith("} 1e+06"));
      assertThat(lines).anyMatch(line -> line.startsWith("eigenscope_spectrum_gsum{"));
      assertThat(lines)
          .filteredOn(line -> line.startsWith("push_failure_time_seconds{"))
          .allMatch(line -> line.endsWith("} 0"));
    } finally {
      gateway.destroy();
      if (!gateway.waitFor(20, TimeUnit.SECONDS)) {
        gateway.destroyForcibly();
      }
    }
  }

  private static void trainAndPush(MultiLayerNetwork network, String address) throws IOException {
    EigenscopeMetrics metrics = EigenscopeMetrics.create();
    PrometheusRegistry prometheus = new PrometheusRegistry();
    metrics.bindTo(new PrometheusMeterRegistry(PrometheusConfig.DEFAULT, prometheus, Clock.SYSTEM));
    prometheus.register(SpectrumCollector.of(metrics, SpectrumGrid.defaults()));
    PushGateway gateway =
        PushGateway.builder()
            .address(address)
            .job("eigenscope")
            .groupingKey("run", "short") // what a later push of the same job replaces
            .registry(prometheus)
            .format(Format.PROMETHEUS_TEXT)
            .build();
    try (ProbeListener listener = listener(metrics)) {
      network.addListeners(listener);
      for (int i = 0; i < ITERATIONS; i++) {
        network.fit(EXAMPLES);
      }
    }
    gateway.push(); // the listener is closed: the last reading is there
  }

  @Test
  void aJobLearnsThatNobodyTookItsReadings() throws Exception {
    int port = freePort();

    assertThatThrownBy(() -> trainAndPush(Quadrants.network(false), "127.0.0.1:" + port))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("127.0.0.1:" + port);
    // OTLP's registry logs it.
    assertThatCode(
            () ->
                trainAndSend(
                    Quadrants.network(false), "http://127.0.0.1:%d/v1/metrics".formatted(port)))
        .doesNotThrowAnyException();
  }

  @Test
  void anEndpointOnAFreePortSaysWhereItIs() throws IOException {
    try (PrometheusEndpoint endpoint = discoverable(directory)) {
      assertThat(directory.toFile().list())
          .hasSize(1)
          .allMatch(name -> name.endsWith("-%d.json".formatted(endpoint.port())));
    }
  }

  private static PrometheusEndpoint discoverable(Path runs) {
    return PrometheusEndpoint.builder() // port 0: a free one
        .discovery(runs) // where the shipped prometheus.yaml looks: its directory's runs/
        .start();
  }

  private static ProbeListener listener(EigenscopeMetrics metrics) {
    return ProbeListener.builder()
        .probe(
            SpectrumProbe.builder().top(3).bottom(1).steps(10).draws(2).build(),
            ProbeSchedule.everyIterations(1))
        .data(EXAMPLES)
        .sink(metrics)
        .run("short")
        .build();
  }

  private static List<NumberDataPoint> gauges(Map<String, Metric> metrics, String name) {
    assertThat(metrics).containsKey(name);
    return metrics.get(name).getGauge().getDataPointsList();
  }

  private static ExportMetricsServiceRequest requestOf(HttpExchange exchange) throws IOException {
    try (exchange) {
      ExportMetricsServiceRequest request =
          ExportMetricsServiceRequest.parseFrom(exchange.getRequestBody());
      exchange.sendResponseHeaders(200, -1);
      return request;
    }
  }

  private static void awaitAnswer(Process process, URI page) throws InterruptedException {
    for (int i = 0; i < 600; i++) {
      try {
        read(page);
        return;
      } catch (IOException e) {
        // It is still starting.
        assertThat(process.waitFor(50, TimeUnit.MILLISECONDS)).isFalse();
      }
    }
    throw new AssertionError("no answer at " + page);
  }

  private static List<String> read(URI page) throws IOException {
    try (var in = page.toURL().openStream()) {
      return new String(in.readAllBytes(), UTF_8).lines().toList();
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
    assumeTrue(false, program + " is not on the PATH (Debian package of that name)");
    throw new AssertionError();
  }
}
