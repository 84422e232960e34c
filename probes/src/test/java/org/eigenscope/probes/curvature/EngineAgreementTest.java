package org.eigenscope.probes.curvature;

import static org.assertj.core.api.Assertions.assertThat;
import static org.eigenscope.probes.curvature.Networks.labels;
import static org.eigenscope.probes.curvature.Networks.network;
import static org.eigenscope.probes.curvature.Networks.normal;
import static org.eigenscope.probes.curvature.Networks.randomised;
import static org.eigenscope.probes.curvature.Networks.softmax;

import java.util.List;
import java.util.stream.Stream;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration.GraphBuilder;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.graph.ElementWiseVertex;
import org.deeplearning4j.nn.conf.graph.MergeVertex;
import org.deeplearning4j.nn.conf.graph.ScaleVertex;
import org.deeplearning4j.nn.conf.graph.ShiftVertex;
import org.deeplearning4j.nn.conf.graph.SubsetVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.DropoutLayer;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.LossLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.conf.layers.Upsampling2D;
import org.deeplearning4j.nn.conf.layers.ZeroPaddingLayer;
import org.deeplearning4j.nn.conf.layers.convolutional.Cropping2D;
import org.deeplearning4j.nn.conf.layers.misc.FrozenLayerWithBackprop;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.activations.impl.ActivationELU;
import org.nd4j.linalg.activations.impl.ActivationReLU;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.MultiDataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.lossfunctions.ILossFunction;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;
import org.nd4j.linalg.lossfunctions.impl.LossBinaryXENT;
import org.nd4j.linalg.lossfunctions.impl.LossL2;
import org.nd4j.linalg.lossfunctions.impl.LossMCXENT;
import org.nd4j.linalg.lossfunctions.impl.LossMSE;
import org.nd4j.linalg.lossfunctions.impl.LossNegativeLogLikelihood;

/** Networks that the tangent engine knows, in every part, against differences of gradients. */
class EngineAgreementTest {
  private static final int EXAMPLES = 7;

  private record Kind(String name, Model model, DataBatches data) {
    @Override
    public String toString() {
      return name;
    }
  }

  static Stream<Kind> kinds() {
    return Stream.of(
            activations(), losses(), masks(), convolutions(), images(), normalization(), graphs())
        .flatMap(all -> all);
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void tangentsAgreeWithDifferences(Kind kind) {
    boolean normalizes = Network.of(kind.model()).hasBatchNormalization();
    for (BatchNormMode mode :
        normalizes ? List.of(BatchNormMode.values()) : List.of(BatchNormMode.BATCH)) {
      assertThat(Networks.requireAgreement(kind.model(), kind.data(), mode))
          .isEqualTo(Engine.TANGENT);
    }
  }

  /** Deeplearning4j masks the layer's values, too, so that a fraction would count in two places. */
  @Test
  void leavesFractionsInMasksToDifferences() {
    INDArray mask = Nd4j.createFromArray(1.0, 0.5, 1).reshape(3, 1);
    DataSet data = new DataSet(normal(2, 3, 4), labels(3, 3, 3), null, mask);
    assertThat(
            Networks.requireAgreement(
                network(InputType.feedForward(4), softmax(3)),
                DataBatches.of(data),
                BatchNormMode.BATCH))
        .isEqualTo(Engine.DIFFERENCE);
  }

  /** Every function in a dense layer, behind a convolution, and as a layer of its own. */
  private static Stream<Kind> activations() {
    return Stream.of(
            Activation.IDENTITY.getActivationFunction(),
            Activation.RELU.getActivationFunction(),
            Activation.LEAKYRELU.getActivationFunction(),
            Activation.TANH.getActivationFunction(),
            Activation.SIGMOID.getActivationFunction(),
            Activation.SOFTPLUS.getActivationFunction(),
            Activation.SOFTSIGN.getActivationFunction(),
            new ActivationELU(),
            Activation.SELU.getActivationFunction(),
            Activation.GELU.getActivationFunction(),
            Activation.SWISH.getActivationFunction(),
            Activation.HARDTANH.getActivationFunction(),
            Activation.HARDSIGMOID.getActivationFunction(),
            Activation.RELU6.getActivationFunction(),
            Activation.THRESHOLDEDRELU.getActivationFunction(),
            Activation.RECTIFIEDTANH.getActivationFunction(),
            new ActivationReLU(0.8, 0.1, 0.2))
        .map(EngineAgreementTest::everywhere);
  }

  private static Kind everywhere(IActivation activation) {
    return image(
        activation.toString(),
        new ConvolutionLayer.Builder(3, 3).nOut(3).activation(activation).build(),
        new BatchNormalization(),
        new ActivationLayer(activation),
        new DenseLayer.Builder().nOut(4).activation(activation).build(),
        softmax(3));
  }

  private static Stream<Kind> losses() {
    INDArray weights = Nd4j.createFromArray(0.5, 2.0, 1.5).reshape(1, 3);
    INDArray soft = normal(5, EXAMPLES, 3);
    soft = soft.mul(soft).addi(0.1);
    soft.diviColumnVector(soft.sum(1).mul(1.3));
    INDArray fractions = soft.dup();
    INDArray onehot = labels(3, EXAMPLES, 3);
    return Stream.of(
        loss(new LossMCXENT(), Activation.SOFTMAX, onehot),
        loss(new LossMCXENT(weights), Activation.SOFTMAX, onehot),
        loss(new LossMCXENT(weights), Activation.SOFTMAX, soft),
        loss(new LossMCXENT(), Activation.SOFTMAX, soft),
        loss(new LossNegativeLogLikelihood(), Activation.SOFTMAX, onehot),
        loss(new LossBinaryXENT(), Activation.SIGMOID, fractions),
        loss(new LossBinaryXENT(weights), Activation.SIGMOID, onehot),
        loss(new LossBinaryXENT(0.3, null), Activation.SIGMOID, fractions),
        loss(new LossMSE(), Activation.IDENTITY, soft),
        loss(new LossMSE(weights), Activation.TANH, soft),
        loss(new LossMSE(weights), Activation.SOFTMAX, soft),
        loss(new LossL2(), Activation.SOFTPLUS, soft),
        loss(new LossL2(), Activation.SOFTMAX, onehot));
  }

  private static Kind loss(ILossFunction function, Activation activation, INDArray y) {
    return new Kind(
        function + " of " + activation,
        randomised(
            network(
                InputType.feedForward(4),
                new DenseLayer.Builder().nOut(5).activation(Activation.TANH).build(),
                new OutputLayer.Builder(function).nOut(3).activation(activation).build()),
            1),
        Networks.batches(normal(2, EXAMPLES, 4), y));
  }

  private static Stream<Kind> masks() {
    INDArray x = normal(2, EXAMPLES, 4);
    INDArray each = Nd4j.createFromArray(1.0, 0, 1, 1, 1, 0, 1).reshape(EXAMPLES, 1);
    INDArray outputs = normal(4, EXAMPLES, 3).gt(0).castTo(DataType.DOUBLE);
    INDArray onehot = labels(3, EXAMPLES, 3);
    return Stream.of(
        masked("masks of examples", softmax(3), x, onehot, each),
        masked(
            "masks of outputs",
            new OutputLayer.Builder(LossFunction.XENT)
                .nOut(3)
                .activation(Activation.SIGMOID)
                .build(),
            x,
            onehot,
            outputs),
        masked(
            "no bias",
            new OutputLayer.Builder(LossFunction.MSE)
                .nOut(3)
                .hasBias(false)
                .activation(Activation.SOFTMAX)
                .build(),
            x,
            onehot,
            each),
        new Kind(
            "batches of different sizes",
            randomised(
                network(
                    InputType.feedForward(4),
                    new DenseLayer.Builder().nOut(5).build(),
                    new BatchNormalization(),
                    new DenseLayer.Builder().nOut(3).hasBias(false).build(),
                    new LossLayer.Builder(LossFunction.MSE).activation(Activation.TANH).build()),
                1),
            DataBatches.of(
                List.of(
                    new MultiDataSet(normal(2, 5, 4), normal(3, 5, 3)),
                    new MultiDataSet(normal(4, 3, 4), normal(5, 3, 3))))));
  }

  private static Kind masked(
      String name, OutputLayer output, INDArray x, INDArray y, INDArray mask) {
    return new Kind(
        name,
        randomised(
            network(
                InputType.feedForward(4),
                new DenseLayer.Builder().nOut(5).activation(Activation.TANH).build(),
                output),
            1),
        DataBatches.of(new DataSet(x, y, null, mask)));
  }

  private static Stream<Kind> convolutions() {
    Stream.Builder<Kind> all = Stream.builder();
    for (ConvolutionMode mode : List.of(ConvolutionMode.Same, ConvolutionMode.Truncate)) {
      for (int[] g :
          new int[][] {{3, 1, 1}, {2, 2, 1}, {3, 2, 1}, {2, 1, 2}, {1, 1, 1}, {1, 2, 1}}) {
        all.add(
            image(
                "%s kernel %d stride %d dilation %d".formatted(mode, g[0], g[1], g[2]),
                new ConvolutionLayer.Builder(g[0], g[0])
                    .nOut(3)
                    .stride(g[1], g[1])
                    .dilation(g[2], g[2])
                    .convolutionMode(mode)
                    .activation(Activation.TANH)
                    .build(),
                new ConvolutionLayer.Builder(Math.min(2, g[0]), 1)
                    .nOut(2)
                    .stride(g[1], 1)
                    .convolutionMode(mode)
                    .hasBias(g[0] == 2)
                    .activation(Activation.SOFTPLUS)
                    .build(),
                softmax(3)));
      }
    }
    all.add(
        image(
            "padding",
            new ConvolutionLayer.Builder(3, 2)
                .nOut(9)
                .padding(2, 1)
                .activation(Activation.RELU)
                .build(),
            new ConvolutionLayer.Builder(3, 3).nOut(8).activation(Activation.RELU).build(),
            softmax(3)));
    return all.build();
  }

  private static ConvolutionLayer small() {
    return new ConvolutionLayer.Builder(2, 2).nOut(3).activation(Activation.TANH).build();
  }

  private static Stream<Kind> images() {
    Stream.Builder<Kind> all = Stream.builder();
    for (SubsamplingLayer.PoolingType type :
        List.of(SubsamplingLayer.PoolingType.MAX, SubsamplingLayer.PoolingType.AVG)) {
      for (ConvolutionMode mode : List.of(ConvolutionMode.Same, ConvolutionMode.Truncate)) {
        for (boolean pad : new boolean[] {true, false}) {
          all.add(
              image(
                  "%s pooling %s, padding counts %s".formatted(type, mode, pad),
                  small(),
                  new SubsamplingLayer.Builder(type)
                      .kernelSize(3, 2)
                      .stride(2, 1)
                      .padding(mode == ConvolutionMode.Same ? new int[] {0, 0} : new int[] {1, 0})
                      .avgPoolIncludePadInDivisor(pad)
                      .convolutionMode(mode)
                      .build(),
                  small(),
                  softmax(3)));
        }
      }
      all.add(
          image(
              type + " pooling, dilated",
              small(),
              new SubsamplingLayer.Builder(type)
                  .kernelSize(2, 2)
                  .stride(1, 1)
                  .dilation(2, 2)
                  .build(),
              softmax(3)));
    }
    for (PoolingType type : List.of(PoolingType.MAX, PoolingType.AVG, PoolingType.SUM)) {
      all.add(image("global " + type, small(), new GlobalPoolingLayer(type), softmax(3)));
    }
    all.add(
        image(
            "padding, cropping, upsampling, dropout",
            new ZeroPaddingLayer(1, 2, 0, 1),
            small(),
            new Cropping2D(1, 0, 0, 2),
            new DropoutLayer(0.5),
            new Upsampling2D.Builder(2).build(),
            new ConvolutionLayer.Builder(2, 2).nOut(2).dropOut(0.7).build(),
            softmax(3)));
    all.add(
        new Kind(
            "flat images",
            randomised(network(InputType.convolutionalFlat(6, 5, 2), small(), softmax(3)), 1),
            Networks.batches(normal(2, EXAMPLES, 60), labels(3, EXAMPLES, 3))));
    return all.build();
  }

  private static Stream<Kind> normalization() {
    return Stream.of(
        image("first layer", new BatchNormalization(), small(), softmax(3)),
        image(
            "locked",
            small(),
            new BatchNormalization.Builder().lockGammaBeta(true).build(),
            new ActivationLayer(Activation.TANH),
            softmax(3)),
        image(
            "variances, epsilon",
            small(),
            new BatchNormalization.Builder().useLogStd(false).eps(0.1).build(),
            new ActivationLayer(Activation.TANH),
            softmax(3)),
        image(
            "frozen",
            new FrozenLayerWithBackprop(small()),
            new BatchNormalization(),
            new FrozenLayerWithBackprop(small()),
            new FrozenLayerWithBackprop(new BatchNormalization()),
            small(),
            softmax(3)),
        new Kind(
            "vectors",
            randomised(
                network(
                    InputType.feedForward(4),
                    new DenseLayer.Builder().nOut(5).build(),
                    new BatchNormalization(),
                    new ActivationLayer(Activation.SIGMOID),
                    new DenseLayer.Builder().nOut(4).activation(Activation.TANH).build(),
                    new BatchNormalization(),
                    softmax(3)),
                1),
            Networks.batches(normal(2, 12, 4), labels(3, 12, 3)).rebatched(6)));
  }

  private static Kind image(String name, Layer... layers) {
    return new Kind(
        name,
        randomised(network(InputType.convolutional(6, 5, 2), layers), 1),
        Networks.batches(normal(2, EXAMPLES, 2, 6, 5), labels(3, EXAMPLES, 3)));
  }

  private static DenseLayer tanh(int units) {
    return new DenseLayer.Builder().nOut(units).activation(Activation.TANH).build();
  }

  private static Stream<Kind> graphs() {
    return Stream.of(everyVertex(), residual());
  }

  private static Kind everyVertex() {
    GraphBuilder graph =
        new NeuralNetConfiguration.Builder()
            .seed(3)
            .dataType(DataType.DOUBLE)
            .graphBuilder()
            .addInputs("first", "second")
            .setInputTypes(InputType.feedForward(3), InputType.feedForward(4))
            .addLayer("a", tanh(4), "first")
            .addLayer("b", tanh(4), "second")
            .addVertex("sum", new ElementWiseVertex(ElementWiseVertex.Op.Add), "a", "b", "second")
            .addVertex("minus", new ElementWiseVertex(ElementWiseVertex.Op.Subtract), "a", "sum")
            .addVertex(
                "product", new ElementWiseVertex(ElementWiseVertex.Op.Product), "a", "b", "minus")
            .addVertex("square", new ElementWiseVertex(ElementWiseVertex.Op.Product), "b", "b")
            .addVertex(
                "mean", new ElementWiseVertex(ElementWiseVertex.Op.Average), "product", "square")
            .addVertex("max", new ElementWiseVertex(ElementWiseVertex.Op.Max), "mean", "minus", "b")
            .addVertex("scale", new ScaleVertex(-1.5), "max")
            .addVertex("shift", new ShiftVertex(0.7), "scale")
            .addVertex("merge", new MergeVertex(), "shift", "second", "sum")
            .addVertex("subset", new SubsetVertex(2, 9), "merge")
            .addLayer("shared", new ActivationLayer(Activation.RELU), "merge")
            .addLayer("c", tanh(3), "shared")
            .addLayer("class", softmax(3), "c")
            .addLayer(
                "value",
                new OutputLayer.Builder(LossFunction.MSE)
                    .nOut(2)
                    .activation(Activation.IDENTITY)
                    .build(),
                "subset")
            .setOutputs("value", "class");
    ComputationGraph network = new ComputationGraph(graph.build());
    network.init();
    network.setParams(normal(9, network.params().length()).mul(0.4));
    INDArray[] x = {normal(2, EXAMPLES, 3), normal(3, EXAMPLES, 4)};
    INDArray[] y = {normal(4, EXAMPLES, 2), labels(3, EXAMPLES, 3)};
    return new Kind("every vertex", network, DataBatches.of(new MultiDataSet(x, y)));
  }

  private static Kind residual() {
    GraphBuilder graph =
        new NeuralNetConfiguration.Builder()
            .seed(3)
            .dataType(DataType.DOUBLE)
            .convolutionMode(ConvolutionMode.Same)
            .graphBuilder()
            .addInputs("in")
            .setInputTypes(InputType.convolutional(6, 5, 2))
            .addLayer("stem", convolution(4, 1), "in")
            .addLayer("bn", new BatchNormalization(), "stem")
            .addLayer("relu", new ActivationLayer(Activation.RELU), "bn")
            .addLayer("inner", convolution(4, 2), "relu")
            .addLayer("innerBn", new BatchNormalization(), "inner")
            .addLayer("short", convolution(4, 2), "relu")
            .addVertex("add", new ElementWiseVertex(ElementWiseVertex.Op.Add), "innerBn", "short")
            .addVertex("merge", new MergeVertex(), "add", "short")
            .addLayer("out", new ActivationLayer(Activation.RELU), "merge")
            .addLayer("pool", new GlobalPoolingLayer(PoolingType.AVG), "out")
            .addLayer("class", softmax(3), "pool")
            .setOutputs("class");
    ComputationGraph network = new ComputationGraph(graph.build());
    network.init();
    INDArray x = normal(2, 8, 2, 6, 5);
    return new Kind("residual", network, Networks.batches(x, labels(3, 8, 3)).rebatched(4));
  }

  private static ConvolutionLayer convolution(int channels, int stride) {
    return new ConvolutionLayer.Builder(3, 3)
        .nOut(channels)
        .stride(stride, stride)
        .hasBias(false)
        .activation(Activation.IDENTITY)
        .build();
  }
}
