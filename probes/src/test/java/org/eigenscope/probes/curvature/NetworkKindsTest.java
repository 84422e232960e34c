package org.eigenscope.probes.curvature;

import static org.assertj.core.api.Assertions.assertThat;
import static org.eigenscope.probes.curvature.Networks.labels;
import static org.eigenscope.probes.curvature.Networks.network;
import static org.eigenscope.probes.curvature.Networks.normal;
import static org.eigenscope.probes.curvature.Networks.randomised;
import static org.eigenscope.probes.curvature.Networks.softmax;

import java.util.stream.Stream;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.RNNFormat;
import org.deeplearning4j.nn.conf.graph.ElementWiseVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.*;
import org.deeplearning4j.nn.conf.layers.recurrent.Bidirectional;
import org.deeplearning4j.nn.conf.layers.recurrent.LastTimeStep;
import org.deeplearning4j.nn.conf.layers.recurrent.SimpleRnn;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.activations.impl.*;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.MultiDataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/** What must hold for every kind of network, whatever it computes. */
class NetworkKindsTest {
  private static final int EXAMPLES = 5;

  /** A network with data, and whether its loss is smooth where it is measured. */
  record Kind(String name, Model model, DataBatches data, BatchNormMode mode) {
    @Override
    public String toString() {
      return name;
    }
  }

  static Stream<Kind> kinds() {
    Stream<Kind> activations =
        Stream.of(
                new ActivationReLU(),
                new ActivationReLU(0.8, null, null),
                new ActivationReLU(null, 0.1, 0.2),
                new ActivationReLU(1.0, 0.0, 0.3),
                new ActivationReLU6(),
                new ActivationLReLU(0.2),
                new ActivationRReLU(),
                new ActivationHardTanH(),
                new ActivationHardSigmoid(),
                new ActivationThresholdedReLU(0.3),
                new ActivationELU(0.5),
                new ActivationSELU(),
                new ActivationRectifiedTanh(),
                new ActivationSoftSign(),
                new ActivationRationalTanh(),
                new ActivationCube(),
                new ActivationSwish(),
                new ActivationGELU(),
                new ActivationMish())
            .map(NetworkKindsTest::perceptron);
    Stream<Kind> losses =
        Stream.of(
                LossFunction.MSE,
                LossFunction.L2,
                LossFunction.XENT,
                LossFunction.L1,
                LossFunction.MEAN_ABSOLUTE_ERROR,
                LossFunction.POISSON,
                LossFunction.KL_DIVERGENCE,
                LossFunction.HINGE,
                LossFunction.SQUARED_HINGE,
                LossFunction.COSINE_PROXIMITY,
                LossFunction.MEAN_SQUARED_LOGARITHMIC_ERROR,
                LossFunction.MEAN_ABSOLUTE_PERCENTAGE_ERROR,
                LossFunction.WASSERSTEIN)
            .map(NetworkKindsTest::regression);
    return Stream.of(activations, losses, outputs(), images(), sequences(), graphs())
        .flatMap(k -> k);
  }

  private static Kind perceptron(IActivation activation) {
    DenseLayer hidden = new DenseLayer.Builder().nOut(6).activation(activation).build();
    return kind(
        activation.toString(),
        randomised(network(InputType.feedForward(4), hidden, softmax(3)), 1),
        normal(2, EXAMPLES, 4),
        labels(3, EXAMPLES, 3));
  }

  private static Kind regression(LossFunction loss) {
    boolean sigmoid = loss != LossFunction.HINGE && loss != LossFunction.SQUARED_HINGE;
    INDArray y = normal(3, EXAMPLES, 2);
    y =
        sigmoid
            ? y.mul(y).addi(0.1).divi(y.mul(y).addi(1))
            : y.gt(0).castTo(DataType.DOUBLE).mul(2).subi(1);
    return kind(
        loss.toString(),
        randomised(
            network(
                InputType.feedForward(4),
                new DenseLayer.Builder().nOut(3).activation(Activation.TANH).build(),
                new OutputLayer.Builder(loss)
                    .nOut(2)
                    .activation(sigmoid ? Activation.SIGMOID : Activation.TANH)
                    .build()),
            1),
        normal(2, EXAMPLES, 4),
        y);
  }

  /** Piecewise activations that the loss itself applies. */
  private static Stream<Kind> outputs() {
    OutputLayer leaky =
        new OutputLayer.Builder(LossFunction.MSE).nOut(2).activation(Activation.LEAKYRELU).build();
    OutputLayer hard =
        new OutputLayer.Builder(LossFunction.L2).nOut(2).activation(Activation.HARDTANH).build();
    OutputLayer sparse =
        new OutputLayer.Builder(LossFunction.SPARSE_MCXENT)
            .nOut(3)
            .activation(Activation.SOFTMAX)
            .build();
    DenseLayer hidden = new DenseLayer.Builder().nOut(3).activation(Activation.TANH).build();
    INDArray x = normal(2, EXAMPLES, 4);
    INDArray y = normal(3, EXAMPLES, 2);
    InputType input = InputType.feedForward(4);
    return Stream.of(
        kind("leaky output", randomised(network(input, hidden, leaky), 1), x, y),
        kind("hard output", randomised(network(input, hidden, hard), 1), x, y),
        kind(
            "sparse labels",
            randomised(network(input, hidden, sparse), 1),
            x,
            Nd4j.createFromArray(0.0, 2, 1, 0, 2).reshape(EXAMPLES, 1)));
  }

  private static Stream<Kind> images() {
    INDArray channelsFirst = normal(2, EXAMPLES, 2, 6, 6);
    INDArray channelsLast = normal(2, EXAMPLES, 6, 6, 2);
    INDArray y = labels(3, EXAMPLES, 3);
    Stream.Builder<Kind> all = Stream.builder();
    for (CNN2DFormat format : CNN2DFormat.values()) {
      INDArray x = format == CNN2DFormat.NCHW ? channelsFirst : channelsLast;
      InputType input = InputType.convolutional(6, 6, 2, format);
      for (BatchNormMode mode : BatchNormMode.values()) {
        all.add(
            new Kind(
                "convolution " + format + " " + mode,
                randomised(
                    network(
                        input,
                        new ConvolutionLayer.Builder(3, 3).nOut(2).dataFormat(format).build(),
                        new BatchNormalization.Builder()
                            .dataFormat(format)
                            .useLogStd(mode != BatchNormMode.FROZEN || format == CNN2DFormat.NCHW)
                            .build(),
                        new ActivationLayer(Activation.RELU),
                        new SubsamplingLayer.Builder(SubsamplingLayer.PoolingType.MAX)
                            .kernelSize(3, 2)
                            .stride(1, 2)
                            .dataFormat(format)
                            .build(),
                        softmax(3)),
                    4),
                batches(x, y),
                mode));
      }
      all.add(
          kind(
              "same mode " + format,
              randomised(
                  network(
                      input,
                      new ConvolutionLayer.Builder(3, 3)
                          .nOut(2)
                          .dataFormat(format)
                          .convolutionMode(org.deeplearning4j.nn.conf.ConvolutionMode.Same)
                          .activation(Activation.RELU)
                          .build(),
                      new SubsamplingLayer.Builder(SubsamplingLayer.PoolingType.MAX)
                          .kernelSize(3, 3)
                          .stride(2, 2)
                          .dataFormat(format)
                          .convolutionMode(org.deeplearning4j.nn.conf.ConvolutionMode.Same)
                          .build(),
                      new GlobalPoolingLayer.Builder(PoolingType.MAX).build(),
                      softmax(3)),
                  4),
              x,
              y));
      all.add(
          kind(
              "pixel loss " + format,
              randomised(
                  network(
                      input,
                      new ConvolutionLayer.Builder(3, 3)
                          .nOut(3)
                          .dataFormat(format)
                          .activation(Activation.TANH)
                          .build(),
                      new CnnLossLayer.Builder(LossFunction.MCXENT)
                          .format(format)
                          .activation(Activation.SOFTMAX)
                          .build()),
                  4),
              x,
              pixelLabels(format)));
    }
    all.add(
        kind(
            "prelu",
            randomised(
                network(
                    InputType.convolutional(6, 6, 2),
                    new ConvolutionLayer.Builder(3, 3).nOut(2).build(),
                    new PReLULayer.Builder().inputShape(2, 4, 4).sharedAxes(2, 3).build(),
                    new AvgPool(),
                    softmax(3)),
                4),
            channelsFirst,
            y));
    all.add(
        kind(
            "volume",
            randomised(
                network(
                    InputType.convolutional3D(Convolution3D.DataFormat.NCDHW, 4, 4, 4, 1),
                    new Convolution3D.Builder(2, 2, 2)
                        .nOut(2)
                        .dataFormat(Convolution3D.DataFormat.NCDHW)
                        .activation(Activation.RELU)
                        .build(),
                    new Subsampling3DLayer.Builder(Subsampling3DLayer.PoolingType.MAX)
                        .kernelSize(2, 2, 2)
                        .stride(1, 1, 1)
                        .dataFormat(Convolution3D.DataFormat.NCDHW)
                        .build(),
                    softmax(3)),
                4),
            normal(2, EXAMPLES, 1, 4, 4, 4),
            y));
    all.add(
        kind(
            "dense with normalised batches and locked scale",
            randomised(
                network(
                    InputType.feedForward(4),
                    new DenseLayer.Builder().nOut(3).build(),
                    new BatchNormalization.Builder(2.0, 0.0, true).build(),
                    new ActivationLayer(Activation.TANH),
                    softmax(3)),
                4),
            normal(2, EXAMPLES, 4),
            y));
    all.add(
        kind(
            "loss layer, embedding",
            randomised(
                network(
                    InputType.feedForward(4),
                    new EmbeddingLayer.Builder().nIn(4).nOut(3).hasBias(true).build(),
                    new DenseLayer.Builder().nOut(2).hasLayerNorm(true).build(),
                    new LossLayer.Builder(LossFunction.MSE).activation(Activation.TANH).build()),
                4),
            Nd4j.createFromArray(0.0, 3, 1, 3, 2).reshape(EXAMPLES, 1),
            normal(3, EXAMPLES, 2)));
    all.add(
        kind(
            "centre loss",
            randomised(
                network(
                    InputType.feedForward(4),
                    new DenseLayer.Builder().nOut(3).activation(Activation.TANH).build(),
                    new CenterLossOutputLayer.Builder(LossFunction.MCXENT)
                        .nOut(3)
                        .activation(Activation.SOFTMAX)
                        .lambda(0.3)
                        .alpha(0.1)
                        .build()),
                4),
            normal(2, EXAMPLES, 4),
            y));
    return all.build();
  }

  /** Average pooling under a short name. */
  private static final class AvgPool extends SubsamplingLayer {
    private static final long serialVersionUID = 1L;

    AvgPool() {
      super(
          new SubsamplingLayer.Builder(SubsamplingLayer.PoolingType.AVG)
              .kernelSize(2, 2)
              .stride(2, 2));
    }
  }

  private static INDArray pixelLabels(CNN2DFormat format) {
    INDArray rows = labels(3, EXAMPLES * 16, 3).reshape('c', EXAMPLES, 4, 4, 3);
    return format == CNN2DFormat.NHWC ? rows : rows.permute(0, 3, 1, 2).dup('c');
  }

  private static Stream<Kind> sequences() {
    int steps = 4;
    INDArray x = normal(2, EXAMPLES, 3, steps);
    INDArray y = labels(3, EXAMPLES * steps, 2).reshape('c', EXAMPLES, steps, 2);
    INDArray byStep = y.permute(0, 2, 1).dup('c');
    INDArray mask = Nd4j.ones(DataType.DOUBLE, EXAMPLES, steps);
    for (int i = 1; i < EXAMPLES; i++) {
      for (int t = i; t < steps; t++) {
        mask.putScalar(i, t, 0);
      }
    }
    INDArray last = labels(3, EXAMPLES, 2);
    InputType input = InputType.recurrent(3, steps);
    RnnOutputLayer output =
        new RnnOutputLayer.Builder(LossFunction.MCXENT)
            .nOut(2)
            .activation(Activation.SOFTMAX)
            .build();
    Stream.Builder<Kind> all = Stream.builder();
    for (BaseRecurrentLayer layer :
        new BaseRecurrentLayer[] {
          new LSTM.Builder().nOut(3).activation(Activation.TANH).build(),
          new LSTM.Builder()
              .nOut(3)
              .activation(Activation.SOFTSIGN)
              .gateActivationFunction(Activation.HARDSIGMOID)
              .build(),
          graves(),
          new SimpleRnn.Builder().nOut(3).activation(Activation.RELU).build()
        }) {
      String name = layer.getClass().getSimpleName();
      all.add(
          new Kind(
              name + " masked",
              randomised(network(input, layer, output.clone()), 4),
              DataBatches.of(new DataSet(x, byStep, mask, mask)),
              BatchNormMode.BATCH));
    }
    all.add(
        kind(
            "bidirectional last step",
            randomised(
                network(
                    input,
                    new Bidirectional(
                        Bidirectional.Mode.CONCAT,
                        new LSTM.Builder().nOut(2).activation(Activation.TANH).build()),
                    new LastTimeStep(
                        new SimpleRnn.Builder().nOut(3).activation(Activation.LEAKYRELU).build()),
                    softmax(2)),
                4),
            x,
            last));
    all.add(
        new Kind(
            "masked maximum over time",
            randomised(
                network(
                    input,
                    new LSTM.Builder().nOut(3).activation(Activation.TANH).build(),
                    new GlobalPoolingLayer.Builder(PoolingType.MAX).build(),
                    softmax(2)),
                4),
            DataBatches.of(new DataSet(x, last, mask, null)),
            BatchNormMode.BATCH));
    all.add(
        kind(
            "convolution and pooling over time",
            randomised(
                network(
                    input,
                    new Convolution1DLayer.Builder(2).nOut(2).activation(Activation.RELU).build(),
                    new Subsampling1DLayer.Builder(SubsamplingLayer.PoolingType.MAX)
                        .kernelSize(2)
                        .stride(1)
                        .build(),
                    new GlobalPoolingLayer.Builder(PoolingType.AVG).build(),
                    softmax(2)),
                4),
            x,
            last));
    all.add(
        kind(
            "loss over time, channels last",
            randomised(
                network(
                    InputType.recurrent(3, steps, RNNFormat.NWC),
                    new SimpleRnn.Builder()
                        .nOut(2)
                        .dataFormat(RNNFormat.NWC)
                        .activation(Activation.TANH)
                        .build(),
                    new RnnLossLayer.Builder(LossFunction.MCXENT)
                        .dataFormat(RNNFormat.NWC)
                        .activation(Activation.SOFTMAX)
                        .build()),
                4),
            normal(2, EXAMPLES, steps, 3),
            y.dup('c')));
    return all.build();
  }

  @SuppressWarnings("deprecation") // lives on in saved models
  private static BaseRecurrentLayer graves() {
    return new GravesLSTM.Builder().nOut(3).activation(Activation.TANH).build();
  }

  private static Stream<Kind> graphs() {
    ComputationGraph graph =
        new ComputationGraph(
            new NeuralNetConfiguration.Builder()
                .seed(3)
                .dataType(DataType.DOUBLE)
                .activation(Activation.RELU)
                .graphBuilder()
                .addInputs("first", "second")
                .setInputTypes(InputType.feedForward(3), InputType.feedForward(2))
                .addLayer("b", new DenseLayer.Builder().nOut(4).build(), "first")
                .addLayer("a", new DenseLayer.Builder().nOut(4).build(), "second")
                .addVertex("max", new ElementWiseVertex(ElementWiseVertex.Op.Max), "a", "b")
                .addLayer("inner", new DenseLayer.Builder().nOut(4).build(), "max")
                .addVertex("sum", new ElementWiseVertex(ElementWiseVertex.Op.Add), "inner", "max")
                .addLayer("class", softmax(3), "sum")
                .addLayer(
                    "value",
                    new OutputLayer.Builder(LossFunction.MSE)
                        .nOut(2)
                        .activation(Activation.IDENTITY)
                        .build(),
                    "max")
                .setOutputs("class", "value")
                .build());
    graph.init();
    graph.setParams(normal(9, graph.params().length()).mul(0.4));
    INDArray[] x = {normal(2, EXAMPLES, 3), normal(3, EXAMPLES, 2)};
    INDArray[] y = {labels(3, EXAMPLES, 3), normal(4, EXAMPLES, 2)};
    return Stream.of(
        new Kind("graph", graph, DataBatches.of(new MultiDataSet(x, y)), BatchNormMode.BATCH));
  }

  private static Kind kind(String name, Model model, INDArray x, INDArray y) {
    return new Kind(name, model, batches(x, y), BatchNormMode.BATCH);
  }

  private static DataBatches batches(INDArray x, INDArray y) {
    return Networks.batches(x, y);
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void gradientIsTheDerivativeOfTheLoss(Kind kind) {
    INDArray before = kind.model().params().dup();
    Curvature curvature = Networks.curvature(kind.model(), kind.data(), kind.mode());
    INDArray gradient = curvature.gradient();
    INDArray direction = normal(7, 1, curvature.activeParameters());
    double expected =
        direction.mul(gradient.reshape(1, gradient.length())).sumNumber().doubleValue();
    double step = 1e-6;
    double derivative =
        (lossAt(kind, direction, step) - lossAt(kind, direction, -step)) / (2 * step);
    assertThat(Math.abs(derivative - expected)).isLessThan(1e-7 * Math.max(1, Math.abs(expected)));
    assertThat(kind.model().params()).isEqualTo(before);
  }

  private static double lossAt(Kind kind, INDArray direction, double step) {
    Model model = Network.of(kind.model()).replica().model();
    Coordinates coordinates = Coordinates.of(Network.of(model));
    INDArray flat = coordinates.scatter(direction.mul(step), direction.dataType());
    model.setParams(model.params().add(flat.reshape(flat.length())));
    return Networks.curvature(model, kind.data(), kind.mode()).loss();
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void operatorsAreSymmetricAndDeriveTheGradient(Kind kind) {
    Curvature curvature = Networks.curvature(kind.model(), kind.data(), kind.mode());
    long n = curvature.activeParameters();
    INDArray block = normal(8, 2, n);
    INDArray products = curvature.hessian().apply(block);
    double uhv = block.getRow(0).mul(products.getRow(1)).sumNumber().doubleValue();
    double vhu = block.getRow(1).mul(products.getRow(0)).sumNumber().doubleValue();
    double scale =
        block.getRow(0).norm2Number().doubleValue()
            * products.getRow(1).norm2Number().doubleValue();
    assertThat(Math.abs(uhv - vhu) / Math.max(1e-3, scale)).isLessThan(1e-8);
    if (kind.name().equals("centre loss")) {
      return;
    }
    INDArray g = curvature.gaussNewton().apply(block);
    double ugv = block.getRow(0).mul(g.getRow(1)).sumNumber().doubleValue();
    double vgu = block.getRow(1).mul(g.getRow(0)).sumNumber().doubleValue();
    assertThat(Math.abs(ugv - vgu) / Math.max(1e-3, scale)).isLessThan(1e-8);
  }

  /** 1e-7 relative: the difference engine's 1e-10, times the condition of small examples. */
  @ParameterizedTest
  @MethodSource("kinds")
  void enginesAgree(Kind kind) {
    Networks.requireAgreement(kind.model(), kind.data(), kind.mode());
  }
}
