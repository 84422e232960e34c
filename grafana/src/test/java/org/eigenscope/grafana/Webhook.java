package org.eigenscope.grafana;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Receives what Alertmanager sends. */
final class Webhook implements AutoCloseable {
  /** One alert of a message. */
  record Alert(String name, String status, JsonNode labels, JsonNode annotations) {}

  private final List<Alert> received = new CopyOnWriteArrayList<>();
  private final HttpServer server;

  private Webhook(HttpServer server) {
    this.server = server;
    server.createContext("/alerts", this::receive);
    server.start();
  }

  static Webhook start() throws IOException {
    return new Webhook(
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0));
  }

  URI uri() {
    return URI.create("http://127.0.0.1:%d/alerts".formatted(server.getAddress().getPort()));
  }

  /** Returns all messages about an alert so far. */
  List<Alert> received(String name) {
    return received.stream().filter(alert -> alert.name().equals(name)).toList();
  }

  private void receive(HttpExchange exchange) throws IOException {
    try (exchange) {
      JsonNode message = new ObjectMapper().readTree(exchange.getRequestBody());
      for (JsonNode alert : message.path("alerts")) {
        received.add(
            new Alert(
                alert.path("labels").path("alertname").textValue(),
                alert.path("status").textValue(),
                alert.path("labels"),
                alert.path("annotations")));
      }
      exchange.sendResponseHeaders(204, -1);
    }
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
