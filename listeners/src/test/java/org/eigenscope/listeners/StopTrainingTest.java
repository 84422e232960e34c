package org.eigenscope.listeners;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.eigenscope.probes.Reading;
import org.eigenscope.probes.SpectrumProbe;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.nd4j.linalg.dataset.DataSet;

/** Sinks that stop a training. */
@Timeout(60)
class StopTrainingTest {
  private final RecordingSink sink = new RecordingSink();
  private final MultiLayerNetwork network = Trainings.perceptron();
  private final List<DataSet> batches = Trainings.flat(6);
  private final ReadingSink stopping =
      reading -> {
        if (reading.provenance().iteration() == 2) {
          throw new StopTrainingException("enough");
        }
      };

  @Test
  void stopsAtThisIterationWhenSynchronous() {
    ProbeListener listener = builder(FakeProbe.idle("probe")).build();
    network.addListeners(listener);

    assertThatExceptionOfType(StopTrainingException.class)
        .isThrownBy(() -> batches.forEach(network::fit))
        .withMessage("enough");

    // Deeplearning4j counts an iteration when its listeners have returned.
    assertThat(network.getIterationCount()).isEqualTo(2);
    assertThat(sink.told(Reading.class)).hasSize(3);
    assertThat(sink.told(ProbeEvent.Completed.class)).hasSize(3);
    assertThat(listener.counts()).isEqualTo(new ProbeListener.Counts(3, 0, 0, 0));
    assertThatCode(listener::close).doesNotThrowAnyException();
  }

  @Test
  void stopsAtTheNextIterationWhenAsynchronous() throws InterruptedException {
    CountDownLatch told = new CountDownLatch(1);
    ProbeListener listener =
        ProbeListener.builder()
            .probe(FakeProbe.idle("probe"), ProbeSchedule.at(2))
            .currentMinibatch()
            .sink(stopping)
            .sink(reading -> told.countDown())
            .asynchronous()
            .build();
    network.addListeners(listener);
    batches.subList(0, 3).forEach(network::fit);
    assertThat(told.await(30, TimeUnit.SECONDS)).isTrue();

    assertThatExceptionOfType(StopTrainingException.class)
        .isThrownBy(() -> network.fit(batches.get(3)))
        .withMessage("enough");
    assertThatCode(listener::close).doesNotThrowAnyException();
  }

  @Test
  void isThrownByCloseWhenTheTrainingIsOver() {
    ProbeListener listener = builder(FakeProbe.idle("probe")).asynchronous().build();
    network.addListeners(listener);
    network.setIterationCount(2);
    network.fit(batches.get(0));

    assertThatExceptionOfType(StopTrainingException.class)
        .isThrownBy(listener::close)
        .withMessage("enough");
  }

  @Test
  void aFailureOfTheSameIterationGoesWithIt() {
    FakeProbe broken = FakeProbe.throwing(new IllegalStateException("on purpose"));
    ProbeListener listener =
        builder(FakeProbe.idle("probe"))
            .probe(broken, ProbeSchedule.at(2))
            .failurePolicy(FailurePolicy.RETHROW)
            .build();
    network.addListeners(listener);

    assertThatExceptionOfType(StopTrainingException.class)
        .isThrownBy(() -> batches.forEach(network::fit))
        .satisfies(
            thrown ->
                assertThat(thrown.getSuppressed())
                    .singleElement()
                    .isInstanceOf(ProbeFailedException.class));
  }

  @Test
  void stopsAParallelTraining() {
    ProbeListener listener =
        ProbeListener.builder()
            .probe(FakeProbe.idle("probe"), ProbeSchedule.everyIterations(1))
            .currentMinibatch()
            .sink(
                reading -> {
                  throw new StopTrainingException("enough");
                })
            .build();

    assertThatExceptionOfType(RuntimeException.class)
        .isThrownBy(() -> Trainings.fitInParallel(network, Trainings.flat(40), listener))
        .withRootCauseInstanceOf(StopTrainingException.class);
  }

  /** Deeplearning4j catches it, and ends with the best model so far. */
  @Test
  void earlyStoppingReturnsWhatItHas() {
    ReadingSink later =
        reading -> {
          if (reading.provenance().iteration() == 8) {
            throw new StopTrainingException("enough");
          }
        };
    ProbeListener listener =
        ProbeListener.builder()
            .probe(FakeProbe.idle("probe"), ProbeSchedule.everyIterations(1))
            .currentMinibatch()
            .sink(later)
            .build();
    network.addListeners(listener);

    assertThatCode(() -> Trainings.fitWithEarlyStopping(network, 5, batches))
        .doesNotThrowAnyException();

    assertThat(network.getIterationCount()).isEqualTo(8);
  }

  @Test
  void stopsAComparison() {
    MultiLayerNetwork model = Trainings.batchNormCnn();
    NormalizationComparisonListener listener =
        NormalizationComparisonListener.builder()
            .probe(SpectrumProbe.builder().top(2).bottom(0).draws(0).build())
            .schedule(ProbeSchedule.at(2))
            .data(Trainings.images(1).get(0))
            .sink(stopping)
            .build();
    model.addListeners(listener);

    assertThatExceptionOfType(StopTrainingException.class)
        .isThrownBy(() -> Trainings.images(4).forEach(model::fit))
        .withMessage("enough");
    assertThat(model.getIterationCount()).isEqualTo(2);
  }

  private ProbeListener.Builder builder(FakeProbe probe) {
    return ProbeListener.builder()
        .probe(probe, ProbeSchedule.everyIterations(1))
        .currentMinibatch()
        .sink(stopping)
        .sink(sink);
  }
}
