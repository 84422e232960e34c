package org.eigenscope.probes;

import java.util.List;

/**
 * Measures one thing of a network, at one moment of its training.
 *
 * <p>A probe may remember earlier readings (to start warm, to compare eigenspaces), so an instance
 * belongs to one listener. It must not touch the model in training: all it needs is in the
 * snapshot.
 *
 * <p><b>Threading.</b> A listener calls a probe from one thread at a time.
 *
 * @param <R> the type of its readings
 */
public interface Probe<R extends Reading> {

  /**
   * Returns a short name in lower case, the same at every call: the {@code probe} tag of metrics.
   */
  String name();

  /**
   * Measures a snapshot.
   *
   * @param snapshot the network and the data to measure; not modified, not kept
   * @return what was measured; values that did not converge are in it with their residuals
   */
  R measure(Snapshot snapshot);

  /**
   * Says before the first reading, in plain words, what will be measured and what it will cost, and
   * declares the scalars that readings will hold.
   *
   * @param snapshot a snapshot like those that will be measured; not modified, not kept
   * @return what the examination found
   */
  Examination examine(Snapshot snapshot);

  /**
   * What an examination found.
   *
   * @param findings sentences for people, most important first
   * @param quantities the scalars that readings will hold
   * @param expectedMatvecs applications of the operator that a reading is expected to cost
   * @param expectedSeconds wall time a reading is expected to take; NaN when it was not estimated
   * @param expectedBytes memory a reading is expected to need at its peak
   */
  record Examination(
      List<String> findings,
      List<Quantity> quantities,
      long expectedMatvecs,
      double expectedSeconds,
      long expectedBytes) {

    /** Copies the lists. */
    public Examination {
      findings = List.copyOf(findings);
      quantities = List.copyOf(quantities);
    }
  }
}
