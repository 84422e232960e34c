package org.eigenscope.listeners.alerts;

import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.eigenscope.listeners.ProbeEvent;

/**
 * What one sink missed of one model of one run.
 *
 * <p><b>Threading.</b> Guarded by its owner's lock.
 */
final class SinkWatch {
  private final Subject subject;
  private final String sink;
  private final Recent missed = Recent.sum(60, Duration.ofMinutes(1));
  private ProbeEvent.Undelivered last;

  SinkWatch(ProbeEvent.Undelivered first) {
    this.sink = first.sink();
    this.last = first;
    this.subject =
        new Subject(
            Condition.READINGS_LOST, first.run(), first.model(), null, Map.of("sink", sink));
  }

  Finding report(ProbeEvent.Undelivered event, Instant now) {
    last = event;
    missed.add(now, (double) event.deliveries());
    return check(now);
  }

  /** Looks at what depends on the time alone. */
  Finding check(Instant now) {
    double lost = missed.at(now);
    return lost > 0
        ? new Finding(
            subject,
            true,
            lost,
            0,
            "deliveries that %s missed in the last hour: %.0f".formatted(sink, lost))
        : Finding.over(subject);
  }

  /** Returns what a check is about. */
  Occasion occasion(Instant now) {
    return new Occasion(last.probe(), last.iteration(), now);
  }
}
