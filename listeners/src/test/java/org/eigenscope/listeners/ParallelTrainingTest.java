package org.eigenscope.listeners;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.optimize.api.BaseTrainingListener;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.eigenscope.probes.RecordedReading;
import org.eigenscope.probes.Snapshot;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.api.MultiDataSet;

@Timeout(60)
class ParallelTrainingTest {
  private static final int ROUNDS = 10;

  private final RecordingSink sink = new RecordingSink();
  private final List<DataSet> batches = Trainings.flat(2 * ROUNDS);

  @Test
  void aDueIterationIsMeasuredOnceForAllWorkers() {
    FakeProbe probe = FakeProbe.idle("probe");
    MultiLayerNetwork network = Trainings.perceptron();
    ProbeListener listener = listener(probe, ProbeSchedule.everyIterations(3)).build();

    fitInParallel(network, listener);
    fitInParallel(network, listener);
    listener.close();

    assertThat(probe.iterations()).containsExactly(0, 3, 6, 9, 12, 15, 18);
    assertThat(sink.told(RecordedReading.class)).hasSize(7);
    assertThat(listener.counts()).isEqualTo(new ProbeListener.Counts(7, 0, 0, 0));
  }

  @Test
  void parametersAndMinibatchAreThoseOfOneWorker() {
    // Replicas are made while the first worker trains already, so what they begin with is noted.
    Map<INDArray, INDArray> parametersByFeatures = new ConcurrentHashMap<>();
    TrainingListener notes =
        new BaseTrainingListener() {
          @Override
          public void onBackwardPass(Model model) {
            parametersByFeatures.put(
                ((MultiLayerNetwork) model).getInput().dup(), model.params().dup());
          }
        };
    FakeProbe probe = FakeProbe.idle("probe");
    ProbeListener listener =
        ProbeListener.builder()
            .probe(probe, ProbeSchedule.everyIterations(4))
            .currentMinibatch()
            .sink(sink)
            .build();

    fitInParallel(Trainings.perceptron(), notes, listener);
    listener.close();

    assertThat(parametersByFeatures).hasSize(batches.size());
    assertThat(probe.iterations()).containsExactly(0, 4, 8);
    for (Snapshot snapshot : probe.snapshots()) {
      MultiDataSet batch = snapshot.data().batches().get(0);
      MultiLayerNetwork alone = Trainings.perceptron();
      parametersByFeatures.forEach(
          (features, parameters) -> {
            if (features.equals(batch.getFeatures(0))) {
              alone.setParams(parameters);
            }
          });
      alone.fit(batch.getFeatures(0), batch.getLabels(0));
      assertThat(snapshot.network().model().params()).isEqualTo(alone.params());
    }
  }

  @Test
  void aWorkerDoesNotWaitForAnother() throws Exception {
    CountDownLatch measuring = new CountDownLatch(1);
    CountDownLatch othersWentOn = new CountDownLatch(1);
    FakeProbe probe =
        FakeProbe.doing(
            snapshot -> {
              measuring.countDown();
              await(othersWentOn);
            });
    ProbeListener listener = listener(probe, ProbeSchedule.everyIterations(1)).build();
    MultiLayerNetwork one = Trainings.perceptron();
    MultiLayerNetwork other = Trainings.perceptron();
    AtomicReference<Throwable> failure = new AtomicReference<>();
    Thread worker = new Thread(() -> listener.iterationDone(one, 0, 0), "worker");
    worker.setUncaughtExceptionHandler((thread, thrown) -> failure.set(thrown));

    worker.start();
    await(measuring);
    listener.iterationDone(other, 0, 0);
    listener.iterationDone(other, 1, 0);
    othersWentOn.countDown();
    worker.join();
    listener.close();

    assertThat(failure.get()).isNull();
    assertThat(probe.iterations()).containsExactly(0);
    assertThat(sink.told(ProbeEvent.Skipped.class))
        .extracting(ProbeEvent.Skipped::iteration)
        .containsExactly(1);
  }

  private ProbeListener.Builder listener(FakeProbe probe, ProbeSchedule schedule) {
    return ProbeListener.builder().probe(probe, schedule).data(batches.get(0)).sink(sink);
  }

  private void fitInParallel(MultiLayerNetwork network, TrainingListener... listeners) {
    Trainings.fitInParallel(network, batches, listeners);
  }

  private static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(30, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
