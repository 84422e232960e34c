package org.eigenscope.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.eigenscope.listeners.journal.JournalSink;
import org.eigenscope.probes.Measurement;
import org.eigenscope.probes.Provenance;
import org.eigenscope.probes.RecordedReading;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReportCommandTest {
  private static final String SEE_HELP = "\nTry 'eigenscope report --help' for more information.\n";

  @TempDir Path folder;

  private final Shell shell = new Shell();
  private Path journal;

  @BeforeEach
  void writeJournal() {
    journal = journal("run.jsonl", 0, 10);
  }

  private Path journal(String name, int... iterations) {
    Path path = folder.resolve(name);
    try (JournalSink sink = JournalSink.open(path)) {
      for (int iteration : iterations) {
        sink.accept(
            new RecordedReading(
                new Provenance(
                    "spectrum",
                    "run",
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
                List.of(new Measurement("eigenscope.loss", Map.of(), 1.0 / (1 + iteration))),
                List.of(),
                List.of()));
      }
    }
    return path;
  }

  private void assertMisuse(String message) {
    assertThat(shell.err()).isEqualTo("eigenscope: " + message + SEE_HELP);
    assertThat(shell.out()).isEmpty();
  }

  private void assertFailure(String message) {
    assertThat(shell.err()).isEqualTo("eigenscope: " + message + "\n");
    assertThat(shell.out()).isEmpty();
  }

  @Test
  void writesThePageBesideTheFirstJournal() throws IOException {
    Path other = journal("other.jsonl", 0);

    assertThat(shell.run("report", journal, other)).isZero();
    Path page = folder.resolve("run.html");
    assertThat(shell.out()).isEqualToNormalizingNewlines("3 readings in " + page + "\n");
    assertThat(shell.err()).isEmpty();
    assertThat(Files.readString(page)).startsWith("<!DOCTYPE html>").contains("other.jsonl");
    assertThat(folder.resolve("other.html")).doesNotExist();
  }

  @Test
  void namesThePageOfAJournalWithoutAnEnding() {
    assertThat(shell.run("report", journal("readings", 0))).isZero();
    assertThat(folder.resolve("readings.html")).exists();
  }

  @Test
  void replacesThePageThatOutNames() throws IOException {
    Path page = Files.writeString(folder.resolve("page.html"), "an old page");

    assertThat(shell.run("report", "--out", page, journal)).isZero();
    assertThat(Files.readString(page)).startsWith("<!DOCTYPE html>");
    assertThat(folder.resolve("run.html")).doesNotExist();
  }

  @Test
  void asksForAJournal() {
    assertThat(shell.run("report")).isEqualTo(2);
    assertMisuse("Missing required parameter: 'JOURNAL'");
  }

  @Test
  void refusesToOverwriteAJournal() throws IOException {
    byte[] before = Files.readAllBytes(journal);

    assertThat(shell.run("report", journal, "--out", journal)).isEqualTo(2);
    assertMisuse("--out must not be one of the journals, got " + journal);
    assertThat(Files.readAllBytes(journal)).isEqualTo(before);
  }

  @Test
  void refusesToOverwriteAJournalThatIsNamedLikeAPage() {
    Path named = journal("named.html", 0);

    assertThat(shell.run("report", named)).isEqualTo(2);
    assertMisuse("--out must not be one of the journals, got " + named);
  }

  @Test
  void refusesAJournalGivenTwice() {
    Path again = folder.resolve(".").resolve("run.jsonl");

    assertThat(shell.run("report", journal, again)).isEqualTo(2);
    assertMisuse("each journal must be given once, got %s again".formatted(again));
  }

  @Test
  void failsWithoutAJournal() {
    Path missing = folder.resolve("missing.jsonl");

    assertThat(shell.run("report", journal, missing)).isEqualTo(1);
    assertFailure("cannot read " + missing + ": no such file or directory");
  }

  @Test
  void failsWithADirectory() {
    assertThat(shell.run("report", folder)).isEqualTo(1);
    assertFailure("cannot read " + folder + ": it is a directory");
  }

  @Test
  void failsWithAnEmptyJournal() throws IOException {
    Path empty = Files.createFile(folder.resolve("empty.jsonl"));

    assertThat(shell.run("report", empty)).isEqualTo(1);
    assertFailure("the journal " + empty + " has no readings yet");
  }

  @Test
  void failsWithAnotherFileAndLeavesTheOldPage() throws IOException {
    Path page = Files.writeString(folder.resolve("page.html"), "an old page");
    Path text = Files.writeString(folder.resolve("text.txt"), "no journal\n");

    assertThat(shell.run("report", journal, text, "--out", page)).isEqualTo(1);
    assertThat(shell.err())
        .startsWith("eigenscope: journal " + text + ", line 1: the line is not JSON")
        .hasLineCount(1);
    assertThat(page).hasContent("an old page");
  }

  @Test
  void failsWithANewerJournal() throws IOException {
    Files.writeString(journal, "{\"schema\":99}\n", StandardOpenOption.APPEND);

    assertThat(shell.run("report", journal)).isEqualTo(1);
    assertThat(shell.err())
        .startsWith("eigenscope: journal " + journal + ", line 3: the line has schema 99")
        .endsWith("read it with a newer version\n");
    assertThat(folder.resolve("run.html")).doesNotExist();
  }

  @Test
  void failsBeforeItReadsWhenThePageCannotBeWritten() {
    assertThat(shell.run("report", journal, "--out", folder)).isEqualTo(1);
    assertFailure("cannot write " + folder + ": it is a directory");
  }
}
