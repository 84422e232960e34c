package org.eigenscope.listeners.normalization;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration.GraphBuilder;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration.ListBuilder;
import org.deeplearning4j.nn.conf.dropout.Dropout;
import org.deeplearning4j.nn.conf.graph.ElementWiseVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.LocallyConnected2D;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.PReLULayer;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.conf.layers.misc.FrozenLayer;
import org.deeplearning4j.nn.conf.preprocessor.CnnToFeedForwardPreProcessor;
import org.deeplearning4j.nn.conf.preprocessor.ComposableInputPreProcessor;
import org.deeplearning4j.nn.conf.preprocessor.FeedForwardToCnnPreProcessor;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.transferlearning.TransferLearning;
import org.eigenscope.listeners.normalization.Forms.Architecture;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.learning.config.Nesterovs;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/** Where batch normalization may stand, and what its absence asks of the layers before it. */
class TwinWithoutNormalizationTest {
  private static final List<DataSet> BATCHES = Architecture.CNN.batches(3);

  private static NeuralNetConfiguration.Builder settings() {
    return new NeuralNetConfiguration.Builder()
        .seed(5)
        .dataType(DataType.DOUBLE)
        .updater(new Nesterovs(0.1, 0.9))
        .convolutionMode(ConvolutionMode.Same);
  }

  private static ConvolutionLayer convolution(boolean bias) {
    return new ConvolutionLayer.Builder(3, 3)
        .name("convolution")
        .nOut(2)
        .hasBias(bias)
        .activation(Activation.IDENTITY)
        .build();
  }

  private static BatchNormalization normalization() {
    return new BatchNormalization.Builder().name("normalization").build();
  }

  private static OutputLayer output() {
    return new OutputLayer.Builder(LossFunction.MCXENT)
        .name("output")
        .nOut(Forms.CLASSES)
        .activation(Activation.SOFTMAX)
        .build();
  }

  private static MultiLayerNetwork network(Layer... layers) {
    ListBuilder list = settings().list();
    for (Layer layer : layers) {
      list.layer(layer);
    }
    return Forms.initialised(
        list.layer(output()).setInputType(InputType.convolutionalFlat(6, 6, 1)));
  }

  /** Learns with both and compares them. */
  private static void assertSame(Model twin, Model expected) {
    INDArray features = BATCHES.get(0).getFeatures();
    assertThat(Forms.values(Forms.output(twin, features)))
        .isEqualTo(Forms.values(Forms.output(expected, features)));
    Forms.fit(twin, BATCHES);
    Forms.fit(expected, BATCHES);
    assertThat(Forms.parameters(twin)).isEqualTo(Forms.parameters(expected));
  }

  @Test
  void dropsNormalizationOfTheDataAndKeepsItsPreprocessor() {
    MultiLayerNetwork model = network(normalization(), convolution(true));
    MultiLayerNetwork expected = network(convolution(true));
    Forms.copyParameters(model, expected);

    MultiLayerNetwork twin = NormalizationTwin.without(model);

    assertThat(twin.getLayerWiseConfigurations().getInputPreProcess(0))
        .isInstanceOf(FeedForwardToCnnPreProcessor.class);
    assertSame(twin, expected);
  }

  @Test
  void joinsPreprocessorsThatMeet() {
    Layer dense = new DenseLayer.Builder().name("dense").nOut(4).build();
    MultiLayerNetwork model = network(normalization(), dense.clone());
    assertThat(model.getLayerWiseConfigurations().getInputPreProcess(1))
        .isInstanceOf(CnnToFeedForwardPreProcessor.class);
    MultiLayerNetwork expected = network(dense);
    Forms.copyParameters(model, expected);

    MultiLayerNetwork twin = NormalizationTwin.without(model);

    assertThat(twin.getLayerWiseConfigurations().getInputPreProcess(0))
        .isInstanceOf(ComposableInputPreProcessor.class);
    assertSame(twin, expected);
  }

  @Test
  void leavesAPreprocessorInAGraphUnderTheNameOfTheNormalization() {
    ComputationGraph model =
        Forms.initialised(
            settings()
                .graphBuilder()
                .addInputs("in")
                .addLayer("normalization", normalization(), "in")
                .addLayer("convolution", convolution(true), "normalization")
                .addLayer("output", output(), "convolution")
                .setOutputs("output")
                .setInputTypes(InputType.convolutionalFlat(6, 6, 1)));
    ComputationGraph expected =
        Forms.initialised(
            settings()
                .graphBuilder()
                .addInputs("in")
                .addLayer("convolution", convolution(true), "in")
                .addLayer("output", output(), "convolution")
                .setOutputs("output")
                .setInputTypes(InputType.convolutionalFlat(6, 6, 1)));
    Forms.copyParameters(model, expected);

    ComputationGraph twin = NormalizationTwin.without(model);

    assertThat(twin.getVertex("normalization").hasLayer()).isFalse();
    assertSame(twin, expected);
  }

  /** Deeplearning4j ignores it: surviving, it would be an activation that the model never had. */
  @Test
  void dropsTheActivationOfTheNormalizationItself() {
    BatchNormalization rectified =
        new BatchNormalization.Builder().name("normalization").activation(Activation.RELU).build();
    MultiLayerNetwork model = network(convolution(true), rectified);
    MultiLayerNetwork ignorant = network(convolution(true), normalization());
    ignorant.setParams(model.params());
    INDArray features = BATCHES.get(0).getFeatures();
    assertThat(Forms.values(model.output(features)))
        .isEqualTo(Forms.values(ignorant.output(features)));
    MultiLayerNetwork expected = network(convolution(true));
    Forms.copyParameters(model, expected);

    assertSame(NormalizationTwin.without(model), expected);
  }

  @Test
  void givesABiasThroughLayersWithoutWeights() {
    MultiLayerNetwork model =
        network(
            convolution(false),
            new PReLULayer.Builder().name("rectifier").inputShape(2, 6, 6).build(),
            new SubsamplingLayer.Builder().name("pool").kernelSize(2, 2).stride(2, 2).build(),
            normalization());
    assertThat(Forms.parameters(model)).doesNotContainKey("convolution/b");

    MultiLayerNetwork twin = NormalizationTwin.without(model);

    assertThat(Forms.parameters(twin)).containsEntry("convolution/b", List.of(0.0, 0.0));
    assertThat(Forms.parameters(twin).get("convolution/W"))
        .isEqualTo(Forms.parameters(model).get("convolution/W"));
    Forms.fit(twin, BATCHES);
    assertThat(Forms.parameters(twin).get("convolution/b")).doesNotContain(0.0);
  }

  private static GraphBuilder preActivation() {
    return settings()
        .graphBuilder()
        .addInputs("in")
        .addLayer("stem", convolution(false), "in")
        .addLayer("first", normalization(), "stem")
        .addLayer("relu", new ActivationLayer(Activation.RELU), "first")
        .addLayer("inner", convolution(false), "relu")
        .addVertex("sum", new ElementWiseVertex(ElementWiseVertex.Op.Add), "inner", "stem")
        .addLayer("last", normalization(), "sum")
        .addLayer("output", output(), "last")
        .setOutputs("output")
        .setInputTypes(InputType.convolutionalFlat(6, 6, 1));
  }

  @Test
  void givesABiasToAllThatASumInFrontIsMadeOf() {
    ComputationGraph model = Forms.initialised(preActivation());

    ComputationGraph twin = NormalizationTwin.without(model);

    assertThat(Forms.parameters(twin).keySet())
        .containsExactly("inner/W", "inner/b", "output/W", "output/b", "stem/W", "stem/b");
    assertThat(twin.getConfiguration().getVertexInputs().get("output")).containsExactly("sum");
    assertThat(twin.getConfiguration().getVertexInputs().get("relu")).containsExactly("stem");
  }

  @Test
  void doesNotGiveABiasPastOtherWeights() {
    Layer dense = new DenseLayer.Builder().name("dense").nOut(4).build();
    MultiLayerNetwork model = network(convolution(false), dense, normalization());

    assertThat(Forms.parameters(NormalizationTwin.without(model)))
        .doesNotContainKey("convolution/b");
  }

  @Test
  void keepsFrozenLayersFrozen() {
    MultiLayerNetwork trained = network(convolution(false), normalization(), dense());
    MultiLayerNetwork model = new TransferLearning.Builder(trained).setFeatureExtractor(1).build();

    MultiLayerNetwork twin = NormalizationTwin.without(model);

    assertThat(twin.getLayerWiseConfigurations().getConf(0).getLayer())
        .isInstanceOf(FrozenLayer.class);
    assertThat(twin.getnLayers()).isEqualTo(3);
    Forms.fit(twin, BATCHES);
    assertThat(Forms.parameters(twin).get("convolution/W"))
        .isEqualTo(Forms.parameters(model).get("convolution/W"));
    assertThat(Forms.parameters(twin).get("dense/W"))
        .isNotEqualTo(Forms.parameters(model).get("dense/W"));
  }

  /** The configuration of such a network does not say that it is frozen. */
  @Test
  void keepsLayersFrozenThatWereFrozenInTheLiveNetworkOnly() {
    MultiLayerNetwork model = network(convolution(false), normalization(), dense());
    model.getLayers()[0] = new org.deeplearning4j.nn.layers.FrozenLayer(model.getLayer(0));

    MultiLayerNetwork twin = NormalizationTwin.without(model);

    assertThat(twin.getLayerWiseConfigurations().getConf(0).getLayer())
        .isInstanceOf(FrozenLayer.class);
  }

  private static Layer dense() {
    return new DenseLayer.Builder().name("dense").nOut(4).build();
  }

  @Test
  void namesLayersOfASequenceByTheIndexTheyHadWhereTheyHaveNoName() {
    MultiLayerNetwork model = network(convolution(true), normalization(), dense());
    model.getLayerWiseConfigurations().getConf(2).getLayer().setLayerName(null);

    assertThat(NormalizationTwin.without(model).getLayerNames())
        .containsExactly("convolution", "layer2", "output");
  }

  @Test
  void rejectsAModelWithoutNormalization() {
    assertThatThrownBy(() -> NormalizationTwin.without(network(convolution(true))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "model must have a layer of batch normalization to be left without it, got none");
  }

  @Test
  void rejectsNormalizationThatIsAnOutput() {
    ComputationGraph model =
        Forms.initialised(
            settings()
                .graphBuilder()
                .addInputs("in")
                .addLayer("convolution", convolution(true), "in")
                .addLayer("normalization", normalization(), "convolution")
                .addLayer("output", output(), "normalization")
                .setOutputs("output", "normalization")
                .setInputTypes(InputType.convolutionalFlat(6, 6, 1)));

    assertThatThrownBy(() -> NormalizationTwin.without(model))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'normalization' must feed another layer");
  }

  @Test
  void rejectsNormalizationBesideAWayAroundIt() {
    ComputationGraph model =
        Forms.initialised(
            settings()
                .graphBuilder()
                .addInputs("in")
                .addLayer("convolution", convolution(true), "in")
                .addLayer("normalization", normalization(), "convolution")
                .addVertex(
                    "sum",
                    new ElementWiseVertex(ElementWiseVertex.Op.Add),
                    "normalization",
                    "convolution")
                .addLayer("output", output(), "sum")
                .setOutputs("output")
                .setInputTypes(InputType.convolutionalFlat(6, 6, 1)));

    assertThatThrownBy(() -> NormalizationTwin.without(model))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'normalization'")
        .hasMessageContaining("'convolution'")
        .hasMessageContaining("'sum'");
  }

  @Test
  void rejectsALayerBeforeThatCanHaveNoBias() {
    MultiLayerNetwork model =
        network(
            new LocallyConnected2D.Builder()
                .kernelSize(3, 3)
                .name("local")
                .nOut(2)
                .hasBias(false)
                .convolutionMode(ConvolutionMode.Same)
                .activation(Activation.RELU)
                .build(),
            normalization());

    assertThatThrownBy(() -> NormalizationTwin.without(model))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "layer 'local' (LocallyConnected2D) must have a bias to do without batch normalization"
                + " 'normalization', and has none that could be switched on");
  }

  @Test
  void rejectsLayersOfOneName() {
    MultiLayerNetwork model = network(convolution(true), normalization(), dense());
    model.getLayerWiseConfigurations().getConf(2).getLayer().setLayerName("convolution");

    assertThatThrownBy(() -> NormalizationTwin.without(model))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("layer names must be unique, got two layers 'convolution'; rename one");
  }

  @SuppressWarnings({"overrides", "serial"})
  private static final class OwnNetwork extends MultiLayerNetwork {
    OwnNetwork(MultiLayerConfiguration configuration) {
      super(configuration);
    }
  }

  @Test
  void rejectsSubclassesOfModels() {
    MultiLayerNetwork model = new OwnNetwork(network(dense()).getLayerWiseConfigurations());
    model.init();

    assertThatThrownBy(() -> NormalizationTwin.without(model))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("of no subclass, got " + OwnNetwork.class.getName());
  }

  @Test
  void rejectsAModelThatIsNotInitialised() {
    MultiLayerNetwork model = new MultiLayerNetwork(network(dense()).getLayerWiseConfigurations());

    assertThatThrownBy(() -> NormalizationTwin.without(model))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("call init() first");
  }

  @Test
  void rejectsAConfigurationThatCannotBeSaved() {
    MultiLayerNetwork model = network(convolution(true), normalization());
    model.getLayerWiseConfigurations().getConf(0).getLayer().setIDropout(new Dropout(0.5) {});

    assertThatThrownBy(() -> NormalizationTwin.without(model))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("configuration must be readable from its JSON");
  }
}
