package org.eigenscope.probes;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.eigenscope.probes.linalg.QuadratureRule;

/**
 * An estimated eigenvalue distribution: the quadrature rules of independent draws, from which any
 * density can be made later.
 *
 * @param name Micrometer-style name, for example {@code eigenscope.spectrum}
 * @param tags what the spectrum belongs to, sorted by key
 * @param order number of eigenvalues of the operator, at least 1
 * @param draws one rule for each test vector, at least one; the estimate is their mean
 */
public record Spectrum(
    String name, Map<String, String> tags, long order, List<QuadratureRule> draws) {

  /** Copies tags and draws. */
  public Spectrum {
    if (order < 1 || draws.isEmpty()) {
      throw new IllegalArgumentException(
          "a spectrum needs an order >= 1 and at least one draw, got order %d and %d draws"
              .formatted(order, draws.size()));
    }
    tags = Collections.unmodifiableMap(new TreeMap<>(tags));
    draws = List.copyOf(draws);
  }
}
