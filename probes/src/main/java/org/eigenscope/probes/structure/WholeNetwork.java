package org.eigenscope.probes.structure;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalLong;
import java.util.stream.DoubleStream;
import org.eigenscope.probes.curvature.LayerFactors;
import org.eigenscope.probes.curvature.ParameterArray;
import org.eigenscope.probes.curvature.WeightLayer;
import org.eigenscope.probes.linalg.DenseEigenpairs;
import org.eigenscope.probes.linalg.ExtremeEigenpairs;
import org.eigenscope.probes.linalg.LinearOperator;
import org.eigenscope.probes.linalg.RitzPair;
import org.eigenscope.probes.linalg.SubspaceOverlap;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** Puts layers' Kronecker products together and beside the whole matrix. */
final class WholeNetwork {
  private WholeNetwork() {}

  /** An eigenvector of a layer's product, in the coordinates of the whole. */
  private record Candidate(double value, INDArray vector) {}

  /**
   * Compares the largest eigenpairs.
   *
   * @param arrays the arrays that the whole's coordinates are, in their order
   */
  static FullApproximation of(
      List<ParameterArray> arrays,
      List<LayerFactors> factors,
      LinearOperator whole,
      LayerStructureOptions options) {
    int count = (int) Math.min(options.top(), whole.order());
    ExtremeEigenpairs exact =
        ExtremeEigenpairs.compute(
            whole, ExtremeEigenpairs.Options.of(count, 0).withSeed(options.seed()));
    List<Candidate> candidates = new ArrayList<>();
    for (LayerFactors each : factors) {
      candidates.addAll(candidates(arrays, each, whole.order(), count));
    }
    List<Candidate> best =
        candidates.stream()
            .sorted(Comparator.comparingDouble(Candidate::value).reversed())
            .limit(count)
            .toList();
    return new FullApproximation(
        exact.largest().stream().map(RitzPair::value).toList(),
        exact.largest().stream().map(RitzPair::residualNorm).toList(),
        best.stream().map(Candidate::value).toList(),
        best.isEmpty()
            ? List.of()
            : DoubleStream.of(
                    SubspaceOverlap.of(
                        LayerBlock.rows(exact.largest()),
                        rows(best.stream().map(Candidate::vector).toList())))
                .boxed()
                .toList());
  }

  private static INDArray rows(List<INDArray> vectors) {
    INDArray rows =
        Nd4j.createUninitialized(DataType.DOUBLE, vectors.size(), vectors.get(0).length());
    for (int i = 0; i < vectors.size(); i++) {
      rows.putRow(i, vectors.get(i).castTo(DataType.DOUBLE));
    }
    return rows;
  }

  private static List<Candidate> candidates(
      List<ParameterArray> arrays, LayerFactors factors, long order, int count) {
    WeightLayer layer = factors.layer();
    long weights = start(arrays, layer.weights()).orElseThrow();
    OptionalLong bias = start(arrays, layer.name() + "/b");
    INDArray inputs = bias.isPresent() ? withOne(factors) : factors.autocorrelation();
    KroneckerPairs pairs =
        KroneckerPairs.of(
            DenseEigenpairs.of(factors.outputHessian().matrix()),
            DenseEigenpairs.of(inputs),
            count);
    List<Candidate> candidates = new ArrayList<>();
    INDArray vectors = pairs.vectors();
    long n = layer.inputs();
    for (int k = 0; k < pairs.pairs().size(); k++) {
      INDArray vector = Nd4j.create(DataType.DOUBLE, order);
      INDArray matrix = vectors.getRow(k, true).reshape('c', layer.outputs(), inputs.size(1));
      vector
          .get(NDArrayIndex.interval(weights, weights + n * layer.outputs()))
          .assign(
              matrix
                  .get(NDArrayIndex.all(), NDArrayIndex.interval(0, n))
                  .dup('c')
                  .reshape(n * layer.outputs()));
      if (bias.isPresent()) {
        vector
            .get(NDArrayIndex.interval(bias.getAsLong(), bias.getAsLong() + layer.outputs()))
            .assign(matrix.getColumn(n));
      }
      candidates.add(new Candidate(pairs.pairs().get(k).value(), vector));
    }
    return candidates;
  }

  /** Returns E[x̃x̃ᵀ], x̃ = (x, 1), summed over positions. */
  private static INDArray withOne(LayerFactors factors) {
    long n = factors.layer().inputs();
    INDArray full = Nd4j.create(DataType.DOUBLE, n + 1, n + 1);
    full.get(NDArrayIndex.interval(0, n), NDArrayIndex.interval(0, n))
        .assign(factors.autocorrelation());
    long positions = factors.layer().positions();
    INDArray mean = Nd4j.ones(DataType.DOUBLE, 1, positions).mmul(factors.meanInput());
    for (long i = 0; i < n; i++) {
      full.putScalar(i, n, mean.getDouble(i));
      full.putScalar(n, i, mean.getDouble(i));
    }
    return full.putScalar(n, n, (double) positions);
  }

  /** Returns the first coordinate of an array, if it is one of the whole's. */
  private static OptionalLong start(List<ParameterArray> arrays, String name) {
    long start = 0;
    for (ParameterArray array : arrays) {
      if (array.name().equals(name)) {
        return OptionalLong.of(start);
      }
      start += array.length();
    }
    return OptionalLong.empty();
  }
}
