package org.eigenscope.listeners;

import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hands things to sinks, one at a time and in order, from whichever thread is free to: a thread
 * that finds another one delivering leaves its own to it and doesn't wait.
 *
 * <p><b>Threading.</b> Thread-safe.
 */
final class Deliveries {
  private static final Logger log = LoggerFactory.getLogger(ProbeListener.class);

  /** A sink this far behind is stuck. */
  private static final int CAPACITY = 1024;

  private final List<ReadingSink> sinks;
  private final Consumer<StopTrainingException> stops;
  private final BlockingQueue<Consumer<ReadingSink>> waiting = new LinkedBlockingQueue<>(CAPACITY);
  private final ReentrantLock delivering = new ReentrantLock();
  private final LongAdder failures = new LongAdder();
  private final AtomicBoolean failedBefore = new AtomicBoolean();
  private final AtomicBoolean overflowed = new AtomicBoolean();
  private volatile boolean closed;

  /**
   * Creates deliveries.
   *
   * @param sinks who gets them
   * @param stops what becomes of an exception by which a sink stops the training
   */
  Deliveries(List<ReadingSink> sinks, Consumer<StopTrainingException> stops) {
    this.sinks = List.copyOf(sinks);
    this.stops = stops;
  }

  /** Makes a call on every sink, after those that wait already. */
  void deliver(Consumer<ReadingSink> call) {
    if (!waiting.offer(call) && overflowed.compareAndSet(false, true)) {
      log.warn("Sinks are {} deliveries behind; more are dropped until they catch up", CAPACITY);
    }
    // A sink that makes the listener deliver gets its turn when it has returned.
    if (delivering.isHeldByCurrentThread()) {
      return;
    }
    // Whoever adds after the last poll finds the lock free, or its holder looks once more.
    while (!waiting.isEmpty() && delivering.tryLock()) {
      try {
        deliverWaiting();
      } finally {
        delivering.unlock();
      }
    }
  }

  private void deliverWaiting() {
    for (Consumer<ReadingSink> next = waiting.poll(); next != null; next = waiting.poll()) {
      deliverToAll(next);
    }
  }

  private void deliverToAll(Consumer<ReadingSink> call) {
    for (ReadingSink sink : sinks) {
      if (closed) {
        return;
      }
      try {
        call.accept(sink);
      } catch (StopTrainingException e) {
        stops.accept(e);
      } catch (Throwable t) {
        Failures.throwIfBroken(t);
        failures.increment();
        if (failedBefore.compareAndSet(false, true)) {
          log.warn("Sink {} failed and missed a delivery", sink, t);
        } else {
          log.warn("Sink {} failed and missed a delivery: {}", sink, t.toString());
        }
      }
    }
  }

  /** Returns how many times a sink threw. */
  long failures() {
    return failures.sum();
  }

  /**
   * Delivers what waits, and then nothing more.
   *
   * @param timeoutNanos how long to wait for a thread that is delivering; what it has not delivered
   *     by then is dropped
   */
  void close(long timeoutNanos) throws InterruptedException {
    try {
      if (!delivering.isHeldByCurrentThread()
          && delivering.tryLock(timeoutNanos, TimeUnit.NANOSECONDS)) {
        try {
          deliverWaiting();
        } finally {
          delivering.unlock();
        }
      }
    } finally {
      drop();
    }
  }

  /** Delivers nothing more. */
  void drop() {
    closed = true;
  }
}
