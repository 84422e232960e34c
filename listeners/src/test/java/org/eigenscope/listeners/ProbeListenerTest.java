package org.eigenscope.listeners;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.eigenscope.probes.RecordedReading;
import org.eigenscope.probes.Snapshot;
import org.eigenscope.probes.curvature.DataBatches;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.dataset.DataSet;

class ProbeListenerTest {
  private final RecordingSink sink = new RecordingSink();
  private final MultiLayerNetwork network = Trainings.perceptron();
  private final List<DataSet> batches = Trainings.flat(10);

  @Test
  void probesMeasureOnTheirSchedules() {
    FakeProbe often = FakeProbe.idle("often");
    FakeProbe seldom = FakeProbe.idle("seldom");

    fit(
        builder()
            .probe(often, ProbeSchedule.everyIterations(3))
            .probe(seldom, ProbeSchedule.everyIterations(6)));

    assertThat(often.iterations()).containsExactly(0, 3, 6, 9);
    assertThat(seldom.iterations()).containsExactly(0, 6);
  }

  @Test
  void probesThatAreDueTogetherShareOneSnapshot() {
    FakeProbe one = FakeProbe.idle("one");
    FakeProbe other = FakeProbe.idle("other");

    fit(
        builder()
            .probe(one, ProbeSchedule.everyIterations(5))
            .probe(other, ProbeSchedule.everyIterations(5)));

    assertThat(one.snapshots()).hasSize(2);
    for (int i = 0; i < 2; i++) {
      assertThat(one.snapshots().get(i)).isSameAs(other.snapshots().get(i));
    }
  }

  @Test
  void theParametersAfterTheUpdateAreMeasured() {
    FakeProbe probe = FakeProbe.idle("probe");
    try (ProbeListener listener =
        builder().probe(probe, ProbeSchedule.everyIterations(1)).build()) {
      network.addListeners(listener);
      for (DataSet batch : batches) {
        network.fit(batch);
        List<Snapshot> snapshots = probe.snapshots();
        Snapshot last = snapshots.get(snapshots.size() - 1);
        assertThat(last.network().model().params()).isEqualTo(network.params());
        assertThat(last.network().model()).isNotSameAs(network);
      }
    }
  }

  @Test
  void aSnapshotSaysWhereItComesFrom() {
    Instant now = Instant.parse("2026-01-02T03:04:05Z");
    DataBatches data = DataBatches.of(batches.get(0));
    FakeProbe probe = FakeProbe.idle("probe");
    try (ProbeListener listener =
        ProbeListener.builder()
            .probe(probe, ProbeSchedule.at(7))
            .data(data)
            .sink(sink)
            .run("tuesday")
            .model("generator")
            .time(Clock.fixed(now, ZoneOffset.UTC), System::nanoTime)
            .build()) {
      network.addListeners(listener);
      network.fit(Trainings.iterator(Trainings.flat(4)), 2);
    }

    assertThat(probe.snapshots())
        .singleElement()
        .satisfies(
            snapshot -> {
              assertThat(snapshot.run()).isEqualTo("tuesday");
              assertThat(snapshot.model()).isEqualTo("generator");
              assertThat(snapshot.iteration()).isEqualTo(7);
              assertThat(snapshot.epoch()).isEqualTo(1);
              assertThat(snapshot.time()).isEqualTo(now);
              assertThat(snapshot.data()).isSameAs(data);
            });
  }

  @Test
  void sinksHearAnnouncementReadingAndEventInThisOrder() {
    FakeProbe probe = FakeProbe.idle("probe");

    fit(builder().probe(probe, ProbeSchedule.at(0, 4)));

    assertThat(sink.told())
        .hasExactlyElementsOfTypes(
            Announcement.class,
            RecordedReading.class,
            ProbeEvent.Completed.class,
            RecordedReading.class,
            ProbeEvent.Completed.class);
    assertThat(sink.told(Announcement.class))
        .containsExactly(
            new Announcement("default", "model", "probe", List.of(FakeProbe.QUANTITY)));
    assertThat(sink.told(ProbeEvent.Completed.class))
        .allSatisfy(
            event -> {
              assertThat(event.run()).isEqualTo("default");
              assertThat(event.model()).isEqualTo("model");
              assertThat(event.probe()).isEqualTo("probe");
              assertThat(event.matvecs()).isEqualTo(FakeProbe.MATVECS);
            })
        .extracting(ProbeEvent.Completed::iteration)
        .containsExactly(0, 4);
  }

  @Test
  void theEndOfAnEpochIsMeasuredAndItsLastIterationNotTwice() {
    FakeProbe probe = FakeProbe.idle("probe");
    FakeProbe both = FakeProbe.idle("both");
    try (ProbeListener listener =
        builder()
            .probe(probe, ProbeSchedule.everyEpochs(2))
            .probe(both, ProbeSchedule.everyEpochs(1).or(ProbeSchedule.everyIterations(3)))
            .build()) {
      network.addListeners(listener);
      // Iterations 0 to 4, 5 to 9, 10 to 14, 15 to 19.
      network.fit(Trainings.iterator(Trainings.flat(5)), 4);
    }

    assertThat(probe.iterations()).containsExactly(9, 19);
    assertThat(probe.snapshots()).extracting(Snapshot::epoch).containsExactly(1, 3);
    assertThat(both.iterations()).containsExactly(0, 3, 4, 6, 9, 12, 14, 15, 18, 19);
  }

  @Test
  void epochsOfEarlyStoppingAreMeasured() {
    FakeProbe probe = FakeProbe.idle("probe");
    try (ProbeListener listener = builder().probe(probe, ProbeSchedule.everyEpochs(2)).build()) {
      network.addListeners(listener);
      Trainings.fitWithEarlyStopping(network, 4, batches);
    }

    assertThat(probe.iterations()).containsExactly(19, 39);
    assertThat(probe.snapshots()).extracting(Snapshot::epoch).containsExactly(1, 3);
  }

  @Test
  void pretrainingOfALayerIsNotMeasured() {
    FakeProbe probe = FakeProbe.idle("probe");
    try (ProbeListener listener = builder().probe(probe, moment -> true).build()) {
      listener.onBackwardPass(network.getLayer(0));
      listener.iterationDone(network.getLayer(0), 0, 0);
      listener.onEpochEnd(network.getLayer(0));

      assertThat(listener.counts()).isEqualTo(new ProbeListener.Counts(0, 0, 0, 0));
    }
  }

  @Test
  void repeatedFitsGoOnCounting() {
    FakeProbe probe = FakeProbe.idle("probe");
    try (ProbeListener listener =
        builder().probe(probe, ProbeSchedule.everyIterations(4)).build()) {
      network.addListeners(listener);
      batches.forEach(network::fit);
      batches.forEach(network::fit);
    }

    assertThat(probe.iterations()).containsExactly(0, 4, 8, 12, 16);
  }

  @Test
  void anotherTrainingIsMeasuredFromItsFirstIteration() {
    FakeProbe probe = FakeProbe.idle("probe");
    MultiLayerNetwork next = Trainings.perceptron();
    try (ProbeListener listener =
        builder().probe(probe, ProbeSchedule.everyIterations(9)).build()) {
      network.addListeners(listener);
      batches.forEach(network::fit);
      network.setIterationCount(0);
      network.fit(batches.get(0));
      next.addListeners(listener);
      batches.forEach(next::fit);
    }

    assertThat(probe.iterations()).containsExactly(0, 9, 0, 0, 9);
    assertThat(probe.examinations()).isEqualTo(1);
  }

  @Test
  void aFailingProbeIsReportedAndDoesNotKeepOthersFromMeasuring() {
    IllegalStateException cause = new IllegalStateException("on purpose");
    FakeProbe good = FakeProbe.idle("good");

    ProbeListener listener =
        fit(
            builder()
                .probe(FakeProbe.throwing(cause), ProbeSchedule.everyIterations(5))
                .probe(good, ProbeSchedule.everyIterations(5)));

    assertThat(good.iterations()).containsExactly(0, 5);
    assertThat(sink.told(ProbeEvent.Failed.class))
        .allSatisfy(
            event -> {
              assertThat(event.probe()).isEqualTo("throwing");
              assertThat(event.cause()).isSameAs(cause);
            })
        .extracting(ProbeEvent.Failed::iteration)
        .containsExactly(0, 5);
    assertThat(listener.counts()).isEqualTo(new ProbeListener.Counts(2, 2, 0, 0));
  }

  @Test
  void errorsOfAProbeAreSurvivedOutOfMemoryIncluded() {
    for (Throwable thrown :
        List.of(
            new OutOfMemoryError("on purpose"),
            new StackOverflowError(),
            new NoClassDefFoundError("missing"),
            new AssertionError("wrong"),
            new InterruptedException("sneaky"))) {
      ProbeListener listener = fit(builder().probe(FakeProbe.throwing(thrown), moment -> true));

      assertThat(listener.counts().failed()).isEqualTo(10);
      network.setListeners();
    }
  }

  @Test
  void anErrorOfTheVirtualMachinePassesThrough() {
    assertThatExceptionOfType(InternalError.class)
        .isThrownBy(
            () ->
                fit(
                    builder()
                        .probe(
                            FakeProbe.throwing(new InternalError("broken")),
                            ProbeSchedule.everyIterations(1))));
  }

  @Test
  void aProbeThatReturnsNoReadingFails() {
    FakeProbe probe = FakeProbe.idle("probe");
    ProbeListener listener =
        fit(builder().probe(new NullProbe(), ProbeSchedule.at(1)).probe(probe, moment -> true));

    assertThat(listener.counts().failed()).isEqualTo(1);
    assertThat(probe.iterations()).hasSize(10);
  }

  @Test
  void aScheduleThatThrowsIsAFailureOfItsProbe() {
    ProbeSchedule broken =
        moment -> {
          throw new ArithmeticException("/ by zero");
        };
    FakeProbe probe = FakeProbe.idle("probe");

    ProbeListener listener =
        fit(
            ProbeListener.builder()
                .probe(FakeProbe.idle("broken"), broken)
                .probe(probe, ProbeSchedule.at(3))
                .currentMinibatch()
                .sink(sink));

    assertThat(listener.counts().failed()).isEqualTo(10);
    assertThat(probe.iterations()).containsExactly(3);
  }

  @Test
  void rethrowStopsTheTrainingAfterAllDueProbes() {
    IllegalStateException cause = new IllegalStateException("on purpose");
    FakeProbe good = FakeProbe.idle("good");
    ProbeListener listener =
        builder()
            .probe(FakeProbe.throwing(cause), ProbeSchedule.at(4))
            .probe(good, ProbeSchedule.everyIterations(1))
            .failurePolicy(FailurePolicy.RETHROW)
            .build();
    network.addListeners(listener);

    assertThatExceptionOfType(ProbeFailedException.class)
        .isThrownBy(() -> batches.forEach(network::fit))
        .withMessage("Probe throwing failed at iteration 4 of run default, model model")
        .withCause(cause);

    assertThat(good.iterations()).containsExactly(0, 1, 2, 3, 4);
    assertThatCode(listener::close).doesNotThrowAnyException();
  }

  @Test
  void twoFailuresAreRethrownAsOne() {
    ProbeListener listener =
        builder()
            .probe(FakeProbe.throwing(new IllegalStateException("first")), ProbeSchedule.at(0))
            .probe(FakeProbe.throwing(new IllegalStateException("second")), ProbeSchedule.at(0))
            .failurePolicy(FailurePolicy.RETHROW)
            .build();
    network.addListeners(listener);

    assertThatExceptionOfType(ProbeFailedException.class)
        .isThrownBy(() -> network.fit(batches.get(0)))
        .satisfies(
            thrown -> {
              assertThat(thrown.getCause()).hasMessage("first");
              assertThat(thrown.getSuppressed())
                  .singleElement()
                  .satisfies(other -> assertThat(other.getCause()).hasMessage("second"));
            });
  }

  @Test
  void aFailingExaminationIsAFailureAndMadeAgain() {
    List<Integer> tried = new ArrayList<>();
    FakeProbe probe =
        FakeProbe.idle("probe")
            .examining(
                snapshot -> {
                  tried.add(snapshot.iteration());
                  if (snapshot.iteration() < 4) {
                    throw new IllegalStateException("not yet");
                  }
                });

    ProbeListener listener = fit(builder().probe(probe, ProbeSchedule.everyIterations(2)));

    assertThat(tried).containsExactly(0, 2, 4);
    assertThat(probe.iterations()).containsExactly(4, 6, 8);
    assertThat(listener.counts()).isEqualTo(new ProbeListener.Counts(3, 2, 0, 0));
    assertThat(sink.told(Announcement.class)).hasSize(1);
  }

  @Test
  void aFailingSinkIsCountedAndKeepsNothingFromOthers() {
    ReadingSink broken =
        reading -> {
          throw new IllegalStateException("disk full");
        };

    ProbeListener listener =
        fit(
            ProbeListener.builder()
                .probe(FakeProbe.idle("probe"), ProbeSchedule.everyIterations(5))
                .data(batches.get(0))
                .sink(broken)
                .sink(sink)
                .failurePolicy(FailurePolicy.RETHROW));

    assertThat(sink.told(RecordedReading.class)).hasSize(2);
    assertThat(listener.counts()).isEqualTo(new ProbeListener.Counts(2, 0, 0, 2));
  }

  @Test
  void aMissingMinibatchIsAFailureOfAllDueProbes() {
    FakeProbe probe = FakeProbe.idle("probe");
    ProbeListener listener =
        ProbeListener.builder()
            .probe(probe, ProbeSchedule.at(0))
            .probe(FakeProbe.idle("other"), ProbeSchedule.at(0))
            .currentMinibatch()
            .sink(sink)
            .build();

    // No backward pass came before: there is no minibatch.
    listener.iterationDone(network, 0, 0);

    assertThat(probe.snapshots()).isEmpty();
    assertThat(sink.told(ProbeEvent.Failed.class))
        .extracting(ProbeEvent.Failed::probe)
        .containsExactly("probe", "other");
  }

  @Test
  void overheadIsTheShareOfWallTimeSinceTheFirstEvent() {
    AtomicLong now = new AtomicLong(1_000);
    FakeProbe probe = FakeProbe.doing(snapshot -> now.addAndGet(30));
    ProbeListener listener =
        builder()
            .probe(probe, ProbeSchedule.everyIterations(1))
            .time(Clock.systemUTC(), now::get)
            .build();

    listener.onEpochStart(network);
    now.addAndGet(70);
    listener.iterationDone(network, 0, 0);
    now.addAndGet(20);
    listener.iterationDone(network, 1, 0);

    // 30 of 100, then 60 of 150.
    assertThat(sink.told(ProbeEvent.Completed.class))
        .extracting(ProbeEvent.Completed::overheadRatio)
        .containsExactly(0.3, 0.4);
    assertThat(sink.told(ProbeEvent.Completed.class))
        .extracting(ProbeEvent.Completed::elapsedNanos)
        .containsExactly(30L, 30L);
  }

  @Test
  void nothingIsMeasuredAfterClosing() {
    FakeProbe probe = FakeProbe.idle("probe");
    ProbeListener listener = builder().probe(probe, ProbeSchedule.everyIterations(1)).build();
    network.addListeners(listener);
    network.fit(batches.get(0));

    listener.close();
    listener.close();
    network.fit(batches.get(1));

    assertThat(probe.iterations()).containsExactly(0);
    assertThat(listener.counts()).isEqualTo(new ProbeListener.Counts(1, 0, 0, 0));
  }

  @Test
  void aSinkMayCloseTheListenerItHearsFrom() {
    ProbeListener[] listener = new ProbeListener[1];
    FakeProbe probe = FakeProbe.idle("probe");
    listener[0] =
        builder()
            .probe(probe, ProbeSchedule.everyIterations(1))
            .sink(reading -> listener[0].close())
            .build();
    network.addListeners(listener[0]);

    batches.forEach(network::fit);

    assertThat(probe.iterations()).containsExactly(0);
    assertThat(sink.told(ProbeEvent.Completed.class)).hasSize(1);
  }

  @Test
  void eventsThatAProbeCausesAreIgnored() {
    FakeProbe probe =
        FakeProbe.doing(
            snapshot -> {
              // What a replica would do that kept the listeners of its original.
              MultiLayerNetwork replica = (MultiLayerNetwork) snapshot.network().replica().model();
              replica.setListeners(network.getListeners());
              replica.fit(batches.get(3));
            });

    ProbeListener listener = fit(builder().probe(probe, ProbeSchedule.everyIterations(5)));

    assertThat(probe.iterations()).containsExactly(0, 5);
    assertThat(listener.counts()).isEqualTo(new ProbeListener.Counts(2, 0, 0, 0));
  }

  @Test
  void dataMayBeABatchOrAnIteratorReadOnce() {
    FakeProbe batch = FakeProbe.idle("probe");
    FakeProbe iterator = FakeProbe.idle("probe");
    FakeProbe multi = FakeProbe.idle("probe");

    fit(ProbeListener.builder().probe(batch, ProbeSchedule.at(0)).data(batches.get(0)).sink(sink));
    network.setListeners();
    fit(
        ProbeListener.builder()
            .probe(iterator, ProbeSchedule.at(10))
            .data(Trainings.iterator(batches))
            .sink(sink));
    network.setListeners();
    fit(
        ProbeListener.builder()
            .probe(multi, ProbeSchedule.at(20))
            .data(batches.get(0).toMultiDataSet())
            .sink(sink));

    assertThat(batch.snapshots().get(0).data().examples()).isEqualTo(8);
    assertThat(iterator.snapshots().get(0).data().examples()).isEqualTo(80);
    assertThat(multi.snapshots().get(0).data().examples()).isEqualTo(8);
  }

  @Test
  void buildNamesWhatIsMissing() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder().build())
        .withMessage("a listener needs at least one probe, got none; add one with probe(...)");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                ProbeListener.builder()
                    .probe(FakeProbe.idle("probe"), ProbeSchedule.at(0))
                    .sink(sink)
                    .build())
        .withMessageStartingWith("a listener needs data for its probes, got none");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                ProbeListener.builder()
                    .probe(FakeProbe.idle("probe"), ProbeSchedule.at(0))
                    .currentMinibatch()
                    .build())
        .withMessage("a listener needs at least one sink, got none; add one with sink(...)");
  }

  @Test
  void dataIsSetOnce() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder().currentMinibatch())
        .withMessage("data must be set once: either data(...) or currentMinibatch()");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ProbeListener.builder().currentMinibatch().data(batches.get(0)));
  }

  @Test
  void aProbeBelongsToOneListenerOnce() {
    FakeProbe probe = FakeProbe.idle("probe");
    ProbeListener.Builder builder = builder().probe(probe, ProbeSchedule.at(0));

    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.probe(probe, ProbeSchedule.at(1)))
        .withMessage("probe 'probe' was added already; combine schedules with or(...)");
    builder.build();
    assertThatIllegalArgumentException()
        .isThrownBy(builder::build)
        .withMessageStartingWith("a builder builds one listener");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "two\nlines",
        "0123456789012345678901234567890123456789012345678901234567890123x"
      })
  void labelsAreBounded(String label) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ProbeListener.builder().run(label))
        .withMessageStartingWith("run must be 1 to 64 characters")
        .withMessageEndingWith("'" + label + "'");
    assertThatIllegalArgumentException().isThrownBy(() -> ProbeListener.builder().model(label));
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> ProbeListener.builder().probe(FakeProbe.idle(label), ProbeSchedule.at(0)));
  }

  @Test
  void aNegativeCloseTimeoutIsRejected() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ProbeListener.builder().closeTimeout(Duration.ofSeconds(-1)))
        .withMessage("close timeout must not be negative, got PT-1S");
  }

  private ProbeListener.Builder builder() {
    return ProbeListener.builder().data(batches.get(0)).sink(sink);
  }

  private ProbeListener fit(ProbeListener.Builder builder) {
    try (ProbeListener listener = builder.build()) {
      network.addListeners(listener);
      batches.forEach(network::fit);
      return listener;
    }
  }

  /** A probe that breaks its contract. */
  private static final class NullProbe implements org.eigenscope.probes.Probe<RecordedReading> {
    @Override
    public String name() {
      return "null";
    }

    @Override
    public RecordedReading measure(Snapshot snapshot) {
      return null;
    }

    @Override
    public Examination examine(Snapshot snapshot) {
      return FakeProbe.idle("null").examine(snapshot);
    }
  }
}
