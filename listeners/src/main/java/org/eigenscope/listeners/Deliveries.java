package org.eigenscope.listeners;

import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.eigenscope.probes.Provenance;
import org.eigenscope.probes.Reading;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hands things to sinks, one at a time and in order, from whichever thread is free to: a thread
 * that finds another one delivering leaves its own to it and doesn't wait.
 *
 * <p>What sinks miss, because they throw or are too far behind, is counted and told to all of them
 * as {@link ProbeEvent.Undelivered}. A sink that throws at being told misses nothing by it.
 *
 * <p><b>Threading.</b> Thread-safe.
 */
final class Deliveries implements ReadingSink {
  private static final Logger log = LoggerFactory.getLogger(ProbeListener.class);

  /** A sink this far behind is stuck. */
  private static final int CAPACITY = 1024;

  /** Of an announcement, which belongs to none. */
  private static final int NO_ITERATION = -1;

  /** A call to make on every sink, and what it is about. */
  private record Delivery(
      String run, String model, String probe, int iteration, Consumer<ReadingSink> call) {

    ProbeEvent missedBy(ReadingSink sink, long deliveries, @Nullable Throwable cause) {
      return new ProbeEvent.Undelivered(
          run, model, probe, iteration, nameOf(sink), deliveries, cause);
    }
  }

  /** Deliveries that no sink got, the last of them by itself. */
  private record Dropped(Delivery last, long deliveries) {}

  private final List<ReadingSink> sinks;
  private final Consumer<StopTrainingException> stops;
  private final BlockingQueue<Delivery> waiting = new LinkedBlockingQueue<>(CAPACITY);
  private final AtomicReference<@Nullable Dropped> dropped = new AtomicReference<>();
  private final ReentrantLock delivering = new ReentrantLock();
  private final LongAdder missed = new LongAdder();
  private final AtomicBoolean failedBefore = new AtomicBoolean();
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

  @Override
  public void announce(Announcement announcement) {
    deliver(
        new Delivery(
            announcement.run(),
            announcement.model(),
            announcement.probe(),
            NO_ITERATION,
            sink -> sink.announce(announcement)));
  }

  @Override
  public void accept(Reading reading) {
    Provenance provenance = reading.provenance();
    deliver(
        new Delivery(
            provenance.run(),
            provenance.model(),
            provenance.probe(),
            provenance.iteration(),
            sink -> sink.accept(reading)));
  }

  @Override
  public void report(ProbeEvent event) {
    deliver(
        new Delivery(
            event.run(),
            event.model(),
            event.probe(),
            event.iteration(),
            sink -> sink.report(event)));
  }

  /** Makes a call on every sink, after those that wait already. */
  private void deliver(Delivery delivery) {
    if (!waiting.offer(delivery)) {
      lose(delivery);
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

  private void lose(Delivery delivery) {
    missed.add(sinks.size());
    Dropped before =
        dropped.getAndUpdate(
            d -> new Dropped(delivery, d == null ? 1 : Math.addExact(d.deliveries(), 1)));
    if (before == null) {
      log.warn("Sinks are {} deliveries behind; more are dropped until they catch up", CAPACITY);
    }
  }

  private void deliverWaiting() {
    for (Delivery next = waiting.poll(); next != null; next = waiting.poll()) {
      deliverToAll(next);
    }
    Dropped gone = dropped.getAndSet(null);
    if (gone != null) {
      sinks.forEach(sink -> tellAll(gone.last().missedBy(sink, gone.deliveries(), null)));
    }
  }

  private void deliverToAll(Delivery delivery) {
    for (ReadingSink sink : sinks) {
      if (closed) {
        return;
      }
      try {
        delivery.call().accept(sink);
      } catch (StopTrainingException e) {
        stops.accept(e);
      } catch (Throwable t) {
        Failures.throwIfBroken(t);
        missed.increment();
        if (failedBefore.compareAndSet(false, true)) {
          log.warn("Sink {} failed and missed a delivery", sink, t);
        } else {
          log.warn("Sink {} failed and missed a delivery: {}", sink, t.toString());
        }
        tellAll(delivery.missedBy(sink, 1, t));
      }
    }
  }

  /** Tells all sinks that one of them missed something, the one itself included. */
  private void tellAll(ProbeEvent undelivered) {
    for (ReadingSink sink : sinks) {
      if (closed) {
        return;
      }
      try {
        sink.report(undelivered);
      } catch (StopTrainingException e) {
        stops.accept(e);
      } catch (Throwable t) {
        Failures.throwIfBroken(t);
        log.debug("Sink {} failed at being told of {}", sink, undelivered, t);
      }
    }
  }

  /** Returns how many deliveries sinks missed, each counted for each sink that did. */
  long missed() {
    return missed.sum();
  }

  /** Returns the name of a sink's class; of a lambda or an anonymous one, that around it. */
  static String nameOf(ReadingSink sink) {
    String name = sink.getClass().getName();
    int lambda = name.indexOf("$$");
    String outer = lambda < 0 ? name : name.substring(0, lambda);
    String simple = outer.substring(outer.lastIndexOf('.') + 1).replaceFirst("(\\$\\d+)+$", "");
    return simple.replace('$', '.');
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
