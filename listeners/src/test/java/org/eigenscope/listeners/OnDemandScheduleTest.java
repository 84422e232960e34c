package org.eigenscope.listeners;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.optimize.api.BaseTrainingListener;
import org.eigenscope.listeners.ProbeSchedule.Moment;
import org.eigenscope.probes.SpectrumProbe;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.nd4j.linalg.dataset.DataSet;

@Timeout(60)
class OnDemandScheduleTest {
  private static final Moment MOMENT = new Moment(7, 0, false);

  private final OnDemandSchedule schedule = OnDemandSchedule.create();
  private final RecordingSink sink = new RecordingSink();
  private final MultiLayerNetwork network = Trainings.perceptron();
  private final List<DataSet> batches = Trainings.flat(6);

  @Test
  void isDueOnceAfterARequestHoweverOftenItIsAsked() {
    assertThat(schedule.isDue(MOMENT)).isFalse();

    schedule.request();
    schedule.request();
    assertThat(schedule.isDue(MOMENT)).isTrue();
    assertThat(schedule.isDue(MOMENT)).isTrue();

    assertThat(schedule.take(MOMENT)).isTrue();
    assertThat(schedule.isDue(MOMENT)).isFalse();
    assertThat(schedule.take(MOMENT)).isFalse();
  }

  @Test
  void measuresAtTheIterationAfterARequest() {
    FakeProbe probe = FakeProbe.idle("deep");
    ProbeListener listener = builder(probe).data(Trainings.flat(1).get(0)).build();
    network.addListeners(listener);

    network.fit(batches.get(0));
    schedule.request();
    network.fit(batches.get(1));
    network.fit(batches.get(2));

    assertThat(probe.iterations()).containsExactly(1);
  }

  @Test
  void aRequestByASinkIsMeasuredAtTheNextIteration() {
    FakeProbe deep = FakeProbe.idle("deep");
    ReadingSink requesting =
        reading -> {
          if (reading.provenance().iteration() == 2
              && reading.provenance().probe().equals("cheap")) {
            schedule.request();
          }
        };
    ProbeListener listener =
        builder(deep)
            .probe(FakeProbe.idle("cheap"), ProbeSchedule.everyIterations(2))
            .sink(requesting)
            .currentMinibatch()
            .build();
    network.addListeners(listener);

    batches.forEach(network::fit);

    assertThat(deep.iterations()).containsExactly(3);
    assertThat(listener.counts().failed()).isZero();
  }

  @Test
  void aRequestWaitsForAMeasurementThatRunsAndIsNotSkipped() throws InterruptedException {
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch mayFinish = new CountDownLatch(1);
    CountDownLatch measured = new CountDownLatch(1);
    FakeProbe held =
        FakeProbe.doing(
            snapshot -> {
              begun.countDown();
              await(mayFinish);
            });
    FakeProbe deep = FakeProbe.idle("deep");
    ProbeListener listener =
        builder(deep)
            .probe(held, ProbeSchedule.at(0))
            .sink(
                reading -> {
                  if (reading.provenance().probe().equals("deep")) {
                    measured.countDown();
                  }
                })
            .currentMinibatch()
            .asynchronous()
            .build();
    network.addListeners(listener);
    network.fit(batches.get(0));
    await(begun);

    schedule.request();
    network.fit(batches.get(1));
    network.fit(batches.get(2));
    assertThat(deep.iterations()).isEmpty();
    mayFinish.countDown();
    // The background thread is free a moment after its probe has returned.
    for (int i = 3; deep.iterations().isEmpty() && !measured.await(0, TimeUnit.SECONDS); i++) {
      network.fit(batches.get(i % batches.size()));
    }
    await(measured);
    listener.close();

    assertThat(deep.iterations()).singleElement().satisfies(at -> assertThat(at).isGreaterThan(2));
    assertThat(listener.counts()).isEqualTo(new ProbeListener.Counts(2, 0, 0, 0));
  }

  @Test
  void aRequestThatComesAfterTheBackwardPassWaitsForTheNextMinibatch() {
    FakeProbe deep = FakeProbe.idle("deep");
    ProbeListener listener = builder(deep).currentMinibatch().build();
    network.addListeners(
        new BaseTrainingListener() {
          @Override
          public void iterationDone(Model model, int iteration, int epoch) {
            if (iteration == 1) {
              schedule.request();
            }
          }
        },
        listener);

    batches.forEach(network::fit);

    assertThat(deep.iterations()).containsExactly(2);
    assertThat(listener.counts().failed()).isZero();
  }

  @Test
  void togetherWithAnotherScheduleEachIsDueOnItsOwn() {
    FakeProbe probe = FakeProbe.idle("both");
    ProbeListener listener =
        ProbeListener.builder()
            .probe(probe, ProbeSchedule.at(0, 4).or(schedule))
            .sink(sink)
            .currentMinibatch()
            .build();
    network.addListeners(listener);

    for (DataSet batch : batches) {
      if (network.getIterationCount() == 2) {
        schedule.request();
      }
      network.fit(batch);
    }

    assertThat(probe.iterations()).containsExactly(0, 2, 4);
  }

  @Test
  void togetherWithAnotherScheduleWhatThatMissesIsSkippedAndTheRequestStays() {
    ProbeSchedule both = ProbeSchedule.at(7).or(schedule);

    schedule.request();

    assertThat(both.waits(MOMENT)).isFalse();
    assertThat(both.waits(new Moment(8, 0, false))).isTrue();
    assertThat(both.isDue(new Moment(8, 0, false))).isTrue();
    assertThat(both.take(MOMENT)).isTrue();
    assertThat(both.isDue(new Moment(8, 0, false))).isFalse();
  }

  @Test
  void aComparisonMeasuresOnDemandToo() {
    MultiLayerNetwork model = Trainings.batchNormCnn();
    NormalizationComparisonListener listener =
        NormalizationComparisonListener.builder()
            .probe(SpectrumProbe.builder().top(2).bottom(0).draws(0).build())
            .schedule(schedule)
            .data(Trainings.images(1).get(0))
            .sink(sink)
            .build();
    model.addListeners(listener);
    List<DataSet> images = Trainings.images(3);

    model.fit(images.get(0));
    schedule.request();
    model.fit(images.get(1));
    model.fit(images.get(2));

    assertThat(sink.told(ProbeEvent.class)).extracting(ProbeEvent::iteration).containsExactly(1);
  }

  private ProbeListener.Builder builder(FakeProbe deep) {
    return ProbeListener.builder().probe(deep, schedule).sink(sink);
  }

  private static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(30, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
