package org.eigenscope.probes.structure;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.DoubleStream;
import org.eigenscope.probes.curvature.LayerFactors;
import org.eigenscope.probes.curvature.ParameterArray;
import org.eigenscope.probes.linalg.DenseEigenpairs;
import org.eigenscope.probes.linalg.ExtremeEigenpairs;
import org.eigenscope.probes.linalg.LinearOperator;
import org.eigenscope.probes.linalg.RitzPair;
import org.eigenscope.probes.linalg.SubspaceOverlap;
import org.eigenscope.probes.structure.FullApproximation.Approximation;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** Puts what layers put out and take in together, beside the whole matrix. */
final class WholeNetwork {
  /** Share of the largest eigenvalue up to which an eigenvalue of a product counts as zero. */
  private static final double ZERO_DOUBLE = 1e-12;

  private static final double ZERO_FLOAT = 1e-6;

  private final LinearOperator whole;
  private final LayerStructureOptions options;
  private final List<LayerCoordinates> layers;
  private final int count;

  /**
   * Creates a comparison.
   *
   * @param arrays the arrays that the whole's coordinates are, in their order
   */
  WholeNetwork(
      List<ParameterArray> arrays,
      List<LayerFactors> factors,
      LinearOperator whole,
      LayerStructureOptions options) {
    this.whole = whole;
    this.options = options;
    this.layers = factors.stream().map(each -> LayerCoordinates.of(arrays, each)).toList();
    this.count = (int) Math.min(options.top(), whole.order());
  }

  /** An eigenpair of an approximation, in the coordinates of the whole. */
  private record Candidate(double value, INDArray vector) {}

  /** Compares the largest eigenpairs. */
  FullApproximation compare() {
    List<RitzPair> exact = largest(whole, count);
    return new FullApproximation(
        exact.stream().map(RitzPair::value).toList(),
        exact.stream().map(RitzPair::residualNorm).toList(),
        approximation(exact, layerByLayer()),
        acrossLayers(exact));
  }

  private List<RitzPair> largest(LinearOperator operator, int wanted) {
    return ExtremeEigenpairs.compute(
            operator, ExtremeEigenpairs.Options.of(wanted, 0).withSeed(options.seed()))
        .largest();
  }

  private static Approximation approximation(List<RitzPair> exact, List<Candidate> candidates) {
    if (candidates.isEmpty()) {
      return new Approximation(List.of(), List.of());
    }
    INDArray rows =
        Nd4j.createUninitialized(
            DataType.DOUBLE, candidates.size(), candidates.get(0).vector().length());
    for (int i = 0; i < candidates.size(); i++) {
      rows.putRow(i, candidates.get(i).vector());
    }
    return new Approximation(
        candidates.stream().map(Candidate::value).toList(),
        DoubleStream.of(SubspaceOverlap.of(LayerBlock.rows(exact), rows)).boxed().toList());
  }

  private List<Candidate> layerByLayer() {
    List<Candidate> candidates = new ArrayList<>();
    for (LayerCoordinates layer : layers) {
      INDArray inputs = layer.autocorrelation();
      KroneckerPairs pairs =
          KroneckerPairs.of(
              DenseEigenpairs.of(layer.factors().outputHessian().matrix()),
              DenseEigenpairs.of(inputs),
              count);
      INDArray vectors = pairs.vectors();
      for (int k = 0; k < pairs.pairs().size(); k++) {
        INDArray vector = Nd4j.create(DataType.DOUBLE, whole.order());
        layer.put(vectors.getRow(k, true).reshape('c', layer.outputs(), inputs.size(1)), vector);
        candidates.add(new Candidate(pairs.pairs().get(k).value(), vector));
      }
    }
    return candidates.stream()
        .sorted(Comparator.comparingDouble(Candidate::value).reversed())
        .limit(count)
        .toList();
  }

  /**
   * Returns the approximation W E[M] Wᵀ: column (p, i) of W is e_i ⊗ E[x̃_p], all columns are
   * orthogonal, and E[M] over all layers is the whole matrix on their biases.
   */
  private @Nullable Approximation acrossLayers(List<RitzPair> exact) {
    if (layers.isEmpty() || layers.stream().anyMatch(layer -> layer.bias().isEmpty())) {
      return null;
    }
    List<LayerCoordinates> ordered =
        layers.stream().sorted(Comparator.comparingLong(l -> l.bias().orElseThrow())).toList();
    INDArray lengths = Nd4j.concat(1, ordered.stream().map(this::lengths).toArray(INDArray[]::new));
    long[] biases = ordered.stream().flatMapToLong(LayerCoordinates::biases).toArray();
    LinearOperator scaled = new ScaledOperator(whole.restricted(biases), lengths);
    List<Candidate> candidates = new ArrayList<>();
    for (RitzPair pair : positive(largest(scaled, (int) Math.min(count, scaled.order())))) {
      INDArray vector = Nd4j.create(DataType.DOUBLE, whole.order());
      INDArray outputs = pair.vector().castTo(DataType.DOUBLE);
      long from = 0;
      for (LayerCoordinates layer : ordered) {
        INDArray part = outputs.get(NDArrayIndex.interval(from, from + layer.outputs()));
        INDArray input = withOne(layer);
        layer.put(part.reshape(layer.outputs(), 1).mmul(input.div(input.norm2Number())), vector);
        from += layer.outputs();
      }
      candidates.add(new Candidate(pair.value(), vector));
    }
    return approximation(exact, candidates);
  }

  /** Returns the pairs before the null space, where there are no directions to compare. */
  private List<RitzPair> positive(List<RitzPair> pairs) {
    double zero = whole.dataType() == DataType.FLOAT ? ZERO_FLOAT : ZERO_DOUBLE;
    double least = zero * Math.max(0, pairs.get(0).value());
    return pairs.stream().takeWhile(pair -> pair.value() > least).toList();
  }

  /** Returns E[x̃] of a layer with biases, DOUBLE [1, inputs + 1]. */
  private static INDArray withOne(LayerCoordinates layer) {
    return Nd4j.concat(1, layer.meanInput(), Nd4j.ones(DataType.DOUBLE, 1, 1));
  }

  /** Returns ‖E[x̃]‖ for each output of a layer, [1, outputs], of the whole's type. */
  private INDArray lengths(LayerCoordinates layer) {
    return Nd4j.valueArrayOf(
        new long[] {1, layer.outputs()},
        withOne(layer).norm2Number().doubleValue(),
        whole.dataType());
  }

  /**
   * D A D for a diagonal matrix D.
   *
   * @param diagonal [1, order], of the operator's type
   */
  private record ScaledOperator(LinearOperator operator, INDArray diagonal)
      implements LinearOperator {
    @Override
    public long order() {
      return operator.order();
    }

    @Override
    public DataType dataType() {
      return operator.dataType();
    }

    @Override
    public INDArray apply(INDArray block) {
      checkBlock(block);
      return operator.apply(block.mulRowVector(diagonal)).muliRowVector(diagonal);
    }
  }
}
