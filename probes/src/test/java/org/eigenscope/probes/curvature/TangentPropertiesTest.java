package org.eigenscope.probes.curvature;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.eigenscope.probes.curvature.Networks.dense;
import static org.eigenscope.probes.curvature.Networks.error;
import static org.eigenscope.probes.curvature.Networks.labels;
import static org.eigenscope.probes.curvature.Networks.largest;
import static org.eigenscope.probes.curvature.Networks.network;
import static org.eigenscope.probes.curvature.Networks.normal;
import static org.eigenscope.probes.curvature.Networks.randomised;
import static org.eigenscope.probes.curvature.Networks.softmax;

import org.bytedeco.javacpp.Pointer;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.graph.ElementWiseVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.eigenscope.probes.linalg.LinearOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** Properties that exact products have whatever the numbers are, and how the engine behaves. */
class TangentPropertiesTest {
  private static final CurvatureOptions TANGENT =
      CurvatureOptions.defaults().withEngine(Engine.TANGENT);

  private static DenseLayer relu(int units) {
    return new DenseLayer.Builder().nOut(units).activation(Activation.RELU).build();
  }

  private static MultiLayerNetwork perceptron() {
    return network(InputType.feedForward(20), relu(16), relu(12), softmax(5));
  }

  private static DataBatches vectors(int examples) {
    return Networks.batches(normal(2, examples, 20), labels(3, examples, 5));
  }

  private static MultiLayerNetwork convolutional() {
    return network(
        InputType.convolutional(12, 12, 1),
        new ConvolutionLayer.Builder(5, 5).nOut(6).activation(Activation.RELU).build(),
        new SubsamplingLayer.Builder(SubsamplingLayer.PoolingType.MAX)
            .kernelSize(2, 2)
            .stride(2, 2)
            .build(),
        new ConvolutionLayer.Builder(3, 3).nOut(10).activation(Activation.RELU).build(),
        relu(12),
        softmax(5));
  }

  private static DataBatches images(int examples) {
    return Networks.batches(normal(2, examples, 1, 12, 12), labels(3, examples, 5));
  }

  /** Residual blocks with batch normalization, as in ResNet-20, one block a stage. */
  private static ComputationGraph residual() {
    var graph =
        new NeuralNetConfiguration.Builder()
            .seed(5)
            .dataType(DataType.DOUBLE)
            .convolutionMode(ConvolutionMode.Same)
            .graphBuilder()
            .addInputs("in")
            .setInputTypes(InputType.convolutional(12, 12, 1));
    String last = "in";
    int[] widths = {8, 16};
    for (int stage = 0; stage < widths.length; stage++) {
      String name = "s" + stage;
      int stride = stage + 1;
      graph
          .addLayer(name + "a", convolution(widths[stage], 3, stride), last)
          .addLayer(name + "an", new BatchNormalization(), name + "a")
          .addLayer(name + "ar", new ActivationLayer(Activation.RELU), name + "an")
          .addLayer(name + "b", convolution(widths[stage], 3, 1), name + "ar")
          .addLayer(name + "bn", new BatchNormalization(), name + "b")
          .addLayer(name + "p", convolution(widths[stage], 1, stride), last)
          .addLayer(name + "pn", new BatchNormalization(), name + "p")
          .addVertex(
              name + "add",
              new ElementWiseVertex(ElementWiseVertex.Op.Add),
              name + "bn",
              name + "pn")
          .addLayer(name, new ActivationLayer(Activation.RELU), name + "add");
      last = name;
    }
    graph
        .addLayer("pool", new GlobalPoolingLayer(PoolingType.AVG), last)
        .addLayer("out", softmax(5), "pool")
        .setOutputs("out");
    ComputationGraph network = new ComputationGraph(graph.build());
    network.init();
    return network;
  }

  private static ConvolutionLayer convolution(int channels, int kernel, int stride) {
    return new ConvolutionLayer.Builder(kernel, kernel)
        .nOut(channels)
        .stride(stride, stride)
        .hasBias(false)
        .activation(Activation.IDENTITY)
        .build();
  }

  private static Curvature curvature(
      org.deeplearning4j.nn.api.Model model, DataBatches data, CurvatureOptions options) {
    return Curvature.of(Network.of(model), data, options);
  }

  /** 1e-5 of the norm: some hundred float roundoffs of 6e-8, and no kink on the other side. */
  @ParameterizedTest
  @ValueSource(strings = {"perceptron", "convolutional", "residual"})
  void floatProductsDifferFromDoubleOnesByRounding(String kind) {
    org.deeplearning4j.nn.api.Model model = model(kind);
    DataBatches data = kind.equals("perceptron") ? vectors(64) : images(32);
    try (Curvature exact = curvature(model, data, TANGENT);
        Curvature rounded = curvature(model, data, TANGENT.withPrecision(Precision.FLOAT))) {
      assertThat(rounded.loss()).isEqualTo(exact.loss(), within(1e-6));
      INDArray gradient = rounded.gradient();
      assertThat(gradient.dataType()).isEqualTo(DataType.FLOAT);
      assertThat(relative(gradient, exact.gradient())).isLessThan(1e-5);
      INDArray block = normal(4, 3, exact.activeParameters());
      for (CurvatureMatrix matrix : CurvatureMatrix.values()) {
        INDArray product = rounded.operator(matrix).apply(block.castTo(DataType.FLOAT));
        assertThat(relative(product, exact.operator(matrix).apply(block))).isLessThan(1e-5);
      }
    }
  }

  private static org.deeplearning4j.nn.api.Model model(String kind) {
    return switch (kind) {
      case "perceptron" -> perceptron();
      case "convolutional" -> convolutional();
      default -> residual();
    };
  }

  /** Products of a block leave out what it does not depend on. */
  @ParameterizedTest
  @CsvSource({
    "perceptron, BATCH",
    "convolutional, BATCH",
    "residual, BATCH",
    "residual, FROZEN",
    "residual, POPULATION"
  })
  void arraysHaveTheDiagonalBlocksOfTheWhole(String kind, BatchNormMode mode) {
    DataBatches data = (kind.equals("perceptron") ? vectors(12) : images(12)).rebatched(6);
    try (Curvature whole = curvature(model(kind), data, TANGENT.withBatchNorm(mode))) {
      long start = 0;
      for (ParameterArray array : whole.arrays()) {
        var at = NDArrayIndex.interval(start, start + array.length());
        INDArray block = normal(4, 3, array.length());
        INDArray wide = Nd4j.create(DataType.DOUBLE, 3, whole.activeParameters());
        wide.get(NDArrayIndex.all(), at).assign(block);
        for (CurvatureMatrix matrix : CurvatureMatrix.values()) {
          INDArray products = whole.layer(array.name()).operator(matrix).apply(block);
          INDArray expected = whole.operator(matrix).apply(wide);
          assertThat(products.sub(expected.get(NDArrayIndex.all(), at)).norm2Number().doubleValue())
              .as("%s of %s", matrix, array.name())
              .isLessThanOrEqualTo(1e-12 * expected.norm2Number().doubleValue());
        }
        start += array.length();
      }
      assertThat(start).isEqualTo(whole.activeParameters());
    }
  }

  private static double relative(INDArray actual, INDArray expected) {
    return actual.castTo(DataType.DOUBLE).sub(expected).norm2Number().doubleValue()
        / expected.norm2Number().doubleValue();
  }

  /** The vectors of a block are dealt to teams of different sizes; each is summed in one order. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4})
  void blocksAreTheirRowsOneByOne(int threads) {
    try (Curvature curvature =
        curvature(residual(), images(10).rebatched(5), TANGENT.withThreads(threads))) {
      LinearOperator hessian = curvature.hessian();
      INDArray block = normal(4, 5, hessian.order());
      INDArray products = hessian.apply(block);
      for (int i = 0; i < 5; i++) {
        INDArray one = hessian.apply(block.getRow(i, true).dup());
        assertThat(error(products.getRow(i, true), one)).isLessThan(1e-12);
      }
      assertThat(hessian.apply(block)).isEqualTo(products);
    }
  }

  @Test
  void theSameCallsGiveTheSameBits() {
    for (Precision precision : Precision.values()) {
      CurvatureOptions options = TANGENT.withPrecision(precision).withThreads(3);
      INDArray first = sixProducts(options);
      assertThat(sixProducts(options)).isEqualTo(first);
    }
  }

  private static INDArray sixProducts(CurvatureOptions options) {
    try (Curvature curvature = curvature(residual(), images(10), options)) {
      INDArray block = normal(4, 6, curvature.activeParameters());
      return curvature.hessian().apply(block.castTo(options.precision().dataType()));
    }
  }

  @Test
  void hessianIsSymmetricToRounding() {
    try (Curvature curvature = curvature(residual(), images(10).rebatched(5), TANGENT)) {
      INDArray block = normal(4, 2, curvature.activeParameters());
      INDArray products = curvature.hessian().apply(block);
      double uhv = dot(block.getRow(0), products.getRow(1));
      double vhu = dot(block.getRow(1), products.getRow(0));
      double scale =
          block.getRow(0).norm2Number().doubleValue()
              * products.getRow(1).norm2Number().doubleValue();
      assertThat(Math.abs(uhv - vhu)).isLessThan(1e-13 * scale);
    }
  }

  private static double dot(INDArray a, INDArray b) {
    return a.mul(b).sumNumber().doubleValue();
  }

  @Test
  void gaussNewtonIsTheProductOfItsFactorsAndHasNoNegativeEigenvalue() {
    MultiLayerNetwork network =
        randomised(network(InputType.feedForward(4), relu(5), softmax(3)), 1);
    DataBatches data = Networks.batches(normal(2, 6, 4), labels(3, 6, 3));
    try (Curvature curvature = curvature(network, data, TANGENT)) {
      Linearization linearization = curvature.linearization();
      INDArray jacobian =
          linearization.jvp(Nd4j.eye(curvature.activeParameters()).castTo(DataType.DOUBLE));
      INDArray transposed =
          linearization.vjp(Nd4j.eye(linearization.outputs()).castTo(DataType.DOUBLE));
      assertThat(error(transposed, jacobian.transpose())).isLessThan(1e-13);
      INDArray p = network.output(data.batches().get(0).getFeatures(0));
      INDArray expected = Nd4j.zeros(DataType.DOUBLE, jacobian.rows(), jacobian.rows());
      for (int n = 0; n < 6; n++) {
        INDArray row = p.getRow(n, true);
        INDArray a = Nd4j.diag(row.dup().reshape(3)).sub(row.transpose().mmul(row));
        INDArray j =
            jacobian.get(
                org.nd4j.linalg.indexing.NDArrayIndex.all(),
                org.nd4j.linalg.indexing.NDArrayIndex.interval(3 * n, 3 * n + 3));
        expected.addi(j.mmul(a).mmul(j.transpose()).divi(6));
      }
      INDArray actual = dense(curvature.gaussNewton());
      assertThat(error(actual, expected)).isLessThan(1e-12);
      INDArray block = normal(5, 20, curvature.activeParameters());
      INDArray products = curvature.gaussNewton().apply(block);
      double smallest = block.mul(products).sum(1).minNumber().doubleValue();
      assertThat(smallest).isGreaterThan(-1e-13 * largest(products));
    }
  }

  /** MATH.md's T-R1 and T-O9: tr R = 0 with rectifiers, and shifting all logits changes nothing. */
  @Test
  void rectifiersLeaveTheResidualWithoutTraceAndLogitsMayShift() {
    MultiLayerNetwork network =
        randomised(network(InputType.feedForward(4), relu(5), softmax(3)), 1);
    try (Curvature curvature =
        curvature(network, Networks.batches(normal(2, 6, 4), labels(3, 6, 3)), TANGENT)) {
      INDArray residual = dense(curvature.residual());
      double trace = Nd4j.diag(residual).sumNumber().doubleValue();
      assertThat(Math.abs(trace)).isLessThan(1e-14 * residual.length());
      INDArray shift = Nd4j.zeros(DataType.DOUBLE, 1, curvature.activeParameters());
      for (long i = shift.length() - 3; i < shift.length(); i++) {
        shift.putScalar(i, 1);
      }
      assertThat(largest(curvature.hessian().apply(shift))).isLessThan(1e-15);
    }
  }

  /** T-R3: without biases a network of L layers is homogeneous, so R θ = (L − 1) ∇L. */
  @Test
  void residualTimesParametersIsTheGradientTimesTheDepth() {
    MultiLayerNetwork network =
        network(
            InputType.feedForward(4),
            new DenseLayer.Builder().nOut(6).hasBias(false).activation(Activation.RELU).build(),
            new DenseLayer.Builder().nOut(5).hasBias(false).activation(Activation.RELU).build(),
            new org.deeplearning4j.nn.conf.layers.OutputLayer.Builder(
                    org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction.MCXENT)
                .nOut(3)
                .hasBias(false)
                .activation(Activation.SOFTMAX)
                .build());
    try (Curvature curvature =
        curvature(network, Networks.batches(normal(2, 9, 4), labels(3, 9, 3)), TANGENT)) {
      INDArray theta = network.params().dup().reshape(1, network.params().length());
      INDArray expected = curvature.gradient().mul(2);
      assertThat(error(curvature.residual().apply(theta), expected)).isLessThan(1e-12);
    }
  }

  /** T-BN1 and T-BN2: the loss does not change with the scale or the bias of what is normalised. */
  @Test
  void batchNormalizationForgetsScaleAndShiftOfItsInput() {
    MultiLayerNetwork network =
        network(
            InputType.feedForward(4),
            new DenseLayer.Builder().nOut(5).activation(Activation.IDENTITY).build(),
            new BatchNormalization.Builder().eps(0).build(),
            new ActivationLayer(Activation.TANH),
            softmax(3));
    try (Curvature curvature =
        curvature(network, Networks.batches(normal(2, 9, 4), labels(3, 9, 3)), TANGENT)) {
      long n = curvature.activeParameters();
      INDArray weights = Nd4j.zeros(DataType.DOUBLE, 1, n);
      INDArray bias = Nd4j.zeros(DataType.DOUBLE, 1, n);
      INDArray gradient = curvature.gradient();
      INDArray expected = Nd4j.zeros(DataType.DOUBLE, 1, n);
      for (int i = 0; i < 20; i++) {
        weights.putScalar(i, network.params().getDouble(i));
        expected.putScalar(i, -gradient.getDouble(i));
      }
      for (int i = 20; i < 25; i++) {
        bias.putScalar(i, i - 21);
      }
      assertThat(Math.abs(dot(gradient.reshape(1, n), weights))).isLessThan(1e-14);
      assertThat(error(curvature.hessian().apply(weights), expected)).isLessThan(1e-11);
      assertThat(largest(curvature.hessian().apply(bias))).isLessThan(1e-14);
    }
  }

  @Test
  void namesWhatItDoesNotKnow() {
    MultiLayerNetwork network =
        network(
            InputType.feedForward(4),
            new DenseLayer.Builder().nOut(5).hasLayerNorm(true).build(),
            softmax(3));
    DataBatches data = Networks.batches(normal(2, 9, 4), labels(3, 9, 3));
    assertThatThrownBy(() -> curvature(network, data, TANGENT))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("layer0 (DenseLayer with layer normalization)");
    try (Curvature curvature = curvature(network, data, CurvatureOptions.defaults())) {
      assertThat(curvature.engine()).isEqualTo(Engine.DIFFERENCE);
      assertThat(curvature.notes())
          .anyMatch(note -> note.contains("layer0 (DenseLayer with layer normalization)"));
    }
    assertThatThrownBy(() -> CurvatureOptions.defaults().withThreads(0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("threads must be at least 1, got 0");
  }

  @Test
  void leavesTheModelAndItsThreadsAlone() {
    MultiLayerNetwork network = perceptron();
    INDArray before = network.params().dup();
    int blas = Nd4j.getEnvironment().maxThreads();
    DataBatches data = vectors(64);
    INDArray output = network.output(data.batches().get(0).getFeatures(0));
    try (Curvature curvature = curvature(network, data, TANGENT)) {
      curvature.hessian().apply(normal(4, 3, curvature.activeParameters()));
    }
    assertThat(network.params()).isEqualTo(before);
    assertThat(Nd4j.getEnvironment().maxThreads()).isEqualTo(blas);
    assertThat(network.output(data.batches().get(0).getFeatures(0))).isEqualTo(output);
  }

  /**
   * A leak of one vector of 2.6 kB a product would be 26 MB in every round of ten thousand, one of
   * an engine's filters and scratch memory more. What else the process grows by, its heap first of
   * all, does not come in every round: the smallest growth of three counts.
   */
  @Test
  void givesItsMemoryBack() {
    MultiLayerNetwork network = perceptron();
    DataBatches data = vectors(64);
    CurvatureOptions options = TANGENT.withPrecision(Precision.FLOAT).withThreads(2);
    long smallest = Long.MAX_VALUE;
    long before = Long.MAX_VALUE;
    for (int round = 0; round < 4; round++) {
      products(network, data, options, 10_000);
      engines(network, data, options, 50);
      System.gc();
      long after = Pointer.physicalBytes();
      if (round > 0) {
        smallest = Math.min(smallest, after - before);
      }
      before = after;
    }
    assertThat(smallest).isLessThan(16L << 20);
  }

  private static void products(
      MultiLayerNetwork network, DataBatches data, CurvatureOptions options, int count) {
    try (Curvature curvature = curvature(network, data, options)) {
      LinearOperator hessian = curvature.hessian();
      INDArray vector = normal(4, 1, hessian.order()).castTo(DataType.FLOAT);
      for (int i = 0; i < count; i++) {
        hessian.apply(vector).close();
      }
    }
  }

  private static void engines(
      MultiLayerNetwork network, DataBatches data, CurvatureOptions options, int count) {
    for (int i = 0; i < count; i++) {
      products(network, data, options, 1);
    }
  }
}
