package org.eigenscope.listeners.alerts;

/**
 * One quantity, counted reading by reading: raised by the third in a row above its limit, and until
 * the second in a row under 0.9 of it.
 *
 * <p>A rise is measured from the mean of its own past, in units of what that allows: the limit or
 * four mean deviations. The past is some ten readings, each with the same weight until there are
 * ten. What is high stays out of the past, and does not become its own excuse; the tenth high
 * reading in a row begins a new past, so that a rise tells of changes and not of states.
 *
 * <p>These are the recording rules of {@code grafana/rules/eigenscope-readings.yaml}, for a server
 * that sees every reading.
 *
 * <p><b>Threading.</b> Guarded by its owner's lock.
 */
final class Signal {
  private static final int HIGH_TO_RAISE = 3;
  private static final int LOW_TO_END = 2;
  private static final double CLEARLY_BELOW = 0.9;
  private static final int PAST_BEGINS_AFTER = 5;
  private static final int PAST = 10;
  private static final int HIGH_TO_BECOME_PAST = 10;
  private static final double DEVIATIONS = 4;

  private final boolean rise;
  private final double limit;
  private int readings;
  private int high;
  private int low;
  private boolean raised;
  private boolean jumped;
  private double mean;
  private double deviation;

  private Signal(boolean rise, double limit) {
    this.rise = rise;
    this.limit = limit;
  }

  /** Returns a signal that compares values as they are. */
  static Signal level(double limit) {
    return new Signal(false, limit);
  }

  /** Returns a signal that compares values with their own past. */
  static Signal rise(double limit) {
    return new Signal(true, limit);
  }

  /** Counts a reading's value: not NaN, and finite where it is compared with its past. */
  void count(double value) {
    readings++;
    if (!rise) {
      judge(value / limit);
      return;
    }
    if (readings > PAST_BEGINS_AFTER) {
      judge((value - mean) / allowed());
    }
    if (high >= HIGH_TO_BECOME_PAST) {
      mean = value;
      high = 0;
    } else if (high == 0) {
      remember(value);
    }
  }

  private void judge(double score) {
    jumped = score > 1 && high == 0;
    high = score > 1 ? high + 1 : 0;
    low = score < CLEARLY_BELOW ? low + 1 : 0;
    raised = high >= HIGH_TO_RAISE || (raised && low < LOW_TO_END);
  }

  private void remember(double value) {
    if (readings == 1) {
      mean = value;
      return;
    }
    double weight = 1.0 / Math.min(readings, PAST);
    deviation += weight * (Math.abs(value - mean) - deviation);
    mean += weight * (value - mean);
  }

  /** Returns whether values are compared with their own past. */
  boolean isRise() {
    return rise;
  }

  /** Returns whether it is raised. */
  boolean isRaised() {
    return raised;
  }

  /** Returns whether the last reading counted was above the limit, and the one before was not. */
  boolean hasJumped() {
    return jumped;
  }

  /** Returns the mean of the past; of a rise only. */
  double mean() {
    return mean;
  }

  /** Returns how far above the mean of its past a value may be; of a rise only. */
  double allowed() {
    return Math.max(limit, DEVIATIONS * deviation);
  }

  /** Returns what values are compared with, or the smallest rise that counts. */
  double limit() {
    return limit;
  }
}
