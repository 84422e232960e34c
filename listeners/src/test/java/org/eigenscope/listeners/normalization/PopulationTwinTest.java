package org.eigenscope.listeners.normalization;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.misc.FrozenLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.optimize.listeners.ScoreIterationListener;
import org.eigenscope.listeners.normalization.NormalizedNetworks.Settings;
import org.eigenscope.probes.curvature.Network;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

class PopulationTwinTest {

  private static String json(Model model) {
    return model instanceof MultiLayerNetwork network
        ? network.getLayerWiseConfigurations().toJson()
        : ((ComputationGraph) model).getConfiguration().toJson();
  }

  private static INDArray updaterState(Model model) {
    return model instanceof MultiLayerNetwork network
        ? network.getUpdater().getStateViewArray()
        : ((ComputationGraph) model).getUpdater().getStateViewArray();
  }

  @ParameterizedTest
  @EnumSource
  void differsInItsNormalizationAlone(NormalizedNetworks network) {
    Model model = network.build(Settings.PLAIN.with(new Adam(0.01)));
    NormalizedNetworks.fit(model, network.data(6));
    String before = json(model);
    INDArray parameters = model.params().dup();
    INDArray state = updaterState(model).dup();
    long rootState = Nd4j.getRandom().rootState();

    Model twin = PopulationTwin.of(model);

    assertThat(json(twin))
        .isEqualTo(
            before.replace(
                BatchNormalization.class.getName(), PopulationNormalization.class.getName()))
        .isNotEqualTo(before);
    assertThat(twin.params()).isEqualTo(parameters);
    assertThat(updaterState(twin)).isEqualTo(state);
    assertThat(Nd4j.getRandom().rootState()).isEqualTo(rootState);

    NormalizedNetworks.fit(twin, network.data(6, 9));
    assertThat(twin.params()).isNotEqualTo(parameters);
    assertThat(json(model)).isEqualTo(before);
    assertThat(model.params()).isEqualTo(parameters);
    assertThat(updaterState(model)).isEqualTo(state);
  }

  /** Training that gives the twin's layers their own batch's statistics would be the model's. */
  @Test
  void trainsDifferently() {
    NormalizedNetworks network = NormalizedNetworks.PERCEPTRON;
    Model model = network.build();
    Model twin = PopulationTwin.of(model);
    NormalizedNetworks.fit(model, network.data(6));
    NormalizedNetworks.fit(twin, network.data(6));
    assertThat(twin.params()).isNotEqualTo(model.params());
  }

  @Test
  void hasNoListenersOfTheModel() {
    MultiLayerNetwork model = (MultiLayerNetwork) NormalizedNetworks.PERCEPTRON.build();
    model.addListeners(new ScoreIterationListener(1));
    assertThat(PopulationTwin.of(model).getListeners()).isEmpty();
    assertThat(model.getListeners()).hasSize(1);
  }

  private static MultiLayerNetwork with(Layer... layers) {
    NeuralNetConfiguration.ListBuilder list = new NeuralNetConfiguration.Builder().seed(1).list();
    list.layer(new DenseLayer.Builder().nOut(3).activation(Activation.TANH).build());
    for (Layer layer : layers) {
      list.layer(layer);
    }
    list.layer(
        new OutputLayer.Builder(LossFunction.MCXENT)
            .nOut(3)
            .activation(Activation.SOFTMAX)
            .build());
    MultiLayerNetwork network =
        new MultiLayerNetwork(list.setInputType(InputType.feedForward(4)).build());
    network.init();
    return network;
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void frozenLayersStayFrozen(boolean live) {
    MultiLayerNetwork model =
        with(
            live ? new BatchNormalization() : new FrozenLayer(new BatchNormalization()),
            new BatchNormalization());
    if (live) {
      model.getLayers()[1] = new org.deeplearning4j.nn.layers.FrozenLayer(model.getLayer(1));
    }
    MultiLayerNetwork twin = PopulationTwin.of(model);
    assertThat(Network.of(twin).activeParameters()).isEqualTo(Network.of(model).activeParameters());
    INDArray before = twin.getLayer(1).params().dup();
    twin.fit(NormalizedNetworks.PERCEPTRON.data(6));
    assertThat(twin.getLayer(1).params()).isEqualTo(before);
  }

  /** A subclass of batch normalization, of which nobody knows what it computes. */
  static final class Strange extends BatchNormalization {
    private static final long serialVersionUID = 1L;
  }

  @Test
  void namesWhatItCannotConvert() {
    Strange strange = new Strange();
    strange.setLayerName("odd");
    assertThatThrownBy(() -> PopulationTwin.of(with(new BatchNormalization(), strange)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "batch normalization must be Deeplearning4j's own to take population statistics, got"
                + " odd (%s)",
            Strange.class.getName());
    assertThatThrownBy(() -> PopulationTwin.of(with()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("model must have a layer of batch normalization, got none");
  }

  @Test
  void aTwinOfATwinIsTheSame() {
    Model twin = PopulationTwin.of(NormalizedNetworks.RESIDUAL_GRAPH.build());
    Model again = PopulationTwin.of(twin);
    assertThat(json(again)).isEqualTo(json(twin));
    assertThat(again.params()).isEqualTo(twin.params());
  }
}
