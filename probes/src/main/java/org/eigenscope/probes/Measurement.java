package org.eigenscope.probes;

import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/**
 * One named scalar of a reading.
 *
 * @param name Micrometer-style name, for example {@code eigenscope.eigenvalue}
 * @param tags what the value belongs to, sorted by key; small, bounded sets of values only: never
 *     an iteration
 * @param value the value, in the unit the quantity of that name declares; NaN when it is unknown
 */
public record Measurement(String name, Map<String, String> tags, double value) {

  /** Copies the tags. */
  public Measurement {
    if (name.isBlank()) {
      throw new IllegalArgumentException("name must not be blank");
    }
    tags = Collections.unmodifiableMap(new TreeMap<>(tags));
  }
}
