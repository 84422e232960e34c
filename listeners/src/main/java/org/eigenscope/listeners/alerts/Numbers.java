package org.eigenscope.listeners.alerts;

import java.math.BigDecimal;
import java.math.MathContext;
import java.time.Duration;

/** Numbers for people, as the Prometheus alerts write them. */
final class Numbers {
  private static final int SMALLEST_EXPONENT = -5;
  private static final int PERCENT_DIGITS = 4;

  private Numbers() {}

  /** Returns a value to some significant digits, without zeros at its end: 1.4, 2.5e-07, NaN. */
  static String significant(double value, int digits) {
    if (Double.isNaN(value)) {
      return "NaN";
    }
    if (Double.isInfinite(value)) {
      return value > 0 ? "+Inf" : "-Inf";
    }
    BigDecimal rounded = new BigDecimal(value).round(new MathContext(digits)).stripTrailingZeros();
    if (rounded.signum() == 0) {
      return "0";
    }
    int exponent = rounded.precision() - rounded.scale() - 1;
    if (exponent > SMALLEST_EXPONENT && exponent < digits) {
      return rounded.toPlainString();
    }
    String mantissa = rounded.movePointLeft(exponent).stripTrailingZeros().toPlainString();
    return "%se%s%02d".formatted(mantissa, exponent < 0 ? "-" : "+", Math.abs(exponent));
  }

  /** Returns a share as a percentage. */
  static String percentage(double share) {
    return significant(100 * share, PERCENT_DIGITS) + "%";
  }

  /** Returns a time in its units: 22m 0s. */
  static String duration(double seconds) {
    Duration time = Duration.ofSeconds((long) seconds);
    if (time.toDays() > 0) {
      return "%dd %dh %dm %ds"
          .formatted(time.toDays(), time.toHoursPart(), time.toMinutesPart(), time.toSecondsPart());
    }
    if (time.toHours() > 0) {
      return "%dh %dm %ds".formatted(time.toHours(), time.toMinutesPart(), time.toSecondsPart());
    }
    return time.toMinutes() > 0
        ? "%dm %ds".formatted(time.toMinutes(), time.toSecondsPart())
        : time.toSeconds() + "s";
  }
}
