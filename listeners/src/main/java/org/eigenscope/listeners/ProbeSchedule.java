package org.eigenscope.listeners;

import java.util.Arrays;

/**
 * Decides when a probe measures.
 *
 * <p>A schedule is a pure function of the moment: it is asked from training threads, possibly
 * several times for one moment, and also whether a moment <em>would</em> be due (to keep the
 * minibatch of what may turn out to be the last iteration of an epoch). Whatever it answers, a
 * listener measures a probe at most once for an iteration. What changes a schedule, as measuring
 * does one of requests, happens in {@link #take} alone.
 */
@FunctionalInterface
public interface ProbeSchedule {

  /** Returns whether a probe measures at a moment. */
  boolean isDue(Moment moment);

  /**
   * Is told that a moment that was due is about to be measured; returns whether it still is to be.
   * By default that changes nothing, and is true.
   */
  default boolean take(Moment moment) {
    return true;
  }

  /**
   * Returns whether what is due at a moment stays due, and isn't skipped, if it can't be measured
   * then: because a measurement is running, or because it became due when the minibatch had passed
   * already. By default it is skipped.
   */
  default boolean waits(Moment moment) {
    return false;
  }

  /**
   * A moment of a training: an iteration's update was applied, or an epoch ended with it.
   *
   * @param iteration iteration whose update was applied last, as Deeplearning4j counts (from 0)
   * @param epoch epoch of that iteration, as Deeplearning4j counts (from 0)
   * @param endOfEpoch whether this is the end of the epoch; an epoch's last iteration is seen
   *     twice, first without and then with this mark
   */
  record Moment(int iteration, int epoch, boolean endOfEpoch) {}

  /**
   * Returns a schedule for every n-th iteration: those divisible by n, so that the first iteration
   * of a training (0) is one of them.
   *
   * @param n at least 1
   * @throws IllegalArgumentException if {@code n} is less than 1
   */
  static ProbeSchedule everyIterations(int n) {
    requirePositive(n, "iterations between measurements");
    return moment -> !moment.endOfEpoch() && moment.iteration() % n == 0;
  }

  /**
   * Returns a schedule for the end of every n-th epoch: after n epochs, after 2n, and so on.
   *
   * <p>Deeplearning4j tells of epochs under {@code fit(iterator)} and early stopping, but neither
   * under {@code fit(DataSet)} nor in a ParallelWrapper: there this schedule is never due.
   *
   * @param n at least 1
   * @throws IllegalArgumentException if {@code n} is less than 1
   */
  static ProbeSchedule everyEpochs(int n) {
    requirePositive(n, "epochs between measurements");
    return moment -> moment.endOfEpoch() && (moment.epoch() + 1) % n == 0;
  }

  /**
   * Returns a schedule that thins out as a training goes on: iteration 0 and the iterations nearest
   * to 10^(j / pointsPerDecade), j = 0, 1, 2, ...
   *
   * @param pointsPerDecade measurements while the iteration grows tenfold, at least 1; early
   *     decades have fewer where points share an iteration
   * @throws IllegalArgumentException if {@code pointsPerDecade} is less than 1
   */
  static ProbeSchedule logarithmic(int pointsPerDecade) {
    requirePositive(pointsPerDecade, "points per decade");
    return moment ->
        !moment.endOfEpoch()
            && (moment.iteration() == 0 || isPoint(moment.iteration(), pointsPerDecade));
  }

  /**
   * Returns a schedule for the given iterations.
   *
   * @param iterations at least one, each at least 0; in any order; copied
   * @throws IllegalArgumentException if there is none, or one is negative
   */
  static ProbeSchedule at(int... iterations) {
    if (iterations.length == 0) {
      throw new IllegalArgumentException("iterations must name at least one, got none");
    }
    int[] sorted = iterations.clone();
    Arrays.sort(sorted);
    if (sorted[0] < 0) {
      throw new IllegalArgumentException("iterations must be at least 0, got " + sorted[0]);
    }
    return moment -> !moment.endOfEpoch() && Arrays.binarySearch(sorted, moment.iteration()) >= 0;
  }

  /** Returns a schedule that is due when this one or another is. */
  default ProbeSchedule or(ProbeSchedule other) {
    return new EitherSchedule(this, other);
  }

  private static boolean isPoint(int iteration, int pointsPerDecade) {
    if (iteration < 0) {
      return false;
    }
    // Rounding moves a point by at most a half, which is under one step of j unless points are
    // dense; where they are denser than iterations, the nearest j rounds back to the iteration.
    long nearest = Math.round(Math.log10(iteration) * pointsPerDecade);
    for (long j = Math.max(0, nearest - 1); j <= nearest + 1; j++) {
      if (Math.round(Math.pow(10, (double) j / pointsPerDecade)) == iteration) {
        return true;
      }
    }
    return false;
  }

  private static void requirePositive(int value, String what) {
    if (value < 1) {
      throw new IllegalArgumentException("%s must be at least 1, got %d".formatted(what, value));
    }
  }
}
