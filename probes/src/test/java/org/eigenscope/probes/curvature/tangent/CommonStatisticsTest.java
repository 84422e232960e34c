package org.eigenscope.probes.curvature.tangent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.graph.ElementWiseVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.conf.layers.misc.FrozenLayerWithBackprop;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.eigenscope.probes.curvature.BatchNormMode;
import org.eigenscope.probes.curvature.CurvatureMatrix;
import org.eigenscope.probes.curvature.DataBatches;
import org.eigenscope.probes.curvature.EvaluationCount;
import org.eigenscope.probes.curvature.Network;
import org.eigenscope.probes.curvature.OutputHessian;
import org.eigenscope.probes.curvature.OutputProbing;
import org.eigenscope.probes.curvature.WeightLayer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/** Statistics of all examples, over pieces of them, against the examples in one piece. */
class CommonStatisticsTest {
  private static final int EXAMPLES = 12;

  /** Layers of batch normalization in each network that are differentiated through. */
  private static final int LAYERS = 3;

  /** How a piecewise engine divides the examples, and what it may keep. */
  private record Case(String network, int pieces, boolean keeps, int threads) {}

  static Stream<Case> cases() {
    List<Case> cases = new ArrayList<>();
    for (String network : List.of("series", "residual")) {
      for (int pieces = 1; pieces <= 3; pieces++) {
        for (boolean keeps : new boolean[] {true, false}) {
          cases.add(new Case(network, pieces, keeps, pieces));
        }
      }
    }
    return cases.stream();
  }

  private static Model model(String network) {
    return network.equals("series") ? series() : residual();
  }

  private static DataBatches data(String network, int examples) {
    Random random = new Random(3);
    INDArray x =
        network.equals("series")
            ? Nd4j.create(DataType.DOUBLE, examples, 4)
            : Nd4j.create(DataType.DOUBLE, examples, 2, 4, 3);
    for (long i = 0; i < x.length(); i++) {
      // Examples that differ from piece to piece in mean and size.
      x.putScalar(i, random.nextGaussian() * (1 + 2.0 * i / x.length()) + 3.0 * i / x.length());
    }
    INDArray y = Nd4j.create(DataType.DOUBLE, examples, 3);
    for (int i = 0; i < examples; i++) {
      y.putScalar(i, random.nextInt(3), 1);
    }
    return DataBatches.of(new DataSet(x, y));
  }

  private static TangentEngine engine(
      Case c, DataBatches data, DataType type, long memoryBytes, int pieceExamples) {
    return new TangentEngine(
        Network.of(model(c.network())),
        data,
        BatchNormMode.POPULATION,
        type,
        c.threads(),
        memoryBytes,
        pieceExamples);
  }

  private static TangentEngine inPieces(Case c, DataBatches data, DataType type) {
    long atOnce;
    try (TangentEngine whole = engine(c, data, type, Long.MAX_VALUE, EXAMPLES)) {
      atOnce = whole.expectedBytes();
    }
    // Each thread moves half as much as is kept. Enough to keep it all and not to move it, too.
    long limit = c.keeps() ? 5 * atOnce / (2L * (2 + c.threads())) : 0;
    return engine(c, data.rebatched(5), type, limit, EXAMPLES / c.pieces());
  }

  @ParameterizedTest
  @MethodSource("cases")
  void piecesGiveWhatAllExamplesAtOnceGive(Case c) {
    DataBatches data = data(c.network(), EXAMPLES);
    try (TangentEngine whole = engine(c, data, DataType.DOUBLE, Long.MAX_VALUE, EXAMPLES);
        TangentEngine pieces = inPieces(c, data, DataType.DOUBLE)) {
      assertThat(pieces.loss()).isCloseTo(whole.loss(), within(1e-13));
      same(pieces.gradient(), whole.gradient());
      INDArray block = normal(5, pieces.gradient().length());
      for (CurvatureMatrix matrix : CurvatureMatrix.values()) {
        same(pieces.apply(matrix, block), whole.apply(matrix, block));
      }
      same(pieces.jvp(block), whole.jvp(block));
      INDArray outputs = normal(5, whole.outputs());
      same(pieces.vjp(outputs), whole.vjp(outputs));
      if (c.pieces() > 1) {
        assertThat(pieces.notes())
            .anyMatch(
                note ->
                    note.endsWith(
                        "%d passes over %d pieces of at most %d examples"
                            .formatted(2 * LAYERS + 1, c.pieces(), EXAMPLES / c.pieces())));
        assertThat(pieces.evaluations()).isEqualTo(new EvaluationCount(LAYERS + 1, LAYERS));
        assertThat(pieces.notes().stream().noneMatch(note -> note.contains("repeated")))
            .isEqualTo(c.keeps());
      }
    }
  }

  /** Signs belong to examples, so that the same are drawn however these are divided. */
  @ParameterizedTest
  @MethodSource("cases")
  void piecesGiveTheSameLayerFactors(Case c) {
    DataBatches data = data(c.network(), EXAMPLES);
    OutputProbing probing = OutputProbing.defaults().withExactWork(0).withDraws(3);
    try (TangentEngine whole = engine(c, data, DataType.DOUBLE, Long.MAX_VALUE, EXAMPLES);
        TangentEngine pieces = inPieces(c, data, DataType.DOUBLE)) {
      List<WeightLayer> layers = whole.weightLayers();
      assertThat(pieces.weightLayers()).isEqualTo(layers);
      List<OutputHessian> expected = whole.outputHessians(CurvatureMatrix.HESSIAN, layers, probing);
      List<OutputHessian> actual = pieces.outputHessians(CurvatureMatrix.HESSIAN, layers, probing);
      for (int i = 0; i < layers.size(); i++) {
        same(actual.get(i).matrix(), expected.get(i).matrix());
        assertThat(actual.get(i).draws()).isEqualTo(expected.get(i).draws());
      }
      List<INDArray> rows = new ArrayList<>();
      whole.visitInputs(layers.subList(0, 1), (layer, inputs) -> rows.add(inputs.dup()));
      List<INDArray> parts = new ArrayList<>();
      pieces.visitInputs(layers.subList(0, 1), (layer, inputs) -> parts.add(inputs.dup()));
      same(
          Nd4j.concat(0, parts.toArray(new INDArray[0])),
          Nd4j.concat(0, rows.toArray(new INDArray[0])));
    }
  }

  @Test
  void coloursOfAllExamplesAreExactInPieces() {
    DataBatches data = data("series", EXAMPLES);
    Case c = new Case("series", 3, true, 2);
    try (TangentEngine whole = engine(c, data, DataType.DOUBLE, Long.MAX_VALUE, EXAMPLES);
        TangentEngine pieces = inPieces(c, data, DataType.DOUBLE)) {
      List<WeightLayer> first = whole.weightLayers().subList(0, 1);
      OutputHessian expected =
          whole.outputHessians(CurvatureMatrix.HESSIAN, first, OutputProbing.defaults()).get(0);
      OutputHessian actual =
          pieces.outputHessians(CurvatureMatrix.HESSIAN, first, OutputProbing.defaults()).get(0);
      assertThat(actual.draws()).isZero();
      same(actual.matrix(), expected.matrix());
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void floatPiecesDifferByRounding(Case c) {
    DataBatches data = data(c.network(), EXAMPLES);
    try (TangentEngine whole = engine(c, data, DataType.DOUBLE, Long.MAX_VALUE, EXAMPLES);
        TangentEngine pieces = inPieces(c, data, DataType.FLOAT)) {
      INDArray block = normal(3, whole.gradient().length());
      INDArray expected = whole.apply(CurvatureMatrix.HESSIAN, block);
      INDArray actual =
          pieces
              .apply(CurvatureMatrix.HESSIAN, block.castTo(DataType.FLOAT))
              .castTo(DataType.DOUBLE);
      assertThat(actual.sub(expected).norm2Number().doubleValue())
          .isLessThan(1e-5 * expected.norm2Number().doubleValue());
    }
  }

  /** The oracle would prove nothing if the pieces had statistics of their own. */
  @Test
  void statisticsOfPiecesAreOthers() {
    DataBatches data = data("residual", EXAMPLES);
    Network network = Network.of(residual());
    try (TangentEngine common =
            new TangentEngine(
                network, data.rebatched(4), BatchNormMode.POPULATION, DataType.DOUBLE, 2, 0, 4);
        TangentEngine own =
            new TangentEngine(
                network, data.rebatched(4), BatchNormMode.BATCH, DataType.DOUBLE, 2)) {
      assertThat(common.loss()).isNotCloseTo(own.loss(), within(1e-2));
    }
  }

  /** Fewer vectors at a time come before pieces. */
  @Test
  void scarceMemoryFirstCostsParallelVectors() {
    DataBatches data = data("residual", EXAMPLES);
    Case four = new Case("residual", 1, true, 4);
    try (TangentEngine ample = engine(four, data, DataType.DOUBLE, Long.MAX_VALUE, 4);
        TangentEngine scarce =
            engine(four, data, DataType.DOUBLE, ample.expectedBytes() * 4 / 6, 4)) {
      assertThat(scarce.expectedBytes()).isLessThan(ample.expectedBytes());
      assertThat(scarce.notes()).noneMatch(note -> note.contains("pieces"));
      INDArray block = normal(5, scarce.gradient().length());
      same(
          scarce.apply(CurvatureMatrix.HESSIAN, block),
          ample.apply(CurvatureMatrix.HESSIAN, block));
    }
  }

  /** A batch is a population of its own. */
  @Test
  void oneBatchThatDoesNotFitIsDividedInBatchModeToo() {
    DataBatches data = data("series", EXAMPLES);
    Network network = Network.of(series());
    try (TangentEngine divided =
            new TangentEngine(network, data, BatchNormMode.BATCH, DataType.DOUBLE, 2, 0, 4);
        TangentEngine whole =
            new TangentEngine(network, data, BatchNormMode.BATCH, DataType.DOUBLE, 2)) {
      same(divided.gradient(), whole.gradient());
      assertThat(divided.notes()).anyMatch(note -> note.contains("over 3 pieces"));
      assertThat(whole.notes()).noneMatch(note -> note.contains("pieces"));
    }
  }

  private static void same(INDArray actual, INDArray expected) {
    double scale = expected.amaxNumber().doubleValue();
    assertThat(actual.sub(expected).amaxNumber().doubleValue()).isLessThan(1e-12 * scale);
  }

  private static INDArray normal(long rows, long columns) {
    Random random = new Random(columns);
    INDArray array = Nd4j.create(DataType.DOUBLE, rows, columns);
    for (long i = 0; i < array.length(); i++) {
      array.putScalar(i, random.nextGaussian());
    }
    return array;
  }

  private static NeuralNetConfiguration.Builder settings() {
    return new NeuralNetConfiguration.Builder()
        .seed(12)
        .dataType(DataType.DOUBLE)
        .convolutionMode(ConvolutionMode.Same)
        .activation(Activation.IDENTITY);
  }

  private static DenseLayer dense(int units) {
    return new DenseLayer.Builder().nOut(units).build();
  }

  private static OutputLayer softmax() {
    return new OutputLayer.Builder(LossFunction.MCXENT)
        .nOut(3)
        .activation(Activation.SOFTMAX)
        .build();
  }

  /** Batch normalization of the data themselves, of layers, and with constants in between. */
  private static MultiLayerNetwork series() {
    MultiLayerNetwork network =
        new MultiLayerNetwork(
            settings()
                .list()
                .layer(new BatchNormalization())
                .layer(dense(5))
                .layer(new BatchNormalization.Builder().eps(0.1).build())
                .layer(new ActivationLayer(Activation.TANH))
                .layer(dense(4))
                .layer(new FrozenLayerWithBackprop(new BatchNormalization()))
                .layer(new ActivationLayer(Activation.RELU))
                .layer(dense(4))
                .layer(new BatchNormalization.Builder().lockGammaBeta(true).build())
                .layer(new ActivationLayer(Activation.SOFTPLUS))
                .layer(softmax())
                .setInputType(InputType.feedForward(4))
                .build());
    network.init();
    return network;
  }

  private static ConvolutionLayer convolution() {
    return new ConvolutionLayer.Builder(3, 3).nOut(3).hasBias(false).build();
  }

  /** Two branches with batch normalization each, which meet. */
  private static ComputationGraph residual() {
    ComputationGraph graph =
        new ComputationGraph(
            settings()
                .graphBuilder()
                .addInputs("in")
                .setInputTypes(InputType.convolutional(4, 3, 2))
                .addLayer("a", convolution(), "in")
                .addLayer("an", new BatchNormalization(), "a")
                .addLayer("ar", new ActivationLayer(Activation.RELU), "an")
                .addLayer("b", convolution(), "ar")
                .addLayer("bn", new BatchNormalization(), "b")
                .addLayer("c", convolution(), "ar")
                .addLayer("cn", new BatchNormalization(), "c")
                .addVertex("add", new ElementWiseVertex(ElementWiseVertex.Op.Add), "bn", "cn")
                .addVertex("both", new ElementWiseVertex(ElementWiseVertex.Op.Add), "add", "ar")
                .addLayer("relu", new ActivationLayer(Activation.RELU), "both")
                .addLayer("pool", new GlobalPoolingLayer(PoolingType.AVG), "relu")
                .addLayer("out", softmax(), "pool")
                .setOutputs("out")
                .build());
    graph.init();
    return graph;
  }
}
