package org.eigenscope.probes.curvature;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.eigenscope.probes.curvature.Networks.batches;
import static org.eigenscope.probes.curvature.Networks.curvature;
import static org.eigenscope.probes.curvature.Networks.dense;
import static org.eigenscope.probes.curvature.Networks.error;
import static org.eigenscope.probes.curvature.Networks.labels;
import static org.eigenscope.probes.curvature.Networks.largest;
import static org.eigenscope.probes.curvature.Networks.network;
import static org.eigenscope.probes.curvature.Networks.normal;
import static org.eigenscope.probes.curvature.Networks.randomised;
import static org.eigenscope.probes.curvature.Networks.softmax;

import java.util.ArrayList;
import java.util.List;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.BackpropType;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.dropout.GaussianNoise;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.CenterLossOutputLayer;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.DropoutLayer;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.LocallyConnected2D;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.deeplearning4j.nn.conf.layers.misc.FrozenLayer;
import org.deeplearning4j.nn.conf.layers.misc.FrozenLayerWithBackprop;
import org.deeplearning4j.nn.conf.layers.recurrent.Bidirectional;
import org.deeplearning4j.nn.conf.layers.recurrent.LastTimeStep;
import org.deeplearning4j.nn.conf.layers.recurrent.SimpleRnn;
import org.deeplearning4j.nn.conf.weightnoise.DropConnect;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.optimize.api.BaseTrainingListener;
import org.eigenscope.probes.linalg.LinearOperator;
import org.eigenscope.probes.linalg.NonFiniteValueException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.activations.impl.ActivationMish;
import org.nd4j.linalg.activations.impl.ActivationRReLU;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.MultiDataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.regularization.Regularization;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

class CurvatureContractTest {
  private static final INDArray X = normal(2, 12, 4);
  private static final INDArray Y = labels(3, 12, 3);

  private static DenseLayer hidden() {
    return new DenseLayer.Builder().nOut(5).activation(Activation.RELU).build();
  }

  private static MultiLayerNetwork perceptron() {
    return randomised(network(InputType.feedForward(4), hidden(), hidden(), softmax(3)), 1);
  }

  private static INDArray rows(INDArray array, int start, int end) {
    return array.get(NDArrayIndex.interval(start, end), NDArrayIndex.all()).dup();
  }

  @Test
  void everyExampleWeighsTheSameInUnevenBatches() {
    MultiLayerNetwork network = perceptron();
    List<org.nd4j.linalg.dataset.api.MultiDataSet> uneven = new ArrayList<>();
    int[] starts = {0, 5, 10, 12};
    for (int i = 0; i < 3; i++) {
      uneven.add(
          new MultiDataSet(rows(X, starts[i], starts[i + 1]), rows(Y, starts[i], starts[i + 1])));
    }
    Curvature one = curvature(network, batches(X, Y));
    Curvature three = curvature(network, DataBatches.of(uneven));
    assertThat(three.loss()).isCloseTo(one.loss(), within(1e-14));
    assertThat(error(three.gradient(), one.gradient())).isLessThan(1e-13);
    for (CurvatureMatrix matrix : CurvatureMatrix.values()) {
      assertThat(error(dense(three.operator(matrix)), dense(one.operator(matrix))))
          .isLessThan(1e-9);
    }
  }

  @ParameterizedTest
  @EnumSource(CurvatureMatrix.class)
  void layersAreDiagonalBlocks(CurvatureMatrix matrix) {
    MultiLayerNetwork network = perceptron();
    Curvature whole = curvature(network, batches(X, Y));
    INDArray full = dense(whole.operator(matrix));
    INDArray gradient = whole.gradient();
    // layer0 4x5+5, layer1 5x5+5, layer2 5x3+3
    String[] names = {"layer0", "layer1", "layer2", "layer1/W", "layer1/b"};
    int[][] intervals = {{0, 25}, {25, 55}, {55, 73}, {25, 50}, {50, 55}};
    for (int i = 0; i < names.length; i++) {
      Curvature block = whole.layer(names[i]);
      var at = NDArrayIndex.interval(intervals[i][0], intervals[i][1]);
      assertThat(block.activeParameters()).isEqualTo(intervals[i][1] - intervals[i][0]);
      assertThat(block.parameters()).isEqualTo(73);
      assertThat(block.loss()).isEqualTo(whole.loss());
      assertThat(block.gradient()).isEqualTo(gradient.get(at).dup());
      INDArray expected = full.get(at, at).dup();
      assertThat(dense(block.operator(matrix)).sub(expected).amaxNumber().doubleValue())
          .isLessThan(1e-9 * largest(full));
    }
  }

  @Test
  void unknownLayerListsThoseThereAre() {
    Curvature curvature = curvature(perceptron(), batches(X, Y));
    assertThatThrownBy(() -> curvature.layer("dense"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("layer must be one of layer0, layer1, layer2, layer0/W, layer0/b")
        .hasMessageEndingWith("got 'dense'");
    assertThatThrownBy(() -> curvature.layer("layer0").layer("layer1"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("got 'layer1'");
  }

  @ParameterizedTest
  @EnumSource(CurvatureMatrix.class)
  void productsAreDeterministicRowByRow(CurvatureMatrix matrix) {
    MultiLayerNetwork network = perceptron();
    LinearOperator operator = curvature(network, batches(X, Y)).operator(matrix);
    INDArray block = normal(5, 3, operator.order());
    block.getRow(1).assign(0);
    INDArray before = block.dup();
    INDArray products = operator.apply(block);
    assertThat(operator.apply(block)).isEqualTo(products);
    assertThat(curvature(network, batches(X, Y)).operator(matrix).apply(block)).isEqualTo(products);
    assertThat(block).isEqualTo(before);
    assertThat(largest(products.getRow(1))).isZero();
    INDArray alone = operator.apply(rows(block, 2, 3));
    assertThat(alone.getRow(0)).isEqualTo(products.getRow(2));
    assertThat(products.ordering()).isEqualTo('c');
    INDArray scaled = operator.apply(block.mul(1e-12));
    assertThat(error(scaled.mul(1e12), products)).isLessThan(1e-9);
  }

  @Test
  void rejectsBlocksThatDoNotFit() {
    LinearOperator operator = curvature(perceptron(), batches(X, Y)).hessian();
    assertThat(operator.order()).isEqualTo(73);
    assertThat(operator.toString()).isEqualTo("hessian[73]");
    assertThatThrownBy(() -> operator.apply(normal(1, 2, 72)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("73")
        .hasMessageContaining("72");
    assertThatThrownBy(() -> operator.apply(normal(1, 73)))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> operator.apply(normal(1, 1, 73).castTo(DataType.FLOAT)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("FLOAT");
  }

  @Test
  void countsItsWork() {
    Curvature curvature =
        curvature(perceptron(), batches(X, Y).rebatched(6), BatchNormMode.BATCH, Engine.DIFFERENCE);
    assertThat(curvature.evaluations()).isEqualTo(new EvaluationCount(0, 0));
    curvature.loss();
    curvature.gradient();
    assertThat(curvature.evaluations()).isEqualTo(new EvaluationCount(1, 0));
    INDArray block = normal(1, 2, 73);
    curvature.hessian().apply(block);
    assertThat(curvature.evaluations()).isEqualTo(new EvaluationCount(5, 0));
    curvature.gaussNewton().apply(block);
    assertThat(curvature.evaluations()).isEqualTo(new EvaluationCount(7, 4));
    assertThat(curvature.kinks().products()).isEqualTo(4);
    assertThat(curvature.engine()).isEqualTo(Engine.DIFFERENCE);
    assertThat(curvature.expectedBytes()).isGreaterThan(8L * (73 * 8 + 12 * 7));
  }

  @Test
  void holdsUnitsThatAStepWouldCarryOverAKink() {
    MultiLayerNetwork network = perceptron();
    INDArray theta = network.params().dup();
    // A bias that puts unit 0 a hair above zero for the first example.
    double z =
        X.getRow(0).mul(network.paramTable().get("0_W").getColumn(0)).sumNumber().doubleValue();
    theta.putScalar(20, -z + 1e-9);
    network.setParams(theta);
    Curvature curvature = curvature(network, batches(X, Y), BatchNormMode.BATCH, Engine.DIFFERENCE);
    INDArray atKink = dense(curvature.hessian());
    theta.putScalar(20, -z + 1e-4);
    network.setParams(theta);
    INDArray beside = dense(curvature(network, batches(X, Y)).hessian());
    // Away from the kink by more than a step but hardly by anything else.
    assertThat(error(atKink, beside)).isLessThan(1e-3);
    assertThat(curvature.kinks().heldProducts()).isPositive();
    assertThat(curvature.kinks().heldUnits()).isPositive();
    assertThat(curvature.kinks().unwatched()).isZero();
    assertThat(curvature.notes()).anyMatch(note -> note.contains("held in their regions"));
  }

  private static MultiLayerNetwork noisy(boolean noise) {
    DenseLayer.Builder first = new DenseLayer.Builder().nOut(5).activation(new ActivationRReLU());
    DenseLayer.Builder second = new DenseLayer.Builder().nOut(4).activation(Activation.TANH);
    List<Layer> layers = new ArrayList<>();
    if (noise) {
      first.dropOut(0.5);
      second.weightNoise(new DropConnect(0.5)).dropOut(new GaussianNoise(1));
    }
    layers.add(first.build());
    layers.add(new BatchNormalization());
    layers.add(second.build());
    if (noise) {
      layers.add(new DropoutLayer.Builder(0.3).build());
    }
    layers.add(softmax(3));
    return randomised(network(InputType.feedForward(4), layers.toArray(Layer[]::new)), 1);
  }

  @Test
  void noiseIsSwitchedOffAndSaid() {
    Curvature noisy = curvature(noisy(true), batches(X, Y));
    Curvature quiet = curvature(noisy(false), batches(X, Y));
    assertThat(noisy.loss()).isEqualTo(quiet.loss());
    assertThat(noisy.gradient()).isEqualTo(quiet.gradient());
    assertThat(noisy.notes())
        .anyMatch(
            note ->
                note.startsWith("dropout and noise are switched off in ")
                    && note.contains("layer0 (Dropout)")
                    && note.contains("layer2 (DropConnect)")
                    && note.contains("layer2 (GaussianNoise)")
                    && note.contains("layer3 (Dropout)"));
    assertThat(quiet.notes()).noneMatch(note -> note.contains("switched off"));
  }

  @Test
  void noiseInsideWrappersIsSwitchedOff() {
    INDArray x = normal(2, 3, 2, 4);
    INDArray y = labels(3, 3, 3);
    double[] losses = new double[2];
    for (int i = 0; i < 2; i++) {
      LSTM.Builder lstm = new LSTM.Builder().nOut(2).activation(Activation.TANH);
      SimpleRnn.Builder simple = new SimpleRnn.Builder().nOut(3).activation(Activation.TANH);
      DenseLayer.Builder fixed = new DenseLayer.Builder().nOut(3);
      if (i == 0) {
        lstm.dropOut(0.5);
        simple.dropOut(0.5);
        fixed.dropOut(0.5);
      }
      MultiLayerNetwork network =
          randomised(
              network(
                  InputType.recurrent(2, 4),
                  new Bidirectional(Bidirectional.Mode.ADD, lstm.build()),
                  new LastTimeStep(simple.build()),
                  new FrozenLayerWithBackprop(fixed.build()),
                  softmax(3)),
              1);
      losses[i] = curvature(network, batches(x, y)).loss();
      // The original keeps its dropout, also where Deeplearning4j's clone shares configurations.
      assertThat(curvature(network, batches(x, y)).notes().toString().contains("switched off"))
          .isEqualTo(i == 0);
    }
    assertThat(losses[0]).isEqualTo(losses[1]);
  }

  @Test
  void networkAndRandomGeneratorStayUntouched() {
    MultiLayerNetwork network = noisy(true);
    network.addListeners(new Tripwire());
    INDArray parameters = network.params().dup();
    String configuration = network.getLayerWiseConfigurations().toJson();
    Nd4j.getRandom().setSeed(99);
    INDArray expected = Nd4j.rand(DataType.DOUBLE, 4);
    Nd4j.getRandom().setSeed(99);
    Tripwire.armed = true;
    try (Curvature curvature = curvature(network, batches(X, Y))) {
      INDArray block = normal(1, 1, curvature.activeParameters());
      curvature.gradient();
      curvature.hessian().apply(block);
      curvature.gaussNewton().apply(block);
    } finally {
      Tripwire.armed = false;
    }
    assertThat(Nd4j.rand(DataType.DOUBLE, 4)).isEqualTo(expected);
    assertThat(network.params()).isEqualTo(parameters);
    assertThat(network.getLayerWiseConfigurations().toJson()).isEqualTo(configuration);
  }

  /** Fails when its model computes while a probe does. */
  private static final class Tripwire extends BaseTrainingListener {
    private static boolean armed;

    @Override
    public void onForwardPass(Model model, List<INDArray> activations) {
      assertThat(armed).isFalse();
    }

    @Override
    public void onBackwardPass(Model model) {
      assertThat(armed).isFalse();
    }
  }

  @Test
  void floatPrecisionConcernsTheVectors() {
    MultiLayerNetwork network =
        (MultiLayerNetwork) Network.of(perceptron()).replica(DataType.FLOAT).model();
    DataBatches data = batches(X.castTo(DataType.FLOAT), Y.castTo(DataType.FLOAT));
    CurvatureOptions options =
        CurvatureOptions.defaults().withEngine(Engine.DIFFERENCE).withPrecision(Precision.FLOAT);
    Curvature coarse = Curvature.of(Network.of(network), data, options);
    Curvature fine = curvature(network, data);
    assertThat(coarse.gradient().dataType()).isEqualTo(DataType.FLOAT);
    assertThat(coarse.hessian().dataType()).isEqualTo(DataType.FLOAT);
    assertThat(error(dense(coarse.hessian()).castTo(DataType.DOUBLE), dense(fine.hessian())))
        .isLessThan(1e-6);
    assertThat(coarse.loss()).isEqualTo(fine.loss());
  }

  @Test
  void penaltiesCountWhenAskedFor() {
    MultiLayerNetwork network =
        randomised(
            network(
                InputType.feedForward(4),
                new DenseLayer.Builder()
                    .nOut(5)
                    .l2(0.3)
                    .l1(0.2)
                    .activation(Activation.TANH)
                    .build(),
                new OutputLayer.Builder(LossFunction.MCXENT)
                    .nOut(3)
                    .weightDecay(0.1, false)
                    .l2Bias(0.05)
                    .activation(Activation.SOFTMAX)
                    .build()),
            1);
    DataBatches data = batches(X, Y);
    Curvature without = curvature(network, data);
    Curvature with =
        Curvature.of(
            Network.of(network), data, CurvatureOptions.defaults().withRegularization(true));
    assertThat(with.loss()).isCloseTo(network.score(new DataSet(X, Y)), within(1e-12));
    assertThat(without.loss())
        .isCloseTo(
            network.score(new DataSet(X, Y)) - network.calcRegularizationScore(true),
            within(1e-12));
    INDArray theta = network.params();
    INDArray change = with.gradient().sub(without.gradient());
    // W0 has 20 entries, b0 5, W1 15, b1 3.
    assertThat(change.getDouble(3))
        .isCloseTo(0.3 * theta.getDouble(3) + 0.2 * Math.signum(theta.getDouble(3)), within(1e-12));
    assertThat(change.getDouble(22)).isZero();
    assertThat(change.getDouble(30)).isCloseTo(0.1 * theta.getDouble(30), within(1e-12));
    assertThat(change.getDouble(41)).isCloseTo(0.05 * theta.getDouble(41), within(1e-12));
    INDArray diagonal = Nd4j.zeros(DataType.DOUBLE, 43);
    diagonal.get(NDArrayIndex.interval(0, 20)).assign(0.3);
    diagonal.get(NDArrayIndex.interval(25, 40)).assign(0.1);
    diagonal.get(NDArrayIndex.interval(40, 43)).assign(0.05);
    INDArray expected = Nd4j.diag(diagonal);
    assertThat(error(dense(with.hessian()).sub(dense(without.hessian())), expected))
        .isLessThan(1e-12);
    assertThat(error(dense(with.gaussNewton()).sub(dense(without.gaussNewton())), expected))
        .isLessThan(1e-12);
    assertThat(dense(with.residual())).isEqualTo(dense(without.residual()));
    assertThat(
            error(
                dense(with.layer("layer1/b").hessian())
                    .sub(dense(without.layer("layer1/b").hessian())),
                Nd4j.eye(3).castTo(DataType.DOUBLE).mul(0.05)))
        .isLessThan(1e-12);
  }

  @Test
  void penaltiesOfAGraphCountToo() {
    ComputationGraph graph =
        new ComputationGraph(
            new NeuralNetConfiguration.Builder()
                .seed(3)
                .dataType(DataType.DOUBLE)
                .l2(0.1)
                .graphBuilder()
                .addInputs("in")
                .setInputTypes(InputType.feedForward(4))
                .addLayer("hidden", hidden(), "in")
                .addLayer("out", softmax(3), "hidden")
                .setOutputs("out")
                .build());
    graph.init();
    Curvature with =
        Curvature.of(
            Network.of(graph), batches(X, Y), CurvatureOptions.defaults().withRegularization(true));
    assertThat(with.loss()).isCloseTo(graph.score(new DataSet(X, Y)), within(1e-12));
  }

  /** A penalty of a kind that nobody knows. */
  private static final class Strange implements Regularization {
    private static final long serialVersionUID = 1L;

    @Override
    public ApplyStep applyStep() {
      return ApplyStep.BEFORE_UPDATER;
    }

    @Override
    public void apply(INDArray param, INDArray gradView, double lr, int iteration, int epoch) {}

    @Override
    public double score(INDArray param, int iteration, int epoch) {
      return 0;
    }

    @Override
    public Regularization clone() {
      return this;
    }
  }

  @Test
  void unknownPenaltyIsNamedWhenAskedFor() {
    MultiLayerNetwork network = perceptron();
    ((DenseLayer) network.getLayer(1).conf().getLayer()).setRegularization(List.of(new Strange()));
    CurvatureOptions penalised = CurvatureOptions.defaults().withRegularization(true);
    assertThatThrownBy(() -> Curvature.of(Network.of(network), batches(X, Y), penalised))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("layer1/W must be l1, l2 or weight decay")
        .hasMessageContaining("Strange");
  }

  /** In the thread of a training, whose workspaces are about, and without a trace in it. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void worksInsideAListener(boolean graph) {
    INDArray[] trained = new INDArray[2];
    for (int i = 0; i < 2; i++) {
      boolean probing = i == 1;
      MultiLayerNetwork network =
          network(
              InputType.feedForward(4),
              c -> c.updater(new Adam(0.05)),
              new DenseLayer.Builder().nOut(5).activation(Activation.RELU).dropOut(0.8).build(),
              new BatchNormalization(),
              softmax(3));
      List<Double> losses = new ArrayList<>();
      BaseTrainingListener listener =
          new BaseTrainingListener() {
            @Override
            public void iterationDone(Model model, int iteration, int epoch) {
              if (probing) {
                Curvature curvature = curvature(model, batches(X, Y));
                losses.add(curvature.loss());
                INDArray block = normal(1, 1, curvature.activeParameters());
                curvature.hessian().apply(block);
                curvature.gaussNewton().apply(block);
              }
            }
          };
      if (graph) {
        ComputationGraph twin = network.toComputationGraph();
        twin.setListeners(listener);
        Nd4j.getRandom().setSeed(5);
        for (int step = 0; step < 4; step++) {
          twin.fit(new DataSet(X, Y));
        }
        trained[i] = twin.params();
      } else {
        network.setListeners(listener);
        Nd4j.getRandom().setSeed(5);
        for (int step = 0; step < 4; step++) {
          network.fit(new DataSet(X, Y));
        }
        trained[i] = network.params();
      }
      assertThat(losses).hasSize(probing ? 4 : 0);
    }
    assertThat(trained[1]).isEqualTo(trained[0]);
  }

  /** Deeplearning4j stops its errors at such a layer; the loss depends on what lies below. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void errorsPassFrozenLayersOnTheirWayToFreeOnes(boolean graph) {
    MultiLayerNetwork network =
        randomised(
            network(
                InputType.feedForward(4),
                hidden(),
                new FrozenLayer(new BatchNormalization()),
                new FrozenLayer(hidden()),
                softmax(3)),
            1);
    Model model = network;
    if (graph) {
      ComputationGraph twin =
          new ComputationGraph(
              new NeuralNetConfiguration.Builder()
                  .dataType(DataType.DOUBLE)
                  .graphBuilder()
                  .addInputs("in")
                  .setInputTypes(InputType.feedForward(4))
                  .addLayer("free", hidden(), "in")
                  .addLayer("statistics", new FrozenLayer(new BatchNormalization()), "free")
                  .addLayer("frozen", new FrozenLayer(hidden()), "statistics")
                  .addLayer("out", softmax(3), "frozen")
                  .setOutputs("out")
                  .build());
      twin.init();
      twin.setParams(network.params());
      model = twin;
    }
    Curvature curvature = curvature(model, batches(X, Y));
    assertThat(curvature.activeParameters()).isEqualTo(25 + 18);
    MultiLayerNetwork free =
        network(InputType.feedForward(4), hidden(), new BatchNormalization(), hidden(), softmax(3));
    free.setParams(network.params());
    Curvature whole = curvature(free, batches(X, Y), BatchNormMode.FROZEN);
    assertThat(curvature.loss()).isCloseTo(whole.loss(), within(1e-14));
    assertThat(
            error(
                dense(curvature.layer(graph ? "free" : "layer0").hessian()),
                dense(whole.layer("layer0").hessian())))
        .isLessThan(1e-8);
    INDArray hessian = dense(curvature.hessian());
    assertThat(error(hessian, hessian.transpose())).isLessThan(1e-8);
  }

  @Test
  void frozenLayersAreNoCoordinates() {
    for (Layer frozen :
        new Layer[] {new FrozenLayer(hidden()), new FrozenLayerWithBackprop(hidden())}) {
      MultiLayerNetwork network =
          randomised(network(InputType.feedForward(4), frozen, hidden(), softmax(3)), 1);
      Curvature curvature = curvature(network, batches(X, Y));
      assertThat(curvature.activeParameters()).isEqualTo(48);
      assertThat(curvature.parameters()).isEqualTo(73);
      assertThat(curvature.notes()).anyMatch(note -> note.startsWith("25 of 73 parameters"));
      Curvature free = curvature(perceptron(), batches(X, Y));
      var at = NDArrayIndex.interval(25, 73);
      assertThat(error(dense(curvature.hessian()), dense(free.hessian()).get(at, at).dup()))
          .isLessThan(1e-8);
    }
  }

  @Test
  void truncationInTimeAndSumsOverBatchesAreUndone() {
    INDArray x = normal(2, 3, 2, 6);
    INDArray y = labels(3, 18, 2).reshape('c', 3, 6, 2).permute(0, 2, 1).dup('c');
    Layer[] layers = {
      new LSTM.Builder().nOut(2).activation(Activation.TANH).build(),
      new RnnOutputLayer.Builder(LossFunction.MCXENT).nOut(2).activation(Activation.SOFTMAX).build()
    };
    MultiLayerNetwork whole =
        randomised(network(InputType.recurrent(2, 6), layers[0].clone(), layers[1].clone()), 1);
    MultiLayerNetwork truncated =
        new MultiLayerNetwork(
            new NeuralNetConfiguration.Builder()
                .dataType(DataType.DOUBLE)
                .miniBatch(false)
                .list(layers[0], layers[1])
                .backpropType(BackpropType.TruncatedBPTT)
                .tBPTTLength(2)
                .setInputType(InputType.recurrent(2, 6))
                .build());
    truncated.init();
    truncated.setParams(whole.params());
    Curvature expected = curvature(whole, batches(x, y));
    Curvature actual = curvature(truncated, batches(x, y));
    assertThat(actual.loss()).isEqualTo(expected.loss());
    assertThat(actual.gradient()).isEqualTo(expected.gradient());
    assertThat(actual.notes())
        .anyMatch(note -> note.contains("truncated"))
        .anyMatch(note -> note.contains("miniBatch(false)"));
  }

  @Test
  void gaussNewtonMatrixNeedsALossOfOutputs() {
    MultiLayerNetwork network =
        network(
            InputType.feedForward(4),
            hidden(),
            new CenterLossOutputLayer.Builder(LossFunction.MCXENT)
                .nOut(3)
                .activation(Activation.SOFTMAX)
                .build());
    Curvature curvature = curvature(network, batches(X, Y));
    assertThatThrownBy(() -> dense(curvature.gaussNewton()))
        .isInstanceOf(UnsupportedOperationException.class)
        .hasMessageContaining("layer1 (CenterLossOutputLayer)");
    assertThat(dense(curvature.hessian()).rows()).isEqualTo(25 + 18 + 15);
  }

  @Test
  void partsThatNobodyWatchesAreNamed() {
    MultiLayerNetwork network =
        network(
            InputType.convolutional(4, 4, 1),
            new LocallyConnected2D.Builder()
                .kernelSize(2, 2)
                .nOut(1)
                .activation(Activation.RELU)
                .build(),
            new GlobalPoolingLayer.Builder(PoolingType.AVG).build(),
            new OutputLayer.Builder(LossFunction.L1)
                .nOut(3)
                .activation(Activation.IDENTITY)
                .build());
    Curvature curvature = curvature(network, batches(normal(2, 12, 1, 4, 4), Y));
    assertThat(curvature.kinks().unwatched()).isEqualTo(2);
    assertThat(curvature.notes())
        .anyMatch(
            note ->
                note.contains("kinks are not watched in")
                    && note.contains("layer0 (LocallyConnected2D)")
                    && note.contains("layer2 (LossL1)"));
    assertThat(curvature.gradient().length()).isEqualTo(curvature.activeParameters());
  }

  @Test
  void rejectsWhatItCannotDo() {
    DataBatches data = batches(X, Y);
    CurvatureOptions tangent = CurvatureOptions.defaults().withEngine(Engine.TANGENT);
    MultiLayerNetwork precise =
        network(
            InputType.feedForward(4),
            new DenseLayer.Builder().nOut(5).activation(new ActivationMish()).build(),
            softmax(3));
    assertThatThrownBy(() -> Curvature.of(Network.of(precise), data, tangent))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "engine tangent does not know layer0 (DenseLayer with activation mish); use auto or"
                + " difference");

    MultiLayerNetwork headless =
        network(InputType.feedForward(4), hidden(), new ActivationLayer(Activation.TANH));
    assertThatThrownBy(() -> curvature(headless, data))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("must end in output layers with a loss");

    MultiLayerNetwork frozen =
        network(
            InputType.feedForward(4),
            new FrozenLayerWithBackprop(hidden()),
            new FrozenLayerWithBackprop(softmax(3)));
    assertThatThrownBy(() -> curvature(frozen, data))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("all are frozen");
  }

  @Test
  void rejectsDataThatDoNotFit() {
    MultiLayerNetwork network = perceptron();
    assertThatThrownBy(() -> curvature(network, batches(normal(1, 12, 5), Y)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("features must be [examples, 4] for the first layer 'layer0', got [12, 5]");
    assertThatThrownBy(() -> curvature(network, batches(X, labels(1, 12, 4))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("labels 0 must be [examples, 3]")
        .hasMessageContaining("got [12, 4]");
    INDArray broken = X.dup().putScalar(3, 1, Double.NaN);
    assertThatThrownBy(() -> curvature(network, batches(broken, Y)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("features must be finite");
    INDArray infinite = Y.dup().putScalar(3, 1, Double.POSITIVE_INFINITY);
    assertThatThrownBy(() -> curvature(network, batches(X, infinite)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("labels must be finite");
    assertThatThrownBy(
            () ->
                curvature(
                    network,
                    DataBatches.of(new MultiDataSet(new INDArray[] {X, X}, new INDArray[] {Y}))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("the network takes 1 arrays of features, got 2");

    MultiLayerNetwork images =
        network(
            InputType.convolutional(5, 5, 2),
            new ConvolutionLayer.Builder(2, 2).nOut(1).build(),
            softmax(3));
    assertThatThrownBy(() -> curvature(images, batches(normal(1, 12, 1, 5, 5), Y)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("[examples, 2, height, width]")
        .hasMessageContaining("[12, 1, 5, 5]");
    assertThatThrownBy(() -> curvature(images, batches(normal(1, 12, 2, 6, 6), Y)).loss())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("[12, 2, 6, 6]");
    MultiLayerNetwork sequences =
        network(
            InputType.recurrent(2, 3),
            new LSTM.Builder().nOut(2).build(),
            new GlobalPoolingLayer.Builder(PoolingType.AVG).build(),
            softmax(3));
    assertThatThrownBy(() -> curvature(sequences, batches(normal(1, 12, 3, 3), Y)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("[examples, 2, time]");
  }

  @Test
  void divergedNetworkIsNamed() {
    MultiLayerNetwork network = perceptron();
    network.params().putScalar(7, Double.NaN);
    Curvature curvature = curvature(network, batches(X, Y));
    assertThatThrownBy(curvature::loss)
        .isInstanceOf(NonFiniteValueException.class)
        .hasMessage("loss must be finite, got NaN");
    assertThatThrownBy(curvature::gradient).isInstanceOf(NonFiniteValueException.class);
    assertThatThrownBy(() -> dense(curvature.hessian()))
        .isInstanceOf(NonFiniteValueException.class);
  }
}
