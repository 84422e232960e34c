package org.eigenscope.probes.linalg;

import java.util.List;

/**
 * Quadrature rules of random draws, which together estimate a spectrum, and what they took.
 *
 * @param draws one rule for each test vector, in the order of the draws
 * @param order n, the number of eigenvalues of the operator
 * @param matvecs applications of the operator
 * @param groupSize test vectors that advanced together, as the memory allowed
 * @param reorthogonalization what was done against the loss of orthogonality: NONE when not even
 *     one basis fitted into the memory
 */
public record SpectralEstimate(
    List<QuadratureRule> draws,
    long order,
    long matvecs,
    int groupSize,
    Reorthogonalization reorthogonalization) {

  /** Copies the list. */
  public SpectralEstimate {
    draws = List.copyOf(draws);
  }
}
