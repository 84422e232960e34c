package org.eigenscope.probes.linalg;

/** What {@link Lanczos} does against the loss of orthogonality among its vectors. */
public enum Reorthogonalization {
  /**
   * Gram–Schmidt passes of each new vector against all previous ones, until it is orthogonal to
   * working accuracy; every vector is kept (Daniel, Gragg, Kaufman and Stewart 1976,
   * "Reorthogonalization and stable algorithms for updating the Gram-Schmidt QR factorization",
   * Math. Comp. 30).
   */
  FULL,

  /**
   * The three-term recurrence alone, two vectors of memory. Converged eigenvalues return as copies,
   * which share their weight in a quadrature and spoil lists of eigenvalues (Paige 1976, "Error
   * analysis of the Lanczos algorithm for tridiagonalizing a symmetric matrix", IMA J. Appl. Math.
   * 18).
   */
  NONE
}
