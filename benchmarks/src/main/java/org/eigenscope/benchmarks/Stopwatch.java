package org.eigenscope.benchmarks;

import java.util.Arrays;

/** Times something again and again. */
record Stopwatch(int repetitions) {
  /** Fewest repetitions of which a median is reported. */
  static final int FEWEST = 7;

  /** How long to warm up, in nanoseconds, unless one run alone takes longer. */
  private static final long WARM_UP_NANOS = 1_500_000_000L;

  Stopwatch {
    if (repetitions < FEWEST) {
      throw new IllegalArgumentException(
          "repetitions must be at least %d, got %d".formatted(FEWEST, repetitions));
    }
  }

  /** Returns the median time in milliseconds, after warming up. */
  double medianMilliseconds(Runnable task) {
    long start = System.nanoTime();
    do {
      task.run();
    } while (System.nanoTime() - start < WARM_UP_NANOS);
    double[] times = new double[repetitions];
    for (int i = 0; i < repetitions; i++) {
      long before = System.nanoTime();
      task.run();
      times[i] = (System.nanoTime() - before) / 1e6;
    }
    return median(times);
  }

  static double median(double[] times) {
    double[] sorted = times.clone();
    Arrays.sort(sorted);
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }
}
