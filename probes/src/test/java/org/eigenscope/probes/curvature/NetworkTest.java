package org.eigenscope.probes.curvature;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.transferlearning.TransferLearning;
import org.deeplearning4j.optimize.listeners.ScoreIterationListener;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.config.Nesterovs;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

class NetworkTest {

  private static MultiLayerNetwork normalised(IUpdater updater) {
    MultiLayerNetwork network =
        new MultiLayerNetwork(
            new NeuralNetConfiguration.Builder()
                .seed(7)
                .updater(updater)
                .list()
                .layer(new DenseLayer.Builder().nOut(4).activation(Activation.TANH).build())
                .layer(new BatchNormalization.Builder().name("norm").build())
                .layer(
                    new OutputLayer.Builder(LossFunction.MCXENT)
                        .nOut(3)
                        .activation(Activation.SOFTMAX)
                        .build())
                .setInputType(InputType.feedForward(5))
                .build());
    network.init();
    return network;
  }

  private static ComputationGraph graph() {
    ComputationGraph graph =
        new ComputationGraph(
            new NeuralNetConfiguration.Builder()
                .seed(7)
                .updater(new Sgd(0.5))
                .graphBuilder()
                .addInputs("image", "sequence")
                .addLayer(
                    "zConvolution", new ConvolutionLayer.Builder(3, 3).nOut(2).build(), "image")
                .addLayer("aDense", new DenseLayer.Builder().nOut(4).build(), "zConvolution")
                .addLayer(
                    "out",
                    new OutputLayer.Builder().nOut(3).activation(Activation.SOFTMAX).build(),
                    "aDense")
                .addLayer("lstm", new LSTM.Builder().nOut(3).build(), "sequence")
                .addLayer(
                    "steps",
                    new RnnOutputLayer.Builder().nOut(2).activation(Activation.SOFTMAX).build(),
                    "lstm")
                .setOutputs("out", "steps")
                .setInputTypes(InputType.convolutional(6, 6, 1), InputType.recurrent(2))
                .build());
    graph.init();
    return graph;
  }

  @Test
  void arraysCoverTheFlatVectorWithoutGaps() {
    for (Network network : List.of(Network.of(normalised(new Sgd(1))), Network.of(graph()))) {
      long next = 0;
      for (ParameterArray array : network.arrays()) {
        assertThat(array.offset()).isEqualTo(next);
        next += array.length();
      }
      assertThat(next).isEqualTo(network.parameters());
    }
  }

  @Test
  void arraysNameTheCoordinatesTheyHold() {
    ComputationGraph graph = graph();
    INDArray before = graph.params().dup();
    graph.getLayer("aDense").getParam("W").addi(1);

    INDArray changed = graph.params().sub(before);

    ParameterArray dense =
        Network.of(graph).arrays().stream()
            .filter(array -> array.name().equals("aDense/W"))
            .findFirst()
            .orElseThrow();
    for (long i = 0; i < changed.length(); i++) {
      boolean inside = i >= dense.offset() && i < dense.offset() + dense.length();
      assertThat(changed.getDouble(i)).isCloseTo(inside ? 1 : 0, within(1e-6));
    }
  }

  @Test
  void statisticsOfBatchNormalizationAreNotActive() {
    Network network = Network.of(normalised(new Sgd(1)));

    // dense 5*4+4, gamma and beta 4+4, output 4*3+3; mean and log10stdev 4+4 are not coordinates
    assertThat(network.activeParameters()).isEqualTo(24 + 8 + 15);
    assertThat(network.parameters()).isEqualTo(24 + 16 + 15);
    assertThat(network.layers()).containsExactly("layer0", "norm", "layer2");
    assertThat(network.hasBatchNormalization()).isTrue();
    assertThat(Network.of(graph()).hasBatchNormalization()).isFalse();
  }

  @Test
  void frozenLayersAreNotActiveAndStayFrozenInAReplica() {
    MultiLayerNetwork frozen =
        new TransferLearning.Builder(normalised(new Sgd(1))).setFeatureExtractor(0).build();

    assertThat(Network.of(frozen).layers()).containsExactly("norm", "layer2");
    assertThat(Network.of(frozen).replica().layers()).containsExactly("norm", "layer2");
  }

  @Test
  void replicaSharesNothing() {
    MultiLayerNetwork network = normalised(new Adam(0.1));
    network.setListeners(new ScoreIterationListener(1));
    network.fit(
        new DataSet(Nd4j.rand(DataType.FLOAT, 8, 5), Nd4j.eye(3).getRows(0, 1, 2, 0, 1, 2, 0, 1)));
    INDArray before = network.params().dup();

    Network replica = Network.of(network).replica();
    replica.model().params().addi(1);

    assertThat(network.params()).isEqualTo(before);
    assertThat(replica.model().params().sub(before).meanNumber().doubleValue()).isEqualTo(1);
    assertThat(((MultiLayerNetwork) replica.model()).getListeners()).isEmpty();
    assertThat(network.getListeners()).hasSize(1);
  }

  @Test
  void replicaOfAGraphLeavesTheListenersOfTheOriginal() {
    ComputationGraph graph = graph();
    graph.setListeners(new ScoreIterationListener(1));

    Network replica = Network.of(graph).replica();

    assertThat(((ComputationGraph) replica.model()).getListeners()).isEmpty();
    ((ComputationGraph) replica.model()).setListeners(List.of());
    assertThat(graph.getListeners()).hasSize(1);
  }

  @Test
  void replicaConvertsToDoubleAndComputesTheSame() {
    ComputationGraph graph = graph();
    INDArray image = Nd4j.rand(DataType.FLOAT, 2, 1, 6, 6);
    INDArray sequence = Nd4j.rand(DataType.FLOAT, 2, 2, 4);

    ComputationGraph replica =
        (ComputationGraph) Network.of(graph).replica(DataType.DOUBLE).model();

    INDArray expected = graph.output(image, sequence)[0];
    INDArray actual =
        replica.output(image.castTo(DataType.DOUBLE), sequence.castTo(DataType.DOUBLE))[0];
    assertThat(actual.dataType()).isEqualTo(DataType.DOUBLE);
    // float rounding through three layers of width < 40
    assertThat(actual.castTo(DataType.FLOAT).sub(expected).amaxNumber().doubleValue())
        .isLessThan(1e-6);
  }

  @Test
  void replicatingLeavesTheRandomGeneratorAlone() {
    ComputationGraph graph = graph();
    Nd4j.getRandom().setSeed(5);
    double expected = Nd4j.rand(DataType.DOUBLE, 1).getDouble(0);
    Nd4j.getRandom().setSeed(5);

    Network.of(graph).replica(DataType.DOUBLE);

    assertThat(Nd4j.rand(DataType.DOUBLE, 1).getDouble(0)).isEqualTo(expected);
  }

  @Test
  void stabilityLimitIsTheOptimisers() {
    assertThat(limit(new Sgd(0.5))).isEqualTo(4);
    // (2 + 2 * 0.9) / (0.1 * (1 + 2 * 0.9))
    assertThat(limit(new Nesterovs(0.1, 0.9))).isCloseTo(3.8 / 0.28, within(1e-12));
    assertThat(limit(new Nesterovs(0.5, 0))).isEqualTo(4);
    assertThat(limit(new Adam(0.1))).isNaN();
    assertThat(limit(new Sgd(0))).isNaN();
  }

  /** Iterates DL4J's own update on λx²/2 just below and just above the limit. */
  @Test
  void nesterovLimitSeparatesStableFromUnstableSteps() {
    double eta = 0.1;
    double limit = limit(new Nesterovs(eta, 0.8));

    assertThat(growth(limit * 0.99, eta)).isLessThan(1);
    assertThat(growth(limit * 1.01, eta)).isGreaterThan(1);
  }

  private static double growth(double lambda, double eta) {
    INDArray state = Nd4j.zeros(DataType.DOUBLE, 1, 1);
    var updater = new Nesterovs(eta, 0.8).instantiate(state, true);
    double x = 1;
    double early = 0;
    for (int i = 0; i < 2000; i++) {
      INDArray gradient = Nd4j.scalar(DataType.DOUBLE, lambda * x).reshape(1, 1);
      updater.applyUpdater(gradient, i, 0);
      x -= gradient.getDouble(0);
      if (i < 100) {
        early = Math.max(early, Math.abs(x));
      }
    }
    return Math.abs(x) / early;
  }

  private static double limit(IUpdater updater) {
    return Network.of(normalised(updater)).stabilityLimit(0, 0);
  }

  @Test
  void layersWithDifferentLimitsHaveNone() {
    MultiLayerNetwork network = normalised(new Sgd(0.5));
    network.setLearningRate(2, 0.25);

    assertThat(Network.of(network).stabilityLimit(0, 0)).isNaN();
  }

  @Test
  void rejectsAModelWithoutParameters() {
    MultiLayerNetwork unready =
        new MultiLayerNetwork(normalised(new Sgd(1)).getLayerWiseConfigurations());

    assertThatIllegalArgumentException()
        .isThrownBy(() -> Network.of(unready))
        .withMessage("model must be initialised and have parameters, got none; call init() first");
  }
}
