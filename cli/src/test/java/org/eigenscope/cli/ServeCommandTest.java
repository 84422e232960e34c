package org.eigenscope.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.io.Writer;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.eigenscope.listeners.journal.JournalSink;
import org.eigenscope.probes.Measurement;
import org.eigenscope.probes.Provenance;
import org.eigenscope.probes.RecordedReading;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class ServeCommandTest {
  private static final String SEE_HELP = "\nTry 'eigenscope serve --help' for more information.\n";

  @TempDir Path folder;

  private final Shell shell = new Shell();
  private final HttpClient client = HttpClient.newHttpClient();
  private final List<AutoCloseable> open = new ArrayList<>();
  private Path journal;

  @BeforeEach
  void nameJournal() {
    journal = folder.resolve("run.jsonl");
  }

  @AfterEach
  void closeAll() throws Exception {
    for (int i = open.size() - 1; i >= 0; i--) {
      open.get(i).close();
    }
  }

  private static byte[] lines(int... iterations) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (int iteration : iterations) {
      bytes.writeBytes(line("run", iteration, 1));
    }
    return bytes.toByteArray();
  }

  private static byte[] line(String run, int iteration, double loss) {
    return JournalSink.line(
        new RecordedReading(
            new Provenance(
                "spectrum",
                run,
                "model",
                iteration,
                0,
                Instant.EPOCH.plusSeconds(iteration),
                1,
                100,
                1,
                90,
                Map.of(),
                Map.of()),
            List.of(
                new Measurement(
                    "eigenscope.loss",
                    Map.of("operator", "hessian", "normalization", "none", "layer", "all"),
                    loss)),
            List.of(),
            List.of()));
  }

  private void append(byte[] bytes) throws IOException {
    Files.write(journal, bytes, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
  }

  /** Keeps the lines that are printed. */
  private static final class Lines extends Writer {
    private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();
    private final StringBuilder line = new StringBuilder();

    @Override
    public synchronized void write(char[] text, int offset, int length) {
      for (int i = offset; i < offset + length; i++) {
        if (text[i] == '\n') {
          lines.add(line.toString().strip());
          line.setLength(0);
        } else {
          line.append(text[i]);
        }
      }
    }

    String next() throws InterruptedException {
      String next = lines.poll(60, TimeUnit.SECONDS);
      assertThat(next).as("a line within a minute").isNotNull();
      return next;
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}
  }

  /** The command at work in a thread, which an interrupt ends. */
  private final class Serving {
    private final Lines out = new Lines();
    private final Lines err = new Lines();
    private final CompletableFuture<Integer> status = new CompletableFuture<>();
    private final Thread thread;
    private final URI uri;

    Serving(String... options) throws InterruptedException {
      List<String> args = new ArrayList<>(List.of("serve", journal.toString(), "--port", "0"));
      args.addAll(Arrays.asList(options));
      thread =
          new Thread(
              () ->
                  status.complete(
                      Main.execute(
                          Main.commandLine()
                              .setOut(new PrintWriter(out))
                              .setErr(new PrintWriter(err)),
                          args.toArray(String[]::new))));
      thread.start();
      String line = out.next();
      Matcher address =
          Pattern.compile("(http://\\S+:[0-9]+/) shows (.*), until Ctrl-C").matcher(line);
      assertThat(address.matches()).as(line).isTrue();
      assertThat(address.group(2)).isEqualTo(journal.toString());
      uri = URI.create(address.group(1));
    }

    Events events() throws Exception {
      Events events =
          new Events(
              client
                  .send(
                      HttpRequest.newBuilder(uri.resolve("/api/events")).build(),
                      BodyHandlers.ofInputStream())
                  .body());
      open.add(events);
      return events;
    }

    int status() throws Exception {
      return status.get(60, TimeUnit.SECONDS);
    }

    void end() throws Exception {
      thread.interrupt();
      status();
    }
  }

  /** Reads server-sent events. */
  private static final class Events implements AutoCloseable {
    private final BufferedReader lines;

    Events(InputStream body) {
      lines = new BufferedReader(new InputStreamReader(body, UTF_8));
    }

    /** Returns the data of the next event of a name, whatever comes before it. */
    JsonNode next(String name) throws IOException {
      String line = lines.readLine();
      while (!line.equals("event: " + name)) {
        line = lines.readLine();
      }
      return new ObjectMapper().readTree(lines.readLine().substring("data: ".length()));
    }

    int nextIteration() throws IOException {
      return next("reading").path("iteration").intValue();
    }

    @Override
    public void close() throws IOException {
      lines.close();
    }
  }

  private Serving serve(String... options) throws InterruptedException {
    Serving serving = new Serving(options);
    open.add(serving::end);
    return serving;
  }

  private String get(URI uri) throws Exception {
    return client.send(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofString()).body();
  }

  @Test
  void showsAFinishedJournal() throws Exception {
    append(lines(0, 10, 20));
    Serving serving = serve();
    Events events = serving.events();

    JsonNode hello = events.next("hello");
    assertThat(hello.path("source").textValue()).isEqualTo("journal");
    assertThat(hello.path("title").textValue()).isEqualTo("run.jsonl");
    assertThat(hello.path("state").textValue()).isEqualTo("open");
    assertThat(events.nextIteration()).isZero();
    assertThat(events.nextIteration()).isEqualTo(10);
    assertThat(events.nextIteration()).isEqualTo(20);
    assertThat(get(serving.uri)).startsWith("<!DOCTYPE html>");
    assertThat(get(serving.uri.resolve("/api/readings"))).isEqualTo(Files.readString(journal));
  }

  @Test
  void followsAGrowingJournal() throws Exception {
    append(new byte[0]);
    Serving serving = serve();
    Events events = serving.events();
    events.next("hello");
    append(lines(0));
    assertThat(events.nextIteration()).isZero();
    byte[] line = lines(1);
    append(Arrays.copyOf(line, 50));
    append(Arrays.copyOfRange(line, 50, line.length));
    assertThat(events.nextIteration()).isEqualTo(1);
    assertThat(serving.err.lines).isEmpty();
  }

  @Test
  void raisesTheAlertsOfTheReadings() throws Exception {
    append(lines(0, 1));
    append(line("run", 2, Double.NaN));
    Events events = serve().events();

    JsonNode alert = events.next("alert");
    assertThat(alert.path("name").textValue()).isEqualTo("LossNotFinite");
    assertThat(alert.path("iteration").intValue()).isEqualTo(2);
  }

  @Test
  void saysWhichLinesItSkips() throws Exception {
    append(lines(0));
    append("nonsense\n".repeat(12).getBytes(UTF_8));
    append(lines(1));
    Serving serving = serve();
    Events events = serving.events();

    assertThat(events.nextIteration()).isZero();
    assertThat(events.nextIteration()).isEqualTo(1);
    for (int i = 2; i <= 11; i++) {
      assertThat(serving.err.next())
          .startsWith(
              "eigenscope: %s, line %d is skipped: the line is not JSON".formatted(journal, i));
    }
    assertThat(serving.err.next())
        .isEqualTo("eigenscope: %s has more lines that are skipped".formatted(journal));
    assertThat(serving.err.lines).isEmpty();
  }

  @Test
  void beginsAgainWithAJournalThatIsReplaced() throws Exception {
    append(lines(0, 1, 2));
    Serving serving = serve();
    Events before = serving.events();
    assertThat(before.nextIteration()).isZero();
    Files.write(journal, line("another", 7, 1));

    assertThat(serving.err.next())
        .isEqualTo(
            "eigenscope: %s was truncated or replaced; it is shown from its beginning"
                .formatted(journal));
    Events after = serving.events();
    assertThat(after.nextIteration()).isEqualTo(7);
    assertThat(get(serving.uri.resolve("/api/readings")).lines()).hasSize(1);
  }

  @Test
  void waitsForAJournalThatIsGone() throws Exception {
    append(lines(0));
    Serving serving = serve();
    Events events = serving.events();
    assertThat(events.nextIteration()).isZero();
    Files.delete(journal);
    assertThat(serving.err.next())
        .isEqualTo("eigenscope: %s is gone; waiting for it".formatted(journal));
    append(lines(0, 1));

    assertThat(serving.err.next()).isEqualTo("eigenscope: %s is there again".formatted(journal));
    assertThat(events.nextIteration()).isEqualTo(1);
  }

  @Test
  void endsWhenItMeetsANewerSchema() throws Exception {
    append(lines(0));
    Serving serving = serve();
    append("{\"schema\":99}\n".getBytes(UTF_8));

    assertThat(serving.status()).isEqualTo(1);
    assertThat(serving.err.next())
        .startsWith("eigenscope: journal %s, line 2: the line has schema 99".formatted(journal));
  }

  @Test
  void anInterruptEndsIt() throws Exception {
    append(lines(0));
    Serving serving = serve("--host", "localhost");
    assertThat(serving.uri.getHost()).isEqualTo("localhost");
    serving.thread.interrupt();

    assertThat(serving.status()).isEqualTo(130);
    assertThat(serving.err.lines).isEmpty();
  }

  @Test
  void failsWithoutAJournal() {
    assertThat(shell.run("serve", journal)).isEqualTo(1);
    assertFailure("cannot read " + journal + ": no such file or directory");
  }

  @Test
  void failsWithADirectory() {
    assertThat(shell.run("serve", folder)).isEqualTo(1);
    assertFailure("cannot read " + folder + ": it is a directory");
  }

  @Test
  void failsWithAnotherFile() throws IOException {
    Files.writeString(journal, "no journal\n");

    assertThat(shell.run("serve", journal)).isEqualTo(1);
    assertThat(shell.err())
        .startsWith("eigenscope: journal " + journal + ", line 1: the line is not JSON")
        .hasLineCount(1);
  }

  @Test
  void failsWhenThePortIsTaken() throws IOException {
    append(lines(0));
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      assertThat(shell.run("serve", journal, "--port", taken.getLocalPort())).isEqualTo(1);
      assertThat(shell.err())
          .startsWith("eigenscope: cannot listen on 127.0.0.1:" + taken.getLocalPort())
          .contains("port 0 picks a free one")
          .hasLineCount(1);
    }
  }

  @Test
  void refusesWhatCannotBe() {
    assertThat(shell.run("serve")).isEqualTo(2);
    assertThat(shell.err())
        .isEqualTo("eigenscope: Missing required parameter: 'JOURNAL'" + SEE_HELP);
    Shell other = new Shell();
    assertThat(other.run("serve", journal, "--port", "65536")).isEqualTo(2);
    assertThat(other.err())
        .isEqualTo("eigenscope: --port must be between 0 and 65535, got 65536" + SEE_HELP);
  }

  private void assertFailure(String message) {
    assertThat(shell.err()).isEqualTo("eigenscope: " + message + "\n");
    assertThat(shell.out()).isEmpty();
  }
}
