package org.eigenscope.probes.curvature;

import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The two factors of a layer's Kronecker product, E[M] ⊗ E[xxᵀ].
 *
 * @param outputHessian E[M]
 * @param autocorrelation E[xxᵀ], or for a convolution E[XXᵀ], the mean over examples of the sum
 *     over positions, DOUBLE [inputs, inputs]; owned by this, not to be modified
 * @param meanInput E[x] by position, DOUBLE [positions, inputs]; owned by this, not to be modified
 */
public record LayerFactors(
    OutputHessian outputHessian, INDArray autocorrelation, INDArray meanInput) {

  /** Returns the layer. */
  public WeightLayer layer() {
    return outputHessian.layer();
  }
}
