package org.eigenscope.probes.structure;

import java.util.ArrayList;
import java.util.List;
import org.eigenscope.probes.curvature.BatchNormMode;
import org.eigenscope.probes.curvature.Curvature;
import org.eigenscope.probes.curvature.CurvatureMatrix;
import org.eigenscope.probes.curvature.CurvatureOptions;
import org.eigenscope.probes.curvature.DataBatches;
import org.eigenscope.probes.curvature.LayerFactors;
import org.eigenscope.probes.curvature.Network;
import org.eigenscope.probes.curvature.OutputProbing;
import org.eigenscope.probes.curvature.ParameterArray;
import org.eigenscope.probes.linalg.DenseEigenpairs;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Rotates parameters into the eigenbasis of E[M] ⊗ E[xxᵀ], layer by layer: weights by the
 * eigenvectors of both factors, biases by those of E[M], which is their block of the matrix (Wu et
 * al., arXiv 2010.04261, section 6). What has no such factors stays as it is.
 */
final class KroneckerBasis {
  private KroneckerBasis() {}

  /**
   * Returns the rotation for a matrix of a network on data.
   *
   * @param matrix HESSIAN or GAUSS_NEWTON
   */
  static ParameterRotation of(Network network, DataBatches data, CurvatureMatrix matrix) {
    CurvatureOptions options = CurvatureOptions.defaults().withBatchNorm(BatchNormMode.FROZEN);
    try (Curvature curvature = Curvature.of(network, data, options)) {
      List<ParameterArray> active =
          network.arrays().stream().filter(ParameterArray::active).toList();
      List<ParameterRotation.Part> parts = new ArrayList<>();
      for (LayerFactors factors :
          curvature.layerFactors(matrix, curvature.weightLayers(), OutputProbing.defaults())) {
        LayerCoordinates layer = LayerCoordinates.of(active, factors);
        INDArray left = directions(factors.outputHessian().matrix());
        parts.add(
            new ParameterRotation.Part(
                layer.weights(),
                layer.outputs(),
                layer.inputs(),
                left,
                directions(factors.autocorrelation())));
        layer
            .bias()
            .ifPresent(
                bias ->
                    parts.add(new ParameterRotation.Part(bias, layer.outputs(), 1, left, null)));
      }
      return new ParameterRotation(parts);
    }
  }

  /** Returns eigenvectors as columns. */
  private static INDArray directions(INDArray matrix) {
    return DenseEigenpairs.of(matrix).vectors().transpose();
  }
}
