package org.eigenscope.listeners.web;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** Headless Chromium, driven by its DevTools protocol; one page at a time. */
final class Browser implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int PATIENCE_SECONDS = 60;

  private static final Map<String, Integer> KEY_CODES =
      Map.of(
          "Tab",
          9,
          "Enter",
          13,
          "Escape",
          27,
          "End",
          35,
          "Home",
          36,
          "ArrowLeft",
          37,
          "ArrowUp",
          38,
          "ArrowRight",
          39,
          "ArrowDown",
          40);

  private static final String LISTENING = "DevTools listening on ";

  private final Process process;
  private final WebSocket socket;
  private final AtomicInteger ids = new AtomicInteger();
  private final Map<Integer, CompletableFuture<JsonNode>> answers = new ConcurrentHashMap<>();
  private final List<String> complaints = new CopyOnWriteArrayList<>();
  private final List<String> requests = new CopyOnWriteArrayList<>();
  private String target = "";
  private String session = "";

  private Browser(Process process, URI devTools) {
    this.process = process;
    this.socket =
        HttpClient.newHttpClient()
            .newWebSocketBuilder()
            .buildAsync(devTools, new Messages())
            .join();
  }

  /**
   * Starts the browser; skips the test where there is none.
   *
   * @param profile an empty folder
   */
  static Browser start(Path profile) throws IOException {
    Process process =
        new ProcessBuilder(
                chromium().toString(),
                "--headless=new",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--hide-scrollbars",
                "--remote-debugging-port=0",
                "--user-data-dir=" + profile,
                "about:blank")
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    try {
      BufferedReader log = process.errorReader();
      String line = log.readLine();
      while (line != null && !line.startsWith(LISTENING)) {
        line = log.readLine();
      }
      if (line == null) {
        throw new IOException("Chromium ended before it listened");
      }
      Thread drain = new Thread(() -> log.lines().forEach(ignored -> {}), "chromium-log");
      drain.setDaemon(true);
      drain.start();
      return new Browser(process, URI.create(line.substring(LISTENING.length())));
    } catch (IOException | RuntimeException e) {
      process.destroyForcibly();
      throw e;
    }
  }

  private static Path chromium() {
    for (String directory :
        System.getenv().getOrDefault("PATH", "").split(File.pathSeparator, -1)) {
      Path candidate = Path.of(directory, "chromium");
      if (Files.isExecutable(candidate)) {
        return candidate;
      }
    }
    assumeTrue(false, "chromium is not on the PATH (Debian package chromium)");
    throw new AssertionError();
  }

  /** What the page's sessions send, whole messages only. */
  private final class Messages implements WebSocket.Listener {
    private final StringBuilder text = new StringBuilder();

    @Override
    public @Nullable CompletionStage<?> onText(WebSocket from, CharSequence part, boolean last) {
      text.append(part);
      if (last) {
        String message = text.toString();
        text.setLength(0);
        take(message);
      }
      from.request(1);
      return null;
    }
  }

  private void take(String text) {
    JsonNode message = parsed(text);
    JsonNode parameters = message.path("params");
    if (message.has("id")) {
      CompletableFuture<JsonNode> answer = answers.remove(message.get("id").asInt());
      if (answer != null) {
        answer.complete(message);
      }
    } else if (message.path("sessionId").asText().equals(session)) {
      switch (message.path("method").asText()) {
        case "Runtime.consoleAPICalled", "Runtime.exceptionThrown" ->
            complaints.add(parameters.toString());
        case "Log.entryAdded" -> {
          JsonNode entry = parameters.path("entry");
          // A connection that breaks is what some tests are about.
          if (!entry.path("text").asText().contains("ERR_INCOMPLETE_CHUNKED_ENCODING")
              && !entry.path("text").asText().contains("ERR_CONNECTION_REFUSED")) {
            complaints.add(entry.toString());
          }
        }
        case "Network.requestWillBeSent" ->
            requests.add(parameters.path("request").path("url").asText());
        default -> {}
      }
    }
  }

  private static JsonNode parsed(String text) {
    try {
      return JSON.readTree(text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private JsonNode call(String method, Map<String, ?> parameters) {
    int id = ids.incrementAndGet();
    CompletableFuture<JsonNode> answer = new CompletableFuture<>();
    answers.put(id, answer);
    Map<String, Object> message = new HashMap<>();
    message.put("id", id);
    message.put("method", method);
    message.put("params", parameters);
    if (!session.isEmpty()) {
      message.put("sessionId", session);
    }
    socket.sendText(JSON.valueToTree(message).toString(), true).join();
    JsonNode got = answer.orTimeout(PATIENCE_SECONDS, TimeUnit.SECONDS).join();
    if (got.has("error")) {
      throw new IllegalStateException(method + ": " + got.get("error"));
    }
    return got.path("result");
  }

  /** Opens an address in a new page, in place of the one before, and forgets what that one did. */
  void open(URI address, int width, int height) {
    session = "";
    if (!target.isEmpty()) {
      call("Target.closeTarget", Map.of("targetId", target));
    }
    complaints.clear();
    requests.clear();
    target = call("Target.createTarget", Map.of("url", "about:blank")).path("targetId").asText();
    session =
        call("Target.attachToTarget", Map.of("targetId", target, "flatten", true))
            .path("sessionId")
            .asText();
    call("Runtime.enable", Map.of());
    call("Log.enable", Map.of());
    call("Network.enable", Map.of());
    call("Page.enable", Map.of());
    size(width, height);
    call("Page.navigate", Map.of("url", address.toString()));
  }

  /** Gives the page another size; narrow ones are those of a phone. */
  void size(int width, int height) {
    call(
        "Emulation.setDeviceMetricsOverride",
        Map.of("width", width, "height", height, "deviceScaleFactor", 1, "mobile", width < 500));
  }

  /** Sets what the reader likes, such as {@code prefers-color-scheme: dark}. */
  void prefer(String feature, String value) {
    call(
        "Emulation.setEmulatedMedia",
        Map.of("features", List.of(Map.of("name", feature, "value", value))));
  }

  /** Returns the value of an expression, and of a promise when it is kept. */
  JsonNode value(String expression) {
    JsonNode result =
        call(
            "Runtime.evaluate",
            Map.of("expression", expression, "awaitPromise", true, "returnByValue", true));
    if (result.has("exceptionDetails")) {
      throw new IllegalStateException(expression + ": " + result.get("exceptionDetails"));
    }
    return result.path("result").path("value");
  }

  String text(String expression) {
    return value(expression).asText();
  }

  /** Waits until an expression is true. */
  void until(String expression) {
    String poll =
        """
        new Promise((resolve) => {
          const end = performance.now() + %d;
          const look = () => {
            let is = false;
            try { is = (%s) ? true : false; } catch (e) { is = false; }
            if (is || performance.now() > end) { resolve(is); } else { setTimeout(look, 30); }
          };
          look();
        })"""
            .formatted(PATIENCE_SECONDS * 500, expression);
    if (!value(poll).asBoolean()) {
      throw new AssertionError(
          "not true in time: %s; page: %s; console: %s"
              .formatted(expression, text("document.body.innerText"), complaints));
    }
  }

  /** Presses a key, such as {@code Tab} or {@code ArrowLeft}. */
  void press(String key) {
    Map<String, Object> event = new HashMap<>();
    event.put("key", key);
    event.put("code", key);
    event.put("windowsVirtualKeyCode", KEY_CODES.get(key));
    if (key.equals("Enter")) {
      event.put("text", "\r");
    }
    for (String type : List.of("keyDown", "keyUp")) {
      event.put("type", type);
      call("Input.dispatchKeyEvent", event);
    }
  }

  /** Moves the mouse to the middle of an element. */
  void pointAt(String selector) {
    JsonNode at =
        value(
            """
            (() => {
              const element = document.querySelector('%s');
              element.scrollIntoView({block: 'center', behavior: 'instant'});
              const box = element.getBoundingClientRect();
              return {x: box.left + box.width / 2, y: box.top + box.height / 2};
            })()"""
                .formatted(selector));
    call(
        "Input.dispatchMouseEvent",
        Map.of("type", "mouseMoved", "x", at.path("x").asDouble(), "y", at.path("y").asDouble()));
  }

  /** Returns what the console said, and exceptions that nobody caught. */
  List<String> complaints() {
    return new ArrayList<>(complaints);
  }

  /** Returns the addresses that the page asked for. */
  List<String> requests() {
    return new ArrayList<>(requests);
  }

  /** Returns the page as it is seen, as a PNG. */
  byte[] screenshot() {
    return Base64.getDecoder()
        .decode(call("Page.captureScreenshot", Map.of("format", "png")).path("data").asText());
  }

  @Override
  public void close() {
    session = "";
    try {
      call("Browser.close", Map.of());
      // The profile can only be deleted when nobody writes to it.
      process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      process.destroyForcibly();
    }
  }
}
