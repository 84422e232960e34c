package org.eigenscope.listeners.alerts;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.eigenscope.listeners.ProbeEvent;
import org.jspecify.annotations.Nullable;

/**
 * The conditions of one probe: failures, skips, silence.
 *
 * <p><b>Threading.</b> Guarded by its owner's lock.
 */
final class ProbeWatch {
  private static final int FAILURES_TO_RAISE = 2;

  private static final double SKIPPED_RATIO = 0.5;
  private static final int LEAST_SKIPPED = 5;
  private static final Duration SKIPS_END_AFTER = Duration.ofMinutes(15);

  private static final int LONGEST_WAITS = 4;
  private static final double LEAST_SILENCE_SECONDS = 300;
  private static final double SILENCE_AFTER_FIRST_SECONDS = 86_400;

  private final String run;
  private final String model;
  private final String probe;
  private final Recent skipped = Recent.sum(60, Duration.ofMinutes(1));
  private final Recent measured = Recent.sum(60, Duration.ofMinutes(1));
  private final Recent gaps = Recent.maximum(12, Duration.ofHours(1));
  private int lastIteration = Integer.MIN_VALUE;
  private int failures;
  private int nonFinite;
  private double gapSeconds = Double.NaN;
  private @Nullable Instant lastTime;
  private @Nullable Instant lastSeen;
  private @Nullable Instant lastSkip;

  ProbeWatch(String run, String model, String probe) {
    this.run = run;
    this.model = model;
    this.probe = probe;
  }

  /** Returns whether a reading of this iteration means that the run began again. */
  boolean beginsAgain(int iteration) {
    return iteration < lastIteration;
  }

  /**
   * Takes note of a reading.
   *
   * @param taken when its snapshot was taken, by the training's clock
   * @param seen when it arrived here
   */
  List<Finding> read(int iteration, Instant taken, Instant seen) {
    lastIteration = iteration;
    if (lastTime != null && lastSeen != null) {
      // One of a recorded run arrives at once; one of a host with a wrong clock says little.
      gapSeconds = Math.max(0, Math.max(seconds(lastTime, taken), seconds(lastSeen, seen)));
      gaps.add(seen, gapSeconds);
    }
    lastTime = taken;
    lastSeen = seen;
    failures = 0;
    nonFinite = 0;
    return List.of(failing(), notFinite(), stale(seen));
  }

  /** Takes note of what happened to it. */
  List<Finding> report(ProbeEvent event, Instant now) {
    if (event instanceof ProbeEvent.Skipped) {
      skipped.add(now, 1);
      lastSkip = now;
    } else {
      measured.add(now, 1);
    }
    if (event instanceof ProbeEvent.Failed failed) {
      failures++;
      nonFinite += failed.isNonFinite() ? 1 : 0;
      return List.of(failing(), notFinite(), skipping(now));
    }
    return List.of(skipping(now));
  }

  /** Looks at what depends on the time alone. */
  List<Finding> check(Instant now) {
    List<Finding> findings = new ArrayList<>();
    findings.add(stale(now));
    findings.add(skipping(now));
    return findings;
  }

  /** Returns what a check is about. */
  Occasion occasion(Instant now) {
    return new Occasion(probe, lastIteration == Integer.MIN_VALUE ? -1 : lastIteration, now);
  }

  private Finding failing() {
    Subject subject = subject(Condition.PROBE_FAILING);
    return failures >= FAILURES_TO_RAISE
        ? new Finding(
            subject,
            true,
            failures,
            FAILURES_TO_RAISE,
            "%s failed %d times since its last reading".formatted(probe, failures))
        : Finding.over(subject);
  }

  private Finding notFinite() {
    Subject subject = subject(Condition.LOSS_NOT_FINITE);
    return nonFinite > 0
        ? new Finding(
            subject,
            true,
            nonFinite,
            0,
            "%d measurement(s) of %s since the last reading met a NaN or an infinity"
                .formatted(nonFinite, probe))
        : Finding.over(subject);
  }

  private Finding skipping(Instant now) {
    Subject subject = subject(Condition.PROBE_SKIPPING);
    double passedOver = skipped.at(now);
    double ratio = passedOver / (passedOver + measured.at(now));
    boolean goesOn = lastSkip != null && seconds(lastSkip, now) < SKIPS_END_AFTER.toSeconds();
    return goesOn && passedOver >= LEAST_SKIPPED && ratio > SKIPPED_RATIO
        ? new Finding(
            subject,
            true,
            ratio,
            SKIPPED_RATIO,
            "%s of what was due of %s in the last hour was passed over"
                .formatted(Numbers.percentage(ratio), probe))
        : Finding.over(subject);
  }

  private Finding stale(Instant now) {
    Subject subject = subject(Condition.READINGS_STALE);
    if (lastSeen == null) {
      return Finding.over(subject);
    }
    double silence = seconds(lastSeen, now);
    double limit =
        Double.isNaN(gapSeconds)
            ? SILENCE_AFTER_FIRST_SECONDS
            : Math.max(LEAST_SILENCE_SECONDS, LONGEST_WAITS * Math.max(gapSeconds, gaps.at(now)));
    return silence > limit
        ? new Finding(
            subject,
            true,
            silence,
            limit,
            "no reading of %s for %s, though the process answers"
                .formatted(probe, Numbers.duration(silence)))
        : Finding.over(subject);
  }

  private Subject subject(Condition condition) {
    return new Subject(condition, run, model, probe, Map.of());
  }

  private static double seconds(Instant from, Instant to) {
    return Duration.between(from, to).toMillis() / 1e3;
  }
}
