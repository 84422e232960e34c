package org.eigenscope.probes.linalg;

import java.util.Arrays;

/**
 * Nodes and weights of a Gauss quadrature of a spectral measure: one draw of stochastic Lanczos
 * quadrature.
 *
 * <p><b>Definition.</b> For a unit vector v and a symmetric matrix A with tridiagonal Lanczos
 * matrix T = U diag(l) Uᵀ, the nodes are l and the weights the squared first components of the
 * columns of U; Σ w_j f(l_j) approximates vᵀ f(A) v and is exact for polynomials of degree up to 2m
 * − 1 (Golub and Welsch 1969, "Calculation of Gauss quadrature rules", Math. Comp. 23).
 *
 * @param nodes Ritz values in ascending order, in units of the operator's eigenvalues; finite
 * @param weights one non-negative weight for each node; they sum to 1 up to rounding
 */
public record QuadratureRule(double[] nodes, double[] weights) {

  /** Checks and copies the arrays. */
  public QuadratureRule {
    if (nodes.length == 0 || nodes.length != weights.length) {
      throw new IllegalArgumentException(
          "a rule needs as many weights as nodes and at least one, got %d nodes and %d weights"
              .formatted(nodes.length, weights.length));
    }
    for (int i = 0; i < nodes.length; i++) {
      if (!Double.isFinite(nodes[i]) || !Double.isFinite(weights[i]) || weights[i] < 0) {
        throw new IllegalArgumentException(
            "nodes must be finite and weights finite and >= 0, got node %s with weight %s at %d"
                .formatted(nodes[i], weights[i], i));
      }
      if (i > 0 && nodes[i] < nodes[i - 1]) {
        throw new IllegalArgumentException(
            "nodes must ascend, got %s after %s at %d".formatted(nodes[i], nodes[i - 1], i));
      }
    }
    nodes = nodes.clone();
    weights = weights.clone();
  }

  /** Returns a copy of the nodes, ascending. */
  @Override
  public double[] nodes() {
    return nodes.clone();
  }

  /** Returns a copy of the weights, in the order of the nodes. */
  @Override
  public double[] weights() {
    return weights.clone();
  }

  /** Returns the number of nodes. */
  public int size() {
    return nodes.length;
  }

  /** Returns node i, 0 &lt;= i &lt; {@link #size()}. */
  public double node(int i) {
    return nodes[i];
  }

  /** Returns the weight of node i, 0 &lt;= i &lt; {@link #size()}. */
  public double weight(int i) {
    return weights[i];
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof QuadratureRule that
        && Arrays.equals(nodes, that.nodes)
        && Arrays.equals(weights, that.weights);
  }

  @Override
  public int hashCode() {
    return 31 * Arrays.hashCode(nodes) + Arrays.hashCode(weights);
  }

  @Override
  public String toString() {
    return "QuadratureRule[nodes="
        + Arrays.toString(nodes)
        + ", weights="
        + Arrays.toString(weights)
        + "]";
  }
}
