package org.eigenscope.listeners.journal;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import org.eigenscope.listeners.HandmadeReadings;
import org.eigenscope.listeners.journal.JournalReader.SkippedLine;
import org.eigenscope.listeners.journal.JournalTail.News;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JournalTailTest {
  @TempDir Path folder;

  private Path path;
  private JournalTail tail;

  @BeforeEach
  void open() {
    path = folder.resolve("run.jsonl");
    tail = JournalTail.of(path);
  }

  private static byte[] lines(int... iterations) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (int iteration : iterations) {
      bytes.writeBytes(JournalSink.line(HandmadeReadings.spectrum(iteration)));
    }
    return bytes.toByteArray();
  }

  private void append(byte[] bytes) throws IOException {
    Files.write(path, bytes, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
  }

  private List<Integer> next() {
    News news = tail.next();
    assertThat(news.restarted()).isFalse();
    assertThat(news.missing()).isFalse();
    return iterations(news);
  }

  private static List<Integer> iterations(News news) {
    return news.readings().stream().map(reading -> reading.provenance().iteration()).toList();
  }

  @Test
  void readsOnWhereItStopped() throws IOException {
    append(lines(1, 2));
    assertThat(next()).containsExactly(1, 2);
    assertThat(next()).isEmpty();
    append(lines(3));
    append(lines(4));
    assertThat(next()).containsExactly(3, 4);
    assertThat(next()).isEmpty();
  }

  @Test
  void readsWhatASinkWrites() {
    try (JournalSink sink = JournalSink.open(path)) {
      for (int i = 0; i < 3; i++) {
        sink.accept(HandmadeReadings.spectrum(i));
        assertThat(next()).containsExactly(i);
      }
    }
  }

  @Test
  void aTornLineWaitsForItsRest() throws IOException {
    byte[] line = lines(5);
    append(lines(4));
    append(Arrays.copyOf(line, 100));
    assertThat(next()).containsExactly(4);
    assertThat(next()).isEmpty();
    append(Arrays.copyOfRange(line, 100, line.length - 1));
    assertThat(next()).isEmpty();
    append(new byte[] {'\n'});
    assertThat(next()).containsExactly(5);
    assertThat(tail.skipped()).isEmpty();
  }

  @Test
  void skipsAndListsWhatIsNoReading() throws IOException {
    append(lines(1));
    append(Arrays.copyOf(lines(2), 100));
    append("\n\nnonsense\n".getBytes(UTF_8));
    append(lines(3));

    assertThat(next()).containsExactly(1, 3);
    assertThat(tail.skipped()).extracting(SkippedLine::number).containsExactly(2L, 4L);
    assertThat(tail.skipped().get(1).reason()).contains("not JSON");
  }

  @Test
  void listsTheNewestSkippedLinesOnly() throws IOException {
    append("x\n".repeat(JournalTail.LISTED + 5).getBytes(UTF_8));

    assertThat(next()).isEmpty();
    assertThat(tail.skipped()).hasSize(JournalTail.LISTED);
    assertThat(tail.skipped().get(0).number()).isEqualTo(6);
  }

  @Test
  void skipsALineThatIsTooLong() throws IOException {
    tail = new JournalTail(path, 100_000);
    append(lines(1));
    append("y".repeat(3_000_000).getBytes(UTF_8));
    assertThat(next()).containsExactly(1);
    assertThat(next()).isEmpty();
    append("y\n".getBytes(UTF_8));
    append(lines(2));

    assertThat(next()).containsExactly(2);
    assertThat(tail.skipped())
        .containsExactly(new SkippedLine(2, "the line has more than 100000 bytes"));
  }

  @Test
  void readsLongJournalsInPieces() throws IOException {
    int[] all = new int[2000];
    Arrays.setAll(all, i -> i);
    append(lines(all));
    assertThat(Files.size(path)).isGreaterThan(2 << 20);

    List<Integer> first = next();
    assertThat(first).hasSizeBetween(1, 1999).startsWith(0);
    List<Integer> iterations = new java.util.ArrayList<>(first);
    for (List<Integer> more = next(); !more.isEmpty(); more = next()) {
      iterations.addAll(more);
    }
    assertThat(iterations).hasSize(2000).isSorted();
  }

  @Test
  void aShorterFileIsReadFromItsBeginning() throws IOException {
    append(lines(1, 2, 3));
    assertThat(next()).containsExactly(1, 2, 3);
    Files.write(path, lines(1));

    News news = tail.next();

    assertThat(news.restarted()).isTrue();
    assertThat(iterations(news)).containsExactly(1);
    assertThat(next()).isEmpty();
  }

  @Test
  void anotherFileIsReadFromItsBeginningThoughItIsLonger() throws IOException {
    append("nonsense\n".getBytes(UTF_8));
    append(lines(1));
    assertThat(next()).containsExactly(1);
    assertThat(tail.skipped()).hasSize(1);
    Files.write(folder.resolve("other"), lines(7, 8, 9));
    Files.move(folder.resolve("other"), path, java.nio.file.StandardCopyOption.REPLACE_EXISTING);

    News news = tail.next();

    assertThat(news.restarted()).isTrue();
    assertThat(iterations(news)).containsExactly(7, 8, 9);
    assertThat(tail.skipped()).isEmpty();
  }

  @Test
  void aLongerCopyOfTheSameJournalIsReadOn() throws IOException {
    append(lines(1, 2));
    assertThat(next()).containsExactly(1, 2);
    Files.write(folder.resolve("copy"), lines(1, 2, 3));
    Files.move(folder.resolve("copy"), path, java.nio.file.StandardCopyOption.REPLACE_EXISTING);

    assertThat(next()).containsExactly(3);
  }

  @Test
  void waitsForAFileThatIsMissing() throws IOException {
    assertThat(tail.next()).isEqualTo(new News(List.of(), false, true));
    append(lines(1));
    assertThat(next()).containsExactly(1);
    Files.delete(path);
    assertThat(tail.next()).isEqualTo(new News(List.of(), false, true));
    append(lines(1, 2));
    assertThat(next()).containsExactly(2);
  }

  @Test
  void aNewerSchemaIsAnError() throws IOException {
    append(lines(1));
    append("{\"schema\":99}\n".getBytes(UTF_8));

    assertThatThrownBy(() -> tail.next())
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageContaining(path + ", line 2: the line has schema 99");
  }

  @Test
  void saysWhichFileItCannotRead() {
    JournalTail directory = JournalTail.of(folder);

    assertThatThrownBy(directory::next)
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageContaining("cannot read on in the journal " + folder);
  }
}
