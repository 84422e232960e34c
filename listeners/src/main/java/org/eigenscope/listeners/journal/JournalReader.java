package org.eigenscope.listeners.journal;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import org.eigenscope.listeners.journal.JournalFormat.CorruptLineException;
import org.eigenscope.listeners.journal.JournalFormat.TornLineException;
import org.eigenscope.listeners.journal.JournalFormat.UnknownSchemaException;
import org.eigenscope.probes.RecordedReading;
import org.jspecify.annotations.Nullable;

/**
 * Reads a journal, one reading at a time.
 *
 * <pre>{@code
 * try (JournalReader journal = JournalReader.open(path)) {
 *   while (journal.hasNext()) {
 *     RecordedReading reading = journal.next();
 *   }
 *   journal.skipped().forEach(System.err::println);
 * }
 * }</pre>
 *
 * <p>A torn line, the beginning of a reading that a process was killed over, is skipped and listed
 * by {@link #skipped()}. A line that is no reading at all is an error, or skipped and listed, too,
 * as {@link OnCorruptLine} says. A line of a newer schema is always an error: skipping what a newer
 * version wrote would pass for an empty journal.
 *
 * <p>Memory: one line at a time. A journal that is still being written can be read; what is
 * appended after its end was reached is not seen.
 *
 * <p><b>Threading.</b> One thread at a time.
 */
public final class JournalReader implements Iterator<RecordedReading>, AutoCloseable {

  /** What to do with a line that is not a reading, and not the beginning of one. */
  public enum OnCorruptLine {
    /** Throw, naming the line. */
    FAIL,
    /** Skip and list it. */
    SKIP
  }

  /**
   * A line that was passed over.
   *
   * @param number number of the line, from 1
   * @param reason what is wrong with it
   */
  public record SkippedLine(long number, String reason) {}

  private final String name;
  private final InputStream in;
  private final OnCorruptLine onCorruptLine;
  private final List<SkippedLine> skipped = new ArrayList<>();
  private @Nullable RecordedReading next;
  private long lineNumber;

  private JournalReader(String name, InputStream in, OnCorruptLine onCorruptLine) {
    this.name = name;
    this.in = in;
    this.onCorruptLine = onCorruptLine;
  }

  /**
   * Opens a journal; corrupt lines are errors.
   *
   * @throws UncheckedIOException if the file cannot be read; the message names it
   */
  public static JournalReader open(Path path) {
    return open(path, OnCorruptLine.FAIL);
  }

  /**
   * Opens a journal.
   *
   * @throws UncheckedIOException if the file cannot be read; the message names it
   */
  public static JournalReader open(Path path, OnCorruptLine onCorruptLine) {
    try {
      return new JournalReader(
          path.toString(), new BufferedInputStream(Files.newInputStream(path)), onCorruptLine);
    } catch (IOException e) {
      throw new UncheckedIOException(
          "cannot read the journal %s (%s: %s)"
              .formatted(path, e.getClass().getSimpleName(), e.getMessage()),
          e);
    }
  }

  /**
   * Returns whether there is another reading.
   *
   * @throws UncheckedIOException if the file cannot be read on, or has a corrupt line or one of an
   *     unknown schema; the message names file and line
   */
  @Override
  public boolean hasNext() {
    if (next == null) {
      next = read();
    }
    return next != null;
  }

  /**
   * Returns the next reading.
   *
   * @throws NoSuchElementException if there is none
   * @throws UncheckedIOException as {@link #hasNext()}
   */
  @Override
  public RecordedReading next() {
    RecordedReading reading = next == null ? read() : next;
    if (reading == null) {
      throw new NoSuchElementException("the journal %s has no more readings".formatted(name));
    }
    next = null;
    return reading;
  }

  /** Returns the lines passed over so far, in their order. */
  public List<SkippedLine> skipped() {
    return List.copyOf(skipped);
  }

  private @Nullable RecordedReading read() {
    while (true) {
      byte[] line = line();
      if (line == null) {
        return null;
      }
      if (!isBlank(line)) {
        try {
          return JournalFormat.parse(line);
        } catch (TornLineException e) {
          skipped.add(new SkippedLine(lineNumber, String.valueOf(e.getMessage())));
        } catch (CorruptLineException e) {
          if (onCorruptLine == OnCorruptLine.FAIL) {
            throw failure(e);
          }
          skipped.add(new SkippedLine(lineNumber, String.valueOf(e.getMessage())));
        } catch (UnknownSchemaException e) {
          throw failure(e);
        }
      }
    }
  }

  /** Returns the bytes up to the next line feed or the end; null at the end. */
  private byte @Nullable [] line() {
    try {
      ByteArrayOutputStream line = new ByteArrayOutputStream();
      int next = in.read();
      if (next < 0) {
        return null;
      }
      lineNumber++;
      while (next >= 0 && next != '\n') {
        line.write(next);
        next = in.read();
      }
      return line.toByteArray();
    } catch (IOException e) {
      throw new UncheckedIOException(
          "cannot read on in the journal %s after line %d (%s)"
              .formatted(name, lineNumber, e.getMessage()),
          e);
    }
  }

  static boolean isBlank(byte[] line) {
    for (byte b : line) {
      if (b != ' ' && b != '\t' && b != '\r') {
        return false;
      }
    }
    return true;
  }

  private UncheckedIOException failure(Exception cause) {
    String message = "journal %s, line %d: %s".formatted(name, lineNumber, cause.getMessage());
    return new UncheckedIOException(message, new IOException(message, cause));
  }

  /**
   * Closes the file.
   *
   * @throws UncheckedIOException if the operating system reports a failure
   */
  @Override
  public void close() {
    try {
      in.close();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot close the journal " + name, e);
    }
  }
}
