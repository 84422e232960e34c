package org.eigenscope.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.eigenscope.listeners.journal.JournalReader;
import org.eigenscope.listeners.journal.JournalReader.SkippedLine;
import org.eigenscope.listeners.journal.JournalTail;
import org.eigenscope.listeners.web.LiveFeed;
import org.eigenscope.listeners.web.WebServer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/**
 * {@code eigenscope serve}: the live page over a journal.
 *
 * <p>It runs until the process is ended: by Ctrl-C with status 130, as shells expect of an
 * interrupted program.
 */
@Command(
    name = "serve",
    description = {
      "Serves the live page over a journal, whether it is finished or still being written, until"
          + " Ctrl-C.",
      "",
      "What is appended to the journal appears on the page at once. Alerts are those that the same"
          + " readings raise in a training.",
      "",
    },
    sortOptions = false)
final class ServeCommand implements Callable<Integer> {
  private static final int MAX_PORT = 65_535;
  private static final int MAX_LINES = 10;
  private static final long LOOK_MILLIS = 500;

  /** What a shell makes of Ctrl-C. */
  private static final int INTERRUPTED = 130;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Parameters(
      paramLabel = "JOURNAL",
      description = "Journal of readings, JSON lines; it may be empty yet.")
  private Path journal = Path.of("");

  @Option(
      names = "--port",
      paramLabel = "N",
      defaultValue = "9464",
      description = "Port of the page, 0 for a free one. Default: ${DEFAULT-VALUE}.")
  private int port;

  @Option(
      names = "--host",
      paramLabel = "NAME",
      description =
          "Name or address of this machine to listen on, 0.0.0.0 for all of them: whoever reaches it"
              + " sees the page. Default: the loopback address.")
  private @Nullable String host;

  private long skipped;
  private long lastSkipped;
  private boolean missing;

  @Override
  public Integer call() {
    if (port < 0 || port > MAX_PORT) {
      throw Misuse.of(spec, "--port must be between 0 and %d, got %d".formatted(MAX_PORT, port));
    }
    if (host != null && host.isBlank()) {
      throw Misuse.of(spec, "--host must not be blank; leave it out for the loopback address");
    }
    checkReadable();
    WebServer.Builder builder = WebServer.builder().port(port);
    if (host != null) {
      builder.host(host);
    }
    Path name = journal.getFileName();
    try (LiveFeed feed = LiveFeed.ofJournal(String.valueOf(name));
        WebServer server = builder.page(feed).start()) {
      PrintWriter out = spec.commandLine().getOut();
      out.println("%s shows %s, until Ctrl-C".formatted(server.uri(), journal));
      out.flush();
      follow(feed);
      return INTERRUPTED;
    } catch (UncheckedIOException e) {
      throw new ExpectedFailure(String.valueOf(e.getMessage()), e);
    }
  }

  private void checkReadable() {
    if (Files.isDirectory(journal)) {
      throw new ExpectedFailure("cannot read %s: it is a directory".formatted(journal));
    }
    if (Files.exists(journal) && !Files.isRegularFile(journal)) {
      throw new ExpectedFailure("cannot read %s: it is no regular file".formatted(journal));
    }
    try {
      Files.newInputStream(journal).close();
    } catch (IOException e) {
      throw ExpectedFailure.of("read", journal, e);
    }
    // A file whose first line is no reading is no journal.
    try (JournalReader reader = JournalReader.open(journal)) {
      if (reader.hasNext()) {
        reader.next();
      }
    } catch (UncheckedIOException e) {
      throw new ExpectedFailure(String.valueOf(e.getMessage()), e);
    }
  }

  /** Reads on until this thread is interrupted. */
  private void follow(LiveFeed feed) {
    JournalTail tail = JournalTail.of(journal);
    while (!Thread.currentThread().isInterrupted()) {
      JournalTail.News news = tail.next();
      if (news.restarted()) {
        say("%s was truncated or replaced; it is shown from its beginning".formatted(journal));
        skipped = 0;
        lastSkipped = 0;
        feed.restart();
      }
      if (news.missing() != missing) {
        missing = news.missing();
        say("%s is %s".formatted(journal, missing ? "gone; waiting for it" : "there again"));
      }
      reportSkipped(tail);
      news.readings().forEach(feed::accept);
      if (news.readings().isEmpty() && !pause()) {
        return;
      }
    }
  }

  /** Waits a little; returns false when this thread is interrupted. */
  private static boolean pause() {
    try {
      TimeUnit.MILLISECONDS.sleep(LOOK_MILLIS);
      return true;
    } catch (InterruptedException e) {
      return false;
    }
  }

  private void reportSkipped(JournalTail tail) {
    for (SkippedLine line : tail.skipped()) {
      if (line.number() > lastSkipped) {
        lastSkipped = line.number();
        skipped++;
        if (skipped <= MAX_LINES) {
          say("%s, line %d is skipped: %s".formatted(journal, line.number(), line.reason()));
        } else if (skipped == MAX_LINES + 1) {
          say("%s has more lines that are skipped".formatted(journal));
        }
      }
    }
  }

  private void say(String notice) {
    PrintWriter err = spec.commandLine().getErr();
    err.println("eigenscope: " + notice);
    err.flush();
  }
}
