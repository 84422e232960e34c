package org.eigenscope.cli.report;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.List;

/**
 * Journals as one page of HTML: figures, numbers, warnings and provenance. The page needs nothing
 * but itself, runs no script, and is the same, byte for byte, for the same journals.
 *
 * <p>Memory: all scalars, and at most 97 spectra of each kind and series.
 */
public final class Report {
  private final Journals journals;

  private Report(Journals journals) {
    this.journals = journals;
  }

  /**
   * Reads journals. Lines that are no readings are passed over, and named on the page.
   *
   * @param journals at least one, all different, each with at least one reading
   * @throws IOException if a journal has no reading; the message names it
   * @throws java.io.UncheckedIOException if a journal cannot be read, is something else, or was
   *     written by a newer version; the message names it
   */
  public static Report of(List<Path> journals) throws IOException {
    return new Report(Journals.read(journals));
  }

  /** Returns how many readings the journals have. */
  public long readings() {
    return journals.journals().stream().mapToLong(Journals.Journal::readings).sum();
  }

  /**
   * Writes the page.
   *
   * @param stream left open
   * @throws IOException if it can't be written
   */
  public void writeTo(OutputStream stream) throws IOException {
    Markup.write(stream, new Page(journals)::writeTo);
  }
}
