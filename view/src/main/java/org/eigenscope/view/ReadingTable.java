package org.eigenscope.view;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;
import org.eigenscope.probes.Reading;

/**
 * Renders spectrum readings as rows of a table for a terminal, the same in every locale: loss,
 * largest eigenvalue, outliers, the part of the gradient in the top-10 eigenspace, and the trace
 * with its standard error. What a reading does not know is a dash.
 */
public final class ReadingTable {
  private static final String UNKNOWN = "-";

  private ReadingTable() {}

  /** Returns the line above the rows. */
  public static String header() {
    return line(Column::title);
  }

  /** Returns the row of a reading. */
  public static String row(Reading reading) {
    return line(column -> column.cell(reading));
  }

  private interface Cell {
    String of(Column column);
  }

  private static String line(Cell cell) {
    return Arrays.stream(Column.values())
        .map(
            column ->
                " ".repeat(Math.max(0, column.width - cell.of(column).length())) + cell.of(column))
        .collect(Collectors.joining("  "));
  }

  private enum Column {
    ITERATION("iteration", 9),
    LOSS("loss", 9),
    LARGEST("lambda max", 10),
    OUTLIERS("outliers", 8),
    BULK_EDGE("bulk edge", 9),
    GRADIENT("gradient k=10", 13),
    TRACE("trace +- s.e.", 20),
    SECONDS("seconds", 7);

    private final String title;
    private final int width;

    Column(String title, int width) {
      this.title = title;
      this.width = width;
    }

    private String title() {
      return title;
    }

    private String cell(Reading reading) {
      return switch (this) {
        case ITERATION -> Integer.toString(reading.provenance().iteration());
        case LOSS -> number(Values.scalar(reading, "eigenscope.loss"));
        case LARGEST ->
            number(Values.scalar(reading, "eigenscope.eigenvalue", "end", "largest", "rank", "1"));
        case OUTLIERS -> fixed(Values.scalar(reading, "eigenscope.outliers"), 0);
        case BULK_EDGE -> number(Values.scalar(reading, "eigenscope.bulk.edge", "side", "upper"));
        case GRADIENT ->
            fixed(Values.scalar(reading, "eigenscope.gradient.fraction", "k", "10"), 3);
        case TRACE ->
            number(Values.scalar(reading, "eigenscope.trace"))
                + " +- "
                + number(Values.scalar(reading, "eigenscope.trace.standard.error"));
        case SECONDS -> fixed(reading.provenance().seconds(), 1);
      };
    }
  }

  /** Returns four significant digits. */
  private static String number(double value) {
    return Double.isNaN(value) ? UNKNOWN : String.format(Locale.ROOT, "%.4g", value);
  }

  private static String fixed(double value, int digits) {
    return Double.isNaN(value) ? UNKNOWN : String.format(Locale.ROOT, "%." + digits + "f", value);
  }
}
