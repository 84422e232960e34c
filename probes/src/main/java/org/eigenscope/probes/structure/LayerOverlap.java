package org.eigenscope.probes.structure;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.DoubleStream;
import org.eigenscope.probes.curvature.Curvature;
import org.eigenscope.probes.curvature.CurvatureMatrix;
import org.eigenscope.probes.curvature.WeightLayer;
import org.eigenscope.probes.linalg.CountingOperator;
import org.eigenscope.probes.linalg.RitzPair;
import org.eigenscope.probes.linalg.SubspaceOverlap;

/**
 * What the top eigenspaces of a layer's weights have in common in two models, or in two checkpoints
 * of one.
 *
 * <p>Where both layers' inputs have one dominant direction, and the same, the overlap of
 * independent models grows with k up to the number of outputs m and falls beyond: the top m
 * eigenvectors are all pairs of that direction with an output direction (Wu et al., arXiv
 * 2010.04261, section 5).
 *
 * @param layer name of the layer in both
 * @param inputs n
 * @param outputs m
 * @param order of the blocks, m·n; independent random spaces overlap by k/order
 * @param first algebraically largest eigenvalues in the first model, descending
 * @param firstResiduals norms of their residuals
 * @param second those in the second
 * @param secondResiduals norms of their residuals
 * @param overlap for k = 1, 2, ...: ‖U Vᵀ‖²_F / k of the top-k eigenspaces, in [0, 1]
 * @param peak the k of the largest overlap, the first of equals
 * @param matvecs products with both blocks
 */
public record LayerOverlap(
    String layer,
    long inputs,
    long outputs,
    long order,
    List<Double> first,
    List<Double> firstResiduals,
    List<Double> second,
    List<Double> secondResiduals,
    List<Double> overlap,
    int peak,
    long matvecs) {

  /** Default bound of how many eigenvectors are compared: some thousand products for each model. */
  private static final long MOST = 200;

  /** Copies the lists. */
  public LayerOverlap {
    first = List.copyOf(first);
    firstResiduals = List.copyOf(firstResiduals);
    second = List.copyOf(second);
    secondResiduals = List.copyOf(secondResiduals);
    overlap = List.copyOf(overlap);
  }

  /**
   * Returns as many eigenpairs of a layer as its overlap's peak takes: a quarter more than its
   * outputs, at most 200 and half of all.
   */
  public static int defaultTop(WeightLayer layer) {
    long order = layer.inputs() * layer.outputs();
    long beyond = layer.outputs() + Math.max(2, layer.outputs() / 4);
    return (int) Math.max(1, Math.min(Math.min(MOST, order / 2), beyond));
  }

  /**
   * Compares the layers of two networks.
   *
   * @param first the first network and data
   * @param second the second network and data, of the same precision
   * @param matrix HESSIAN or GAUSS_NEWTON, or RESIDUAL
   * @param options layers, seed and dense order; of its {@code top} as many as given
   * @param top eigenpairs of each layer, at least 1, or 0 for {@link #defaultTop}; all if there are
   *     fewer
   * @return one for each layer, in the order of the first network
   * @throws IllegalArgumentException if the networks' layers differ in name or shape, or a layer
   *     asked for is not there
   * @throws UnsupportedOperationException if an engine does not see layers
   */
  public static List<LayerOverlap> of(
      Curvature first,
      Curvature second,
      CurvatureMatrix matrix,
      LayerStructureOptions options,
      int top) {
    if (top < 0) {
      throw new IllegalArgumentException("top must be at least 0, got " + top);
    }
    List<WeightLayer> layers = LayerwiseStructure.chosen(first, options.layers());
    requireAlike(layers, LayerwiseStructure.chosen(second, options.layers()));
    List<LayerOverlap> overlaps = new ArrayList<>();
    for (WeightLayer layer : layers) {
      long order = layer.inputs() * layer.outputs();
      int count = (int) Math.min(order, top == 0 ? defaultTop(layer) : top);
      CountingOperator one = CountingOperator.of(first.layer(layer.weights()).operator(matrix));
      CountingOperator other = CountingOperator.of(second.layer(layer.weights()).operator(matrix));
      List<RitzPair> ours = LayerBlock.largest(one, count, options);
      List<RitzPair> theirs = LayerBlock.largest(other, count, options);
      double[] overlap = SubspaceOverlap.of(LayerBlock.rows(ours), LayerBlock.rows(theirs));
      overlaps.add(
          new LayerOverlap(
              layer.name(),
              layer.inputs(),
              layer.outputs(),
              order,
              ours.stream().map(RitzPair::value).toList(),
              ours.stream().map(RitzPair::residualNorm).toList(),
              theirs.stream().map(RitzPair::value).toList(),
              theirs.stream().map(RitzPair::residualNorm).toList(),
              DoubleStream.of(overlap).boxed().toList(),
              peak(overlap),
              one.matvecs() + other.matvecs()));
    }
    return overlaps;
  }

  private static int peak(double[] overlap) {
    int best = 0;
    for (int i = 1; i < overlap.length; i++) {
      if (overlap[i] > overlap[best]) {
        best = i;
      }
    }
    return best + 1;
  }

  private static void requireAlike(List<WeightLayer> first, List<WeightLayer> second) {
    List<String> names = first.stream().map(WeightLayer::name).toList();
    List<String> others = second.stream().map(WeightLayer::name).toList();
    if (!names.equals(others)) {
      throw new IllegalArgumentException(
          "both networks must have the same layers with weights, got %s and %s; name one that both have"
              .formatted(String.join(", ", names), String.join(", ", others)));
    }
    for (int i = 0; i < first.size(); i++) {
      WeightLayer one = first.get(i);
      WeightLayer other = second.get(i);
      if (one.inputs() != other.inputs() || one.outputs() != other.outputs()) {
        throw new IllegalArgumentException(
            "layer %s must have one shape in both networks, got %d inputs and %d outputs, and %d and %d"
                .formatted(
                    one.name(), one.inputs(), one.outputs(), other.inputs(), other.outputs()));
      }
    }
  }
}
