package org.eigenscope.probes.curvature.difference;

import java.util.Collection;
import java.util.function.UnaryOperator;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.wrapper.BaseWrapperLayer;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The configuration of a layer in whose place another layer object computes. */
@SuppressWarnings("serial") // lives in a replica, which nobody saves
final class Substitute extends BaseWrapperLayer {
  private final UnaryOperator<Layer> substitution;

  /**
   * @param original the layer's own configuration
   * @param substitution from the layer object of that configuration to the one that takes its place
   */
  Substitute(org.deeplearning4j.nn.conf.layers.Layer original, UnaryOperator<Layer> substitution) {
    super(original);
    this.substitution = substitution;
    setLayerName(original.getLayerName());
  }

  @Override
  public Layer instantiate(
      NeuralNetConfiguration conf,
      Collection<TrainingListener> listeners,
      int layerIndex,
      INDArray parametersView,
      boolean initializeParameters,
      DataType dataType) {
    NeuralNetConfiguration inner = conf.clone();
    inner.setLayer(getUnderlying());
    return substitution.apply(
        getUnderlying()
            .instantiate(
                inner, listeners, layerIndex, parametersView, initializeParameters, dataType));
  }
}
