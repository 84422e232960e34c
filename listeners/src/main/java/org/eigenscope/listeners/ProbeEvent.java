package org.eigenscope.listeners;

import org.eigenscope.probes.linalg.NonFiniteValueException;

/** What happened to a probe that was due. */
public sealed interface ProbeEvent {

  /** Returns the name of the training run. */
  String run();

  /** Returns the name of the model within the run. */
  String model();

  /** Returns the name of the probe. */
  String probe();

  /** Returns the iteration at which the probe was due. */
  int iteration();

  /**
   * A reading was measured and delivered.
   *
   * @param run name of the training run
   * @param model name of the model within the run
   * @param probe name of the probe
   * @param iteration iteration at which the probe was due
   * @param elapsedNanos wall time of the measurement
   * @param matvecs applications of the operator it cost
   * @param overheadRatio share of wall time, since the first event of the listener, that the
   *     training thread gave to probes; in [0, 1]
   */
  record Completed(
      String run,
      String model,
      String probe,
      int iteration,
      long elapsedNanos,
      long matvecs,
      double overheadRatio)
      implements ProbeEvent {}

  /**
   * A probe threw.
   *
   * @param run name of the training run
   * @param model name of the model within the run
   * @param probe name of the probe
   * @param iteration iteration at which the probe was due
   * @param elapsedNanos wall time until it threw
   * @param cause what it threw
   */
  record Failed(
      String run, String model, String probe, int iteration, long elapsedNanos, Throwable cause)
      implements ProbeEvent {
    private static final int DEEPEST_CAUSE = 20;

    /** Returns whether a {@link NonFiniteValueException} caused it, directly or not. */
    public boolean isNonFinite() {
      // Bounded: a chain of causes may be a circle.
      Throwable current = cause;
      for (int depth = 0; current != null && depth < DEEPEST_CAUSE; depth++) {
        if (current instanceof NonFiniteValueException) {
          return true;
        }
        current = current.getCause();
      }
      return false;
    }
  }

  /**
   * A probe was due while a measurement was running (on the background thread, or on that of
   * another worker of a parallel training), and was passed over.
   *
   * @param run name of the training run
   * @param model name of the model within the run
   * @param probe name of the probe
   * @param iteration iteration at which the probe was due
   */
  record Skipped(String run, String model, String probe, int iteration) implements ProbeEvent {}
}
