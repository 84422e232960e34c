package org.eigenscope.listeners.normalization;

import java.util.Collection;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.LayerValidation;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.eigenscope.probes.curvature.ConstantStatistics;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Batch normalization that uses the statistics it keeps, in training as in inference, as constants.
 *
 * <p><b>Definition.</b> With mean μ and variance σ² as kept, y = γ (x − μ) / √(σ² + ε) + β, in
 * training, too. Errors pass back times γ / √(σ² + ε), since nothing depends on the examples of a
 * batch; γ and β learn as in batch normalization. Training changes neither μ nor σ²: {@link
 * PopulationStatistics} sets them.
 *
 * <p>Settings, parameters and their places are those of {@link BatchNormalization}; {@code decay}
 * and {@code minibatch} do not matter. Models with such layers are saved and restored by
 * Deeplearning4j's ModelSerializer where this class is on the class path.
 *
 * @see PopulationTwin#of
 */
public final class PopulationNormalization extends BatchNormalization
    implements ConstantStatistics {
  private static final long serialVersionUID = 1L;

  /** Makes a layer with the default settings of batch normalization; setters change them. */
  public PopulationNormalization() {}

  @Override
  public Layer instantiate(
      NeuralNetConfiguration conf,
      @Nullable Collection<TrainingListener> listeners,
      int layerIndex,
      INDArray parametersView,
      boolean initializeParameters,
      DataType dataType) {
    LayerValidation.assertNOutSet("PopulationNormalization", getLayerName(), layerIndex, getNOut());
    PopulationNormalizationLayer layer = new PopulationNormalizationLayer(conf, dataType);
    layer.setListeners(listeners);
    layer.setIndex(layerIndex);
    layer.setParamsViewArray(parametersView);
    layer.setParamTable(initializer().init(conf, parametersView, initializeParameters));
    layer.setConf(conf);
    return layer;
  }

  @Override
  public PopulationNormalization clone() {
    return (PopulationNormalization) super.clone();
  }

  @Override
  protected boolean canEqual(Object other) {
    return other instanceof PopulationNormalization;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof PopulationNormalization && super.equals(other);
  }

  @Override
  public int hashCode() {
    return 31 * super.hashCode() + 1;
  }
}
