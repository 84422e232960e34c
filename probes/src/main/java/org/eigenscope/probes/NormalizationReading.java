package org.eigenscope.probes;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Spectra of the same moment with several normalizations, and how they differ.
 *
 * @param provenance where the reading comes from; settings that differ between arms are listed in
 *     the order of the arms
 * @param arms a reading for each normalization that was measured, by its tag {@code normalization},
 *     in their order
 * @param contrasts how arms differ
 * @param unknown scalars of arms that could not be measured, which are NaN
 * @param notes caveats in plain words; those of one arm begin with its name
 */
public record NormalizationReading(
    Provenance provenance,
    Map<String, SpectrumReading> arms,
    List<Contrast> contrasts,
    List<Quantity> unknown,
    List<String> notes)
    implements Reading {

  /** Copies the collections. */
  public NormalizationReading {
    arms = Collections.unmodifiableMap(new LinkedHashMap<>(arms));
    contrasts = List.copyOf(contrasts);
    unknown = List.copyOf(unknown);
    notes = List.copyOf(notes);
  }

  @Override
  public List<Measurement> measurements() {
    List<Measurement> all = new ArrayList<>();
    arms.values().forEach(arm -> all.addAll(arm.measurements()));
    for (Quantity quantity : unknown) {
      all.add(new Measurement(quantity.name(), quantity.tags(), Double.NaN));
    }
    contrasts.forEach(contrast -> all.addAll(contrast.measurements()));
    return List.copyOf(all);
  }

  @Override
  public List<Spectrum> spectra() {
    return arms.values().stream().flatMap(arm -> arm.spectra().stream()).toList();
  }
}
