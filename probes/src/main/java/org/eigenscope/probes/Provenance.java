package org.eigenscope.probes;

import java.time.Instant;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/**
 * Where a reading comes from, and what it takes to repeat it.
 *
 * @param probe name of the probe
 * @param run name of the training run
 * @param model name of the model within the run
 * @param iteration iteration whose update had just been applied to the parameters measured, as
 *     Deeplearning4j counts (from 0); −1 outside a training
 * @param epoch epoch as Deeplearning4j counts (from 0); −1 outside a training
 * @param time when the snapshot was taken
 * @param seconds wall time of the measurement
 * @param examples number of examples the loss is averaged over
 * @param seed seed of every random choice of the measurement
 * @param matvecs applications of the operator that the measurement cost
 * @param settings everything else that a repetition needs, by name: engine, precision, batchNorm,
 *     operator, layer, steps, draws, step sizes; sorted by key
 * @param versions versions of the software, by name; sorted by key
 */
public record Provenance(
    String probe,
    String run,
    String model,
    int iteration,
    int epoch,
    Instant time,
    double seconds,
    long examples,
    long seed,
    long matvecs,
    Map<String, String> settings,
    Map<String, String> versions) {

  /** Copies the maps. */
  public Provenance {
    settings = Collections.unmodifiableMap(new TreeMap<>(settings));
    versions = Collections.unmodifiableMap(new TreeMap<>(versions));
  }

  /**
   * Returns the provenance of a reading of a snapshot, measured by this software.
   *
   * @param probe name of the probe
   * @param snapshot what was measured
   * @param seconds wall time of the measurement
   * @param seed seed of every random choice of the measurement
   * @param matvecs applications of the operator that the measurement cost
   * @param settings everything else that a repetition needs, by name
   */
  public static Provenance of(
      String probe,
      Snapshot snapshot,
      double seconds,
      long seed,
      long matvecs,
      Map<String, String> settings) {
    return new Provenance(
        probe,
        snapshot.run(),
        snapshot.model(),
        snapshot.iteration(),
        snapshot.epoch(),
        snapshot.time(),
        seconds,
        snapshot.data().examples(),
        seed,
        matvecs,
        settings,
        SoftwareVersions.all());
  }
}
