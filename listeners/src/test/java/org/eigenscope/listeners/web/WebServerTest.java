package org.eigenscope.listeners.web;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import org.eigenscope.listeners.HandmadeReadings;
import org.eigenscope.listeners.SelfSigned;
import org.eigenscope.listeners.journal.JournalReader;
import org.eigenscope.listeners.journal.JournalSink;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class WebServerTest {
  private static final List<String> PATHS =
      List.of("/", "/page/page.js", "/page/index.html", "/api/readings", "/api/events", "/own");

  private final HttpClient client =
      HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(10)).build();
  private final LiveFeed feed = LiveFeed.ofTraining("a training");
  private final List<AutoCloseable> open = new ArrayList<>();

  @TempDir Path directory;

  @AfterEach
  void closeAll() throws Exception {
    for (AutoCloseable each : open) {
      each.close();
    }
  }

  private WebServer start() {
    return start(WebServer.builder());
  }

  private WebServer start(WebServer.Builder builder) {
    WebServer server =
        builder.page(feed).handler("/own", exchange -> Answer.text(exchange, 200, "own")).start();
    open.add(server);
    return server;
  }

  private static HttpRequest.Builder request(WebServer server, String path) {
    return HttpRequest.newBuilder(URI.create(server.uri().toString().replaceAll("/$", "") + path))
        .timeout(Duration.ofSeconds(30));
  }

  private HttpResponse<String> get(WebServer server, String path) throws Exception {
    return client.send(request(server, path).build(), BodyHandlers.ofString());
  }

  private static String header(HttpResponse<?> response, String name) {
    return response.headers().firstValue(name).orElse("(none)");
  }

  @ParameterizedTest
  @CsvSource({
    "/, text/html; charset=utf-8",
    "/page/index.html, text/html; charset=utf-8",
    "/page/page.js, text/javascript; charset=utf-8",
    "/page/uplot.js, text/javascript; charset=utf-8",
    "/page/page.css, text/css; charset=utf-8",
    "/page/icon.svg, image/svg+xml",
    "/page/uplot-LICENSE.txt, text/plain; charset=utf-8"
  })
  void servesThePageWithItsTypesAndNothingForeign(String path, String type) throws Exception {
    WebServer server = start();
    String name = path.equals("/") ? "index.html" : path.replace("/page/", "");

    HttpResponse<byte[]> response =
        client.send(request(server, path).build(), BodyHandlers.ofByteArray());

    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.body())
        .isEqualTo(PageFiles.class.getResourceAsStream("page/" + name).readAllBytes());
    assertThat(header(response, "Content-Type")).isEqualTo(type);
    assertThat(header(response, "Cache-Control")).isEqualTo("no-cache");
    assertThat(header(response, "Content-Security-Policy"))
        .isEqualTo(
            "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
    assertThat(header(response, "X-Content-Type-Options")).isEqualTo("nosniff");
    assertThat(header(response, "Referrer-Policy")).isEqualTo("no-referrer");
  }

  @Test
  void aPageThatHasNotChangedIsNotSentAgain() throws Exception {
    WebServer server = start();
    String tag = header(get(server, "/page/page.js"), "ETag");

    HttpResponse<String> same =
        client.send(
            request(server, "/page/page.js").header("If-None-Match", tag).build(),
            BodyHandlers.ofString());
    HttpResponse<String> other =
        client.send(
            request(server, "/page/page.js").header("If-None-Match", "\"other\"").build(),
            BodyHandlers.ofString());

    assertThat(tag).matches("\"[0-9a-f]{32}\"");
    assertThat(same.statusCode()).isEqualTo(304);
    assertThat(same.body()).isEmpty();
    assertThat(other.statusCode()).isEqualTo(200);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/nope",
        "/page",
        "/page/",
        "/page/nope.js",
        "/page/package-info.class",
        "/page/../LivePage.class",
        "/page/%2e%2e/LivePage.class",
        "/page/..%2fLivePage.class",
        "/page/..%5cLivePage.class",
        "/page/%2Fetc%2Fpasswd",
        "/page//etc/passwd",
        "/page/page.js%00",
        "/page/page.js/",
        "/PAGE/page.js",
        "/api",
        "/api/",
        "/api/readings/1",
        "/metrics"
      })
  void thereIsNothingElse(String path) throws Exception {
    WebServer server = start();

    // By a raw socket: clients tidy paths up.
    String response =
        RawClient.exchange(
            server.port(),
            "GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");

    assertThat(response).startsWith("HTTP/1.1 404 ").endsWith("there is nothing at this path\n");
  }

  @Test
  void headHasTheHeadersAndNoBody() throws Exception {
    WebServer server = start();
    feed.accept(HandmadeReadings.spectrum(1));
    for (String path : List.of("/", "/page/page.js", "/api/readings", "/api/events")) {
      HttpResponse<String> head =
          client.send(
              request(server, path).method("HEAD", BodyPublishers.noBody()).build(),
              BodyHandlers.ofString());

      assertThat(head.statusCode()).as(path).isEqualTo(200);
      assertThat(head.body()).as(path).isEmpty();
      assertThat(header(head, "Content-Type")).as(path).isNotEqualTo("(none)");
    }
    int length = get(server, "/").body().getBytes(UTF_8).length;
    HttpResponse<String> head =
        client.send(
            request(server, "/").method("HEAD", BodyPublishers.noBody()).build(),
            BodyHandlers.ofString());
    assertThat(header(head, "Content-Length")).isEqualTo(Integer.toString(length));
  }

  @ParameterizedTest
  @ValueSource(strings = {"POST", "PUT", "DELETE", "OPTIONS", "PATCH"})
  void otherMethodsAreNotAllowed(String method) throws Exception {
    WebServer server = start();
    for (String path : List.of("/", "/page/page.js", "/api/readings", "/api/events")) {
      HttpResponse<String> response =
          client.send(
              request(server, path).method(method, BodyPublishers.ofString("x=1")).build(),
              BodyHandlers.ofString());

      assertThat(response.statusCode()).as(path).isEqualTo(405);
      assertThat(header(response, "Allow")).isEqualTo("GET, HEAD");
      assertThat(response.body()).isEqualTo("only GET and HEAD are answered here\n");
    }
  }

  @Test
  void theReadingsAreAJournal() throws Exception {
    WebServer server = start();
    Path expected = directory.resolve("expected.jsonl");
    try (JournalSink sink = JournalSink.open(expected)) {
      for (int i = 0; i < 40; i++) {
        feed.accept(HandmadeReadings.spectrum(i));
        sink.accept(HandmadeReadings.spectrum(i));
      }
    }

    HttpResponse<Path> response =
        client.send(
            request(server, "/api/readings").build(),
            BodyHandlers.ofFile(directory.resolve("run.jsonl")));

    assertThat(header(response, "Content-Type")).isEqualTo("application/x-ndjson");
    assertThat(header(response, "Cache-Control")).isEqualTo("no-store");
    assertThat(header(response, "Eigenscope-Last-Id")).isEqualTo("40");
    assertThat(response.body()).hasSameBinaryContentAs(expected);
  }

  @Test
  void theReadingsCanBeTakenInPieces() throws Exception {
    WebServer server = start();
    for (int i = 0; i < 50; i++) {
      feed.accept(HandmadeReadings.spectrum(i));
    }
    List<Integer> iterations = new ArrayList<>();
    String after = "0";
    for (int piece = 0; piece < 4; piece++) {
      HttpResponse<String> response = get(server, "/api/readings?limit=20&after=" + after);
      iterations.addAll(iterations(response.body()));
      after = header(response, "Eigenscope-Last-Id");
    }

    assertThat(iterations).hasSize(50).isSorted().startsWith(0).endsWith(49);
    assertThat(after).isEqualTo("50");
    assertThat(iterations(get(server, "/api/readings?after=48").body())).containsExactly(48, 49);
    assertThat(iterations(get(server, "/api/readings?limit=1").body())).containsExactly(0);
    assertThat(get(server, "/api/readings?after=9223372036854775807").body()).isEmpty();
  }

  private List<Integer> iterations(String journal) throws IOException {
    Path file = Files.writeString(directory.resolve("piece.jsonl"), journal);
    List<Integer> iterations = new ArrayList<>();
    try (JournalReader reader = JournalReader.open(file)) {
      reader.forEachRemaining(reading -> iterations.add(reading.provenance().iteration()));
    }
    return iterations;
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          after=x          | after must be a whole number from 0 to 9223372036854775807, got 'x'
          after=-1         | after must be a whole number from 0 to 9223372036854775807, got '-1'
          after=1&after=1  | after must be given once
          after            | after must be a whole number from 0 to 9223372036854775807, got ''
          limit=0          | limit must be a whole number from 1 to 2147483647, got '0'
          limit=2147483648 | limit must be a whole number from 1 to 2147483647, got '2147483648'
          limit=1.5        | limit must be a whole number from 1 to 2147483647, got '1.5'
          from=1           | parameters must be after and limit, got from
          after=1&         | parameters must be after and limit, got
          """)
  void aQueryThatMakesNoSenseIsToldSo(String query, String message) throws Exception {
    WebServer server = start();

    HttpResponse<String> response = get(server, "/api/readings?" + query);

    assertThat(response.statusCode()).isEqualTo(400);
    assertThat(response.body().strip()).isEqualTo(message);
    assertThat(header(response, "Content-Type")).isEqualTo("text/plain; charset=utf-8");
  }

  @ParameterizedTest
  @CsvSource({
    "localhost, 200",
    "LOCALHOST:1234, 200",
    "run.localhost, 200",
    "127.0.0.1:9464, 200",
    "[::1]:9464, 200",
    "evil.example, 403",
    "evil.example:9464, 403",
    "127.0.0.1.evil.example, 403",
    "localhost.evil.example, 403"
  })
  void aForeignNameThatLeadsHereGetsNoPage(String host, int status) throws Exception {
    WebServer server = start();
    for (String path : PATHS) {
      String response =
          RawClient.exchange(
              server.port(),
              "HEAD %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n".formatted(path, host));
      int expected = path.equals("/own") ? 200 : status;
      assertThat(response).as(path).startsWith("HTTP/1.1 " + expected);
    }
  }

  @Test
  void anotherSiteMayLinkToThePageButNotAskForItsData() throws Exception {
    WebServer server = start();
    for (String path : List.of("/", "/api/readings", "/api/events")) {
      HttpResponse<String> response =
          client.send(
              request(server, path)
                  .method("HEAD", BodyPublishers.noBody())
                  .header("Sec-Fetch-Site", "cross-site")
                  .build(),
              BodyHandlers.ofString());
      assertThat(response.statusCode()).as(path).isEqualTo(path.equals("/") ? 200 : 403);
    }
  }

  @Test
  void withAPasswordAnyNameWillDo() throws Exception {
    WebServer server = start(WebServer.builder().basicAuthentication("user", "secret"));

    String response =
        RawClient.exchange(
            server.port(),
            "HEAD / HTTP/1.1\r\nHost: training.example\r\nAuthorization: %s\r\nConnection: close\r\n\r\n"
                .formatted(basic("user:secret")));

    assertThat(response).startsWith("HTTP/1.1 200");
  }

  private static String basic(String credentials) {
    return "Basic " + Base64.getEncoder().encodeToString(credentials.getBytes(UTF_8));
  }

  @Test
  void asksForThePasswordOnEveryPath() throws Exception {
    WebServer server = start(WebServer.builder().basicAuthentication("user", "secret"));
    List<String> paths = new ArrayList<>(PATHS);
    paths.add("/nope");
    for (String path : paths) {
      HttpRequest.Builder head = request(server, path).method("HEAD", BodyPublishers.noBody());
      assertThat(client.send(head.build(), BodyHandlers.discarding()).statusCode())
          .as(path)
          .isEqualTo(401);
      head.setHeader("Authorization", basic("user:wrong"));
      assertThat(client.send(head.build(), BodyHandlers.discarding()).statusCode())
          .as(path)
          .isEqualTo(401);
      head.setHeader("Authorization", basic("user:secret"));
      assertThat(client.send(head.build(), BodyHandlers.discarding()).statusCode())
          .as(path)
          .isEqualTo(path.equals("/nope") ? 404 : 200);
    }
  }

  @Test
  void servesEveryPathByTls() throws Exception {
    SSLContext context = SelfSigned.context(directory);
    WebServer server = start(WebServer.builder().tls(context));
    HttpClient secure = HttpClient.newBuilder().sslContext(context).build();
    feed.accept(HandmadeReadings.spectrum(1));

    assertThat(server.uri().getScheme()).isEqualTo("https");
    for (String path : PATHS) {
      HttpRequest head = request(server, path).method("HEAD", BodyPublishers.noBody()).build();
      assertThat(secure.send(head, BodyHandlers.discarding()).statusCode()).isEqualTo(200);
    }
    try (EventStream events = EventStream.open(secure, server.uri(), null)) {
      events.next("hello");
      events.next("reading");
      feed.accept(HandmadeReadings.spectrum(2));
      events.next("reading");
    }
  }

  @Test
  void aHandlerThatThrowsEndsItsConnectionAndNothingElse() throws Exception {
    WebServer server =
        start(
            WebServer.builder()
                .handler(
                    "/throws",
                    exchange -> {
                      throw new IllegalStateException("planted");
                    }));

    assertThatThrownBy(() -> get(server, "/throws")).isInstanceOf(IOException.class);
    assertThat(get(server, "/own").statusCode()).isEqualTo(200);
  }

  @Test
  void withoutAFeedThereIsNoPage() throws Exception {
    try (WebServer server =
        WebServer.builder()
            .handler("/own", exchange -> Answer.text(exchange, 200, "own"))
            .start()) {
      assertThat(get(server, "/own").body()).isEqualTo("own\n");
      assertThat(get(server, "/").statusCode()).isEqualTo(404);
      assertThat(get(server, "/api/readings").statusCode()).isEqualTo(404);
    }
  }

  @Test
  void closingDoesNotWaitForAClientThatDoesNotRead() throws Exception {
    WebServer server = start();
    CountDownLatch closed = new CountDownLatch(1);
    try (RawClient idle = RawClient.connect(server.port())) {
      idle.send("GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n");
      assertThat(idle.line()).startsWith("HTTP/1.1 200");
      Thread closer =
          new Thread(
              () -> {
                server.close();
                closed.countDown();
              });
      closer.start();
      assertThat(closed.await(30, TimeUnit.SECONDS)).isTrue();
    }
  }

  @Test
  void rejectsWhatCannotBe() throws Exception {
    WebServer.Builder builder = WebServer.builder();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.port(65_536))
        .withMessage("port must be between 0 and 65535, got 65536");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.handler("own", exchange -> {}))
        .withMessage("path must begin with a slash, got own");
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      builder.port(taken.getLocalPort());
      assertThatThrownBy(builder::start)
          .isInstanceOf(UncheckedIOException.class)
          .hasMessageContaining("cannot listen on 127.0.0.1:" + taken.getLocalPort());
    }
  }
}
