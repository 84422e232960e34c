package org.eigenscope.listeners.normalization;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.dropout.GaussianNoise;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.misc.FrozenLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.eigenscope.listeners.normalization.NormalizedNetworks.Settings;
import org.eigenscope.probes.curvature.DataBatches;
import org.eigenscope.probes.curvature.Network;
import org.eigenscope.probes.curvature.ParameterArray;
import org.junit.jupiter.api.Test;
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

class PopulationStatisticsTest {
  private static final int EXAMPLES = 12;

  static Stream<Arguments> kinds() {
    return Stream.of(NormalizedNetworks.values())
        .flatMap(network -> Stream.of(12, 4, 5).map(batch -> Arguments.of(network, batch)));
  }

  private static DataBatches population(NormalizedNetworks network, int batchSize) {
    return DataBatches.of(network.data(EXAMPLES)).rebatched(batchSize);
  }

  /** Batch normalization in training, with the set as its batch, has these statistics itself. */
  @ParameterizedTest
  @MethodSource("kinds")
  void thePopulationAsABatchGivesTheSameOutputs(NormalizedNetworks network, int batchSize) {
    for (boolean logDeviation : new boolean[] {true, false}) {
      Settings settings = new Settings(DataType.DOUBLE, logDeviation, false, new Sgd(0.1));
      Model normal = network.build(settings);
      Model twin = PopulationTwin.of(normal);
      PopulationStatistics.of(twin, population(network, batchSize)).update();
      INDArray x = network.data(EXAMPLES).getFeatures();
      INDArray expected = NormalizedNetworks.output(normal, x, true);
      INDArray actual = NormalizedNetworks.output(twin, x, false);
      assertThat(actual.sub(expected).amaxNumber().doubleValue()).isLessThan(1e-13);
    }
  }

  /** Sums over all examples, layer by layer, in plain Java. */
  @Test
  void statisticsAreThoseOfBruteForce() {
    NormalizedNetworks network = NormalizedNetworks.PERCEPTRON;
    MultiLayerNetwork twin =
        (MultiLayerNetwork)
            PopulationTwin.of(
                network.build(new Settings(DataType.DOUBLE, false, false, new Sgd(0.1))));
    PopulationStatistics.of(twin, population(network, 5)).update();
    INDArray x = network.data(EXAMPLES).getFeatures();
    double[][] h = x.toDoubleMatrix();
    for (int layer : new int[] {0, 3}) {
      double[][] w = twin.getParam(layer + "_W").toDoubleMatrix();
      double[] b = twin.getParam(layer + "_b").toDoubleVector();
      double[] gamma = twin.getParam(layer + 1 + "_gamma").toDoubleVector();
      double[] beta = twin.getParam(layer + 1 + "_beta").toDoubleVector();
      double[][] next = new double[EXAMPLES][b.length];
      for (int c = 0; c < b.length; c++) {
        double mean = 0;
        for (int n = 0; n < EXAMPLES; n++) {
          next[n][c] = b[c];
          for (int i = 0; i < w.length; i++) {
            next[n][c] += h[n][i] * w[i][c];
          }
          mean += next[n][c] / EXAMPLES;
        }
        double variance = 0;
        for (int n = 0; n < EXAMPLES; n++) {
          variance += (next[n][c] - mean) * (next[n][c] - mean) / EXAMPLES;
        }
        assertThat(twin.getParam(layer + 1 + "_mean").getDouble(c)).isCloseTo(mean, within(1e-14));
        assertThat(twin.getParam(layer + 1 + "_var").getDouble(c))
            .isCloseTo(variance, within(1e-14));
        for (int n = 0; n < EXAMPLES; n++) {
          double y = gamma[c] * (next[n][c] - mean) / Math.sqrt(variance + 1e-3) + beta[c];
          next[n][c] = layer == 0 ? Math.tanh(y) : 1 / (1 + Math.exp(-y));
        }
      }
      h = next;
    }
  }

  @ParameterizedTest
  @EnumSource
  void nothingElseChanges(NormalizedNetworks network) {
    Model twin = PopulationTwin.of(network.build(Settings.PLAIN.with(new Adam(0.01))));
    Model alone = PopulationTwin.of(twin);
    PopulationStatistics statistics = PopulationStatistics.of(twin, population(network, 4));
    NormalizedNetworks.fit(twin, network.data(6));
    NormalizedNetworks.fit(alone, network.data(6));
    long rootState = Nd4j.getRandom().rootState();
    long nodeState = Nd4j.getRandom().nodeState();
    double score = twin.score();

    statistics.update();

    assertThat(Nd4j.getRandom().rootState()).isEqualTo(rootState);
    assertThat(Nd4j.getRandom().nodeState()).isEqualTo(nodeState);
    assertThat(twin.score()).isEqualTo(score);
    Map<String, INDArray> others = arrays(alone);
    arrays(twin)
        .forEach(
            (name, array) -> {
              boolean statistic = name.endsWith("/mean") || name.endsWith("/log10stdev");
              assertThat(array.equals(others.get(name))).as(name).isNotEqualTo(statistic);
            });
    // With the same statistics both go on alike.
    alone.setParams(twin.params());
    NormalizedNetworks.fit(twin, network.data(6, 8));
    NormalizedNetworks.fit(alone, network.data(6, 8));
    assertThat(twin.params()).isEqualTo(alone.params());
  }

  private static Map<String, INDArray> arrays(Model model) {
    Map<String, INDArray> arrays = new TreeMap<>();
    for (ParameterArray array : Network.of(model).arrays()) {
      arrays.put(
          array.name(),
          model
              .params()
              .get(NDArrayIndex.interval(array.offset(), array.offset() + array.length()))
              .dup());
    }
    return arrays;
  }

  private static OutputLayer softmax() {
    return new OutputLayer.Builder(LossFunction.MCXENT)
        .nOut(3)
        .activation(Activation.SOFTMAX)
        .build();
  }

  private static MultiLayerNetwork network(
      double retain, org.deeplearning4j.nn.conf.layers.Layer... normalizations) {
    NeuralNetConfiguration.ListBuilder list =
        new NeuralNetConfiguration.Builder().seed(4).dataType(DataType.FLOAT).list();
    for (var normalization : normalizations) {
      DenseLayer.Builder dense = new DenseLayer.Builder().nOut(5).activation(Activation.RELU);
      if (retain < 1) {
        dense.dropOut(retain);
      }
      list.layer(dense.build()).layer(normalization);
    }
    MultiLayerNetwork network =
        new MultiLayerNetwork(list.layer(softmax()).setInputType(InputType.feedForward(4)).build());
    network.init();
    return network;
  }

  @Test
  void dropoutAndNoiseAreOff() {
    MultiLayerNetwork noisy = network(0.5, new PopulationNormalization());
    noisy.getLayer(1).conf().getLayer().setIDropout(new GaussianNoise(1));
    MultiLayerNetwork silent = network(1, new PopulationNormalization());
    silent.setParams(noisy.params());
    DataBatches data = population(NormalizedNetworks.PERCEPTRON, 12);
    PopulationStatistics.of(noisy, data).update();
    PopulationStatistics.of(silent, data).update();
    assertThat(noisy.params()).isEqualTo(silent.params());
  }

  @Test
  void channelsThatNeverChangeHaveFiniteStatistics() {
    MultiLayerNetwork network = network(1, new PopulationNormalization());
    network.getLayer(0).params().assign(-1);
    DataSet positive = NormalizedNetworks.PERCEPTRON.data(EXAMPLES);
    positive.getFeatures().assign(1);
    PopulationStatistics.of(network, DataBatches.of(positive)).update();
    assertThat(network.params().sumNumber().doubleValue()).isFinite();
    assertThat(network.getParam("1_log10stdev").maxNumber().doubleValue()).isLessThan(-18);
    // (0 - 0) / √(0 + ε): what batch normalization itself gives.
    INDArray out = network.feedForwardToLayer(1, positive.getFeatures(), false).get(2);
    assertThat(out.amaxNumber().doubleValue()).isZero();
  }

  @Test
  void frozenLayersKeepTheirs() {
    MultiLayerNetwork network =
        network(1, new FrozenLayer(new PopulationNormalization()), new PopulationNormalization());
    PopulationStatistics.of(network, population(NormalizedNetworks.PERCEPTRON, 4)).update();
    assertThat(network.getParam("1_mean").amaxNumber().doubleValue()).isZero();
    assertThat(network.getParam("3_mean").amaxNumber().doubleValue()).isPositive();
  }

  @Test
  void updatesComeAtTheirInterval() {
    NormalizedNetworks network = NormalizedNetworks.PERCEPTRON;
    Model twin = PopulationTwin.of(network.build());
    PopulationStatistics statistics = PopulationStatistics.of(twin, population(network, 12), 3);
    assertThat(Stream.iterate(0, i -> i + 1).limit(8).map(statistics::beforeIteration).toList())
        .isEqualTo(List.of(true, false, false, true, false, false, true, false));
    assertThat(PopulationStatistics.of(twin, population(network, 12)).interval()).isEqualTo(10);
  }

  @Test
  void misuseIsExplained() {
    NormalizedNetworks network = NormalizedNetworks.PERCEPTRON;
    DataBatches data = population(network, 12);
    assertThatThrownBy(() -> PopulationStatistics.of(network.build(), data))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "model must have a PopulationNormalization that is not frozen, got none; PopulationTwin"
                + " makes them of batch normalization");
    Model twin = PopulationTwin.of(network.build());
    assertThatThrownBy(() -> PopulationStatistics.of(twin, data, 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("interval must be at least 1, got 0");
  }
}
