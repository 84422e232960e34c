package org.eigenscope.listeners.web;

import java.time.Duration;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Interrupts threads that take longer over a client than they may. An interrupt closes the channel
 * that a thread reads from or writes to, and so ends its wait.
 *
 * <p><b>Threading.</b> Thread-safe; one daemon thread.
 */
final class Watchdog implements AutoCloseable {

  private static final ThreadLocal<@Nullable Watch> current = new ThreadLocal<>();

  /** The watch over one thread's work for one client, from its creation to its closing. */
  final class Watch implements AutoCloseable {
    private final Thread thread = Thread.currentThread();
    private @Nullable Future<?> alarm;
    private boolean barked;
    private boolean over;

    private Watch() {}

    /** Gives the thread so much time from now on, in place of what it had left. */
    synchronized void allow(Duration time) {
      cancel();
      if (!over && !barked) {
        alarm = timer.schedule(this::bark, time.toNanos(), TimeUnit.NANOSECONDS);
      }
    }

    /** Interrupts the thread now, unless its work is over. */
    synchronized void bark() {
      if (!over && !barked) {
        barked = true;
        thread.interrupt();
      }
    }

    private void cancel() {
      if (alarm != null) {
        alarm.cancel(false);
      }
    }

    /** Ends the watch; the thread's next work must not be interrupted for this one. */
    @Override
    public synchronized void close() {
      over = true;
      cancel();
      current.remove();
      if (barked) {
        Thread.interrupted();
      }
    }
  }

  private final ScheduledThreadPoolExecutor timer;

  Watchdog() {
    timer =
        new ScheduledThreadPoolExecutor(
            1,
            task -> {
              Thread thread = new Thread(task, "eigenscope-web-watchdog");
              thread.setDaemon(true);
              return thread;
            });
    timer.setRemoveOnCancelPolicy(true);
  }

  /** Begins to watch the calling thread, which must close the watch. */
  Watch watch(Duration time) {
    Watch watch = new Watch();
    current.set(watch);
    watch.allow(time);
    return watch;
  }

  /** Returns the watch over the calling thread. */
  static Watch current() {
    Watch watch = current.get();
    if (watch == null) {
      throw new IllegalStateException("nobody watches this thread");
    }
    return watch;
  }

  @Override
  public void close() {
    timer.shutdownNow();
  }
}
