package org.eigenscope.probes.linalg;

/** What {@link Lanczos} does against the loss of orthogonality among its vectors. */
public enum Reorthogonalization {
  /**
   * Two Gram–Schmidt passes of each new vector against all previous ones: orthogonal to working
   * accuracy, every vector is kept (Giraud, Langou and Rozložník 2005, "The loss of orthogonality
   * in the Gram-Schmidt orthogonalization process", Comput. Math. Appl. 50: twice is enough).
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
