package org.eigenscope.probes.structure;

import java.util.List;
import org.eigenscope.probes.curvature.Curvature;
import org.eigenscope.probes.curvature.CurvatureMatrix;

/**
 * What the block of one layer's weights is made of: its eigenpairs beside those of the Kronecker
 * product of an output Hessian and an input autocorrelation.
 *
 * <p><b>Definition.</b> A layer computes z = W x + b, W of m rows (outputs) and n columns (inputs).
 * Its block H of a Hessian or Gauss–Newton matrix is E[M ⊗ xxᵀ] on W row by row, M the second
 * derivative of an example's loss with respect to z; the decoupling conjecture says H ≈ E[M] ⊗
 * E[xxᵀ]. A convolution has an x, the patch under the kernel, for each of P output positions: E[M]
 * then is the mean over examples and positions of M's diagonal blocks, and E[XXᵀ] the mean over
 * examples of the sum over positions. Where the statistics of a batch couple examples, M is
 * likewise the diagonal block of each example.
 *
 * <p><b>References.</b> Wu, Zhu, Wu, Wang and Ge, "Dissecting Hessian: Understanding Common
 * Structure of Hessian in Neural Networks", arXiv 2010.04261, sections 2 to 4; convolutions as in
 * Grosse and Martens 2016, "A Kronecker-factored approximate Fisher matrix for convolution layers",
 * arXiv 1602.01407.
 *
 * @param layer name of the layer
 * @param inputs n: for a convolution channels × kernel height × kernel width
 * @param outputs m
 * @param positions P: 1 for a dense layer, the pixels of the output for a convolution
 * @param largest algebraically largest eigenvalues of H, descending
 * @param largestResiduals norms of their residuals
 * @param outputHessian all eigenvalues of E[M], descending
 * @param outputHessianError standard error of E[M] in the Frobenius norm, over ‖E[M]‖_F; 0 when
 *     E[M] is exact
 * @param autocorrelation all eigenvalues of E[xxᵀ], descending; x is without a 1 for the bias
 * @param kronecker largest eigenvalues of E[M] ⊗ E[xxᵀ], descending, as many as {@code largest}
 * @param decouplingError ‖E[M] ⊗ E[xxᵀ] − H‖ / ‖H‖
 * @param overlap for k = 1, 2, ...: overlap of the top-k eigenspaces of H and the Kronecker product
 * @param rankOneRatio for each of the largest eigenvectors of H, as an m × n matrix: spectral over
 *     Frobenius norm, in (0, 1]
 * @param inputCorrespondence row i, column j: ‖Mat(h_j) v_i‖² for the i-th eigenvector of E[xxᵀ]
 *     and the j-th of H
 * @param outputCorrespondence row i, column j: ‖Mat(h_j)ᵀ u_i‖² for the i-th eigenvector of E[M]
 *     and the j-th of H
 * @param meanInputAlignment (v₁ᵀE[x])² / ‖E[x]‖² in [0, 1]; for a convolution with the first left
 *     singular vector of E[X] in the place of E[x]; NaN when E[x] is 0
 * @param autocorrelationRatio λ₁/λ₂ of E[xxᵀ]; NaN with one input or λ₂ ≤ 0
 */
public record LayerStructure(
    String layer,
    long inputs,
    long outputs,
    long positions,
    List<Double> largest,
    List<Double> largestResiduals,
    List<Double> outputHessian,
    double outputHessianError,
    List<Double> autocorrelation,
    List<Double> kronecker,
    DecouplingError decouplingError,
    List<Double> overlap,
    List<Double> rankOneRatio,
    List<List<Double>> inputCorrespondence,
    List<List<Double>> outputCorrespondence,
    double meanInputAlignment,
    double autocorrelationRatio) {

  /** Copies the lists. */
  public LayerStructure {
    largest = List.copyOf(largest);
    largestResiduals = List.copyOf(largestResiduals);
    outputHessian = List.copyOf(outputHessian);
    autocorrelation = List.copyOf(autocorrelation);
    kronecker = List.copyOf(kronecker);
    overlap = List.copyOf(overlap);
    rankOneRatio = List.copyOf(rankOneRatio);
    inputCorrespondence = inputCorrespondence.stream().map(List::copyOf).toList();
    outputCorrespondence = outputCorrespondence.stream().map(List::copyOf).toList();
  }

  /**
   * Returns the structure of every layer with a matrix of weights that learns.
   *
   * @param curvature the network and its data, without regularisation
   * @param matrix HESSIAN or GAUSS_NEWTON
   * @param options what to compute
   * @throws UnsupportedOperationException if the curvature's engine does not see layers' inputs and
   *     outputs
   */
  public static List<LayerStructure> of(
      Curvature curvature, CurvatureMatrix matrix, LayerStructureOptions options) {
    return LayerwiseStructure.of(curvature, matrix, options, false).layers();
  }
}
