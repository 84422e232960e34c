package org.eigenscope.probes;

import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/**
 * A scalar that a probe will report, declared before its first reading so that sinks can show it as
 * not yet known.
 *
 * @param name as in {@link Measurement#name()}
 * @param tags as in {@link Measurement#tags()}
 * @param description one sentence for people, with the unit; not blank, equal for equal names
 */
public record Quantity(String name, Map<String, String> tags, String description) {

  /** Copies the tags. */
  public Quantity {
    if (name.isBlank() || description.isBlank()) {
      throw new IllegalArgumentException(
          "name and description must not be blank, got '%s' and '%s'".formatted(name, description));
    }
    tags = Collections.unmodifiableMap(new TreeMap<>(tags));
  }
}
