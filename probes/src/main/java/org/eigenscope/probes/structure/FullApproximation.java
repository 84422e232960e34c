package org.eigenscope.probes.structure;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The largest eigenpairs of a whole Hessian beside those of two matrices made of what layers put
 * out and take in.
 *
 * <p>With x̃ = (x, 1), for the weights and biases of a layer:
 *
 * <ul>
 *   <li><b>Layer by layer</b>: a block E[M] ⊗ E[x̃x̃ᵀ] for each layer, and zero where layers meet.
 *   <li><b>Across layers</b>: E[M_pq] ⊗ E[x̃_p]E[x̃_q]ᵀ for layers p and q, M_pq the second
 *       derivative of the loss with respect to what both put out (Wu et al., arXiv 2010.04261,
 *       section 4 and its appendix on the full Hessian). For convolutions x is the mean patch, and
 *       M sums over positions. The paper takes the lifted eigenvectors of E[M] for those of the
 *       matrix, which they are where all E[x̃] have one length; here they are the matrix's own.
 * </ul>
 *
 * <p>Other parameters, as those of batch normalization, are zero in both.
 *
 * @param largest algebraically largest eigenvalues of the whole matrix, descending
 * @param largestResiduals norms of their residuals
 * @param layerByLayer the first approximation
 * @param acrossLayers the second; null where a layer has no bias that learns, by which E[M_pq] is
 *     found
 */
public record FullApproximation(
    List<Double> largest,
    List<Double> largestResiduals,
    Approximation layerByLayer,
    @Nullable Approximation acrossLayers) {

  /** Copies the lists. */
  public FullApproximation {
    largest = List.copyOf(largest);
    largestResiduals = List.copyOf(largestResiduals);
  }

  /**
   * A matrix in the place of the whole one.
   *
   * @param largest its largest eigenvalues, descending, at most as many as of the whole; across
   *     layers those above zero, since its null space has no directions of its own
   * @param overlap for k = 1, 2, ...: overlap of its top-k eigenspace with that of the whole
   */
  public record Approximation(List<Double> largest, List<Double> overlap) {

    /** Copies the lists. */
    public Approximation {
      largest = List.copyOf(largest);
      overlap = List.copyOf(overlap);
    }
  }
}
