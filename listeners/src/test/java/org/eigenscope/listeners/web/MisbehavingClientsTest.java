package org.eigenscope.listeners.web;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.SocketException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.eigenscope.listeners.HandmadeReadings;
import org.eigenscope.listeners.SelfSigned;
import org.eigenscope.listeners.journal.JournalSink;
import org.eigenscope.listeners.web.EventStream.Event;
import org.eigenscope.probes.Reading;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Clients that are slow, dead, or send half of what they should. */
class MisbehavingClientsTest {
  private static final Duration SHORT = Duration.ofMillis(300);
  private static final Duration LONG = Duration.ofSeconds(60);

  private final HttpClient client =
      HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(10)).build();
  private final LiveFeed feed = LiveFeed.ofTraining("a training");
  private final List<AutoCloseable> open = new ArrayList<>();

  @TempDir Path directory;

  @AfterEach
  void closeAll() throws Exception {
    for (int i = open.size() - 1; i >= 0; i--) {
      open.get(i).close();
    }
  }

  private WebServer start(WebServer.Builder builder, Limits limits) {
    WebServer server =
        builder
            .limits(limits)
            .page(feed)
            .handler("/own", exchange -> Answer.text(exchange, 200, "own"))
            .start();
    open.add(server);
    return server;
  }

  private RawClient connect(WebServer server) throws IOException {
    RawClient raw = RawClient.connect(server.port());
    open.add(raw);
    return raw;
  }

  private EventStream events(WebServer server, String lastEventId) throws Exception {
    EventStream events = EventStream.open(client, server.uri(), lastEventId);
    open.add(events);
    return events;
  }

  private HttpResponse<String> get(WebServer server, String path) throws Exception {
    return client.send(
        HttpRequest.newBuilder(server.uri().resolve(path)).timeout(LONG).build(),
        BodyHandlers.ofString());
  }

  private int headOfEvents(WebServer server) throws Exception {
    HttpRequest head =
        HttpRequest.newBuilder(server.uri().resolve("/api/events"))
            .method("HEAD", HttpRequest.BodyPublishers.noBody())
            .timeout(LONG)
            .build();
    return client.send(head, BodyHandlers.discarding()).statusCode();
  }

  /** Asks until there is room for one more client of the events. */
  private void awaitRoom(WebServer server) throws Exception {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    int status = headOfEvents(server);
    while (status == 503 && System.nanoTime() < deadline) {
      Thread.onSpinWait();
      status = headOfEvents(server);
    }
    assertThat(status).isEqualTo(200);
  }

  private static Reading large(int iteration) {
    return HandmadeReadings.layers(iteration, 1500, 3, 1);
  }

  @Test
  void halfARequestIsCutOffAndTheOthersAreServed() throws Exception {
    WebServer server = start(WebServer.builder(), new Limits(SHORT, LONG, LONG, LONG, LONG));
    List<RawClient> halves = new ArrayList<>();
    for (int i = 0; i < 2 * WebServer.THREADS; i++) {
      RawClient half = connect(server);
      half.send(
          switch (i % 4) {
            case 0 -> "G";
            case 1 -> "GET /own HTTP/1.1\r\n";
            case 2 -> "GET /own HTTP/1.1\r\nHost: localhost\r\nX-Half: ";
            default -> "GET /own HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n";
          });
      halves.add(half);
    }

    assertThat(get(server, "/own").body()).isEqualTo("own\n");
    for (RawClient half : halves) {
      assertThat(half.readToTheEnd()).isZero();
    }
  }

  @Test
  void aBodyThatDoesNotComeIsNotWaitedFor() throws Exception {
    WebServer server = start(WebServer.builder(), new Limits(LONG, SHORT, LONG, LONG, LONG));
    List<RawClient> halves = new ArrayList<>();
    for (int i = 0; i < 2 * WebServer.THREADS; i++) {
      RawClient half = connect(server);
      half.send(
          "POST /api/readings HTTP/1.1\r\nHost: localhost\r\nContent-Length: 999\r\n\r\nhalf");
      halves.add(half);
    }

    assertThat(get(server, "/own").body()).isEqualTo("own\n");
    for (RawClient half : halves) {
      assertThat(half.line()).startsWith("HTTP/1.1 405");
      half.readToTheEnd();
    }
  }

  @Test
  void halfATlsHandshakeIsCutOff() throws Exception {
    WebServer server =
        start(
            WebServer.builder().tls(SelfSigned.context(directory)),
            new Limits(SHORT, LONG, LONG, LONG, LONG));
    RawClient half = connect(server);
    half.send("\u0016\u0003\u0001");
    RawClient plain = connect(server);
    plain.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");

    half.readToTheEnd();
    plain.readToTheEnd();
  }

  @Test
  void headersWithoutEndAreCutOff() throws Exception {
    WebServer server = start(WebServer.builder(), new Limits(SHORT, LONG, LONG, LONG, LONG));
    for (String headers :
        List.of("X-Huge: " + "x".repeat(8 << 20), "X-Many: x\r\n".repeat(500_000))) {
      RawClient raw = connect(server);
      try {
        raw.send("GET /own HTTP/1.1\r\nHost: localhost\r\n" + headers);
        raw.readToTheEnd();
      } catch (SocketException e) {
        assertThat(e).as("the server closed while it was sent").isNotNull();
      }
    }

    assertThat(get(server, "/own").body()).isEqualTo("own\n");
  }

  @Test
  void whoDoesNotTakeTheReadingsIsCutOff() throws Exception {
    for (int i = 0; i < 40; i++) {
      feed.accept(large(i));
    }
    WebServer server = start(WebServer.builder(), new Limits(LONG, LONG, SHORT, LONG, LONG));
    List<RawClient> stuck = new ArrayList<>();
    for (int i = 0; i < LivePage.DOWNLOADS; i++) {
      RawClient raw = connect(server);
      raw.send("GET /api/readings HTTP/1.1\r\nHost: localhost\r\n\r\n");
      assertThat(raw.line()).startsWith("HTTP/1.1 200");
      stuck.add(raw);
    }

    HttpResponse<String> response = get(server, "/api/readings?limit=1");
    assertThat(get(server, "/own").body()).isEqualTo("own\n");
    assertThat(get(server, "/").statusCode()).isEqualTo(200);
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (response.statusCode() == 503 && System.nanoTime() < deadline) {
      assertThat(response.headers().firstValue("Retry-After")).hasValue("10");
      response = get(server, "/api/readings?limit=1");
    }

    assertThat(response.statusCode()).isEqualTo(200);
    long all = 40L * JournalSink.line(large(0)).length;
    for (RawClient raw : stuck) {
      assertThat(raw.readToTheEnd()).isLessThan(all);
    }
  }

  @Test
  void theEventsHaveSixteenClientsAndRoomAgainWhenTheyAreGone() throws Exception {
    WebServer server =
        start(WebServer.builder(), new Limits(LONG, LONG, LONG, LONG, Duration.ofMillis(20)));
    List<EventStream> streams = new ArrayList<>();
    for (int i = 0; i < LivePage.EVENT_CLIENTS; i++) {
      EventStream stream = events(server, null);
      stream.next("hello");
      streams.add(stream);
    }

    HttpResponse<String> refused = get(server, "/api/events");
    assertThat(refused.statusCode()).isEqualTo(503);
    assertThat(refused.headers().firstValue("Retry-After")).hasValue("10");
    assertThat(refused.body()).isEqualTo("16 clients have the events already\n");
    assertThat(get(server, "/own").body()).isEqualTo("own\n");
    assertThat(get(server, "/").statusCode()).isEqualTo(200);

    for (EventStream stream : streams) {
      stream.close();
    }
    awaitRoom(server);
  }

  @Test
  void deadClientsOfTheEventsAreCutOffAndNobodyWaitsForThem() throws Exception {
    WebServer server = start(WebServer.builder(), new Limits(LONG, LONG, LONG, SHORT, SHORT));
    EventStream healthy = events(server, null);
    healthy.next("hello");
    List<RawClient> dead = new ArrayList<>();
    for (int i = 1; i < LivePage.EVENT_CLIENTS; i++) {
      RawClient raw = connect(server);
      raw.send("GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n");
      assertThat(raw.line()).startsWith("HTTP/1.1 200");
      dead.add(raw);
    }
    assertThat(headOfEvents(server)).isEqualTo(503);

    // More than socket buffers hold.
    for (int i = 0; i < 40; i++) {
      feed.accept(large(i));
      assertThat(healthy.skipTo("reading").data().path("iteration").intValue()).isEqualTo(i);
    }
    awaitRoom(server);
    for (RawClient raw : dead) {
      raw.readToTheEnd();
    }
    feed.accept(large(40));
    assertThat(healthy.skipTo("reading").data().path("iteration").intValue()).isEqualTo(40);
  }

  @Test
  void whoWasCutOffResumesWhereHeWas() throws Exception {
    WebServer server = start(WebServer.builder(), Limits.defaults());
    String last;
    try (EventStream first = EventStream.open(client, server.uri(), null)) {
      first.next("hello");
      feed.accept(HandmadeReadings.spectrum(1));
      feed.accept(HandmadeReadings.spectrum(2));
      first.next("reading");
      last = first.next("reading").id();
    }
    feed.accept(HandmadeReadings.spectrum(3));

    EventStream again = events(server, last);

    again.next("hello");
    Event reading = again.next("reading");
    assertThat(reading.data().path("iteration").intValue()).isEqualTo(3);
    assertThat(reading.id()).endsWith("-3");
  }

  @Test
  void aSilentTrainingIsToldFromADeadServer() throws Exception {
    WebServer server =
        start(WebServer.builder(), new Limits(LONG, LONG, LONG, SHORT, Duration.ofMillis(20)));
    EventStream events = events(server, null);

    events.next("hello");
    for (int i = 0; i < 20; i++) {
      assertThat(events.next("beat").data().path("now").textValue()).endsWith("Z");
    }
    feed.accept(HandmadeReadings.spectrum(1));
    events.skipTo("reading");
    events.skipTo("beat");
  }

  @Test
  void restartingDisconnectsAndTheNextConnectionHasTheNewReadings() throws Exception {
    WebServer server = start(WebServer.builder(), Limits.defaults());
    feed.accept(HandmadeReadings.spectrum(1));
    EventStream before = events(server, null);
    before.next("hello");
    String last = before.next("reading").id();

    feed.restart();

    before.next("broken");
    feed.accept(HandmadeReadings.spectrum(7));
    EventStream after = events(server, last);
    after.next("hello");
    assertThat(after.next("reading").data().path("iteration").intValue()).isEqualTo(7);
  }
}
