package org.eigenscope.listeners.normalization;

import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.PReLULayer;
import org.deeplearning4j.nn.conf.layers.misc.FrozenLayer;
import org.deeplearning4j.nn.conf.layers.misc.FrozenLayerWithBackprop;
import org.deeplearning4j.nn.conf.layers.wrapper.BaseWrapperLayer;
import org.jspecify.annotations.Nullable;

/** What a layer is to batch normalization. */
final class LayerKind {

  private LayerKind() {}

  /** Returns the layer inside all wrappers. */
  static Layer unwrapped(Layer layer) {
    Layer inner = layer;
    while (true) {
      if (inner instanceof FrozenLayer frozen) {
        inner = frozen.getLayer();
      } else if (inner instanceof BaseWrapperLayer wrapper) {
        inner = wrapper.getUnderlying();
      } else {
        return inner;
      }
    }
  }

  static boolean isFrozen(Layer layer) {
    return layer instanceof FrozenLayer || layer instanceof FrozenLayerWithBackprop;
  }

  static boolean isNormalization(@Nullable Layer layer) {
    return layer != null && unwrapped(layer) instanceof BatchNormalization;
  }

  /** Returns whether a node has no parameters but those of an activation. */
  static boolean hasNoWeights(Draft draft, String name) {
    Layer layer = draft.layer(name);
    return !draft.hasParameters(name) || (layer != null && unwrapped(layer) instanceof PReLULayer);
  }
}
