package org.eigenscope.probes.structure;

import java.util.ArrayList;
import java.util.List;
import org.eigenscope.probes.curvature.Curvature;
import org.eigenscope.probes.curvature.CurvatureMatrix;
import org.eigenscope.probes.curvature.LayerFactors;
import org.eigenscope.probes.curvature.OutputProbing;
import org.eigenscope.probes.curvature.WeightLayer;
import org.eigenscope.probes.linalg.CountingOperator;
import org.jspecify.annotations.Nullable;

/**
 * The structure of a network's layers, and how far they make up the whole.
 *
 * @param layers one for each layer asked for, in the order of the network
 * @param full the whole matrix beside the layers' Kronecker products; null when only some layers
 *     were asked for
 * @param matvecs products with the matrix and its blocks
 */
public record LayerwiseStructure(
    List<LayerStructure> layers, @Nullable FullApproximation full, long matvecs) {

  /** Copies the list. */
  public LayerwiseStructure {
    layers = List.copyOf(layers);
  }

  /**
   * Returns the structure of a network's layers.
   *
   * <p><b>Cost.</b> That of {@link Curvature#layerFactors}; for each layer a product for each of
   * its weights up to {@link LayerStructureOptions#denseOrder}, and some hundreds beyond; dense
   * eigenproblems of the order of the inputs and of the outputs.
   *
   * @param curvature the network and its data, without regularisation
   * @param matrix HESSIAN or GAUSS_NEWTON
   * @param options what to compute
   * @throws UnsupportedOperationException if the curvature's engine does not see layers' inputs and
   *     outputs
   * @throws IllegalArgumentException if a layer asked for is not there, or has no matrix of weights
   *     that learns; lists those that do
   */
  public static LayerwiseStructure of(
      Curvature curvature, CurvatureMatrix matrix, LayerStructureOptions options) {
    return of(curvature, matrix, options, true);
  }

  /** Returns it with or without what the whole is made of. */
  static LayerwiseStructure of(
      Curvature curvature,
      CurvatureMatrix matrix,
      LayerStructureOptions options,
      boolean withFull) {
    List<WeightLayer> chosen = chosen(curvature, options.layers());
    List<LayerFactors> factors =
        curvature.layerFactors(
            matrix,
            chosen,
            OutputProbing.defaults().withDraws(options.draws()).withSeed(options.seed()));
    long matvecs = 0;
    List<LayerStructure> layers = new ArrayList<>();
    for (LayerFactors each : factors) {
      CountingOperator block =
          CountingOperator.of(curvature.layer(each.layer().weights()).operator(matrix));
      layers.add(LayerAnalysis.structure(each, block, options));
      matvecs += block.matvecs();
    }
    FullApproximation full = null;
    if (withFull && options.layers().isEmpty()) {
      CountingOperator whole = CountingOperator.of(curvature.operator(matrix));
      full = new WholeNetwork(curvature.arrays(), factors, whole, options).compare();
      matvecs += whole.matvecs();
    }
    return new LayerwiseStructure(layers, full, matvecs);
  }

  /**
   * Returns layers by their names, in the order of the network.
   *
   * @param names names of layers; none for all
   */
  static List<WeightLayer> chosen(Curvature curvature, List<String> names) {
    List<WeightLayer> all = curvature.weightLayers();
    List<String> known = all.stream().map(WeightLayer::name).toList();
    for (String name : names) {
      if (!known.contains(name)) {
        throw new IllegalArgumentException(
            "layer must be one of %s, which have a matrix of weights, got '%s'"
                .formatted(String.join(", ", known), name));
      }
    }
    return names.isEmpty()
        ? all
        : all.stream().filter(layer -> names.contains(layer.name())).toList();
  }
}
