package org.eigenscope.listeners;

import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * How much of its wall time a training gave to a listener, from the listener's first event.
 *
 * <p><b>Threading.</b> Thread-safe.
 */
final class Overhead {
  private final LongSupplier nanoTime;
  private final AtomicReference<@Nullable Long> begun = new AtomicReference<>();
  private final LongAdder spent = new LongAdder();

  Overhead(LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
  }

  /** Takes note of an event; returns its time. */
  long event() {
    long now = nanoTime.getAsLong();
    if (begun.get() == null) {
      begun.compareAndSet(null, now);
    }
    return now;
  }

  /** Adds the time from a start until now. */
  void spentSince(long start) {
    spent.add(nanoTime.getAsLong() - start);
  }

  /** Returns the share, in [0, 1], with what is being spent. */
  double ratio(@Nullable Long spendingSince) {
    Long first = begun.get();
    if (first == null) {
      return 0;
    }
    long now = nanoTime.getAsLong();
    long total = spent.sum() + (spendingSince == null ? 0 : now - spendingSince);
    // Several training threads may spend at once; no wall time at all is no share.
    return now == first ? 0 : Math.min(1, (double) total / (now - first));
  }
}
