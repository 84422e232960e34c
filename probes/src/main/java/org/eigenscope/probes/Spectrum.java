package org.eigenscope.probes;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.eigenscope.probes.linalg.QuadratureRule;

/**
 * An estimated distribution over the eigenvalues of an operator: quadrature rules of independent
 * draws, from which any density can be made later.
 *
 * <p>What the weights are shares of goes with the name: of the eigenvalues themselves in {@link
 * #EIGENVALUES}, of the gradient's squared norm in {@link #GRADIENT}. A reading may hold both, so
 * whoever wants a density asks for it by name.
 *
 * @param name Micrometer-style name, for example {@link #EIGENVALUES}
 * @param tags what the spectrum belongs to, sorted by key
 * @param order number of eigenvalues of the operator, at least 1
 * @param draws one rule for each test vector, at least one; the estimate is their mean
 */
public record Spectrum(
    String name, Map<String, String> tags, long order, List<QuadratureRule> draws) {

  /** Name of the spectral density: every eigenvalue weighs the same, 1/order. */
  public static final String EIGENVALUES = "eigenscope.spectrum";

  /**
   * Name of the gradient's spectral measure: every eigenvalue weighs as much as the share of the
   * gradient's squared norm in its eigenspace.
   */
  public static final String GRADIENT = "eigenscope.gradient.spectrum";

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
