package org.eigenscope.listeners;

/** Is due when one of two schedules is. */
record EitherSchedule(ProbeSchedule one, ProbeSchedule other) implements ProbeSchedule {

  @Override
  public boolean isDue(Moment moment) {
    return one.isDue(moment) || other.isDue(moment);
  }

  @Override
  public boolean take(Moment moment) {
    boolean ofOne = one.isDue(moment) && one.take(moment);
    boolean ofOther = other.isDue(moment) && other.take(moment);
    return ofOne || ofOther;
  }

  /** Returns whether nothing is skipped: whether all that is due waits. */
  @Override
  public boolean waits(Moment moment) {
    return (!one.isDue(moment) || one.waits(moment))
        && (!other.isDue(moment) || other.waits(moment));
  }
}
