package org.eigenscope.listeners.web;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.eigenscope.listeners.journal.JournalSink;
import org.eigenscope.listeners.web.PageFiles.PageFile;

/** The paths of the live page: its files, the kept readings, and the events. */
final class LivePage {

  /** Clients of the events at a time. */
  static final int EVENT_CLIENTS = 16;

  /** Answers with all kept readings at a time. */
  static final int DOWNLOADS = 4;

  /** Answers with a file at a time. */
  static final int FILES = 12;

  /** How long a file waits for its turn: browsers ask for many at once. */
  private static final int FILE_PATIENCE_SECONDS = 2;

  private static final String READINGS = "/api/readings";
  private static final String EVENTS = "/api/events";

  /** Names the header that says where the next {@code after} goes on. */
  private static final String LAST_ID = "Eigenscope-Last-Id";

  /** Readings that are fetched at a time. */
  private static final int PIECE = 16;

  private final LiveFeed feed;
  private final KnownHosts hosts;
  private final Limits limits;
  private final Semaphore eventClients = new Semaphore(EVENT_CLIENTS);
  private final Semaphore downloads = new Semaphore(DOWNLOADS);
  private final Semaphore files = new Semaphore(FILES);

  LivePage(LiveFeed feed, KnownHosts hosts, Limits limits) {
    this.feed = feed;
    this.hosts = hosts;
    this.limits = limits;
  }

  /** Returns who answers, by path. */
  Map<String, HttpHandler> handlers() {
    Map<String, HttpHandler> handlers = new TreeMap<>();
    PageFiles.byPath()
        .forEach((path, file) -> handlers.put(path, guarded(exchange -> file(exchange, file))));
    handlers.put(READINGS, guarded(this::readings));
    handlers.put(EVENTS, guarded(this::events));
    return handlers;
  }

  /** Adds what holds for all of these paths. */
  private HttpHandler guarded(HttpHandler handler) {
    return exchange -> {
      exchange.getResponseHeaders().set("X-Content-Type-Options", "nosniff");
      exchange.getResponseHeaders().set("Referrer-Policy", "no-referrer");
      exchange
          .getResponseHeaders()
          .set(
              "Content-Security-Policy",
              "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
      String refusal = hosts.refusal(exchange);
      if (refusal != null) {
        Answer.text(exchange, 403, refusal);
      } else if (Answer.mayRead(exchange)) {
        handler.handle(exchange);
      }
    };
  }

  private void file(HttpExchange exchange, PageFile file) throws IOException {
    if (!mayAnswerWithAFile()) {
      Answer.busy(exchange, "too many clients at once; try again");
      return;
    }
    try {
      exchange.getResponseHeaders().set("ETag", file.tag());
      exchange.getResponseHeaders().set("Cache-Control", "no-cache");
      if (file.tag().equals(exchange.getRequestHeaders().getFirst("If-None-Match"))) {
        exchange.sendResponseHeaders(304, -1);
        exchange.close();
      } else {
        Answer.whole(exchange, 200, file.type(), file.content());
      }
    } finally {
      files.release();
    }
  }

  private boolean mayAnswerWithAFile() throws IOException {
    try {
      return files.tryAcquire(FILE_PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      throw new IOException("interrupted, as the server is closed", e);
    }
  }

  private void readings(HttpExchange exchange) throws IOException {
    Query query;
    try {
      query = Query.of(exchange.getRequestURI());
    } catch (IllegalArgumentException e) {
      Answer.text(exchange, 400, String.valueOf(e.getMessage()));
      return;
    }
    if (!downloads.tryAcquire()) {
      Answer.busy(exchange, "%d clients take the readings already".formatted(DOWNLOADS));
      return;
    }
    try {
      Watchdog.current().allow(limits.download());
      exchange.getResponseHeaders().set("Content-Type", "application/x-ndjson");
      exchange.getResponseHeaders().set("Cache-Control", "no-store");
      if (Answer.isHead(exchange)) {
        exchange.sendResponseHeaders(200, -1);
      } else {
        long last = feed.lastIdAfter(query.after(), query.limit());
        exchange.getResponseHeaders().set(LAST_ID, Long.toString(last));
        exchange.sendResponseHeaders(200, 0);
        write(query.after(), last, exchange.getResponseBody());
      }
      exchange.close();
    } finally {
      downloads.release();
    }
  }

  /** Writes the kept readings after an id, up to another one. */
  private void write(long after, long last, OutputStream out) throws IOException {
    long next = after;
    List<History.Entry> piece = feed.readingsAfter(next, PIECE);
    while (!piece.isEmpty()) {
      for (History.Entry entry : piece) {
        if (entry.id() > last) {
          return;
        }
        out.write(JournalSink.line(entry.reading()));
        next = entry.id();
      }
      piece = feed.readingsAfter(next, PIECE);
    }
  }

  private void events(HttpExchange exchange) throws IOException {
    if (!eventClients.tryAcquire()) {
      Answer.busy(exchange, "%d clients have the events already".formatted(EVENT_CLIENTS));
      return;
    }
    try {
      exchange.getResponseHeaders().set("Content-Type", "text/event-stream");
      exchange.getResponseHeaders().set("Cache-Control", "no-store");
      // Else nginx, as a proxy, collects events before it passes them on.
      exchange.getResponseHeaders().set("X-Accel-Buffering", "no");
      if (Answer.isHead(exchange)) {
        exchange.sendResponseHeaders(200, -1);
      } else {
        exchange.sendResponseHeaders(200, 0);
        stream(exchange);
      }
      exchange.close();
    } finally {
      eventClients.release();
    }
  }

  private void stream(HttpExchange exchange) throws IOException {
    Watchdog.Watch watch = Watchdog.current();
    OutputStream out = exchange.getResponseBody();
    String lastEventId = exchange.getRequestHeaders().getFirst("Last-Event-ID");
    try (Subscriber subscriber = feed.subscribe(lastEventId, watch::bark)) {
      Duration patience = limits.event().plus(limits.beat());
      long beat = System.nanoTime() + limits.beat().toNanos();
      while (!subscriber.isOver()) {
        watch.allow(patience);
        byte[] event = subscriber.next(beat - System.nanoTime());
        if (event != null) {
          out.write(event);
          out.flush();
        }
        if (System.nanoTime() - beat >= 0) {
          out.write(feed.beat());
          out.flush();
          beat = System.nanoTime() + limits.beat().toNanos();
        }
      }
    } catch (InterruptedException e) {
      // Too slow, or the server is closed: the caller closes what is half written.
      throw new IOException("the events were broken off", e);
    } catch (Subscriber.LostException e) {
      throw new IOException("the client is too slow for the events", e);
    }
  }

  /** Waits until the clients of the events are gone. */
  void awaitEndOfEvents(Duration time) throws InterruptedException {
    if (eventClients.tryAcquire(EVENT_CLIENTS, time.toNanos(), TimeUnit.NANOSECONDS)) {
      eventClients.release(EVENT_CLIENTS);
    }
  }
}
