package org.eigenscope.probes;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.eigenscope.probes.curvature.WeightLayer;
import org.eigenscope.probes.structure.LayerStructure;

/** The scalars of a {@link LayerStructureReading}, by the names that are promised outside. */
enum LayerQuantity {
  EIGENVALUE(
      "eigenscope.structure.layer.eigenvalue",
      "Largest eigenvalue of the block of a layer's weights, and of its Kronecker product",
      "matrix",
      "exact"),
  KRONECKER_EIGENVALUE(
      "eigenscope.structure.layer.eigenvalue",
      "Largest eigenvalue of the block of a layer's weights, and of its Kronecker product",
      "matrix",
      "kronecker"),
  SPECTRAL_ERROR(
      "eigenscope.structure.layer.decoupling.error",
      "Norm of a layer's Kronecker product less the block of its weights, over the block's",
      "norm",
      "spectral"),
  FROBENIUS_ERROR(
      "eigenscope.structure.layer.decoupling.error",
      "Norm of a layer's Kronecker product less the block of its weights, over the block's",
      "norm",
      "frobenius"),
  OVERLAP(
      "eigenscope.structure.layer.overlap",
      "Overlap of the top-k eigenspaces of the block of a layer's weights and its Kronecker"
          + " product, from 0 to 1",
      "k",
      ""),
  RANK_ONE_RATIO(
      "eigenscope.structure.layer.rank.one.ratio",
      "Spectral over Frobenius norm of the first eigenvector of a layer's weights as a matrix",
      "",
      ""),
  MEAN_INPUT_ALIGNMENT(
      "eigenscope.structure.layer.mean.input.alignment",
      "Squared cosine of a layer's mean input and the first eigenvector of its autocorrelation",
      "",
      ""),
  AUTOCORRELATION_RATIO(
      "eigenscope.structure.layer.autocorrelation.ratio",
      "First over second eigenvalue of the autocorrelation of a layer's inputs",
      "",
      "");

  private final String meter;
  private final String description;
  private final String key;
  private final String value;

  /**
   * @param key key of a tag of its own, or nothing
   * @param value value of that tag, or nothing where it is the number of eigenvectors
   */
  LayerQuantity(String meter, String description, String key, String value) {
    this.meter = meter;
    this.description = description;
    this.key = key;
    this.value = value;
  }

  private double of(LayerStructure layer) {
    return switch (this) {
      case EIGENVALUE -> layer.largest().get(0);
      case KRONECKER_EIGENVALUE -> layer.kronecker().get(0);
      case SPECTRAL_ERROR -> layer.decouplingError().spectral().value();
      case FROBENIUS_ERROR -> layer.decouplingError().frobenius().value();
      case OVERLAP -> layer.overlap().get(layer.overlap().size() - 1);
      case RANK_ONE_RATIO -> layer.rankOneRatio().get(0);
      case MEAN_INPUT_ALIGNMENT -> layer.meanInputAlignment();
      case AUTOCORRELATION_RATIO -> layer.autocorrelationRatio();
    };
  }

  /** Adds the measurements of a layer. */
  static void measure(Map<String, String> tags, LayerStructure layer, List<Measurement> to) {
    for (LayerQuantity quantity : values()) {
      to.add(
          new Measurement(
              quantity.meter,
              quantity.tags(tags, layer.layer(), layer.overlap().size()),
              quantity.of(layer)));
    }
  }

  /** Declares the quantities of layers. */
  static List<Quantity> declare(Map<String, String> tags, List<WeightLayer> layers, int top) {
    List<Quantity> all = new ArrayList<>();
    for (WeightLayer layer : layers) {
      int k = (int) Math.min(top, layer.inputs() * layer.outputs());
      for (LayerQuantity quantity : values()) {
        all.add(
            new Quantity(
                quantity.meter, quantity.tags(tags, layer.name(), k), quantity.description));
      }
    }
    return List.copyOf(all);
  }

  private Map<String, String> tags(Map<String, String> common, String layer, int k) {
    Map<String, String> all = new TreeMap<>(common);
    all.put("layer", layer);
    if (!key.isEmpty()) {
      all.put(key, value.isEmpty() ? Integer.toString(k) : value);
    }
    return all;
  }
}
