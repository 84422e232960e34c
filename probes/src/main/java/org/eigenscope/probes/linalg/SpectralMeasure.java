package org.eigenscope.probes.linalg;

import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Where a vector's squared norm lies over the spectrum of an operator, without any eigenvector.
 *
 * <p><b>Definition.</b> The spectral measure of g with respect to A = Σ λ_i v_i v_iᵀ puts the mass
 * (v_iᵀ g)² / ‖g‖² at λ_i. The nodes and weights are those of its Gauss quadrature, from a Lanczos
 * process started at g / ‖g‖.
 *
 * <p><b>Accuracy.</b> Σ w_j f(l_j) is the integral for polynomials f up to degree 2·steps − 1. The
 * mass below a node l_j is at least the sum of the weights before it, and the mass up to l_j at
 * most that sum with w_j (the inequalities of Chebyshev, Markov and Stieltjes; Szegő 1939,
 * "Orthogonal Polynomials", theorem 3.41.1). Around an eigenvalue that stands apart the weights
 * converge to its mass.
 *
 * @param rule nodes and weights; the weights sum to 1 up to rounding
 * @param exact whether the process ended in an invariant subspace, so that the nodes are all
 *     eigenvalues whose eigenspaces g has a part in, up to rounding
 * @param matvecs applications of the operator
 * @param reorthogonalization what was done against the loss of orthogonality; with NONE, several
 *     nodes may share the mass of one eigenvalue
 */
public record SpectralMeasure(
    QuadratureRule rule, boolean exact, long matvecs, Reorthogonalization reorthogonalization) {

  /**
   * Returns the spectral measure of a vector.
   *
   * <p><b>Cost.</b> That of {@link Lanczos#factorize}: as many matvecs as steps, fewer when an
   * invariant subspace is found. Without re-orthogonalisation, whatever the options say, when the
   * basis does not fit into the memory.
   *
   * @param operator A, symmetric of order n
   * @param vector g, an array [n] of the operator's type, finite and not all zero, any scale; not
   *     modified
   * @param options settings; an operator of smaller order takes as many steps as its order
   * @throws IllegalArgumentException if the vector has the wrong shape or type, is zero or not
   *     finite
   * @throws NonFiniteValueException if a product is not finite
   */
  public static SpectralMeasure of(
      LinearOperator operator, INDArray vector, Lanczos.Options options) {
    int steps = (int) Math.min(options.steps(), operator.order());
    Reorthogonalization reorthogonalization = options.reorthogonalization();
    long bytes = Lanczos.bytesPerStart(operator, steps);
    if (bytes > FreeMemory.usable(bytes, options.memoryBytes())) {
      reorthogonalization = Reorthogonalization.NONE;
    }
    Lanczos.Options used =
        new Lanczos.Options(steps, reorthogonalization, options.memoryBytes(), options.threads());
    try (LanczosFactorization run = Lanczos.factorize(operator, vector, used)) {
      return new SpectralMeasure(
          run.quadratureRule(),
          run.breakdown() || run.steps() == operator.order(),
          run.steps(),
          reorthogonalization);
    }
  }
}
