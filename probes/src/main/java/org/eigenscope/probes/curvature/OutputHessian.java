package org.eigenscope.probes.curvature;

import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The second derivative of the loss with respect to what a layer's weights put out, in the mean.
 *
 * <p><b>Definition.</b> The sum over all examples of the diagonal blocks of the mean loss's Hessian
 * (or Gauss–Newton matrix) with respect to all examples' z, divided by the number of positions: the
 * mean over examples and positions of ∂²ℓ/∂z∂z where examples do not depend on each other (Wu et
 * al., arXiv 2010.04261, section 2; for convolutions KFC's, as there).
 *
 * @param layer the layer
 * @param matrix E[M], symmetric, DOUBLE [outputs, outputs]; owned by this, not to be modified
 * @param standardError standard error of the matrix in the Frobenius norm; 0 when nothing was drawn
 * @param draws number of random test vectors; 0 when the matrix is exact
 */
public record OutputHessian(WeightLayer layer, INDArray matrix, double standardError, int draws) {}
