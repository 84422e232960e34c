package org.eigenscope.listeners;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.eigenscope.probes.Reading;
import org.eigenscope.probes.RecordedReading;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.nd4j.linalg.dataset.DataSet;

@Timeout(60)
class AsynchronousProbesTest {
  private final RecordingSink sink = new RecordingSink();
  private final MultiLayerNetwork network = Trainings.perceptron();
  private final List<DataSet> batches = Trainings.flat(5);
  private final CountDownLatch begun = new CountDownLatch(1);
  private final CountDownLatch mayFinish = new CountDownLatch(1);

  /** Holds the background thread until the test lets it go. */
  private final FakeProbe held =
      FakeProbe.doing(
          snapshot -> {
            begun.countDown();
            await(mayFinish);
          });

  @Test
  void probesRunOnOneDaemonThreadApart() {
    AtomicReference<Thread> thread = new AtomicReference<>();
    FakeProbe probe = FakeProbe.doing(snapshot -> thread.set(Thread.currentThread()));
    ProbeListener listener = attached(probe, ProbeSchedule.at(0));
    network.fit(batches.get(0));
    listener.close();

    assertThat(thread.get()).isNotNull().isNotSameAs(Thread.currentThread());
    assertThat(thread.get().isDaemon()).isTrue();
    assertThat(thread.get().getName()).isEqualTo("eigenscope-probes-default");
  }

  @Test
  void whatIsDueWhileABusyProbeMeasuresIsSkippedAndCounted() {
    ProbeListener listener = attached(held, ProbeSchedule.everyIterations(1));
    network.fit(batches.get(0));
    await(begun);

    network.fit(batches.get(1));
    network.fit(batches.get(2));
    assertThat(sink.told(ProbeEvent.Skipped.class))
        .extracting(ProbeEvent.Skipped::iteration)
        .containsExactly(1, 2);
    mayFinish.countDown();
    listener.close();

    assertThat(held.iterations()).containsExactly(0);
    assertThat(listener.counts()).isEqualTo(new ProbeListener.Counts(1, 0, 2, 0));
  }

  @Test
  void trainingGoesOnWhileASinkIsStuckAndEventsComeInOrderLater() {
    CountDownLatch stuck = new CountDownLatch(1);
    ReadingSink slow =
        reading -> {
          stuck.countDown();
          await(mayFinish);
        };
    ProbeListener listener =
        builder(FakeProbe.idle("fake"), ProbeSchedule.everyIterations(1))
            .sink(slow)
            .sink(sink)
            .build();
    network.addListeners(listener);
    network.fit(batches.get(0));
    await(stuck);

    network.fit(batches.get(1));
    assertThat(sink.told(ProbeEvent.class)).isEmpty();
    mayFinish.countDown();
    listener.close();

    assertThat(sink.told(ProbeEvent.class)).extracting(ProbeEvent::iteration).containsExactly(1, 0);
  }

  @Test
  void closeWaitsForWhatRuns() {
    ProbeListener listener = attached(held, ProbeSchedule.at(0));
    network.fit(batches.get(0));
    await(begun);

    CompletableFuture<Void> closing = CompletableFuture.runAsync(listener::close);
    assertThat(closing).isNotDone();
    mayFinish.countDown();
    closing.join();

    assertThat(sink.told(Reading.class)).hasSize(1);
    assertThat(sink.told(ProbeEvent.Completed.class)).hasSize(1);
  }

  @Test
  void closeInterruptsWhatDoesNotFinishInTimeAndDropsIt() {
    CountDownLatch interrupted = new CountDownLatch(1);
    FakeProbe endless =
        FakeProbe.doing(
            snapshot -> {
              begun.countDown();
              try {
                new CountDownLatch(1).await();
              } catch (InterruptedException e) {
                interrupted.countDown();
              }
            });
    ProbeListener listener =
        builder(endless, ProbeSchedule.at(0)).sink(sink).closeTimeout(Duration.ZERO).build();
    network.addListeners(listener);
    network.fit(batches.get(0));
    await(begun);

    listener.close();
    await(interrupted);

    assertThat(sink.told(Reading.class)).isEmpty();
  }

  @Test
  void closeFromAnInterruptedThreadDoesNotWait() {
    ProbeListener listener = attached(held, ProbeSchedule.at(0));
    network.fit(batches.get(0));
    await(begun);

    Thread.currentThread().interrupt();
    listener.close();

    assertThat(Thread.interrupted()).isTrue();
  }

  @Test
  void aFailureIsRethrownAtTheNextIteration() {
    CountDownLatch failed = new CountDownLatch(1);
    ProbeListener listener =
        builder(FakeProbe.throwing(new IllegalStateException("on purpose")), ProbeSchedule.at(0))
            .sink(eventSink(failed))
            .failurePolicy(FailurePolicy.RETHROW)
            .build();
    network.addListeners(listener);
    network.fit(batches.get(0));
    await(failed);

    assertThatExceptionOfType(ProbeFailedException.class)
        .isThrownBy(() -> network.fit(batches.get(1)))
        .withMessageContaining("iteration 0")
        .havingCause()
        .withMessage("on purpose");
    network.fit(batches.get(2));
    listener.close();
  }

  @Test
  void aFailureAfterTheLastIterationIsRethrownByClose() {
    ProbeListener listener =
        builder(FakeProbe.throwing(new IllegalStateException("on purpose")), ProbeSchedule.at(0))
            .sink(sink)
            .failurePolicy(FailurePolicy.RETHROW)
            .build();
    network.addListeners(listener);
    network.fit(batches.get(0));

    assertThatExceptionOfType(ProbeFailedException.class).isThrownBy(listener::close);
    listener.close();
    assertThat(sink.told(ProbeEvent.Failed.class)).hasSize(1);
  }

  @Test
  void readingsOfProbesArriveInTheOrderOfTheirIterations() {
    ProbeListener listener = attached(FakeProbe.idle("fake"), ProbeSchedule.everyIterations(1));
    for (int i = 0; i < 20; i++) {
      batches.forEach(network::fit);
    }
    listener.close();

    List<Integer> iterations =
        sink.told(RecordedReading.class).stream()
            .map(reading -> reading.provenance().iteration())
            .toList();
    assertThat(iterations).isNotEmpty().isSorted().doesNotHaveDuplicates();
    assertThat(iterations.size() + sink.told(ProbeEvent.Skipped.class).size()).isEqualTo(100);
  }

  private ProbeListener attached(FakeProbe probe, ProbeSchedule schedule) {
    ProbeListener listener = builder(probe, schedule).sink(sink).build();
    network.addListeners(listener);
    return listener;
  }

  private ProbeListener.Builder builder(FakeProbe probe, ProbeSchedule schedule) {
    return ProbeListener.builder().probe(probe, schedule).data(batches.get(0)).asynchronous();
  }

  private static ReadingSink eventSink(CountDownLatch latch) {
    return new ReadingSink() {
      @Override
      public void accept(Reading reading) {}

      @Override
      public void report(ProbeEvent event) {
        latch.countDown();
      }
    };
  }

  private static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(30, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
