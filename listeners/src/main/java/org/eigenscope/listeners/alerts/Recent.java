package org.eigenscope.listeners.alerts;

import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.function.DoubleBinaryOperator;

/**
 * What was recent, in bins of equal width: their sum or their largest.
 *
 * <p><b>Accuracy.</b> The oldest bin is cut short by what has begun of the newest.
 */
final class Recent {
  private final long binMillis;
  private final DoubleBinaryOperator merge;
  private final long[] numbers;
  private final double[] values;

  private Recent(int bins, Duration width, DoubleBinaryOperator merge) {
    this.binMillis = width.toMillis();
    this.merge = merge;
    this.numbers = new long[bins];
    this.values = new double[bins];
    Arrays.fill(numbers, Long.MIN_VALUE);
  }

  /** Returns an empty sum of values. */
  static Recent sum(int bins, Duration width) {
    return new Recent(bins, width, Double::sum);
  }

  /** Returns an empty maximum of values that are not negative. */
  static Recent maximum(int bins, Duration width) {
    return new Recent(bins, width, Math::max);
  }

  /** Adds a value. */
  void add(Instant when, double value) {
    long number = number(when);
    int bin = (int) Math.floorMod(number, (long) numbers.length);
    values[bin] = numbers[bin] == number ? merge.applyAsDouble(values[bin], value) : value;
    numbers[bin] = number;
  }

  /** Returns the sum or the largest of what is recent at a moment; 0 if nothing is. */
  double at(Instant when) {
    long newest = number(when);
    double all = 0;
    for (int bin = 0; bin < numbers.length; bin++) {
      if (numbers[bin] <= newest && numbers[bin] > newest - numbers.length) {
        all = merge.applyAsDouble(all, values[bin]);
      }
    }
    return all;
  }

  private long number(Instant when) {
    return Math.floorDiv(when.toEpochMilli(), binMillis);
  }
}
