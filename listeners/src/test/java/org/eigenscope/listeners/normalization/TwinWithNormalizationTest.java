package org.eigenscope.listeners.normalization;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import org.deeplearning4j.nn.conf.BackpropType;
import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration.GraphBuilder;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.GradientNormalization;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration.ListBuilder;
import org.deeplearning4j.nn.conf.graph.ElementWiseVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.Convolution1DLayer;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.Deconvolution2D;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.DepthwiseConvolution2D;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.LossLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.deeplearning4j.nn.conf.layers.SeparableConvolution2D;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.conf.layers.misc.FrozenLayerWithBackprop;
import org.deeplearning4j.nn.conf.layers.recurrent.TimeDistributed;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/** Which layers batch normalization is put behind, and with what settings. */
class TwinWithNormalizationTest {
  private static final InputType IMAGES = InputType.convolutional(6, 6, 2);

  private static NeuralNetConfiguration.Builder settings() {
    return new NeuralNetConfiguration.Builder()
        .seed(5)
        .dataType(DataType.DOUBLE)
        .updater(new Sgd(0.1))
        .convolutionMode(ConvolutionMode.Same);
  }

  private static ConvolutionLayer convolution(String name) {
    return new ConvolutionLayer.Builder(3, 3)
        .name(name)
        .nOut(2)
        .activation(Activation.RELU)
        .build();
  }

  private static DenseLayer dense(String name) {
    return new DenseLayer.Builder().name(name).nOut(3).activation(Activation.TANH).build();
  }

  private static OutputLayer output() {
    return new OutputLayer.Builder(LossFunction.MCXENT)
        .name("output")
        .nOut(3)
        .activation(Activation.SOFTMAX)
        .build();
  }

  private static MultiLayerNetwork network(InputType input, Layer... layers) {
    ListBuilder list = settings().list();
    for (Layer layer : layers) {
      list.layer(layer);
    }
    return Forms.initialised(list.setInputType(input));
  }

  private static List<String> names(MultiLayerNetwork twin) {
    return twin.getLayerNames();
  }

  /** Test-mode values are the model's own but for epsilon. */
  private static MultiLayerNetwork assertUnmoved(MultiLayerNetwork model, INDArray features) {
    MultiLayerNetwork twin =
        NormalizationTwin.with(model, new BatchNormalization.Builder().eps(1e-12).build());
    assertThat(twin.output(features).distance1(model.output(features))).isLessThan(1e-10);
    return twin;
  }

  private static INDArray uniform(long... shape) {
    return Nd4j.linspace(-1, 1, Nd4j.create(shape).length(), DataType.DOUBLE).reshape(shape);
  }

  @Test
  void startsAndIsSetAsAskedFor() {
    BatchNormalization asked =
        new BatchNormalization.Builder()
            .decay(0.5)
            .eps(1e-3)
            .gamma(2)
            .beta(3)
            .useLogStd(false)
            .updater(new Adam(0.1))
            .gradientNormalization(GradientNormalization.ClipL2PerParamType)
            .gradientNormalizationThreshold(4)
            .build();

    MultiLayerNetwork twin =
        NormalizationTwin.with(network(IMAGES, dense("dense"), output()), asked);

    BatchNormalization made =
        (BatchNormalization) twin.getLayer("dense-normalization").conf().getLayer();
    assertThat(made.getDecay()).isEqualTo(0.5);
    assertThat(made.getEps()).isEqualTo(1e-3);
    assertThat(made.getIUpdater()).isEqualTo(new Adam(0.1)).isNotSameAs(asked.getIUpdater());
    assertThat(made.getGradientNormalization()).isEqualTo(GradientNormalization.ClipL2PerParamType);
    assertThat(made.getGradientNormalizationThreshold()).isEqualTo(4);
    assertThat(Forms.parameters(twin))
        .containsEntry("dense-normalization/gamma", Collections.nCopies(3, 2.0))
        .containsEntry("dense-normalization/beta", Collections.nCopies(3, 3.0))
        .containsEntry("dense-normalization/mean", Collections.nCopies(3, 0.0))
        .containsEntry("dense-normalization/var", Collections.nCopies(3, 1.0));
    assertThat(asked.getLayerName()).isNull();
    assertThat(asked.getNOut()).isZero();
  }

  @Test
  void fixesScaleAndShiftWhereAsked() {
    MultiLayerNetwork twin =
        NormalizationTwin.with(
            network(IMAGES, dense("dense"), output()),
            new BatchNormalization.Builder().lockGammaBeta(true).build());

    assertThat(Forms.parameters(twin).keySet())
        .contains("dense-normalization/mean")
        .doesNotContain("dense-normalization/gamma");
  }

  static Stream<Layer> convolutions() {
    return Stream.of(
            new ConvolutionLayer.Builder(3, 3).nOut(4),
            new ConvolutionLayer.Builder(2, 3).nOut(4).stride(2, 1),
            new Deconvolution2D.Builder(2, 2).nOut(4).stride(2, 2),
            new SeparableConvolution2D.Builder(3, 3).nOut(4).depthMultiplier(2))
        .map(builder -> builder.name("weights").activation(Activation.RELU).build());
  }

  @ParameterizedTest
  @MethodSource("convolutions")
  void knowsTwoDimensionalConvolutions(Layer layer) {
    MultiLayerNetwork twin = assertUnmoved(network(IMAGES, layer, output()), uniform(3, 2, 6, 6));

    assertThat(names(twin))
        .containsExactly("weights", "weights-normalization", "weights-activation", "output");
    twin.fit(new DataSet(uniform(3, 2, 6, 6), Nd4j.eye(3).castTo(DataType.DOUBLE)));
    assertThat(Forms.parameters(twin).get("weights-normalization/mean"))
        .hasSize(4)
        .doesNotContain(0.0);
  }

  @Test
  void knowsDepthwiseConvolutions() {
    Layer layer =
        new DepthwiseConvolution2D.Builder(3, 3)
            .name("weights")
            .depthMultiplier(2)
            .activation(Activation.RELU)
            .build();

    MultiLayerNetwork twin = assertUnmoved(network(IMAGES, layer, output()), uniform(3, 2, 6, 6));

    assertThat(Forms.parameters(twin).get("weights-normalization/mean")).hasSize(4);
  }

  @Test
  void normalizesTheLastAxisOfImagesWithChannelsLast() {
    Layer layer =
        new ConvolutionLayer.Builder(3, 3)
            .name("weights")
            .nOut(4)
            .dataFormat(CNN2DFormat.NHWC)
            .activation(Activation.RELU)
            .build();
    Layer pool = new GlobalPoolingLayer.Builder(PoolingType.AVG).poolingDimensions(1, 2).build();
    MultiLayerNetwork model =
        network(InputType.convolutional(6, 6, 2, CNN2DFormat.NHWC), layer, pool, output());

    MultiLayerNetwork twin = assertUnmoved(model, uniform(3, 6, 6, 2));

    BatchNormalization made =
        (BatchNormalization) twin.getLayer("weights-normalization").conf().getLayer();
    assertThat(made.getCnn2DFormat()).isEqualTo(CNN2DFormat.NHWC);
  }

  @Test
  void leavesRecurrentLayersAndNormalizesDenseLayersOfSequences() {
    MultiLayerNetwork model =
        network(
            InputType.recurrent(3),
            new LSTM.Builder().name("lstm").nOut(4).build(),
            dense("dense"),
            new RnnOutputLayer.Builder(LossFunction.MCXENT)
                .name("output")
                .nOut(2)
                .activation(Activation.SOFTMAX)
                .build());
    MultiLayerConfiguration truncated = model.getLayerWiseConfigurations();
    truncated.setBackpropType(BackpropType.TruncatedBPTT);
    truncated.setTbpttFwdLength(3);
    truncated.setTbpttBackLength(2);

    MultiLayerNetwork twin = assertUnmoved(model, uniform(2, 3, 5));

    assertThat(names(twin))
        .containsExactly("lstm", "dense", "dense-normalization", "dense-activation", "output");
    assertThat(twin.getLayerWiseConfigurations().getInputPreProcessors().keySet())
        .containsExactlyInAnyOrder(1, 4);
    assertThat(twin.getLayerWiseConfigurations())
        .returns(BackpropType.TruncatedBPTT, MultiLayerConfiguration::getBackpropType)
        .returns(3, MultiLayerConfiguration::getTbpttFwdLength)
        .returns(2, MultiLayerConfiguration::getTbpttBackLength);
  }

  @Test
  void rejectsDenseLayersInWrappers() {
    MultiLayerNetwork model =
        network(
            InputType.recurrent(3),
            new TimeDistributed(dense("inside")),
            new RnnOutputLayer.Builder(LossFunction.MSE)
                .nOut(2)
                .activation(Activation.IDENTITY)
                .build());

    assertThatThrownBy(() -> NormalizationTwin.with(model))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("layer 'layer0' must be")
        .hasMessageEndingWith("got " + TimeDistributed.class.getName());
  }

  @Test
  void leavesLayersThatAreNormalizedAlready() {
    MultiLayerNetwork model =
        network(
            IMAGES,
            convolution("direct"),
            new BatchNormalization(),
            convolution("pooled"),
            new SubsamplingLayer.Builder().kernelSize(2, 2).stride(2, 2).build(),
            new ActivationLayer(Activation.RELU),
            new BatchNormalization(),
            dense("open"),
            output());

    assertThat(names(NormalizationTwin.with(model)))
        .containsExactly(
            "direct",
            "layer1",
            "pooled",
            "layer3",
            "layer4",
            "layer5",
            "open",
            "open-normalization",
            "open-activation",
            "output");
  }

  @Test
  void leavesWhatMakesTheInputOfALossLayer() {
    MultiLayerNetwork model =
        network(
            IMAGES,
            convolution("hidden"),
            convolution("logits"),
            new GlobalPoolingLayer.Builder(PoolingType.AVG).name("pool").build(),
            new LossLayer.Builder(LossFunction.MCXENT)
                .name("loss")
                .activation(Activation.SOFTMAX)
                .build());

    assertThat(names(NormalizationTwin.with(model)))
        .containsExactly(
            "hidden", "hidden-normalization", "hidden-activation", "logits", "pool", "loss");
  }

  @Test
  void leavesFrozenLayers() {
    MultiLayerNetwork model =
        network(IMAGES, new FrozenLayerWithBackprop(dense("inside")), dense("free"), output());

    assertThat(names(NormalizationTwin.with(model)))
        .containsExactly("layer0", "free", "free-normalization", "free-activation", "output");
  }

  private static GraphBuilder branches() {
    return settings()
        .graphBuilder()
        .addInputs("in")
        .addLayer("stem", convolution("stem"), "in")
        .addLayer("branch", convolution("branch"), "stem")
        .addLayer("normalization", new BatchNormalization(), "stem")
        .addVertex(
            "sum", new ElementWiseVertex(ElementWiseVertex.Op.Add), "branch", "normalization")
        .addLayer("final", new BatchNormalization(), "sum")
        .addLayer("output", output(), "final")
        .setOutputs("output")
        .setInputTypes(IMAGES);
  }

  /** A sum's normalization is not that of what it is made of; one way to it is enough. */
  @Test
  void looksAlongEveryBranchOfAGraphAndNotPastSums() {
    ComputationGraph model = Forms.initialised(branches());
    INDArray features = uniform(3, 2, 6, 6);

    ComputationGraph twin =
        NormalizationTwin.with(model, new BatchNormalization.Builder().eps(1e-12).build());

    assertThat(twin.outputSingle(features).distance1(model.outputSingle(features)))
        .isLessThan(1e-10);

    assertThat(twin.getConfiguration().getVertices().keySet())
        .containsExactly(
            "stem",
            "branch",
            "branch-normalization",
            "branch-activation",
            "normalization",
            "sum",
            "final",
            "output");
    assertThat(twin.getConfiguration().getVertexInputs().get("sum"))
        .containsExactly("branch-activation", "normalization");
  }

  @Test
  void leavesLayersThatAreOutputs() {
    ComputationGraph model = Forms.initialised(branches().setOutputs("output", "branch"));

    assertThatThrownBy(() -> NormalizationTwin.with(model))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("model must have a dense or convolution layer");
  }

  @Test
  void rejectsAModelWithNothingLeftToNormalize() {
    MultiLayerNetwork model = network(IMAGES, dense("dense"), output());

    assertThatThrownBy(() -> NormalizationTwin.with(NormalizationTwin.with(model)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("model must have a dense or convolution layer")
        .hasMessageEndingWith("got none");
  }

  @Test
  void rejectsConvolutionsOfSequences() {
    MultiLayerNetwork model =
        network(
            InputType.recurrent(3, 5),
            new Convolution1DLayer.Builder(2).name("weights").nOut(4).build(),
            new RnnOutputLayer.Builder(LossFunction.MSE)
                .nOut(2)
                .activation(Activation.IDENTITY)
                .build());

    assertThatThrownBy(() -> NormalizationTwin.with(model))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("layer 'weights' must be")
        .hasMessageEndingWith("got " + Convolution1DLayer.class.getName());
  }

  /** As a subclass of a layer someone else wrote. */
  @SuppressWarnings("serial")
  public static final class OwnLayer extends ConvolutionLayer {
    public OwnLayer() {}

    OwnLayer(ConvolutionLayer.Builder builder) {
      super(builder);
    }
  }

  @Test
  void rejectsLayersOfOthers() {
    Layer own =
        new OwnLayer(
            new ConvolutionLayer.Builder(3, 3).name("own").nOut(2).activation(Activation.RELU));

    assertThatThrownBy(() -> NormalizationTwin.with(network(IMAGES, own, output())))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("layer 'own' must be")
        .hasMessageEndingWith("got " + OwnLayer.class.getName());
  }

  @Test
  void rejectsNamesThatAreTaken() {
    MultiLayerNetwork model =
        network(IMAGES, dense("dense"), dense("dense-normalization"), output());

    assertThatThrownBy(() -> NormalizationTwin.with(model))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("layer names must be unique, got two layers 'dense-normalization'; rename one");
  }
}
