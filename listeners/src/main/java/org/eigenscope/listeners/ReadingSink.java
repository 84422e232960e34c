package org.eigenscope.listeners;

import org.eigenscope.probes.Reading;

/**
 * Where readings go.
 *
 * <p>A sink that throws is counted and logged by the listener and does not keep a reading from the
 * other sinks. With a {@link StopTrainingException} it stops the training.
 *
 * <p><b>Threading.</b> A listener calls a sink from one thread at a time; a sink shared by several
 * listeners must be thread-safe.
 */
@FunctionalInterface
public interface ReadingSink {

  /** Takes a reading. Readings of one probe arrive in the order of their iterations. */
  void accept(Reading reading);

  /** Is told what readings a probe will give, once, before the first of them is measured. */
  default void announce(Announcement announcement) {}

  /** Is told what happened to a probe, after the reading (if there is one) was delivered. */
  default void report(ProbeEvent event) {}
}
