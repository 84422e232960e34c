package org.eigenscope.probes.structure;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.DoubleStream;
import org.eigenscope.probes.curvature.LayerFactors;
import org.eigenscope.probes.curvature.OutputHessian;
import org.eigenscope.probes.curvature.WeightLayer;
import org.eigenscope.probes.linalg.DenseEigenpairs;
import org.eigenscope.probes.linalg.LinearOperator;
import org.eigenscope.probes.linalg.RitzPair;
import org.eigenscope.probes.linalg.SubspaceOverlap;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Makes a layer's structure of its factors and its block. */
final class LayerAnalysis {
  private LayerAnalysis() {}

  /**
   * Returns the structure of a layer.
   *
   * @param block the matrix on its weights
   */
  static LayerStructure structure(
      LayerFactors factors, LinearOperator block, LayerStructureOptions options) {
    WeightLayer layer = factors.layer();
    OutputHessian hessian = factors.outputHessian();
    DenseEigenpairs outputs = DenseEigenpairs.of(hessian.matrix());
    DenseEigenpairs inputs = DenseEigenpairs.of(factors.autocorrelation());
    int count = (int) Math.min(options.top(), block.order());
    KroneckerPairs kronecker = KroneckerPairs.of(outputs, inputs, count);
    LayerBlock measured =
        LayerBlock.of(block, hessian.matrix(), factors.autocorrelation(), kronecker, options);
    List<INDArray> eigenvectors =
        measured.largest().stream().map(pair -> matrix(pair.vector(), layer)).toList();
    return new LayerStructure(
        layer.name(),
        layer.inputs(),
        layer.outputs(),
        layer.positions(),
        measured.largest().stream().map(RitzPair::value).toList(),
        measured.largest().stream().map(RitzPair::residualNorm).toList(),
        list(outputs.values()),
        hessian.draws() == 0
            ? 0
            : hessian.standardError() / Math.sqrt(Matrices.squaredNorm(hessian.matrix())),
        list(inputs.values()),
        kronecker.values(),
        measured.error(),
        list(SubspaceOverlap.of(LayerBlock.rows(measured.largest()), kronecker.vectors())),
        eigenvectors.stream().map(LayerAnalysis::rankOneRatio).toList(),
        correspondence(inputs, eigenvectors, options.top(), false),
        correspondence(outputs, eigenvectors, options.top(), true),
        meanInputAlignment(inputs, factors.meanInput()),
        ratio(inputs));
  }

  private static List<Double> list(double[] values) {
    return DoubleStream.of(values).boxed().toList();
  }

  private static INDArray matrix(INDArray vector, WeightLayer layer) {
    return vector.castTo(DataType.DOUBLE).reshape('c', layer.outputs(), layer.inputs());
  }

  private static double rankOneRatio(INDArray matrix) {
    double largest = DenseEigenpairs.of(Matrices.gram(matrix)).value(0);
    return Math.sqrt(largest / Matrices.squaredNorm(matrix));
  }

  /** Returns ‖Mat v‖², or ‖Matᵀ v‖², for the first vectors v of a factor. */
  private static List<List<Double>> correspondence(
      DenseEigenpairs factor, List<INDArray> eigenvectors, int top, boolean transposed) {
    int count = Math.min(top, factor.order());
    List<List<Double>> table = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      INDArray vector = factor.vectors().getRow(i, true);
      List<Double> row = new ArrayList<>();
      for (INDArray matrix : eigenvectors) {
        row.add(Matrices.squaredNorm(vector.mmul(transposed ? matrix : matrix.transpose())));
      }
      table.add(row);
    }
    return table;
  }

  private static double meanInputAlignment(DenseEigenpairs inputs, INDArray meanInput) {
    if (Matrices.squaredNorm(meanInput) == 0) {
      return Double.NaN;
    }
    INDArray direction = Matrices.firstRightSingularVector(meanInput);
    double cosine = Nd4j.getBlasWrapper().dot(inputs.vectors().getRow(0).dup(), direction);
    return Math.min(1, cosine * cosine);
  }

  private static double ratio(DenseEigenpairs inputs) {
    if (inputs.order() == 1
        || inputs.value(1) <= inputs.order() * Math.ulp(1.0) * inputs.value(0)) {
      return Double.NaN;
    }
    return inputs.value(0) / inputs.value(1);
  }
}
