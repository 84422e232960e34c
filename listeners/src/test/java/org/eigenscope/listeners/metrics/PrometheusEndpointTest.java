package org.eigenscope.listeners.metrics;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.micrometer.core.instrument.Gauge;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.model.registry.MultiCollector;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.SSLContext;
import org.eigenscope.listeners.HandmadeReadings;
import org.eigenscope.listeners.ProbeEvent;
import org.eigenscope.listeners.ReadingSink;
import org.eigenscope.listeners.SelfSigned;
import org.eigenscope.listeners.web.EventStream;
import org.eigenscope.listeners.web.RawClient;
import org.eigenscope.probes.Measurement;
import org.eigenscope.probes.RecordedReading;
import org.eigenscope.probes.Spectrum;
import org.eigenscope.probes.linalg.QuadratureRule;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PrometheusEndpointTest {

  private static final String OPEN_METRICS = "application/openmetrics-text; version=1.0.0";
  private static final String PROTOBUF =
      "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily;"
          + " encoding=delimited";

  private final HttpClient client =
      HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(10)).build();
  private final List<PrometheusEndpoint> started = new ArrayList<>();

  @TempDir Path directory;

  @AfterEach
  void closeAll() {
    started.forEach(PrometheusEndpoint::close);
  }

  /** The golden file holds the whole scrape, sorted by line within each metric. */
  @Test
  void aScrapeIsWhatTheGoldenFileSays() throws Exception {
    PrometheusEndpoint endpoint = start(PrometheusEndpoint.builder());
    HandmadeReadings.feed(endpoint.sink());

    String golden;
    try (InputStream in = getClass().getResourceAsStream("scrape.golden.txt")) {
      golden = new String(in.readAllBytes(), UTF_8);
    }
    assertThat(sorted(get(endpoint.uri(), "text/plain").body())).isEqualTo(golden);
  }

  @Test
  void announcedQuantitiesAreNaNAndTheSpectrumIsAbsentBeforeTheFirstReading() throws Exception {
    PrometheusEndpoint endpoint = start(PrometheusEndpoint.builder());
    endpoint.sink().announce(HandmadeReadings.announcementOf(HandmadeReadings.spectrum(0)));

    String scrape = get(endpoint.uri(), "text/plain").body();

    assertThat(scrape).containsPattern("(?m)^eigenscope_loss\\{.*} NaN$");
    assertThat(scrape).containsPattern("(?m)^eigenscope_eigenvalue\\{end=\"largest\".*} NaN$");
    assertThat(scrape).containsPattern("(?m)^eigenscope_probe_iteration\\{.*} NaN$");
    assertThat(scrape).doesNotContain("eigenscope_spectrum");
  }

  @Test
  void servesOpenMetrics() throws Exception {
    PrometheusEndpoint endpoint = start(PrometheusEndpoint.builder());
    HandmadeReadings.feed(endpoint.sink());

    HttpResponse<String> response = get(endpoint.uri(), OPEN_METRICS);

    assertThat(response.headers().firstValue("Content-Type").orElseThrow())
        .startsWith("application/openmetrics-text");
    assertThat(response.body())
        .contains("# TYPE eigenscope_spectrum gaugehistogram\n")
        .containsPattern("(?m)^eigenscope_spectrum_bucket\\{.*le=\"\\+Inf\"} 1000000$")
        .containsPattern("(?m)^eigenscope_spectrum_gcount\\{.*} 1000000$")
        .containsPattern("(?m)^eigenscope_probe_failures_total\\{.*} 1.0$")
        .endsWith("# EOF\n");
  }

  @Test
  void servesProtobuf() throws Exception {
    PrometheusEndpoint endpoint = start(PrometheusEndpoint.builder());
    HandmadeReadings.feed(endpoint.sink());

    HttpResponse<byte[]> response =
        client.send(
            request(endpoint.uri()).header("Accept", PROTOBUF).build(), BodyHandlers.ofByteArray());

    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.headers().firstValue("Content-Type").orElseThrow())
        .startsWith("application/vnd.google.protobuf");
    Map<String, List<Protobuf>> families = new TreeMap<>();
    for (Protobuf family : Protobuf.delimited(response.body())) {
      families.put(family.text(1), family.messages(4));
    }
    assertThat(families)
        .containsKeys("eigenscope_eigenvalue", "eigenscope_loss", "eigenscope_spectrum");
    // MetricFamily: 1 name, 4 metric. Metric: 2 gauge, 7 histogram. Gauge: 1 value.
    assertThat(families.get("eigenscope_loss").get(0).messages(2).get(0).number(1)).isEqualTo(0.75);
    // Histogram: 1 count, 2 sum, 3 bucket. Bucket: 1 cumulative count, 2 upper bound.
    Protobuf histogram = families.get("eigenscope_spectrum").get(0).messages(7).get(0);
    assertThat(histogram.varint(1)).isEqualTo(1_000_000);
    List<Protobuf> buckets = histogram.messages(3);
    assertThat(buckets).hasSize(46);
    assertThat(buckets.get(0).number(2)).isEqualTo(-10_000);
    assertThat(buckets.get(45).number(2)).isEqualTo(Double.POSITIVE_INFINITY);
    assertThat(buckets.get(45).varint(1)).isEqualTo(1_000_000);
  }

  @Test
  void theSpectrumIsCumulativeAndGoesWithTheScalars() throws Exception {
    PrometheusEndpoint endpoint =
        start(PrometheusEndpoint.builder().spectrumGrid(new SpectrumGrid(1, 10, 2)));
    endpoint.sink().accept(HandmadeReadings.spectrum(1));

    String scrape = get(endpoint.uri(), "text/plain").body();

    // Means of the draws' masses: 1/8 at -1.5, 1/4 at -0.5, 1/4 at 0, 1/8 at 0.1, 12.5, 20000.
    assertThat(buckets(scrape))
        .containsExactly(
            Map.entry("-10.0", 0L),
            Map.entry("-1.0", 125_000L),
            Map.entry("0.0", 625_000L),
            Map.entry("1.0", 750_000L),
            Map.entry("10.0", 750_000L),
            Map.entry("+Inf", 1_000_000L));
    Matcher sum = Pattern.compile("(?m)^eigenscope_spectrum_gsum\\{.*} (.*)$").matcher(scrape);
    assertThat(sum.find()).isTrue();
    assertThat(Double.parseDouble(sum.group(1)))
        .isCloseTo(1e6 * (-1.5 / 8 - 0.5 / 4 + 0.1 / 8 + 12.5 / 8 + 20_000 / 8.0), within(1e-3));
  }

  @Test
  void aReadingWithoutDrawsHasNoHistogramAndLeavesThatOfAnotherProbe() throws Exception {
    PrometheusEndpoint endpoint = start(PrometheusEndpoint.builder());
    endpoint.sink().accept(HandmadeReadings.withoutDraws(448));

    String alone = get(endpoint.uri(), "text/plain").body();
    endpoint.sink().accept(HandmadeReadings.spectrum(512));
    endpoint.sink().accept(HandmadeReadings.withoutDraws(576));
    String both = get(endpoint.uri(), "text/plain").body();

    assertThat(alone)
        .doesNotContain("eigenscope_spectrum", "eigenscope_trace", "eigenscope_negative_mass");
    assertThat(alone).containsPattern("(?m)^eigenscope_outliers\\{.*} NaN$");
    assertThat(both)
        .containsPattern("(?m)^eigenscope_spectrum_bucket\\{.*le=\"\\+Inf\".*} 1000000$")
        .containsPattern("(?m)^eigenscope_trace\\{.*} 99.0$")
        .containsPattern("(?m)^eigenscope_loss\\{.*} 0.5$")
        .containsPattern("(?m)^eigenscope_probe_iteration\\{.*probe=\"sharpness\".*} 576.0$")
        .containsPattern("(?m)^eigenscope_probe_iteration\\{.*probe=\"spectrum\".*} 512.0$")
        .containsPattern("(?m)^eigenscope_series_refused_total 0.0$");
    assertThat(both.lines().filter(line -> line.startsWith("eigenscope_loss{"))).hasSize(1);
  }

  @Test
  void theArmsOfAPairedReadingAreSeriesOfTheirOwn() throws Exception {
    PrometheusEndpoint endpoint = start(PrometheusEndpoint.builder());
    endpoint.sink().accept(HandmadeReadings.paired(64));

    List<String> samples =
        get(endpoint.uri(), "text/plain").body().lines().filter(l -> !l.startsWith("#")).toList();
    List<String> series = samples.stream().map(l -> l.replaceAll(" \\S+$", "")).toList();

    assertThat(series).doesNotHaveDuplicates();
    for (String family : List.of("eigenscope_spectrum", "eigenscope_gradient_spectrum")) {
      assertThat(series)
          .filteredOn(l -> l.startsWith(family + "_bucket{") && l.contains("le=\"+Inf\""))
          .satisfiesExactlyInAnyOrder(
              l -> assertThat(l).contains("normalization=\"batch\""),
              l -> assertThat(l).contains("normalization=\"frozen\""));
    }
    assertThat(samples)
        .contains(
            "eigenscope_contrast_eigenvalue_ratio{arm=\"frozen\",layer=\"all\",model=\"lenet\","
                + "operator=\"hessian\",reference=\"batch\",run=\"run-1\"} 1.0",
            "eigenscope_contrast_eigenvalue_ratio{arm=\"population\",layer=\"all\","
                + "model=\"lenet\",operator=\"hessian\",reference=\"batch\",run=\"run-1\"} NaN",
            "eigenscope_series_refused_total 0.0");
  }

  @Test
  void hasAHealthPageAndAnIndex() throws Exception {
    PrometheusEndpoint endpoint = start(PrometheusEndpoint.builder());

    assertThat(get(endpoint.uri().resolve("/-/healthy"), "*/*").statusCode()).isEqualTo(200);
    assertThat(get(endpoint.uri().resolve("/"), "*/*").body()).contains("/metrics");
  }

  @Test
  void listensOnTheLoopbackAddressOnly() {
    PrometheusEndpoint endpoint = start(PrometheusEndpoint.builder());

    assertThat(endpoint.uri().getScheme()).isEqualTo("http");
    assertThat(endpoint.uri().getHost())
        .isEqualTo(InetAddress.getLoopbackAddress().getHostAddress());
    assertThat(endpoint.port()).isPositive().isEqualTo(endpoint.uri().getPort());
  }

  @Test
  void listensOnAllAddressesWhenTold() throws Exception {
    PrometheusEndpoint endpoint = start(PrometheusEndpoint.builder().host("0.0.0.0"));

    assertThat(get(endpoint.uri(), "*/*").statusCode()).isEqualTo(200);
  }

  @Test
  void saysWhichPortIsTakenAndWhatToDo() throws IOException {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      int port = taken.getLocalPort();
      assertThatThrownBy(() -> PrometheusEndpoint.start(port))
          .isInstanceOf(UncheckedIOException.class)
          .hasMessageContaining("cannot listen on 127.0.0.1:" + port)
          .hasMessageContaining("port 0 picks a free one");
    }
  }

  @Test
  void rejectsWhatCannotBe() {
    PrometheusEndpoint.Builder builder = PrometheusEndpoint.builder();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.port(65_536))
        .withMessage("port must be between 0 and 65535, got 65536");
    assertThatIllegalArgumentException().isThrownBy(() -> builder.port(-1));
    assertThatIllegalArgumentException().isThrownBy(() -> builder.host(" "));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.basicAuthentication("a:b", "secret"))
        .withMessageNotContaining("secret");
    assertThatThrownBy(() -> PrometheusEndpoint.builder().host("no.such.host.invalid").start())
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageContaining("no.such.host.invalid");
  }

  @Test
  void closingReleasesThePort() throws Exception {
    PrometheusEndpoint endpoint = start(PrometheusEndpoint.builder());
    int port = endpoint.port();
    endpoint.close();
    endpoint.close();

    PrometheusEndpoint again = start(PrometheusEndpoint.builder().port(port));

    assertThat(again.port()).isEqualTo(port);
    assertThat(get(again.uri(), "*/*").statusCode()).isEqualTo(200);
    // The sink of a closed endpoint takes what a listener still delivers.
    endpoint.sink().accept(HandmadeReadings.spectrum(1));
  }

  @Test
  void asksForAPasswordOnEveryPath() throws Exception {
    PrometheusEndpoint endpoint =
        start(PrometheusEndpoint.builder().basicAuthentication("scraper", "pässword"));

    for (String path : List.of("/metrics", "/-/healthy", "/", "/page/page.js", "/api/readings")) {
      URI uri = endpoint.uri().resolve(path);
      assertThat(status(request(uri))).isEqualTo(401);
      assertThat(status(request(uri).header("Authorization", basic("scraper:wrong"))))
          .isEqualTo(401);
      assertThat(status(request(uri).header("Authorization", basic("scraper:pässword"))))
          .isEqualTo(200);
    }
  }

  @Test
  void servesTls() throws Exception {
    SSLContext context = SelfSigned.context(directory);
    PrometheusEndpoint endpoint = start(PrometheusEndpoint.builder().tls(context));

    HttpResponse<String> response =
        HttpClient.newBuilder()
            .sslContext(context)
            .build()
            .send(request(endpoint.uri()).build(), BodyHandlers.ofString());

    assertThat(endpoint.uri().getScheme()).isEqualTo("https");
    assertThat(response.statusCode()).isEqualTo(200);
  }

  @Test
  void servesOtherMetersAndRegistries() throws Exception {
    PrometheusRegistry other = new PrometheusRegistry();
    Counter.builder().name("other_things").help("Things").register(other).inc();
    PrometheusEndpoint endpoint = start(PrometheusEndpoint.builder().registry(other));
    Gauge.builder("my.meter", () -> 4).description("Mine").register(endpoint.meterRegistry());
    endpoint.sink().accept(HandmadeReadings.spectrum(1));

    assertThat(get(endpoint.uri(), "text/plain").body())
        .contains("\nother_things_total 1.0\n")
        .contains("\nmy_meter 4.0\n")
        .contains("\neigenscope_loss{");
  }

  @Test
  void aThrowingCollectorOfSomebodyElseLeaksNoStackTrace() throws Exception {
    PrometheusRegistry other = new PrometheusRegistry();
    MultiCollector throwing =
        () -> {
          throw new IllegalStateException("secret insides");
        };
    other.register(throwing);
    PrometheusEndpoint endpoint = start(PrometheusEndpoint.builder().registry(other));

    HttpResponse<String> response = get(endpoint.uri(), "text/plain");

    assertThat(response.statusCode()).isEqualTo(500);
    assertThat(response.body())
        .contains("a collector failed")
        .doesNotContain("secret")
        .doesNotContain("\tat ");
  }

  @Test
  void oddReadingsOfOtherProbesDoNotBreakTheScrape() throws Exception {
    PrometheusEndpoint endpoint = start(PrometheusEndpoint.builder());
    ReadingSink sink = endpoint.sink();
    sink.accept(HandmadeReadings.spectrum(1));
    Map<String, String> none = Map.of();
    sink.accept(HandmadeReadings.scalar("a", 1, "eigenscope.loss", Map.of("x", "1"), 9));
    sink.accept(HandmadeReadings.scalar("b", 1, "eigenscope_loss", HandmadeReadings.TAGS, 9));
    sink.accept(HandmadeReadings.scalar("c", 1, "eigenscope.spectrum", none, 9));
    sink.accept(HandmadeReadings.scalar("d", 1, "eigenscope.probe.failures", none, 9));
    sink.accept(HandmadeReadings.scalar("e", 1, "d.total", none, 9));
    sink.accept(HandmadeReadings.scalar("f", 1, "d.info", none, 9));
    sink.accept(HandmadeReadings.scalar("g", 1, "d", Map.of("le", "1"), 9));
    sink.accept(HandmadeReadings.scalar("h", 1, "eigenscope.spectrum.bucket", none, 9));
    sink.accept(HandmadeReadings.scalar("i", 1, "v", Map.of("k", "\"\\\n{}λ"), 9));
    sink.accept(
        new RecordedReading(
            HandmadeReadings.provenance("j", 1),
            List.of(new Measurement("w", none, 1), new Measurement("w", none, 2)),
            List.of(HandmadeReadings.spectrum(1).spectra().get(0)),
            List.of()));
    Spectrum twice = new Spectrum("twice", none, 1, List.of(rule(1)));
    Spectrum again = new Spectrum("twice", none, 1, List.of(rule(100)));
    sink.accept(
        new RecordedReading(
            HandmadeReadings.provenance("k", 1), List.of(), List.of(twice, again), List.of()));

    HttpResponse<String> response = get(endpoint.uri(), "text/plain");

    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.body())
        .containsPattern("(?m)^eigenscope_loss\\{layer=\"all\".*} 0.75$")
        .containsPattern("(?m)^v\\{.*k=\"\\\\\"\\\\\\\\\\\\n\\{}λ\".*} 9.0$")
        .containsPattern("(?m)^twice_gsum\\{.*} 1.0E8$")
        .containsPattern("(?m)^w\\{.*} 2.0$")
        .containsPattern("(?m)^eigenscope_series_refused_total 8.0$");
    assertThat(get(endpoint.uri(), OPEN_METRICS).statusCode()).isEqualTo(200);
    assertThat(get(endpoint.uri(), PROTOBUF).statusCode()).isEqualTo(200);
  }

  /** Reading i has the value i everywhere, and all of its spectra's mass there too. */
  @Test
  void aScrapeNeverMixesTwoReadings() throws Exception {
    int readings = 300;
    int layers = 8;
    PrometheusEndpoint endpoint =
        start(PrometheusEndpoint.builder().spectrumGrid(new SpectrumGrid(1, 1000, 2)));
    endpoint.sink().accept(HandmadeReadings.layers(0, layers, 0, 10));
    Pattern value =
        Pattern.compile(
            "(?m)^(?:eigenscope_(?:trace|loss|probe_iteration)\\{.*}"
                + "|eigenscope_spectrum_gsum\\{.*}) (.*)$");
    ExecutorService threads = Executors.newFixedThreadPool(2);
    try {
      List<Future<Integer>> scrapers = new ArrayList<>();
      for (int t = 0; t < 2; t++) {
        scrapers.add(
            threads.submit(
                () -> {
                  int distinct = 0;
                  double last = -1;
                  while (last < readings) {
                    Matcher values = value.matcher(endpoint.meterRegistry().scrape());
                    List<Double> seen = new ArrayList<>();
                    while (values.find()) {
                      double number = Double.parseDouble(values.group(1));
                      seen.add(values.group().contains("gsum") ? number / 1e6 : number);
                    }
                    assertThat(seen).hasSize(3 * layers + 1);
                    double first = seen.get(0);
                    assertThat(seen).allSatisfy(v -> assertThat(v).isCloseTo(first, within(1e-6)));
                    assertThat(first).isGreaterThanOrEqualTo(last);
                    distinct += first > last ? 1 : 0;
                    last = first;
                  }
                  return distinct;
                }));
      }
      for (int i = 1; i <= readings; i++) {
        endpoint.sink().accept(HandmadeReadings.layers(i, layers, i, 10));
      }
      for (Future<Integer> scraper : scrapers) {
        assertThat(scraper.get(60, TimeUnit.SECONDS)).isPositive();
      }
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  void keepsThePreviousValuesWhenAProbeFails() throws Exception {
    PrometheusEndpoint endpoint = start(PrometheusEndpoint.builder());
    endpoint.sink().accept(HandmadeReadings.spectrum(100));
    endpoint
        .sink()
        .report(
            new ProbeEvent.Failed(
                "run-1", "lenet", "spectrum", 200, 1, new IllegalStateException("boom")));

    assertThat(get(endpoint.uri(), "text/plain").body())
        .containsPattern("(?m)^eigenscope_loss\\{.*} 0.75$")
        .containsPattern("(?m)^eigenscope_probe_iteration\\{.*} 100.0$")
        .containsPattern("(?m)^eigenscope_probe_failures_total\\{.*} 1.0$");
  }

  @Test
  void thePageIsBesideTheMetrics() throws Exception {
    PrometheusEndpoint endpoint = start(PrometheusEndpoint.builder());
    HandmadeReadings.feed(endpoint.sink());

    assertThat(endpoint.page()).isEqualTo(endpoint.uri().resolve("/"));
    assertThat(get(endpoint.page(), "*/*").headers().firstValue("Content-Type"))
        .hasValue("text/html; charset=utf-8");
    assertThat(get(endpoint.page().resolve("/api/readings"), "*/*").body().lines()).hasSize(1);
    try (EventStream events = EventStream.open(client, endpoint.page(), null)) {
      assertThat(events.next("hello").data().path("source").textValue()).isEqualTo("live");
      assertThat(events.next("reading").data().path("iteration").intValue()).isEqualTo(300);
      assertThat(events.next("probe").data().path("outcome").textValue()).isEqualTo("skipped");

      endpoint.close();

      assertThat(events.skipTo("hello").data().path("state").textValue()).isEqualTo("finished");
      events.next("end");
    }
  }

  @Test
  void thePageCanBeLeftOut() throws Exception {
    PrometheusEndpoint endpoint = start(PrometheusEndpoint.builder().withoutPage());
    HandmadeReadings.feed(endpoint.sink());

    assertThat(get(endpoint.uri(), "*/*").body()).contains("eigenscope_loss");
    assertThat(get(endpoint.page(), "*/*").body()).contains("/metrics");
    for (String path : List.of("/page/page.js", "/api/readings", "/api/events")) {
      assertThat(get(endpoint.page().resolve(path), "*/*").statusCode()).isEqualTo(404);
    }
  }

  @Test
  void fiftyScrapersAtOnceAllSucceedWhileEventsStream() throws Exception {
    PrometheusEndpoint endpoint = start(PrometheusEndpoint.builder());
    int scrapers = 50;
    int rounds = 4;
    List<AutoCloseable> others = new ArrayList<>();
    ExecutorService threads = Executors.newFixedThreadPool(scrapers);
    try {
      for (int i = 0; i < 15; i++) {
        others.add(EventStream.open(client, endpoint.page(), null));
      }
      RawClient idle = RawClient.connect(endpoint.port());
      others.add(idle);
      idle.send("GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n");
      for (int i = 0; i < 8; i++) {
        RawClient half = RawClient.connect(endpoint.port());
        others.add(half);
        half.send("GET /metrics HTTP/1.1\r\nHost: lo");
      }
      CyclicBarrier together = new CyclicBarrier(scrapers);
      List<Future<Integer>> succeeded = new ArrayList<>();
      for (int i = 0; i < scrapers; i++) {
        succeeded.add(
            threads.submit(
                () -> {
                  int good = 0;
                  for (int round = 0; round < rounds; round++) {
                    together.await(60, TimeUnit.SECONDS);
                    String answer =
                        RawClient.exchange(
                            endpoint.port(),
                            "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
                    good += answer.startsWith("HTTP/1.1 200 OK") ? 1 : 0;
                  }
                  return good;
                }));
      }
      int iteration = 0;
      boolean scraping = true;
      while (scraping) {
        endpoint.sink().accept(HandmadeReadings.spectrum(iteration++));
        scraping = !succeeded.stream().allMatch(Future::isDone);
      }
      for (Future<Integer> each : succeeded) {
        assertThat(each.get()).isEqualTo(rounds);
      }
      for (AutoCloseable each : others) {
        if (each instanceof EventStream stream) {
          assertThat(stream.next("hello").data().path("state").textValue()).isEqualTo("open");
        }
      }
    } finally {
      threads.shutdownNow();
      for (AutoCloseable each : others) {
        each.close();
      }
    }
  }

  @Test
  void threadsThatServeAreDaemons() throws Exception {
    PrometheusEndpoint endpoint = start(PrometheusEndpoint.builder());
    for (int i = 0; i < 20; i++) {
      assertThat(get(endpoint.uri(), "*/*").statusCode()).isEqualTo(200);
    }

    assertThat(Thread.getAllStackTraces().keySet())
        .filteredOn(thread -> thread.getName().matches("eigenscope-web-.*|HTTP-Dispatcher"))
        .isNotEmpty()
        .allMatch(Thread::isDaemon);
  }

  private PrometheusEndpoint start(PrometheusEndpoint.Builder builder) {
    PrometheusEndpoint endpoint = builder.start();
    started.add(endpoint);
    return endpoint;
  }

  private HttpResponse<String> get(URI uri, String accept) throws Exception {
    return client.send(request(uri).header("Accept", accept).build(), BodyHandlers.ofString());
  }

  private int status(HttpRequest.Builder request) throws Exception {
    return client.send(request.build(), BodyHandlers.discarding()).statusCode();
  }

  private static HttpRequest.Builder request(URI uri) {
    return HttpRequest.newBuilder(uri).timeout(Duration.ofSeconds(30));
  }

  private static QuadratureRule rule(double node) {
    return new QuadratureRule(new double[] {node}, new double[] {1});
  }

  private static String basic(String credentials) {
    return "Basic " + Base64.getEncoder().encodeToString(credentials.getBytes(UTF_8));
  }

  /** Returns the scrape with the data lines of each metric sorted. */
  private static String sorted(String scrape) {
    StringBuilder all = new StringBuilder();
    List<String> data = new ArrayList<>();
    for (String line : scrape.split("\n", -1)) {
      // Buckets come in the order of their bounds, which sorting would hide.
      if (line.startsWith("#") || line.isEmpty() || line.contains("_bucket{")) {
        data.stream().sorted().forEach(l -> all.append(l).append('\n'));
        data.clear();
        all.append(line).append(line.isEmpty() ? "" : "\n");
      } else {
        data.add(line);
      }
    }
    return all.toString();
  }

  private static Map<String, Long> buckets(String scrape) {
    Map<String, Long> buckets = new LinkedHashMap<>();
    Matcher line =
        Pattern.compile("(?m)^eigenscope_spectrum_bucket\\{.*le=\"(.*)\"} (\\d+)$").matcher(scrape);
    while (line.find()) {
      buckets.put(line.group(1), Long.parseLong(line.group(2)));
    }
    return buckets;
  }
}
