package org.eigenscope.listeners.alerts;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** As Go's %g does, and Prometheus' humanizeDuration. */
class NumbersTest {

  @ParameterizedTest
  @CsvSource({
    "1.4, 3, 1.4",
    "1, 3, 1",
    "0, 3, 0",
    "-0.98249, 3, -0.982",
    "999.6, 3, 1e+03",
    "123456, 3, 1.23e+05",
    "100, 3, 100",
    "0.0025, 2, 0.0025",
    "0.0001, 2, 0.0001",
    "0.00001234, 2, 1.2e-05",
    "NaN, 3, NaN",
    "Infinity, 3, +Inf",
    "-Infinity, 3, -Inf"
  })
  void significantDigitsAreKept(double value, int digits, String text) {
    assertThat(Numbers.significant(value, digits)).isEqualTo(text);
  }

  @ParameterizedTest
  @CsvSource({"0.97, 97%", "0.711111, 71.11%", "1, 100%", "0.0001, 0.01%"})
  void sharesArePercentages(double share, String text) {
    assertThat(Numbers.percentage(share)).isEqualTo(text);
  }

  @ParameterizedTest
  @CsvSource({"59.9, 59s", "1320, 22m 0s", "3661, 1h 1m 1s", "190805, 2d 5h 0m 5s"})
  void timesAreInTheirUnits(double seconds, String text) {
    assertThat(Numbers.duration(seconds)).isEqualTo(text);
  }
}
