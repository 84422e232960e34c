package org.eigenscope.probes;

import java.util.List;

/**
 * A reading without the type its probe gave it, as it comes back from a journal.
 *
 * @param provenance where the reading comes from
 * @param measurements the scalars
 * @param spectra the spectra
 * @param notes caveats in plain words
 */
public record RecordedReading(
    Provenance provenance,
    List<Measurement> measurements,
    List<Spectrum> spectra,
    List<String> notes)
    implements Reading {

  /** Copies the lists. */
  public RecordedReading {
    measurements = List.copyOf(measurements);
    spectra = List.copyOf(spectra);
    notes = List.copyOf(notes);
  }

  /** Returns the recorded form of any reading. */
  public static RecordedReading of(Reading reading) {
    return new RecordedReading(
        reading.provenance(), reading.measurements(), reading.spectra(), reading.notes());
  }
}
