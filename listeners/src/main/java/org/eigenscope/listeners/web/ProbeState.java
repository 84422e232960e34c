package org.eigenscope.listeners.web;

import org.eigenscope.listeners.ProbeEvent;
import org.jspecify.annotations.Nullable;

/**
 * What happened to a probe last, and how often what did so far.
 *
 * @param outcome {@code completed}, {@code failed} or {@code skipped}
 * @param seconds wall time of the measurement; NaN for one that was skipped
 * @param message why it failed; null where it did not
 * @param overheadRatio as of the last completed measurement; NaN before it
 */
record ProbeState(
    String run,
    String model,
    String probe,
    int iteration,
    String outcome,
    double seconds,
    @Nullable String message,
    long completed,
    long failed,
    long skipped,
    double overheadRatio) {
  private static final double NANOS_PER_SECOND = 1e9;

  /** Returns the state after an event; {@code before} is null for a probe's first. */
  static ProbeState after(@Nullable ProbeState before, ProbeEvent event) {
    long completed = before == null ? 0 : before.completed;
    long failed = before == null ? 0 : before.failed;
    long skipped = before == null ? 0 : before.skipped;
    double overhead = before == null ? Double.NaN : before.overheadRatio;
    String outcome = "skipped";
    double seconds = Double.NaN;
    String message = null;
    if (event instanceof ProbeEvent.Completed done) {
      outcome = "completed";
      seconds = done.elapsedNanos() / NANOS_PER_SECOND;
      overhead = done.overheadRatio();
      completed++;
    } else if (event instanceof ProbeEvent.Failed thrown) {
      outcome = "failed";
      seconds = thrown.elapsedNanos() / NANOS_PER_SECOND;
      message = thrown.cause().toString();
      failed++;
    } else {
      skipped++;
    }
    return new ProbeState(
        event.run(),
        event.model(),
        event.probe(),
        event.iteration(),
        outcome,
        seconds,
        message,
        completed,
        failed,
        skipped,
        overhead);
  }
}
