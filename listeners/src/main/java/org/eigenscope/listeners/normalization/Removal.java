package org.eigenscope.listeners.normalization;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.EmbeddingLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.jspecify.annotations.Nullable;

/** Takes all batch normalization out of a configuration. */
final class Removal {
  private final Draft draft;

  private Removal(Draft draft) {
    this.draft = draft;
  }

  static void of(Draft draft) {
    new Removal(draft).run();
  }

  private void run() {
    List<String> normalizations =
        draft.layers().stream()
            .filter(name -> LayerKind.isNormalization(draft.layer(name)))
            .toList();
    if (normalizations.isEmpty()) {
      throw new IllegalArgumentException(
          "model must have a layer of batch normalization to be left without it, got none");
    }
    for (String normalization : normalizations) {
      if (draft.isOutput(normalization)) {
        throw new IllegalArgumentException(
            "batch normalization '%s' must feed another layer, got an output of the network"
                .formatted(normalization));
      }
      giveBiasBefore(normalization);
    }
    normalizations.forEach(draft::remove);
  }

  /** Makes up for the shift that goes with a layer of batch normalization. */
  private void giveBiasBefore(String normalization) {
    Set<String> seen = new HashSet<>();
    Deque<String> ahead = new ArrayDeque<>(draft.inputs(normalization));
    while (!ahead.isEmpty()) {
      String name = ahead.remove();
      if (!seen.add(name)) {
        continue;
      }
      Layer layer = draft.layer(name);
      if (LayerKind.hasNoWeights(draft, name) || LayerKind.isNormalization(layer)) {
        ahead.addAll(draft.inputs(name));
      } else {
        giveBias(name, layer, normalization);
      }
    }
  }

  private static void giveBias(String name, @Nullable Layer layer, String normalization) {
    Layer inner = layer == null ? null : LayerKind.unwrapped(layer);
    if (inner != null && !inner.initializer().biasKeys(inner).isEmpty()) {
      return;
    }
    if (inner instanceof DenseLayer dense) {
      dense.setHasBias(true);
    } else if (inner instanceof ConvolutionLayer convolution) {
      convolution.setHasBias(true);
    } else if (inner instanceof EmbeddingLayer embedding) {
      embedding.setHasBias(true);
    } else {
      throw new IllegalArgumentException(
          ("layer '%s' (%s) must have a bias to do without batch normalization '%s', "
                  + "and has none that could be switched on")
              .formatted(
                  name,
                  inner == null ? "a vertex with parameters" : inner.getClass().getSimpleName(),
                  normalization));
    }
  }
}
