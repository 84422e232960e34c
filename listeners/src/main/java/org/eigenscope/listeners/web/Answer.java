package org.eigenscope.listeners.web;

import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/** What answers have in common. */
final class Answer {

  private Answer() {}

  /** Answers with one line of text. */
  static void text(HttpExchange exchange, int status, String line) throws IOException {
    exchange.getResponseHeaders().set("Cache-Control", "no-store");
    whole(
        exchange,
        status,
        "text/plain; charset=utf-8",
        (line + "\n").getBytes(StandardCharsets.UTF_8));
  }

  /** Answers with all of a content, or with its length alone where HEAD asks. */
  static void whole(HttpExchange exchange, int status, String type, byte[] content)
      throws IOException {
    exchange.getResponseHeaders().set("Content-Type", type);
    if (isHead(exchange)) {
      exchange.getResponseHeaders().set("Content-Length", Integer.toString(content.length));
      exchange.sendResponseHeaders(status, -1);
    } else {
      exchange.sendResponseHeaders(status, content.length);
      exchange.getResponseBody().write(content);
    }
    exchange.close();
  }

  /** Says that there is room again later. */
  static void busy(HttpExchange exchange, String what) throws IOException {
    exchange.getResponseHeaders().set("Retry-After", "10");
    text(exchange, 503, what);
  }

  static boolean isHead(HttpExchange exchange) {
    return exchange.getRequestMethod().equals("HEAD");
  }

  /** Answers 405 and returns false unless the method is GET or HEAD. */
  static boolean mayRead(HttpExchange exchange) throws IOException {
    if (exchange.getRequestMethod().equals("GET") || isHead(exchange)) {
      return true;
    }
    exchange.getResponseHeaders().set("Allow", "GET, HEAD");
    // Whatever the request's body is, nobody reads it.
    exchange.getResponseHeaders().set("Connection", "close");
    text(exchange, 405, "only GET and HEAD are answered here");
    return false;
  }
}
