package org.eigenscope.listeners.alerts;

import java.time.Instant;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/**
 * Something of a training that asks for attention, or has ceased to.
 *
 * @param name what it is, for example {@code LossNotFinite}; that of the Prometheus alert without
 *     its prefix {@code Eigenscope}
 * @param severity how much attention it asks for
 * @param state whether it began or ended
 * @param run name of the training run
 * @param model name of the model within the run
 * @param probe name of the probe whose reading, failure, skip or silence told
 * @param tags the matrix it is about, sorted by key: operator, normalization, layer; empty when it
 *     is about the probe or the run
 * @param iteration iteration of the reading or event that raised it, or that resolved it
 * @param time when that was: the time of the reading's snapshot, or by the sink's clock where there
 *     was no reading
 * @param value what was compared, as of the last reading that raised it or kept it raised; seconds
 *     for {@code ReadingsStale}
 * @param limit what the value was compared with, in its unit; NaN when the value itself is wrong
 * @param summary one sentence that names run, model and value
 * @param runbook what to do: a page of the repository with its section
 */
public record Alert(
    String name,
    Severity severity,
    State state,
    String run,
    String model,
    String probe,
    Map<String, String> tags,
    int iteration,
    Instant time,
    double value,
    double limit,
    String summary,
    String runbook) {

  /** How much attention an alert asks for, the most first. */
  public enum Severity {
    /** The training is lost, or will be. */
    CRITICAL,
    /** Somebody should look today. */
    WARNING,
    /** Worth knowing. */
    INFO
  }

  /** Whether an alert began or ended. */
  public enum State {
    /** It began, and lasts. */
    RAISED,
    /** It ended. */
    RESOLVED
  }

  /** Copies the tags. */
  public Alert {
    tags = Collections.unmodifiableMap(new TreeMap<>(tags));
  }
}
