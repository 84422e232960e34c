package org.eigenscope.listeners.alerts;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How many series may be watched.
 *
 * <p><b>Threading.</b> Guarded by its owner's lock.
 */
final class SeriesBudget {
  private static final Logger log = LoggerFactory.getLogger(AlertSink.class);

  private final int maximum;
  private int used;
  private long refused;

  SeriesBudget(int maximum) {
    this.maximum = maximum;
  }

  /** Takes a series; returns false, and counts, where there is none left. */
  boolean take(String what) {
    if (used < maximum) {
      used++;
      return true;
    }
    if (refused == 0) {
      log.warn(
          "{} is not watched, and nothing else that is new (said once): the maximum of {} series"
              + " is reached; it is set by AlertSink.Builder.maximumSeries(int)",
          what,
          maximum);
    }
    refused++;
    return false;
  }

  /** Gives series back. */
  void release(int series) {
    used -= series;
  }

  /** Returns how often a series was refused. */
  long refused() {
    return refused;
  }
}
