package org.eigenscope.listeners;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.eigenscope.listeners.normalization.NormalizationTwin;
import org.eigenscope.listeners.normalization.PopulationStatistics;
import org.eigenscope.listeners.normalization.PopulationTwin;
import org.eigenscope.probes.NormalizationReading;
import org.eigenscope.probes.Reading;
import org.eigenscope.probes.Snapshot;
import org.eigenscope.probes.SpectrumProbe;
import org.eigenscope.probes.SpectrumReading;
import org.eigenscope.probes.curvature.DataBatches;
import org.eigenscope.probes.curvature.Network;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.api.MultiDataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

class NormalizationComparisonListenerTest {
  private static final int ITERATIONS = 7;
  private static final Clock CLOCK = Clock.fixed(Instant.EPOCH, ZoneOffset.UTC);

  private static SpectrumProbe probe() {
    return SpectrumProbe.builder().top(2).bottom(0).draws(0).build();
  }

  private static NormalizationComparisonListener.Builder builder(ReadingSink sink, Model model) {
    return NormalizationComparisonListener.builder()
        .probe(probe())
        .schedule(ProbeSchedule.everyIterations(3))
        .statisticsEvery(4)
        .data(Trainings.probeData(model))
        .sink(sink)
        .time(CLOCK, () -> 0);
  }

  private static void fit(Model model, MultiDataSet batch) {
    if (model instanceof MultiLayerNetwork network) {
      network.fit(new DataSet(batch.getFeatures(0), batch.getLabels(0)));
    } else {
      ((ComputationGraph) model).fit(batch);
    }
  }

  private static List<MultiDataSet> batchesFor(Model model) {
    if (model instanceof ComputationGraph) {
      return new ArrayList<>(Trainings.pairs(ITERATIONS));
    }
    long inputs = ((MultiLayerNetwork) model).layerInputSize(0);
    List<DataSet> all = inputs == 6 ? Trainings.flat(ITERATIONS) : Trainings.images(ITERATIONS);
    return all.stream().map(DataSet::toMultiDataSet).map(MultiDataSet.class::cast).toList();
  }

  private static void train(Model model, TrainingListener listener) {
    Nd4j.getRandom().setSeed(5);
    model.addListeners(listener);
    batchesFor(model).forEach(batch -> fit(model, batch));
  }

  private static List<NormalizationReading> compare(Model model, int lag) {
    RecordingSink sink = new RecordingSink();
    NormalizationComparisonListener.Builder builder = builder(sink, model);
    if (lag > 0) {
      builder.asynchronous(lag);
    }
    try (NormalizationComparisonListener listener = builder.build()) {
      train(model, listener);
    }
    assertThat(sink.told(ProbeEvent.Failed.class)).isEmpty();
    return sink.told(NormalizationReading.class);
  }

  static Stream<Model> models() {
    return Stream.of(
        Trainings.perceptron(), Trainings.dropout(), Trainings.batchNormCnn(), Trainings.graph());
  }

  private static SpectrumReading measured(Model model, int iteration) {
    return probe()
        .measure(
            new Snapshot(
                Network.of(model).replica(),
                DataBatches.of(Trainings.probeData(model)),
                "default",
                "model",
                iteration,
                0,
                Instant.EPOCH));
  }

  /**
   * Against the same twin, trained by hand on the same minibatches with the same random numbers.
   */
  @ParameterizedTest
  @MethodSource("models")
  void twinsSeeWhatTheModelSees(Model model) {
    boolean normalized = Network.of(model).hasBatchNormalization();
    Model twin = normalized ? NormalizationTwin.without(model) : NormalizationTwin.with(model);
    Model third = PopulationTwin.of(normalized ? model : twin);
    Model alone = Network.of(model).replica().model();

    List<NormalizationReading> readings = compare(model, 0);

    assertThat(readings).extracting(r -> r.provenance().iteration()).containsExactly(0, 3, 6);
    String own = normalized ? "batch" : "none";
    String other = normalized ? "none" : "batch";
    assertThat(readings.get(2).arms().keySet()).containsExactly(own, other, "population");
    trainByHand(twin, third, alone, batchesFor(model));
    same(readings.get(2).arms().get(own), measured(model, 6));
    same(readings.get(2).arms().get(other), measured(twin, 6));
    same(readings.get(2).arms().get("population"), measured(third, 6));
  }

  /** The first iteration of twins draws after the model, the others draw what the model does. */
  private static void trainByHand(
      Model twin, Model third, Model model, List<MultiDataSet> batches) {
    PopulationStatistics statistics =
        PopulationStatistics.of(third, DataBatches.of(Trainings.probeData(model)), 4);
    Nd4j.getRandom().setSeed(5);
    for (int i = 0; i < batches.size(); i++) {
      if (i == 0) {
        fit(model, batches.get(0));
      }
      RandomState state = RandomState.ofThread();
      fit(twin, batches.get(i));
      state.restore();
      statistics.beforeIteration(i);
      fit(third, batches.get(i));
      state.restore();
      if (i > 0) {
        fit(model, batches.get(i));
      }
    }
  }

  private static void same(SpectrumReading actual, SpectrumReading expected) {
    assertThat(actual.loss()).isEqualTo(expected.loss());
    assertThat(actual.gradientNorm()).isEqualTo(expected.gradientNorm());
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3})
  void theBackgroundThreadGivesTheSameReadings(int lag) {
    List<List<Double>> expected = values(compare(Trainings.dropout(), 0));

    assertThat(values(compare(Trainings.dropout(), lag))).isEqualTo(expected);
  }

  private static List<List<Double>> values(List<NormalizationReading> readings) {
    return readings.stream()
        .map(r -> r.measurements().stream().map(m -> m.value()).toList())
        .toList();
  }

  @Test
  void aReadingHasEveryArmAndTheContrasts() {
    RecordingSink sink = new RecordingSink();
    MultiLayerNetwork model = Trainings.perceptron();
    try (NormalizationComparisonListener listener = builder(sink, model).k(2).build()) {
      train(model, listener);
    }

    Reading reading = sink.told(NormalizationReading.class).get(0);
    assertThat(reading.provenance().probe()).isEqualTo("normalization-comparison");
    assertThat(reading.measurements())
        .filteredOn(m -> m.name().equals("eigenscope.loss"))
        .extracting(m -> m.tags().get("normalization"))
        .containsExactly("none", "batch", "population");
    assertThat(reading.measurements())
        .filteredOn(m -> m.name().equals("eigenscope.contrast.outlier.ratio"))
        .first()
        .satisfies(
            m ->
                assertThat(m.tags())
                    .containsEntry("arm", "batch")
                    .containsEntry("reference", "none")
                    .containsEntry("k", "2"));
    Announcement announcement = sink.told(Announcement.class).get(0);
    assertThat(announcement.quantities())
        .extracting(q -> q.name() + q.tags())
        .containsExactlyInAnyOrderElementsOf(
            reading.measurements().stream().map(m -> m.name() + m.tags()).toList());
    assertThat(sink.told(ProbeEvent.Completed.class)).hasSize(3);
  }

  @Test
  void whatHasNoTwinEndsTheComparisonAndNotTheTraining() {
    MultiLayerNetwork outputAlone =
        new MultiLayerNetwork(
            new NeuralNetConfiguration.Builder()
                .seed(1)
                .list()
                .layer(
                    new OutputLayer.Builder(LossFunction.MCXENT)
                        .nIn(6)
                        .nOut(3)
                        .activation(Activation.SOFTMAX)
                        .build())
                .build());
    outputAlone.init();
    RecordingSink sink = new RecordingSink();
    try (NormalizationComparisonListener listener = builder(sink, outputAlone).build()) {
      train(outputAlone, listener);

      assertThat(listener.counts()).isEqualTo(new ProbeListener.Counts(0, 1, 0, 0));
    }
    assertThat(outputAlone.getIterationCount()).isEqualTo(ITERATIONS);
    assertThat(sink.told(ProbeEvent.Failed.class).get(0).cause())
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void failuresReachTheTrainingWhenAskedTo() {
    MultiLayerNetwork model = Trainings.truncated();
    NormalizationComparisonListener listener =
        builder(new RecordingSink(), model).failurePolicy(FailurePolicy.RETHROW).build();
    model.addListeners(listener);

    assertThatThrownBy(() -> model.fit(Trainings.sequences(1).get(0)))
        .isInstanceOf(ProbeFailedException.class)
        .hasRootCauseMessage(
            "a comparison needs whole minibatches, got truncated backpropagation through time");
    listener.close();
  }

  @Test
  void anotherModelEndsTheComparison() {
    RecordingSink sink = new RecordingSink();
    MultiLayerNetwork first = Trainings.perceptron();
    MultiLayerNetwork second = Trainings.perceptron();
    try (NormalizationComparisonListener listener = builder(sink, first).build()) {
      first.addListeners(listener);
      second.addListeners(listener);
      first.fit(Trainings.flat(1).get(0));
      second.fit(Trainings.flat(1).get(0));
    }
    assertThat(sink.told(ProbeEvent.Failed.class).get(0).cause())
        .hasMessageStartingWith("a comparison follows one model");
  }

  @Test
  void closingFinishesWhatIsUnderWay() {
    RecordingSink sink = new RecordingSink();
    MultiLayerNetwork model = Trainings.perceptron();
    NormalizationComparisonListener listener = builder(sink, model).asynchronous(50).build();
    train(model, listener);
    listener.close();
    listener.close();

    assertThat(sink.told(NormalizationReading.class)).hasSize(3);
    model.fit(Trainings.flat(1).get(0));
    assertThat(listener.counts()).isEqualTo(new ProbeListener.Counts(3, 0, 0, 0));
  }

  @Test
  void refusesSettingsThatMakeNoSense() {
    NormalizationComparisonListener.Builder builder = NormalizationComparisonListener.builder();
    assertThatThrownBy(builder::build)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "a comparison needs a schedule, data and at least one sink, "
                + "got no schedule, no data and 0 sinks");
    assertThatThrownBy(() -> builder.asynchronous(0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("minibatches behind must be at least 1, got 0");
    assertThatThrownBy(() -> builder.statisticsEvery(0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("iterations between population statistics must be at least 1, got 0");
    assertThatThrownBy(() -> builder.run(""))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("run must be 1 to 64 characters");
  }
}
