package org.eigenscope.listeners.web;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A client of server-sent events that keeps what it reads. */
public final class EventStream implements AutoCloseable {
  public static final Duration PATIENCE = Duration.ofSeconds(30);

  private static final ObjectMapper mapper = new ObjectMapper();

  /**
   * An event.
   *
   * @param name its type; "end" for the end of the stream and "broken" for the other ends
   */
  public record Event(String name, @Nullable String id, JsonNode data) {}

  private final InputStream body;
  private final BlockingQueue<Event> events = new LinkedBlockingQueue<>();

  private EventStream(InputStream body) {
    this.body = body;
    Thread thread = new Thread(this::read, "event-stream");
    thread.setDaemon(true);
    thread.start();
  }

  /** Opens the events of a server. */
  public static EventStream open(HttpClient client, URI server, @Nullable String lastEventId)
      throws IOException, InterruptedException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(server.resolve("/api/events")).timeout(PATIENCE);
    if (lastEventId != null) {
      request.header("Last-Event-ID", lastEventId);
    }
    HttpResponse<InputStream> response = client.send(request.build(), BodyHandlers.ofInputStream());
    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.headers().firstValue("Content-Type")).hasValue("text/event-stream");
    return new EventStream(response.body());
  }

  /** Returns the next event. */
  public Event next() throws InterruptedException {
    Event event = events.poll(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    assertThat(event).as("an event within %s", PATIENCE).isNotNull();
    return event;
  }

  /** Returns the next event, which must have a name. */
  public Event next(String name) throws InterruptedException {
    Event event = next();
    assertThat(event.name()).as("%s", event).isEqualTo(name);
    return event;
  }

  /** Returns the next event of a name, whatever comes before it. */
  public Event skipTo(String name) throws InterruptedException {
    Event event = next();
    while (!event.name().equals(name)) {
      assertThat(event.name()).isNotIn("end", "broken");
      event = next();
    }
    return event;
  }

  private void read() {
    try (BufferedReader lines =
        new BufferedReader(new InputStreamReader(body, StandardCharsets.UTF_8))) {
      String name = "message";
      String id = null;
      StringBuilder data = new StringBuilder();
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (line.isEmpty()) {
          events.add(new Event(name, id, mapper.readTree(data.toString())));
          name = "message";
          id = null;
          data.setLength(0);
        } else if (line.startsWith("event: ")) {
          name = line.substring(7);
        } else if (line.startsWith("id: ")) {
          id = line.substring(4);
        } else if (line.startsWith("data: ")) {
          data.append(line.substring(6));
        } else {
          assertThat(line).startsWith("retry: ");
        }
      }
      events.add(new Event("end", null, mapper.nullNode()));
    } catch (IOException | AssertionError e) {
      events.add(new Event("broken", e.toString(), mapper.nullNode()));
    }
  }

  @Override
  public void close() throws IOException {
    body.close();
  }
}
