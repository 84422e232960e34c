package org.eigenscope.listeners.web;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;

/**
 * The page's files with the events a test wants, and nothing else; says what the endpoint cannot be
 * made to say.
 */
final class EventServer implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final HttpServer server;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final List<byte[]> kept = new ArrayList<>();
  private final List<HttpExchange> open = new ArrayList<>();

  private EventServer(int port) throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
    server.setExecutor(threads);
    server.createContext("/", this::serve);
    server.start();
  }

  static EventServer start() throws IOException {
    return new EventServer(0);
  }

  /** Starts a server where another one was. */
  static EventServer at(URI address) throws IOException {
    return new EventServer(address.getPort());
  }

  URI address() {
    return URI.create("http://localhost:%d/".formatted(server.getAddress().getPort()));
  }

  private void serve(HttpExchange exchange) throws IOException {
    String path = exchange.getRequestURI().getPath();
    exchange.getResponseHeaders().set("Content-Security-Policy", "default-src 'self'");
    exchange.getResponseHeaders().set("X-Content-Type-Options", "nosniff");
    if (path.equals("/api/events")) {
      exchange.getResponseHeaders().set("Content-Type", "text/event-stream");
      exchange.sendResponseHeaders(200, 0);
      synchronized (this) {
        OutputStream body = exchange.getResponseBody();
        body.write("retry: 100\n\n".getBytes(StandardCharsets.UTF_8));
        for (byte[] event : kept) {
          body.write(event);
        }
        body.flush();
        open.add(exchange);
      }
      return;
    }
    String name = path.equals("/") ? "index.html" : path.replaceFirst("^/page/", "");
    try (exchange;
        InputStream file = EventServer.class.getResourceAsStream("page/" + name)) {
      if (file == null) {
        exchange.sendResponseHeaders(404, -1);
        return;
      }
      byte[] bytes = file.readAllBytes();
      exchange.getResponseHeaders().set("Content-Type", type(name));
      exchange.sendResponseHeaders(200, bytes.length);
      exchange.getResponseBody().write(bytes);
    }
  }

  private static String type(String name) {
    return switch (name.substring(name.lastIndexOf('.') + 1)) {
      case "html" -> "text/html; charset=utf-8";
      case "css" -> "text/css; charset=utf-8";
      case "js" -> "text/javascript; charset=utf-8";
      case "svg" -> "image/svg+xml";
      default -> "text/plain; charset=utf-8";
    };
  }

  /** Sends an event to the pages that are open, and first to those that will be. */
  synchronized EventServer send(String name, Map<String, ? extends @Nullable Object> data)
      throws IOException {
    byte[] event =
        "event: %s\ndata: %s\n\n"
            .formatted(name, JSON.writeValueAsString(data))
            .getBytes(StandardCharsets.UTF_8);
    kept.add(event);
    for (HttpExchange each : open) {
      each.getResponseBody().write(event);
      each.getResponseBody().flush();
    }
    return this;
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
