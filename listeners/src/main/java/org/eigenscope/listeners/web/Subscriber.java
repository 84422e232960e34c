package org.eigenscope.listeners.web;

import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Queue;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * One client of the events: first it takes what is kept, in pieces and at its own pace, then it is
 * live, and what happens waits for it in a queue.
 *
 * <p><b>Bounds.</b> The queue of a live client. Beyond them the client is lost, at once: it is told
 * nothing more, and may come back with the id of the last reading it saw.
 *
 * <p><b>Threading.</b> One thread takes; any thread offers, and does not wait.
 */
final class Subscriber implements AutoCloseable {

  /** Events that wait for a live client at most. */
  static final int MAXIMUM_EVENTS = 2048;

  /** Bytes that wait for a live client at most. */
  static final long MAXIMUM_BYTES = 4 << 20;

  /** The client is too slow, or what it was told is void. */
  static final class LostException extends Exception {
    private static final long serialVersionUID = 1L;

    LostException() {
      super("the client is behind", null, false, false);
    }
  }

  private final LiveFeed feed;
  private final Hello greeted;
  private final boolean resumes;
  private final Runnable onLost;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Queue<byte[]> waiting = new ArrayDeque<>();
  private long waitingBytes;
  private long cursor;
  private boolean live;
  private boolean lost;
  private boolean ended;

  /**
   * Creates a subscriber that is not live.
   *
   * @param greeted what it is told first
   * @param cursor id of the last reading that the client has
   * @param resumes whether it was told of probes and alerts before
   * @param onLost called once when it is lost, by the thread that offers; must not wait
   */
  Subscriber(LiveFeed feed, Hello greeted, long cursor, boolean resumes, Runnable onLost) {
    this.feed = feed;
    this.greeted = greeted;
    this.cursor = cursor;
    this.resumes = resumes;
    this.onLost = onLost;
  }

  Hello greeted() {
    return greeted;
  }

  long cursor() {
    return cursor;
  }

  boolean resumes() {
    return resumes;
  }

  /**
   * Returns the next event; null when there is none for so long, or none at all any more.
   *
   * @throws LostException if the client is lost
   */
  byte @Nullable [] next(long timeoutNanos) throws InterruptedException, LostException {
    lock.lockInterruptibly();
    try {
      if (waiting.isEmpty() && live) {
        long left = timeoutNanos;
        while (waiting.isEmpty() && !lost && !ended && left > 0) {
          left = changed.awaitNanos(left);
        }
      }
      if (lost) {
        throw new LostException();
      }
      byte[] event = waiting.poll();
      if (event != null) {
        waitingBytes -= event.length;
      }
      if (event != null || live) {
        return event;
      }
    } finally {
      lock.unlock();
    }
    feed.catchUp(this);
    return next(timeoutNanos);
  }

  /** Returns whether all is told and nothing will come any more. */
  boolean isOver() {
    lock.lock();
    try {
      return ended && waiting.isEmpty();
    } finally {
      lock.unlock();
    }
  }

  /** Takes kept events, up to an id. */
  void catchUp(Collection<byte[]> events, long id) {
    lock.lock();
    try {
      add(events);
      cursor = id;
    } finally {
      lock.unlock();
    }
  }

  /** Takes the last of what is kept: from now on it is live. */
  void goLive(Collection<byte[]> events) {
    lock.lock();
    try {
      add(events);
      live = true;
    } finally {
      lock.unlock();
    }
  }

  private void add(Collection<byte[]> events) {
    for (byte[] event : events) {
      waiting.add(event);
      waitingBytes += event.length;
    }
  }

  /** Takes an event. */
  void offer(byte[] event) {
    lock.lock();
    try {
      if (lost || ended) {
        return;
      }
      boolean fits =
          waiting.size() < MAXIMUM_EVENTS && waitingBytes + event.length <= MAXIMUM_BYTES;
      if (fits || waiting.isEmpty()) {
        waiting.add(event);
        waitingBytes += event.length;
        changed.signal();
        return;
      }
    } finally {
      lock.unlock();
    }
    lose();
  }

  /** Loses the client. */
  void lose() {
    lock.lock();
    try {
      if (lost) {
        return;
      }
      lost = true;
      waiting.clear();
      waitingBytes = 0;
      changed.signal();
    } finally {
      lock.unlock();
    }
    onLost.run();
  }

  /** Lets it end with what waits. */
  void end() {
    lock.lock();
    try {
      ended = true;
      changed.signal();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void close() {
    feed.remove(this);
  }
}
