package org.eigenscope.probes;

import java.util.List;

/**
 * What a probe measured, immutable and complete: every sink can render any reading from these four
 * lists alone, and a probe's own type adds only typed access to the same values.
 */
public interface Reading {

  /** Returns where the reading comes from. */
  Provenance provenance();

  /** Returns the scalars, at most one for each name and set of tags. */
  List<Measurement> measurements();

  /** Returns the spectra; empty when the probe measures none. */
  List<Spectrum> spectra();

  /**
   * Returns caveats in plain words, for example what did not converge; empty when there are none.
   */
  List<String> notes();
}
