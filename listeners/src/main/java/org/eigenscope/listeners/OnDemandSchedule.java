package org.eigenscope.listeners;

import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A schedule that is due once after each request: at the next iteration, or as soon as no other
 * measurement is running. What waits is not skipped; requests that come while one waits are one.
 *
 * <p><b>Threading.</b> Thread-safe: anybody may request, at any time.
 */
public final class OnDemandSchedule implements ProbeSchedule {
  private final AtomicBoolean requested = new AtomicBoolean();

  private OnDemandSchedule() {}

  /** Returns a schedule without a request. */
  public static OnDemandSchedule create() {
    return new OnDemandSchedule();
  }

  /** Asks for one measurement. */
  public void request() {
    requested.set(true);
  }

  @Override
  public boolean isDue(Moment moment) {
    return requested.get();
  }

  @Override
  public boolean take(Moment moment) {
    return requested.getAndSet(false);
  }

  @Override
  public boolean waits(Moment moment) {
    return true;
  }
}
