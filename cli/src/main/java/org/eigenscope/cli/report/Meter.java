package org.eigenscope.cli.report;

import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * What a scalar or a spectrum of a series is.
 *
 * @param name as in a measurement
 * @param tags those that do not belong to the name of the series, sorted by key
 */
record Meter(String name, Map<String, String> tags) {
  static final String EIGENVALUE = "eigenscope.eigenvalue";
  static final String EIGENVALUE_RESIDUAL = "eigenscope.eigenvalue.residual";
  static final String TRACE_STANDARD_ERROR = "eigenscope.trace.standard.error";
  static final String GRADIENT_FRACTION = "eigenscope.gradient.fraction";

  static final Meter SHARPNESS = eigenvalue(1);
  static final Meter OUTLIERS = of("eigenscope.outliers");
  static final Meter BULK_EDGE = of("eigenscope.bulk.edge", "side", "upper");
  static final Meter TRACE = of("eigenscope.trace");
  static final Meter NEGATIVE_MASS = of("eigenscope.negative.mass");
  static final Meter LOSS = of("eigenscope.loss");
  static final Meter GRADIENT_NORM = of("eigenscope.gradient.norm");
  static final Meter STABILITY_RATIO = of("eigenscope.stability.ratio");

  Meter {
    tags = Collections.unmodifiableMap(new TreeMap<>(tags));
  }

  /** Returns what is measured by a name and tags that a series of one matrix is told apart by. */
  static Meter ofMatrix(String name, Map<String, String> tags) {
    return new Meter(name, SeriesName.otherTags(tags));
  }

  /**
   * Returns a meter.
   *
   * @param tags keys and values in turn
   */
  static Meter of(String name, String... tags) {
    Map<String, String> map = new TreeMap<>();
    for (int i = 0; i < tags.length; i += 2) {
      map.put(tags[i], tags[i + 1]);
    }
    return new Meter(name, map);
  }

  /** Returns the meter of one of the largest eigenvalues. */
  static Meter eigenvalue(int rank) {
    return of(EIGENVALUE, "end", "largest", "rank", Integer.toString(rank));
  }

  /** Returns the meter of the gradient's fraction in the eigenspace of the k largest. */
  static Meter gradientFraction(int k) {
    return of(GRADIENT_FRACTION, "k", Integer.toString(k));
  }

  /** Returns what says by how much this one's values may be wrong; it may have no values. */
  Meter doubt() {
    String doubt =
        name.equals(EIGENVALUE)
            ? EIGENVALUE_RESIDUAL
            : name.equals(TRACE.name) ? TRACE_STANDARD_ERROR : "";
    return new Meter(doubt, tags);
  }

  /** Returns the rank of an eigenvalue or the dimension of an eigenspace; 0 for others. */
  int number() {
    String number = isContrast() ? "" : tags.getOrDefault("rank", tags.getOrDefault("k", ""));
    return number.matches("[1-9][0-9]{0,6}") ? Integer.parseInt(number) : 0;
  }

  private boolean isContrast() {
    return tags.containsKey("arm") && tags.containsKey("reference");
  }

  /** Returns the tags in words; empty where there are none. */
  String label() {
    if (isContrast()) {
      return "%s against %s".formatted(tags.get("arm"), tags.get("reference"))
          + (tags.containsKey("k") ? ", k = " + tags.get("k") : "");
    }
    if (number() > 0) {
      return (tags.containsKey("rank") ? "rank " : "k = ") + number();
    }
    return tags.entrySet().stream()
        .map(tag -> tag.getKey() + " " + tag.getValue())
        .collect(Collectors.joining(", "));
  }
}
