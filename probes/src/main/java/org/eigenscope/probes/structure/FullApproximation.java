package org.eigenscope.probes.structure;

import java.util.List;

/**
 * The largest eigenpairs of a whole Hessian beside those of the block-diagonal matrix of all
 * layers' Kronecker products.
 *
 * <p><b>Definition.</b> A layer's block of weights and biases is approximated by E[M] ⊗ E[x̃x̃ᵀ],
 * x̃ = (x, 1); other parameters, as those of batch normalization, and what couples layers by zero.
 * After Wu et al., arXiv 2010.04261, who have off-diagonal blocks too.
 *
 * @param largest algebraically largest eigenvalues of the matrix, descending
 * @param largestResiduals norms of their residuals
 * @param kronecker largest eigenvalues of the approximation, descending, as many
 * @param overlap for k = 1, 2, ...: overlap of the top-k eigenspaces of both
 */
public record FullApproximation(
    List<Double> largest,
    List<Double> largestResiduals,
    List<Double> kronecker,
    List<Double> overlap) {

  /** Copies the lists. */
  public FullApproximation {
    largest = List.copyOf(largest);
    largestResiduals = List.copyOf(largestResiduals);
    kronecker = List.copyOf(kronecker);
    overlap = List.copyOf(overlap);
  }
}
