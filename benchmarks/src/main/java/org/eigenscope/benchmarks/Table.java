package org.eigenscope.benchmarks;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Figures as a Markdown table. */
final class Table {
  private Table() {}

  static String of(Report report) {
    StringBuilder text = new StringBuilder();
    text.append(
        "| network | precision | engine | DL4J gradient | gradient | H v | H v of 8, each | floor |"
            + " G v | peak memory | an eighth of it / activations | spectrum 90 × 10 |\n");
    text.append("|---|---|---|---|---|---|---|---|---|---|---|---|\n");
    for (Case c : report.cases()) {
      text.append(
          String.format(
              Locale.ROOT,
              "| %s | %s | %s | %s | %s | %s | %s | %s | %s | %d MB | %.2f | %s |%n",
              c.network(),
              c.precision(),
              c.engine(),
              milliseconds(c.dl4jGradientMs()),
              milliseconds(c.gradientMs()),
              milliseconds(c.hvpMs()),
              milliseconds(c.hvpPerVectorBlock8Ms()),
              milliseconds(c.floorMs()),
              milliseconds(c.gaussNewtonMs()),
              c.peakBytes() / 1_000_000,
              c.peakPerVectorOverActivations(),
              seconds(c.spectrum90x10Seconds())));
    }
    return text.toString();
  }

  private static String milliseconds(double value) {
    return String.format(Locale.ROOT, value < 10 ? "%.2f ms" : "%.0f ms", value);
  }

  private static String seconds(@Nullable Double value) {
    return value == null ? "–" : String.format(Locale.ROOT, "%.1f s", value);
  }
}
