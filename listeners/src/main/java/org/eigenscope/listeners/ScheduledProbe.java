package org.eigenscope.listeners;

import org.eigenscope.probes.Probe;
import org.eigenscope.probes.Reading;

/**
 * A probe of a listener with its schedule, and how far it has come.
 *
 * <p><b>Threading.</b> The examination belongs to whoever measures; the last iteration to whoever
 * holds the claim on an iteration.
 */
final class ScheduledProbe {
  private final Probe<? extends Reading> probe;
  private final String name;
  private final ProbeSchedule schedule;
  private volatile int lastIteration = -1;
  private volatile boolean examined;
  private volatile boolean failedBefore;

  ScheduledProbe(Probe<? extends Reading> probe, ProbeSchedule schedule) {
    this.probe = probe;
    this.name = probe.name();
    this.schedule = schedule;
  }

  Probe<? extends Reading> probe() {
    return probe;
  }

  String name() {
    return name;
  }

  /** Returns whether the schedule asks for a moment whose iteration was not claimed already. */
  boolean isDue(ProbeSchedule.Moment moment) {
    return moment.iteration() != lastIteration && schedule.isDue(moment);
  }

  /** Returns whether this iteration may be asked for, now or as the last of its epoch. */
  boolean mayBeDue(int iteration, int epoch) {
    return schedule.isDue(new ProbeSchedule.Moment(iteration, epoch, false))
        || schedule.isDue(new ProbeSchedule.Moment(iteration, epoch, true));
  }

  /** Returns whether what is due at a moment stays due if it can't be measured now. */
  boolean waits(ProbeSchedule.Moment moment) {
    return schedule.waits(moment);
  }

  /** Marks an iteration as dealt with: measured, failed or skipped. */
  void claim(int iteration) {
    lastIteration = iteration;
  }

  /** Returns whether an iteration is dealt with. */
  boolean isClaimed(int iteration) {
    return lastIteration == iteration;
  }

  /** Claims a moment that is about to be measured; returns whether it still is to be. */
  boolean take(ProbeSchedule.Moment moment) {
    claim(moment.iteration());
    return schedule.take(moment);
  }

  /** Forgets the last iteration: another training begins. */
  void restart() {
    lastIteration = -1;
  }

  boolean isExamined() {
    return examined;
  }

  void examined() {
    examined = true;
  }

  /** Returns whether this is the first failure. */
  boolean firstFailure() {
    boolean first = !failedBefore;
    failedBefore = true;
    return first;
  }
}
