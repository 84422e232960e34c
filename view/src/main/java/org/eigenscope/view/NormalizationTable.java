package org.eigenscope.view;

import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.eigenscope.probes.NormalizationReading;
import org.eigenscope.probes.SpectrumReading;

/**
 * Renders readings of a comparison of normalizations as rows of a Markdown table that is legible on
 * a terminal, too, the same in every locale: one row for each arm, with loss, λ_1, λ_k and their
 * ratio, the gradient's fraction in the top-k eigenspace, and outliers. What a reading does not
 * know is a dash. A moment is told by the number of updates, one more than the iteration.
 */
public final class NormalizationTable {
  private static final String UNKNOWN = "-";
  private static final List<Integer> WIDTHS = List.of(7, 10, 8, 8, 9, 7, 15, 8);

  private final int k;

  /**
   * Creates a table.
   *
   * @param k rank and dimension, between 1 and the number of largest eigenvalues of the readings
   */
  public NormalizationTable(int k) {
    this.k = k;
  }

  /** Returns the two lines above the rows. */
  public List<String> header() {
    return List.of(
        line(
            "updates",
            "arm",
            "loss",
            "lambda 1",
            "lambda " + k,
            "ratio",
            "gradient top " + k,
            "outliers"),
        WIDTHS.stream()
            .map(width -> "-".repeat(width + 1) + ":")
            .collect(Collectors.joining("|", "|", "|")));
  }

  /** Returns a row for each arm of a reading. */
  public List<String> rows(NormalizationReading reading) {
    int updates = reading.provenance().iteration() + 1;
    return reading.arms().entrySet().stream()
        .map(arm -> row(updates, arm.getKey(), arm.getValue()))
        .toList();
  }

  private String row(int updates, String arm, SpectrumReading reading) {
    double first = reading.sharpness();
    double other = reading.largest().get(k - 1).value();
    Integer outliers = reading.outliers();
    return line(
        Integer.toString(updates),
        arm,
        number("%.4f", reading.loss()),
        number("%.3f", first),
        number("%.3f", other),
        number("%.2f", other > 0 ? first / other : Double.NaN),
        number("%.3f", reading.gradientFraction().get(k - 1)),
        outliers == null ? UNKNOWN : outliers.toString());
  }

  private static String number(String format, double value) {
    return Double.isNaN(value) ? UNKNOWN : String.format(Locale.ROOT, format, value);
  }

  private static String line(String... cells) {
    return IntStream.range(0, cells.length)
        .mapToObj(i -> " ".repeat(Math.max(0, WIDTHS.get(i) - cells[i].length())) + cells[i])
        .collect(Collectors.joining(" | ", "| ", " |"));
  }
}
