package org.eigenscope.listeners;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.eigenscope.listeners.alerts.Alert;
import org.eigenscope.listeners.alerts.AlertLimits;
import org.eigenscope.listeners.alerts.AlertSink;
import org.eigenscope.probes.Probe;
import org.eigenscope.probes.Snapshot;
import org.eigenscope.probes.SpectrumProbe;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.api.MultiDataSet;
import org.nd4j.linalg.factory.Nd4j;

/** Trains with and without a listener and compares everything that training leaves, bit by bit. */
class NonInterferenceTest {

  private static final Map<String, State> ALONE = new HashMap<>();

  private record Training(String name, Supplier<Model> model, Consumer<Model> fit) {

    State run(Consumer<Model> prepare) {
      Nd4j.getRandom().setSeed(5);
      Model trained = model.get();
      prepare.accept(trained);
      fit.accept(trained);
      return State.of(trained);
    }

    State runAlone() {
      return ALONE.computeIfAbsent(name, unused -> run(trained -> {}));
    }

    @Override
    public String toString() {
      return name;
    }
  }

  private static final Training DROPOUT =
      new Training(
          "dropout, Adam", Trainings::dropout, model -> fitEach(model, Trainings.flat(50)));

  private static final List<Training> TRAININGS =
      List.of(
          DROPOUT,
          new Training("plain", Trainings::perceptron, model -> fitEach(model, Trainings.flat(50))),
          new Training(
              "batch normalization, Nesterov",
              Trainings::batchNormCnn,
              model -> fitEach(model, Trainings.images(50))),
          new Training(
              "masked sequences",
              Trainings::recurrent,
              model -> fitEach(model, Trainings.sequences(50))),
          new Training(
              "truncated backpropagation",
              Trainings::truncated,
              model -> fitEach(model, Trainings.sequences(25))),
          new Training(
              "dropout, iterator",
              Trainings::dropout,
              model -> ((MultiLayerNetwork) model).fit(Trainings.iterator(Trainings.flat(10)), 5)),
          new Training(
              "batch normalization, iterator",
              Trainings::batchNormCnn,
              model ->
                  ((MultiLayerNetwork) model).fit(Trainings.iterator(Trainings.images(10)), 5)),
          new Training(
              "early stopping",
              Trainings::dropout,
              model ->
                  Trainings.fitWithEarlyStopping((MultiLayerNetwork) model, 5, Trainings.flat(10))),
          new Training(
              "workers in parallel, Nesterov",
              Trainings::batchNormCnn,
              model ->
                  Trainings.fitInParallel(
                      (MultiLayerNetwork) model,
                      Trainings.images(20),
                      new Trainings.StartTogether())),
          new Training(
              "graph with two inputs and outputs",
              Trainings::graph,
              model -> Trainings.pairs(50).forEach(((ComputationGraph) model)::fit)));

  /** What a training leaves; batch normalization statistics are among the parameters. */
  private record State(
      List<Double> parameters,
      List<Double> updater,
      double loss,
      long rootState,
      long nodeState,
      long nextDraw) {

    static State of(Model model) {
      INDArray updater =
          model instanceof MultiLayerNetwork network
              ? network.getUpdater().getStateViewArray()
              : ((ComputationGraph) model).getUpdater().getStateViewArray();
      return new State(
          values(model.params()),
          updater == null ? List.of() : values(updater),
          model.score(),
          Nd4j.getRandom().rootState(),
          Nd4j.getRandom().nodeState(),
          Nd4j.getRandom().nextLong());
    }

    private static List<Double> values(INDArray array) {
      return Arrays.stream(array.dup().data().asDouble()).boxed().toList();
    }
  }

  static Stream<Arguments> trainingsAndModes() {
    return TRAININGS.stream()
        .flatMap(training -> Stream.of(false, true).map(async -> Arguments.of(training, async)));
  }

  @ParameterizedTest(name = "{0}, asynchronous: {1}")
  @MethodSource("trainingsAndModes")
  void trainingIsBitIdenticalBesideAProbeThatWorksHard(Training training, boolean asynchronous) {
    State alone = training.runAlone();
    FakeProbe probe = FakeProbe.doing(NonInterferenceTest::gradientInTrainingMode);

    Watched watched = runWatched(training, asynchronous, probe);

    assertThat(watched.state()).isEqualTo(alone);
    assertThat(watched.counts().completed()).isPositive();
    assertThat(watched.counts().failed()).isZero();
  }

  @ParameterizedTest(name = "{0}, asynchronous: {1}")
  @MethodSource("trainingsAndModes")
  void trainingIsBitIdenticalBesideAProbeThatThrows(Training training, boolean asynchronous) {
    State alone = training.runAlone();
    FakeProbe probe = FakeProbe.throwing(new IllegalStateException("on purpose"));

    Watched watched = runWatched(training, asynchronous, probe);

    assertThat(watched.state()).isEqualTo(alone);
    assertThat(watched.counts().failed()).isPositive();
  }

  @ParameterizedTest(name = "asynchronous: {0}")
  @ValueSource(booleans = {false, true})
  void trainingIsBitIdenticalBesideAProbeThatDrawsAndReseeds(boolean asynchronous) {
    State alone = DROPOUT.runAlone();
    FakeProbe probe =
        FakeProbe.doing(
            snapshot -> {
              Nd4j.rand(3, 3);
              Nd4j.getRandom().setSeed(99);
            });

    Watched watched = runWatched(DROPOUT, asynchronous, probe);

    assertThat(watched.state()).isEqualTo(alone);
    assertThat(watched.counts().completed()).isPositive();
  }

  @ParameterizedTest(name = "{0}, asynchronous: {1}")
  @MethodSource("trainingsAndModes")
  void trainingIsBitIdenticalBesideTwins(Training training, boolean asynchronous) {
    State alone = training.runAlone();
    NormalizationComparisonListener.Builder builder =
        NormalizationComparisonListener.builder()
            .probe(SpectrumProbe.builder().top(2).bottom(0).draws(0).build())
            .schedule(ProbeSchedule.everyIterations(20))
            .data(Trainings.probeData(training.model().get()))
            .sink(new RecordingSink());
    if (asynchronous) {
      builder.asynchronous(3);
    }
    State state;
    try (NormalizationComparisonListener listener = builder.build()) {
      state = training.run(trained -> attach(trained, listener));
    }

    assertThat(state).isEqualTo(alone);
  }

  @ParameterizedTest(name = "asynchronous: {0}")
  @ValueSource(booleans = {false, true})
  void trainingIsBitIdenticalBesideAlertsThatAreRaisedAndCapture(boolean asynchronous) {
    State alone = DROPOUT.runAlone();
    OnDemandSchedule deep = OnDemandSchedule.create();
    List<Alert> told = Collections.synchronizedList(new ArrayList<>());
    try (AlertSink alerts =
        AlertSink.builder()
            .limits(AlertLimits.defaults().withGradient(1e-9).withOverhead(1e-9))
            .withoutLog()
            .onAlert(told::add)
            .onAlert(alert -> deep.request())
            .build()) {
      ProbeListener.Builder builder =
          ProbeListener.builder()
              .probe(
                  SpectrumProbe.builder().top(1).bottom(0).draws(0).build(),
                  ProbeSchedule.everyIterations(5))
              .probe(SpectrumProbe.builder().name("deep").top(1).draws(1).steps(3).build(), deep)
              .currentMinibatch()
              .sink(alerts);
      if (asynchronous) {
        builder.asynchronous();
      }
      ProbeListener listener = builder.build();
      State state;
      try (listener) {
        state = DROPOUT.run(trained -> attach(trained, listener));
      }

      assertThat(state).isEqualTo(alone);
      assertThat(listener.counts().completed()).isPositive();
      assertThat(listener.counts().sinkFailures()).isZero();
      assertThat(asynchronous || !told.isEmpty()).isTrue();
    }
  }

  @Test
  void comparisonSeesOneMoreDraw() {
    // Without this, equal states would prove little.
    State alone = DROPOUT.runAlone();

    assertThat(DROPOUT.run(trained -> Nd4j.getRandom().nextLong())).isNotEqualTo(alone);
  }

  @Test
  void trainingIsBitIdenticalWhileGradientsRunInTheBackgroundAllAlong() {
    List<DataSet> batches = Trainings.wide(12);
    MultiLayerNetwork alone = Trainings.widePerceptron();
    fitEach(alone, batches);
    CountDownLatch trained = new CountDownLatch(1);
    FakeProbe probe =
        FakeProbe.doing(
            snapshot -> {
              do {
                gradientInTrainingMode(snapshot);
              } while (trained.getCount() > 0);
            });
    MultiLayerNetwork watched = Trainings.widePerceptron();

    try (ProbeListener listener =
        ProbeListener.builder()
            .probe(probe, ProbeSchedule.at(0))
            .currentMinibatch()
            .sink(new RecordingSink())
            .asynchronous()
            .build()) {
      watched.addListeners(listener);
      fitEach(watched, batches);
      trained.countDown();
    }

    assertThat(State.values(watched.params())).isEqualTo(State.values(alone.params()));
  }

  @Test
  void snapshotsDoNotChangeAsTrainingGoesOn() {
    MultiLayerNetwork network = Trainings.batchNormCnn();
    List<List<Double>> atTheTime = new ArrayList<>();
    FakeProbe probe = FakeProbe.doing(snapshot -> atTheTime.add(contents(snapshot)));
    try (ProbeListener listener =
        ProbeListener.builder()
            .probe(probe, ProbeSchedule.everyIterations(1))
            .currentMinibatch()
            .sink(new RecordingSink())
            .build()) {
      network.addListeners(listener);
      network.fit(Trainings.iterator(Trainings.images(10)), 1);
    }

    assertThat(probe.snapshots().stream().map(NonInterferenceTest::contents).toList())
        .hasSize(10)
        .doesNotHaveDuplicates()
        .isEqualTo(atTheTime);
  }

  private static List<Double> contents(Snapshot snapshot) {
    List<Double> contents = new ArrayList<>(State.values(snapshot.network().model().params()));
    for (MultiDataSet batch : snapshot.data().batches()) {
      contents.addAll(State.values(batch.getFeatures(0)));
      contents.addAll(State.values(batch.getLabels(0)));
    }
    return contents;
  }

  private record Watched(State state, ProbeListener.Counts counts) {}

  private static Watched runWatched(Training training, boolean asynchronous, Probe<?> probe) {
    ProbeListener.Builder builder =
        ProbeListener.builder()
            .probe(probe, ProbeSchedule.everyIterations(3).or(ProbeSchedule.everyEpochs(1)))
            .currentMinibatch()
            .sink(new RecordingSink());
    if (asynchronous) {
      builder.asynchronous();
    }
    ProbeListener listener = builder.build();
    State state;
    try (listener) {
      state = training.run(trained -> attach(trained, listener));
    }
    return new Watched(state, listener.counts());
  }

  private static void attach(Model model, TrainingListener listener) {
    if (model instanceof MultiLayerNetwork network) {
      network.addListeners(listener);
    } else {
      ((ComputationGraph) model).addListeners(listener);
    }
  }

  /** Does what no probe should on the model itself: draws dropout, works in workspaces. */
  private static void gradientInTrainingMode(Snapshot snapshot) {
    Model model = snapshot.network().replica().model();
    for (MultiDataSet batch : snapshot.data().batches()) {
      if (model instanceof MultiLayerNetwork network) {
        network.setInput(batch.getFeatures(0));
        network.setLabels(batch.getLabels(0));
        network.setLayerMaskArrays(
            first(batch.getFeaturesMaskArrays()), first(batch.getLabelsMaskArrays()));
        network.computeGradientAndScore();
      } else {
        ComputationGraph graph = (ComputationGraph) model;
        graph.setInputs(batch.getFeatures());
        graph.setLabels(batch.getLabels());
        graph.computeGradientAndScore();
      }
    }
    assertThat(model.gradient().gradient().normmaxNumber().doubleValue()).isFinite().isPositive();
  }

  private static INDArray first(INDArray[] arrays) {
    return arrays == null ? null : arrays[0];
  }

  private static void fitEach(Model model, List<DataSet> batches) {
    batches.forEach(((MultiLayerNetwork) model)::fit);
  }
}
