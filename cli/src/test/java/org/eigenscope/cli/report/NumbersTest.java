package org.eigenscope.cli.report;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NumbersTest {

  @ParameterizedTest
  @CsvSource({
    "0, 0",
    "-0.0, 0",
    "1, 1",
    "-1.5, −1.5",
    "123456.7, 123500",
    "999999, 10⁶",
    "1e6, 10⁶",
    "2.34567e-12, 2.346·10⁻¹²",
    "-3e9, −3·10⁹",
    "-1e9, −10⁹",
    "0.001234567, 0.001235",
    "0.0001, 10⁻⁴",
    "1.7976931348623157e308, 1.798·10³⁰⁸",
    "4.9e-324, 4.9·10⁻³²⁴",
    "NaN, –",
    "Infinity, –",
  })
  void hasFourSignificantDigitsAndPowersOfTen(double value, String text) {
    assertThat(Numbers.text(value)).isEqualTo(text);
  }

  @ParameterizedTest
  @CsvSource({"0.30000000000000004, 0.3", "449950, 449950", "-0.1, −0.1", "2e-7, 2·10⁻⁷"})
  void ticksHaveTheDigitsTheyNeed(double value, String text) {
    assertThat(Numbers.tick(value)).isEqualTo(text);
  }

  @ParameterizedTest
  @CsvSource({"0, 1", "3, 1000", "-3, 0.001", "-4, 10⁻⁴", "17, 10¹⁷"})
  void powersOfTen(int exponent, String text) {
    assertThat(Numbers.powerOfTen(exponent)).isEqualTo(text);
  }

  @Test
  void sharesAreInPercent() {
    assertThat(Numbers.percent(0.12345)).isEqualTo("12.3 %");
    assertThat(Numbers.percent(Double.NaN)).isEqualTo("–");
  }

  @Test
  void spansOfIterations() {
    assertThat(Numbers.iterations(5, 5)).isEqualTo("iteration 5");
    assertThat(Numbers.iterations(-1, 300)).isEqualTo("iterations −1 to 300");
    assertThat(Numbers.span(-1, -1)).isEqualTo("−1");
  }

  @Test
  void indices() {
    assertThat(Numbers.subscript(105)).isEqualTo("₁₀₅");
  }
}
