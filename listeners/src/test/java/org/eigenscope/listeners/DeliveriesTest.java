package org.eigenscope.listeners;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.eigenscope.probes.Reading;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class DeliveriesTest {
  private final RecordingSink first = new RecordingSink();
  private final RecordingSink second = new RecordingSink();
  private final List<StopTrainingException> stops = new ArrayList<>();

  @Test
  void everySinkGetsEverythingInOrder() {
    Deliveries deliveries = new Deliveries(List.of(first, second), stops::add);

    deliver(deliveries, 1, 2, 3);

    assertThat(iterations(first)).containsExactly(1, 2, 3);
    assertThat(iterations(second)).containsExactly(1, 2, 3);
  }

  @Test
  void whatASinkCausesComesAfterWhatItIsTold() {
    List<Deliveries> deliveries = new ArrayList<>();
    ReadingSink causing =
        sinkOf(
            event -> {
              if (event.iteration() == 1) {
                deliver(deliveries.get(0), 2);
              }
            });
    deliveries.add(new Deliveries(List.of(causing, first), stops::add));

    deliver(deliveries.get(0), 1);

    assertThat(iterations(first)).containsExactly(1, 2);
  }

  @Test
  void aSinkThatThrowsIsCountedAndAskedAgain() {
    List<Integer> asked = new ArrayList<>();
    ReadingSink broken =
        sinkOf(
            event -> {
              asked.add(event.iteration());
              throw new IllegalStateException("on purpose");
            });
    Deliveries deliveries = new Deliveries(List.of(broken, first), stops::add);

    deliver(deliveries, 1, 2);

    assertThat(asked).containsExactly(1, 2);
    assertThat(iterations(first)).containsExactly(1, 2);
    assertThat(deliveries.failures()).isEqualTo(2);
  }

  @Test
  void aSinkThatStopsIsHeardAndIsNoFailure() {
    StopTrainingException stop = new StopTrainingException("on purpose");
    ReadingSink stopping =
        sinkOf(
            event -> {
              throw stop;
            });
    Deliveries deliveries = new Deliveries(List.of(stopping, first), stops::add);

    deliver(deliveries, 1);

    assertThat(stops).containsExactly(stop);
    assertThat(iterations(first)).containsExactly(1);
    assertThat(deliveries.failures()).isZero();
  }

  @Test
  void anErrorOfTheVirtualMachinePassesThroughAndBlocksNothing() {
    ReadingSink broken =
        sinkOf(
            event -> {
              if (event.iteration() == 1) {
                throw new InternalError("on purpose");
              }
            });
    Deliveries deliveries = new Deliveries(List.of(broken, first), stops::add);

    assertThatExceptionOfType(InternalError.class).isThrownBy(() -> deliver(deliveries, 1));
    CompletableFuture.runAsync(() -> deliver(deliveries, 2)).join();

    assertThat(iterations(first)).containsExactly(2);
  }

  @Test
  void aThreadLeavesItsOwnToTheOneThatIsDeliveringUpToABound() {
    CountDownLatch stuck = new CountDownLatch(1);
    CountDownLatch released = new CountDownLatch(1);
    ReadingSink slow =
        sinkOf(
            event -> {
              stuck.countDown();
              await(released);
            });
    Deliveries deliveries = new Deliveries(List.of(slow, first), stops::add);
    CompletableFuture<Void> delivering = CompletableFuture.runAsync(() -> deliver(deliveries, 0));
    await(stuck);

    deliver(deliveries, IntStream.rangeClosed(1, 2000).toArray());
    assertThat(first.told()).isEmpty();
    released.countDown();
    delivering.join();

    assertThat(iterations(first))
        .containsExactlyElementsOf(IntStream.rangeClosed(0, 1024).boxed().toList());
  }

  @Test
  void nothingIsDeliveredAfterClosing() throws InterruptedException {
    Deliveries deliveries = new Deliveries(List.of(first), stops::add);
    deliver(deliveries, 1);

    deliveries.close(0);
    deliver(deliveries, 2);

    assertThat(iterations(first)).containsExactly(1);
  }

  private static void deliver(Deliveries deliveries, int... iterations) {
    for (int iteration : iterations) {
      ProbeEvent event = new ProbeEvent.Skipped("run", "model", "probe", iteration);
      deliveries.deliver(sink -> sink.report(event));
    }
  }

  private static List<Integer> iterations(RecordingSink sink) {
    return sink.told(ProbeEvent.class).stream().map(ProbeEvent::iteration).toList();
  }

  private static ReadingSink sinkOf(Consumer<ProbeEvent> reporting) {
    return new ReadingSink() {
      @Override
      public void accept(Reading reading) {}

      @Override
      public void report(ProbeEvent event) {
        reporting.accept(event);
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
