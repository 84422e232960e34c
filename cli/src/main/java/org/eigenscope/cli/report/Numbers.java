package org.eigenscope.cli.report;

import java.math.BigDecimal;
import java.math.MathContext;

/** Numbers for people, the same in every locale. */
final class Numbers {
  /** Stands for a number that is not known. */
  static final String UNKNOWN = "–";

  private static final int TABLE_DIGITS = 4;

  /** Removes the rounding errors of sums of steps, and no digit that tells two ticks apart. */
  private static final int TICK_DIGITS = 9;

  /** Numbers from 10^-3 up to 10^6 are written without a power of ten. */
  private static final int LEAST_PLAIN_EXPONENT = -3;

  private static final int GREATEST_PLAIN_EXPONENT = 5;

  private Numbers() {}

  /** Returns a number with four significant digits; a dash for one that is not finite. */
  static String text(double value) {
    return rounded(value, TABLE_DIGITS);
  }

  /** Returns a number with the digits it needs, up to nine. */
  static String tick(double value) {
    return rounded(value, TICK_DIGITS);
  }

  /** Returns a number with one significant digit. */
  static String rough(double value) {
    return rounded(value, 1);
  }

  /** Returns a share, from 0 to 1, in percent with up to three significant digits. */
  static String percent(double share) {
    return Double.isFinite(share) ? rounded(100 * share, 3) + " %" : UNKNOWN;
  }

  /** Returns 10^exponent. */
  static String powerOfTen(int exponent) {
    return exponent >= LEAST_PLAIN_EXPONENT && exponent <= GREATEST_PLAIN_EXPONENT
        ? BigDecimal.ONE.scaleByPowerOfTen(exponent).toPlainString()
        : "10" + superscript(exponent);
  }

  /** Returns a span of iterations, as a part of a sentence. */
  static String iterations(int first, int last) {
    return (first == last ? "iteration " : "iterations ") + span(first, last);
  }

  /** Returns a span of iterations, for a table. */
  static String span(int first, int last) {
    String from = minus(Integer.toString(first));
    return first == last ? from : "%s to %d".formatted(from, last);
  }

  private static String rounded(double value, int digits) {
    if (!Double.isFinite(value)) {
      return UNKNOWN;
    }
    if (value == 0) {
      return "0";
    }
    BigDecimal decimal =
        BigDecimal.valueOf(value).round(new MathContext(digits)).stripTrailingZeros();
    int exponent = decimal.precision() - decimal.scale() - 1;
    if (exponent >= LEAST_PLAIN_EXPONENT && exponent <= GREATEST_PLAIN_EXPONENT) {
      return minus(decimal.toPlainString());
    }
    String mantissa = minus(decimal.scaleByPowerOfTen(-exponent).toPlainString());
    String power = "10" + superscript(exponent);
    // A mantissa of one is left out.
    return mantissa.matches("\u2212?1") ? mantissa.replace("1", power) : mantissa + "·" + power;
  }

  private static String minus(String number) {
    return number.replace('-', '\u2212');
  }

  /** Returns a whole number that is not negative, as an index. */
  static String subscript(int index) {
    StringBuilder text = new StringBuilder();
    for (char c : Integer.toString(index).toCharArray()) {
      text.append((char) ('₀' + (c - '0')));
    }
    return text.toString();
  }

  private static String superscript(int exponent) {
    StringBuilder text = new StringBuilder();
    for (char c : Integer.toString(exponent).toCharArray()) {
      text.append(c == '-' ? '\u207b' : "⁰¹²³⁴⁵⁶⁷⁸⁹".charAt(c - '0'));
    }
    return text.toString();
  }
}
