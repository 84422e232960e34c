package org.eigenscope.view;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;

class NormalizationTableTest {
  private static final String GOLDEN =
      """
      | updates |        arm |     loss | lambda 1 |  lambda 3 |   ratio |  gradient top 3 | outliers |
      |--------:|-----------:|---------:|---------:|----------:|--------:|----------------:|---------:|
      |     100 |      batch |   0.5000 |    1.500 |     1.000 |    1.50 |           0.125 |        - |
      |     100 |       none |   0.5000 |   20.000 |     8.000 |    2.50 |           0.750 |        3 |
      |       1 |      batch |   0.5000 |    1.000 |    -0.500 |       - |               - |        - |
      """;

  @Test
  void columnsAreAligned() {
    assertThat(table()).isEqualTo(GOLDEN);
  }

  @Test
  void noLocaleChangesARow() {
    Locale before = Locale.getDefault();
    try {
      // Comma for the decimal point; digits of its own.
      for (String tag : new String[] {"de-DE", "ar-EG-u-nu-arab"}) {
        Locale.setDefault(Locale.forLanguageTag(tag));
        assertThat(table()).as(tag).isEqualTo(GOLDEN);
      }
    } finally {
      Locale.setDefault(before);
    }
  }

  private static String table() {
    NormalizationTable table = new NormalizationTable(3);
    List<String> lines = new ArrayList<>(table.header());
    lines.addAll(table.rows(Comparisons.at(99)));
    lines.addAll(table.rows(Comparisons.unknown(0)));
    return String.join("\n", lines) + "\n";
  }
}
