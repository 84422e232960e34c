package org.eigenscope.probes.linalg;

import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * An approximate eigenpair of a symmetric operator.
 *
 * @param value θ, the Rayleigh quotient of {@code vector}, in units of the operator's eigenvalues
 * @param vector unit vector y, an array [n]; owned by the pair, not to be modified
 * @param residualNorm ‖A y − θ y‖₂, measured and not a bound, in units of the eigenvalues: an
 *     eigenvalue lies within this distance of {@code value} (Parlett 1980, "The Symmetric
 *     Eigenvalue Problem", §4.5)
 */
public record RitzPair(double value, INDArray vector, double residualNorm) {

  /**
   * Returns whether the residual is at most a fraction of a scale.
   *
   * @param relativeTolerance dimensionless, at least 0
   * @param scale a norm of the operator, for example its largest absolute eigenvalue
   */
  public boolean converged(double relativeTolerance, double scale) {
    return residualNorm <= relativeTolerance * scale;
  }
}
