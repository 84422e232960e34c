package org.eigenscope.probes.kernel;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/** Where the members of a team wait for each other and add up what each of them found. */
final class Meeting {
  /** Turns of an empty loop, some tens of microseconds, before a member gives its core away. */
  private static final int SPINS = 4_000;

  /** How long a member sleeps at a time then, in nanoseconds. */
  private static final long NAP_NANOS = 20_000;

  private final int size;
  private final AtomicInteger arrived = new AtomicInteger();
  private volatile int round;
  private volatile boolean abandoned;

  /** What each member brought, for even and for odd rounds: nobody is more than one round ahead. */
  private final double[][][] brought;

  Meeting(int size) {
    this.size = size;
    this.brought = new double[2][size][];
  }

  /** Thrown in members that wait for one that failed. */
  static final class AbandonedException extends IllegalStateException {
    private static final long serialVersionUID = 1;

    AbandonedException() {
      super("another member of the team failed");
    }
  }

  void abandon() {
    abandoned = true;
  }

  /** Returns when all members have called this. */
  void await() {
    if (size == 1) {
      return;
    }
    int current = round;
    if (arrived.incrementAndGet() == size) {
      arrived.set(0);
      round = current + 1;
      return;
    }
    int spins = 0;
    while (round == current) {
      if (abandoned) {
        throw new AbandonedException();
      }
      if (spins < SPINS) {
        spins++;
        Thread.onSpinWait();
      } else {
        LockSupport.parkNanos(this, NAP_NANOS);
      }
    }
  }

  /** Replaces what every member brings by the sum, added up in the order of the members. */
  void sum(int member, double[] values) {
    if (size == 1) {
      return;
    }
    double[][] table = brought[round & 1];
    table[member] = values.clone();
    await();
    java.util.Arrays.fill(values, 0);
    for (double[] row : table) {
      for (int i = 0; i < values.length; i++) {
        values[i] += row[i];
      }
    }
  }
}
