package org.eigenscope.view;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Locale;
import org.junit.jupiter.api.Test;

class ReadingTableTest {
  private static final String GOLDEN =
      """
      iteration       loss  lambda max  outliers  bulk edge  gradient k=10         trace +- s.e.  seconds
            599     0.1235       23.10         9     0.9000          0.877         1235 +- 67.89      4.3
              0          -           -         -          -              -                - +- -      4.3
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
    return ReadingTable.header()
        + "\n"
        + ReadingTable.row(Readings.nineOutliers())
        + "\n"
        + ReadingTable.row(Readings.unknown(0))
        + "\n";
  }
}
