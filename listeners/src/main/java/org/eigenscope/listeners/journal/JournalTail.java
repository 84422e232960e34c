package org.eigenscope.listeners.journal;

import java.io.ByteArrayOutputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import org.eigenscope.listeners.journal.JournalFormat.CorruptLineException;
import org.eigenscope.listeners.journal.JournalFormat.TornLineException;
import org.eigenscope.listeners.journal.JournalFormat.UnknownSchemaException;
import org.eigenscope.listeners.journal.JournalReader.SkippedLine;
import org.eigenscope.probes.RecordedReading;

/**
 * Follows a journal that may still be written: each call reads on where the last one stopped.
 *
 * <p>A torn line at the end of the file waits for its rest. A line that is no reading is skipped
 * and listed by {@link #skipped()}; a line of a newer schema is an error.
 *
 * <p><b>Other files of the same name.</b> When the file is shorter than what was read of it, or
 * begins otherwise, it is another one: it is read from its beginning, and {@link News#restarted()}
 * says so. A copy that was replaced by a longer copy of the same journal is read on. While there is
 * no file, there is nothing new.
 *
 * <p><b>Bounds.</b> At most one piece of the file (1 MB) and one line are held; a line of more than
 * 64 MB is skipped. The newest {@value #LISTED} skipped lines are listed.
 *
 * <p><b>Threading.</b> One thread at a time. The file is open only during a call.
 */
public final class JournalTail {

  /** Skipped lines that are listed. */
  public static final int LISTED = 100;

  private static final int PIECE = 1 << 20;
  private static final int LONGEST_LINE = 64 << 20;

  /** A reading's run and time are in it, which no two journals share. */
  private static final int BEGINNING = 512;

  /**
   * What a call found.
   *
   * @param readings what was appended since the last call, or a part of it; empty when there is
   *     nothing new
   * @param restarted whether the file is another one than before: the readings are the first of it
   * @param missing whether there is no file
   */
  public record News(List<RecordedReading> readings, boolean restarted, boolean missing) {

    /** Copies the list. */
    public News {
      readings = List.copyOf(readings);
    }
  }

  private final Path path;
  private final int longestLine;
  private final ByteArrayOutputStream beginning = new ByteArrayOutputStream();
  private final ByteArrayOutputStream line = new ByteArrayOutputStream();
  private final Deque<SkippedLine> skipped = new ArrayDeque<>();
  private long position;
  private long lines;
  private boolean tooLong;

  JournalTail(Path path, int longestLine) {
    this.path = path;
    this.longestLine = longestLine;
  }

  /** Returns a tail that begins at the beginning of a file, which need not exist yet. */
  public static JournalTail of(Path path) {
    return new JournalTail(path, LONGEST_LINE);
  }

  /**
   * Reads on, at most 1 MB at a time: what is empty was read to its end.
   *
   * @throws UncheckedIOException if the file cannot be read or has a line of a newer schema; the
   *     message names file and line
   */
  public News next() {
    List<RecordedReading> readings = new ArrayList<>();
    boolean restarted = false;
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "r")) {
      if (isOther(file)) {
        restart();
        restarted = true;
      }
      byte[] piece = new byte[(int) Math.min(PIECE, Math.max(0, file.length() - position))];
      file.seek(position);
      int length = Math.max(0, file.read(piece));
      while (length > 0 && readings.isEmpty()) {
        take(piece, length, readings);
        position += length;
        // A line may be longer than a piece.
        length = readings.isEmpty() ? Math.max(0, file.read(piece)) : 0;
      }
    } catch (FileNotFoundException e) {
      if (!path.toFile().exists()) {
        return new News(List.of(), false, true);
      }
      throw failure(e);
    } catch (IOException e) {
      throw failure(e);
    }
    return new News(readings, restarted, false);
  }

  private UncheckedIOException failure(IOException e) {
    return new UncheckedIOException(
        "cannot read on in the journal %s after line %d (%s)"
            .formatted(path, lines, e.getMessage()),
        e);
  }

  /** Returns the newest of the lines passed over so far, in their order. */
  public List<SkippedLine> skipped() {
    return List.copyOf(skipped);
  }

  private boolean isOther(RandomAccessFile file) throws IOException {
    if (file.length() < position) {
      return true;
    }
    byte[] now = new byte[beginning.size()];
    file.seek(0);
    file.readFully(now);
    return !Arrays.equals(now, beginning.toByteArray());
  }

  private void restart() {
    position = 0;
    lines = 0;
    tooLong = false;
    skipped.clear();
    beginning.reset();
    line.reset();
  }

  private void take(byte[] piece, int length, List<RecordedReading> readings) {
    beginning.write(piece, 0, Math.min(length, BEGINNING - beginning.size()));
    int start = 0;
    for (int i = 0; i < length; i++) {
      if (piece[i] == '\n') {
        append(piece, start, i);
        endLine(readings);
        start = i + 1;
      }
    }
    append(piece, start, length);
  }

  private void append(byte[] piece, int from, int to) {
    tooLong |= line.size() + (long) (to - from) > longestLine;
    if (tooLong) {
      line.reset();
    } else {
      line.write(piece, from, to - from);
    }
  }

  private void endLine(List<RecordedReading> readings) {
    lines++;
    byte[] bytes = line.toByteArray();
    line.reset();
    if (tooLong) {
      tooLong = false;
      skip("the line has more than %d bytes".formatted(longestLine));
    } else if (!JournalReader.isBlank(bytes)) {
      try {
        readings.add(JournalFormat.parse(bytes));
      } catch (TornLineException | CorruptLineException e) {
        skip(String.valueOf(e.getMessage()));
      } catch (UnknownSchemaException e) {
        String message = "journal %s, line %d: %s".formatted(path, lines, e.getMessage());
        throw new UncheckedIOException(message, new IOException(message, e));
      }
    }
  }

  private void skip(String reason) {
    if (skipped.size() >= LISTED) {
      skipped.removeFirst();
    }
    skipped.add(new SkippedLine(lines, reason));
  }
}
