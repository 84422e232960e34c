package org.eigenscope.listeners.normalization;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.eigenscope.listeners.normalization.NormalizedNetworks.normal;

import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.GradientNormalization;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.misc.FrozenLayerWithBackprop;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.util.ModelSerializer;
import org.eigenscope.listeners.normalization.NormalizedNetworks.Settings;
import org.eigenscope.probes.curvature.BatchNormMode;
import org.eigenscope.probes.curvature.Curvature;
import org.eigenscope.probes.curvature.CurvatureOptions;
import org.eigenscope.probes.curvature.DataBatches;
import org.eigenscope.probes.curvature.Engine;
import org.eigenscope.probes.curvature.Network;
import org.eigenscope.probes.curvature.ParameterArray;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

class PopulationNormalizationTest {

  /** Every network, in FLOAT and DOUBLE, with both ways to keep a variance, locked and not. */
  static Stream<Arguments> kinds() {
    List<Arguments> kinds = new ArrayList<>();
    for (NormalizedNetworks network : NormalizedNetworks.values()) {
      for (boolean logDeviation : new boolean[] {true, false}) {
        for (boolean locked : new boolean[] {true, false}) {
          for (DataType type : new DataType[] {DataType.FLOAT, DataType.DOUBLE}) {
            kinds.add(
                Arguments.of(network, new Settings(type, logDeviation, locked, new Sgd(0.1))));
          }
        }
      }
    }
    return kinds.stream();
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void givesInTrainingWhatBatchNormalizationGivesInTestMode(
      NormalizedNetworks network, Settings settings) {
    Model normal = network.build(settings);
    Model population = PopulationTwin.of(normal);
    INDArray x = network.data(6).getFeatures().castTo(settings.type());

    INDArray expected = NormalizedNetworks.output(normal, x, false);
    assertThat(NormalizedNetworks.output(population, x, true)).isEqualTo(expected);
    assertThat(NormalizedNetworks.output(population, x, false)).isEqualTo(expected);
    assertThat(NormalizedNetworks.output(normal, x, true)).isNotEqualTo(expected);
  }

  @ParameterizedTest
  @EnumSource
  void gradientsAreDifferencesOfTheLoss(NormalizedNetworks network) {
    checkGradient(network, Settings.PLAIN);
  }

  static Stream<Arguments> otherExactKinds() {
    return kinds()
        .filter(kind -> ((Settings) kind.get()[1]).type() == DataType.DOUBLE)
        .filter(kind -> !isPlain((Settings) kind.get()[1]));
  }

  private static boolean isPlain(Settings settings) {
    return settings.logDeviation() == Settings.PLAIN.logDeviation()
        && settings.locked() == Settings.PLAIN.locked();
  }

  @Tag("slow")
  @ParameterizedTest
  @MethodSource("otherExactKinds")
  void gradientsAreDifferencesOfTheLossInOtherSettings(
      NormalizedNetworks network, Settings settings) {
    checkGradient(network, settings);
  }

  /**
   * Five-point differences of the loss over h = 1e-4: rounding u/h is 1e-12, truncation h⁴/30 of
   * the fifth derivative.
   */
  private static void checkGradient(NormalizedNetworks network, Settings settings) {
    Model model = PopulationTwin.of(network.build(settings));
    DataSet data = network.data(6);
    INDArray gradient = NormalizedNetworks.gradient(model, data).divi(6);
    for (ParameterArray array : Network.of(model).arrays()) {
      for (long i = array.offset(); i < array.offset() + array.length(); i++) {
        double expected = array.active() ? difference(model, data, i) : 0;
        assertThat(gradient.getDouble(i)).as(array.name()).isCloseTo(expected, within(1e-9));
      }
    }
  }

  private static double difference(Model model, DataSet data, long parameter) {
    double step = 1e-4;
    double value = model.params().getDouble(parameter);
    double sum = 0;
    int[] steps = {-2, -1, 1, 2};
    double[] factors = {1, -8, 8, -1};
    for (int k = 0; k < steps.length; k++) {
      model.params().putScalar(parameter, value + steps[k] * step);
      sum += factors[k] * NormalizedNetworks.score(model, data, true);
    }
    model.params().putScalar(parameter, value);
    return sum / (12 * step);
  }

  @ParameterizedTest
  @EnumSource
  void trainingLeavesTheStatisticsAlone(NormalizedNetworks network) {
    Model normal = network.build(Settings.PLAIN.with(new Adam(0.01)));
    Model population = PopulationTwin.of(normal);
    INDArray before = population.params().dup();
    for (int i = 0; i < 5; i++) {
      NormalizedNetworks.fit(population, network.data(6, i));
      NormalizedNetworks.fit(normal, network.data(6, i));
    }
    int kept = 0;
    for (ParameterArray array : Network.of(population).arrays()) {
      INDArray now = values(population, array);
      INDArray then =
          before.get(NDArrayIndex.interval(array.offset(), array.offset() + array.length()));
      if (array.active()) {
        assertThat(now).as(array.name()).isNotEqualTo(then);
      } else {
        assertThat(now).as(array.name()).isEqualTo(then);
        assertThat(values(normal, array)).as(array.name()).isNotEqualTo(then);
        kept++;
      }
    }
    assertThat(kept).isPositive();
  }

  private static INDArray values(Model model, ParameterArray array) {
    return model
        .params()
        .get(NDArrayIndex.interval(array.offset(), array.offset() + array.length()));
  }

  /** One unit of each kind, so that everything can be written down. */
  @Test
  void aStepIsTheOneWorkedOutByHand() {
    double rate = 0.5;
    MultiLayerConfiguration configuration =
        new NeuralNetConfiguration.Builder()
            .dataType(DataType.DOUBLE)
            .updater(new Sgd(rate))
            .list()
            .layer(new DenseLayer.Builder().nIn(1).nOut(1).activation(Activation.IDENTITY).build())
            .layer(normalization(0.5))
            .layer(
                new OutputLayer.Builder(LossFunction.MSE)
                    .nIn(1)
                    .nOut(1)
                    .hasBias(false)
                    .activation(Activation.IDENTITY)
                    .build())
            .build();
    MultiLayerNetwork network = new MultiLayerNetwork(configuration);
    network.init();
    double w = 0.7;
    double b = -0.2;
    double gamma = 1.3;
    double beta = 0.4;
    double mean = 0.25;
    double variance = 1.75;
    double v = -0.8;
    network.setParam("0_W", Nd4j.createFromArray(w).reshape(1, 1));
    network.setParam("0_b", Nd4j.createFromArray(b).reshape(1, 1));
    network.setParam("1_gamma", Nd4j.createFromArray(gamma));
    network.setParam("1_beta", Nd4j.createFromArray(beta));
    network.setParam("1_mean", Nd4j.createFromArray(mean));
    network.setParam("1_var", Nd4j.createFromArray(variance));
    network.setParam("2_W", Nd4j.createFromArray(v).reshape(1, 1));
    double[] x = {1.5, -0.5};
    double[] target = {0.3, 1.1};

    network.fit(
        new DataSet(
            Nd4j.createFromArray(x).reshape(2, 1), Nd4j.createFromArray(target).reshape(2, 1)));

    double s = 1 / Math.sqrt(variance + 0.5);
    double dw = 0;
    double db = 0;
    double dGamma = 0;
    double dBeta = 0;
    double dv = 0;
    for (int i = 0; i < 2; i++) {
      double standard = s * (w * x[i] + b - mean);
      double y = gamma * standard + beta;
      // The mean of (v y - t)² over two examples: each brings 2 (v y - t) / 2.
      double error = v * y - target[i];
      dv += error * y;
      dGamma += error * v * standard;
      dBeta += error * v;
      dw += error * v * gamma * s * x[i];
      db += error * v * gamma * s;
    }
    assertThat(network.getParam("0_W").getDouble(0)).isCloseTo(w - rate * dw, within(1e-14));
    assertThat(network.getParam("0_b").getDouble(0)).isCloseTo(b - rate * db, within(1e-14));
    assertThat(network.getParam("1_gamma").getDouble(0))
        .isCloseTo(gamma - rate * dGamma, within(1e-14));
    assertThat(network.getParam("1_beta").getDouble(0))
        .isCloseTo(beta - rate * dBeta, within(1e-14));
    assertThat(network.getParam("2_W").getDouble(0)).isCloseTo(v - rate * dv, within(1e-14));
    assertThat(network.getParam("1_mean").getDouble(0)).isEqualTo(mean);
    assertThat(network.getParam("1_var").getDouble(0)).isEqualTo(variance);
  }

  private static PopulationNormalization normalization(double eps) {
    PopulationNormalization layer = new PopulationNormalization();
    layer.setNIn(1);
    layer.setNOut(1);
    layer.setEps(eps);
    layer.setUseLogStd(false);
    return layer;
  }

  @ParameterizedTest
  @EnumSource
  void savedModelsGoOnAsIfNothingHadHappened(NormalizedNetworks network, @TempDir Path directory)
      throws IOException {
    Model model = PopulationTwin.of(network.build(Settings.PLAIN.with(new Adam(0.01))));
    NormalizedNetworks.fit(model, network.data(6));
    File file = directory.resolve("model.zip").toFile();
    ModelSerializer.writeModel(model, file, true);
    Model restored =
        model instanceof MultiLayerNetwork
            ? MultiLayerNetwork.load(file, true)
            : ComputationGraph.load(file, true);
    assertThat(Network.of(restored).hasBatchStatistics()).isFalse();
    assertThat(restored.params()).isEqualTo(model.params());
    for (int i = 0; i < 3; i++) {
      NormalizedNetworks.fit(model, network.data(6, i));
      NormalizedNetworks.fit(restored, network.data(6, i));
    }
    assertThat(restored.params()).isEqualTo(model.params());
  }

  @ParameterizedTest
  @EnumSource(names = {"PERCEPTRON", "RESIDUAL_GRAPH"})
  void bothEnginesTakeItAsFrozenInEveryMode(NormalizedNetworks network) {
    Model normal = network.build();
    Model population = PopulationTwin.of(normal);
    DataBatches data = DataBatches.of(network.data(8)).rebatched(4);
    CurvatureOptions frozen = CurvatureOptions.defaults().withBatchNorm(BatchNormMode.FROZEN);
    try (Curvature expected = Curvature.of(Network.of(normal), data, frozen)) {
      INDArray block = normal(4, 3, expected.activeParameters());
      INDArray products = expected.hessian().apply(block);
      double scale = products.amaxNumber().doubleValue();
      for (BatchNormMode mode : BatchNormMode.values()) {
        for (Engine engine : Engine.values()) {
          CurvatureOptions options = frozen.withBatchNorm(mode).withEngine(engine);
          try (Curvature actual = Curvature.of(Network.of(population), data, options)) {
            assertThat(actual.engine())
                .isEqualTo(engine == Engine.DIFFERENCE ? Engine.DIFFERENCE : Engine.TANGENT);
            assertThat(actual.loss()).isCloseTo(expected.loss(), within(1e-12));
            assertThat(
                    actual.hessian().apply(block).subi(products).amaxNumber().doubleValue() / scale)
                .isLessThan(engine == Engine.DIFFERENCE ? 1e-8 : 1e-12);
          }
        }
      }
    }
  }

  /** Deeplearning4j's batch normalization cannot back-propagate in test mode; this layer can. */
  @Test
  void errorsPassItWhereItIsFrozen() {
    PopulationNormalization layer = new PopulationNormalization();
    MultiLayerNetwork network =
        new MultiLayerNetwork(
            new NeuralNetConfiguration.Builder()
                .dataType(DataType.DOUBLE)
                .list()
                .layer(new DenseLayer.Builder().nOut(3).activation(Activation.TANH).build())
                .layer(new FrozenLayerWithBackprop(layer))
                .layer(
                    new OutputLayer.Builder(LossFunction.MCXENT)
                        .nOut(3)
                        .activation(Activation.SOFTMAX)
                        .build())
                .setInputType(InputType.feedForward(4))
                .build());
    network.init();
    DataSet data = NormalizedNetworks.PERCEPTRON.data(6);
    INDArray gradient = NormalizedNetworks.gradient(network, data).divi(6);
    assertThat(gradient.getDouble(0)).isCloseTo(difference(network, data, 0), within(1e-9));
  }

  @Test
  void clippingCountsNoPseudoGradients() {
    NeuralNetConfiguration.Builder settings =
        new NeuralNetConfiguration.Builder()
            .dataType(DataType.DOUBLE)
            .updater(new Sgd(1))
            .gradientNormalization(GradientNormalization.ClipL2PerLayer)
            .gradientNormalizationThreshold(1e-3);
    MultiLayerNetwork network =
        new MultiLayerNetwork(
            settings
                .list()
                .layer(new PopulationNormalization())
                .layer(
                    new OutputLayer.Builder(LossFunction.MCXENT)
                        .nOut(3)
                        .activation(Activation.SOFTMAX)
                        .build())
                .setInputType(InputType.feedForward(4))
                .build());
    network.init();
    INDArray before = network.params().dup();
    network.fit(NormalizedNetworks.PERCEPTRON.data(6));
    INDArray moved = network.params().sub(before);
    INDArray layer = moved.get(NDArrayIndex.interval(0, 16));
    assertThat(layer.norm2Number().doubleValue()).isCloseTo(1e-3, within(1e-12));
  }

  @Test
  void isNotEqualToBatchNormalizationOfTheSameSettings() {
    BatchNormalization plain = new BatchNormalization();
    PopulationNormalization population = new PopulationNormalization();
    assertThat(population).isNotEqualTo(plain);
    assertThat(plain).isNotEqualTo(population);
    assertThat(population).isEqualTo(new PopulationNormalization());
    assertThat(population.clone()).isEqualTo(population).hasSameHashCodeAs(population);
    population.setEps(0.1);
    assertThat(population).isNotEqualTo(new PopulationNormalization());
  }
}
