package org.eigenscope.listeners;

import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import org.eigenscope.probes.Quantity;
import org.eigenscope.probes.Reading;
import org.jspecify.annotations.Nullable;

/**
 * What became of the measurements of one listener: counted, told to its sinks, and, where a failure
 * or a sink's wish to stop is to reach the training, kept for the training thread.
 *
 * <p><b>Threading.</b> Thread-safe.
 */
final class Outcomes {
  private final String run;
  private final String model;
  private final FailurePolicy failurePolicy;
  private final Deliveries deliveries;
  private final AtomicReference<@Nullable RuntimeException> toRethrow = new AtomicReference<>();
  private final LongAdder completed = new LongAdder();
  private final LongAdder failed = new LongAdder();
  private final LongAdder skipped = new LongAdder();

  Outcomes(String run, String model, List<ReadingSink> sinks, FailurePolicy failurePolicy) {
    this.run = run;
    this.model = model;
    this.failurePolicy = failurePolicy;
    this.deliveries = new Deliveries(sinks, this::keep);
  }

  void announce(String probe, List<Quantity> quantities) {
    Announcement announcement = new Announcement(run, model, probe, quantities);
    deliveries.deliver(sink -> sink.announce(announcement));
  }

  void completed(
      String probe,
      int iteration,
      Reading reading,
      long elapsedNanos,
      long matvecs,
      double overheadRatio) {
    completed.increment();
    deliveries.deliver(sink -> sink.accept(reading));
    report(
        new ProbeEvent.Completed(
            run, model, probe, iteration, elapsedNanos, matvecs, overheadRatio));
  }

  void skipped(String probe, int iteration) {
    skipped.increment();
    report(new ProbeEvent.Skipped(run, model, probe, iteration));
  }

  /** Takes a failure; {@link #rethrow} throws its message and cause under RETHROW. */
  void failed(String probe, int iteration, long elapsedNanos, String message, Throwable cause) {
    failed.increment();
    if (failurePolicy == FailurePolicy.RETHROW) {
      keep(new ProbeFailedException(message, cause));
    }
    report(new ProbeEvent.Failed(run, model, probe, iteration, elapsedNanos, cause));
  }

  private void report(ProbeEvent event) {
    deliveries.deliver(sink -> sink.report(event));
  }

  private void keep(RuntimeException thrown) {
    RuntimeException earlier = toRethrow.compareAndExchange(null, thrown);
    if (earlier != null && earlier != thrown) {
      earlier.addSuppressed(thrown);
    }
  }

  /**
   * Throws what failed since it was last called, under {@link FailurePolicy#RETHROW}, or what a
   * sink threw to stop the training; for the training thread.
   */
  void rethrow() {
    RuntimeException failure = toRethrow.getAndSet(null);
    if (failure != null) {
      throw failure;
    }
  }

  ProbeListener.Counts counts() {
    return new ProbeListener.Counts(
        completed.sum(), failed.sum(), skipped.sum(), deliveries.failures());
  }

  /**
   * Delivers what waits, and then nothing more.
   *
   * @param timeoutNanos how long to wait for a thread that is delivering
   */
  void close(long timeoutNanos) throws InterruptedException {
    deliveries.close(timeoutNanos);
  }

  /** Delivers nothing more. */
  void drop() {
    deliveries.drop();
  }
}
