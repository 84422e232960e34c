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
              if (event instanceof ProbeEvent.Skipped) {
                asked.add(event.iteration());
                throw new IllegalStateException("on purpose");
              }
            });
    Deliveries deliveries = new Deliveries(List.of(broken, first), stops::add);

    deliver(deliveries, 1, 2);

    assertThat(asked).containsExactly(1, 2);
    assertThat(iterations(first)).containsExactly(1, 2);
    assertThat(deliveries.missed()).isEqualTo(2);
  }

  @Test
  void everySinkIsToldWhatOneMissed() {
    IllegalStateException thrown = new IllegalStateException("disk full");
    ReadingSink broken =
        reading -> {
          throw thrown;
        };
    Deliveries deliveries = new Deliveries(List.of(first, broken, second), stops::add);

    deliveries.accept(HandmadeReadings.spectrum(300));

    ProbeEvent undelivered =
        new ProbeEvent.Undelivered("run-1", "lenet", "spectrum", 300, "DeliveriesTest", 1, thrown);
    assertThat(first.told()).containsExactly(HandmadeReadings.spectrum(300), undelivered);
    assertThat(second.told()).containsExactly(undelivered, HandmadeReadings.spectrum(300));
  }

  @Test
  void aSinkThatCannotEvenBeToldIsNotToldOfThat() {
    List<ProbeEvent> asked = new ArrayList<>();
    ReadingSink broken =
        sinkOf(
            event -> {
              asked.add(event);
              throw new IllegalStateException("on purpose");
            });
    Deliveries deliveries = new Deliveries(List.of(broken, first), stops::add);

    deliver(deliveries, 1);

    assertThat(asked).hasSize(2);
    assertThat(first.told(ProbeEvent.Undelivered.class)).hasSize(1);
    assertThat(deliveries.missed()).isEqualTo(1);
  }

  @Test
  void anAnnouncementBelongsToNoIteration() {
    ReadingSink broken =
        new ReadingSink() {
          @Override
          public void accept(Reading reading) {}

          @Override
          public void announce(Announcement announcement) {
            throw new IllegalStateException("on purpose");
          }
        };
    Deliveries deliveries = new Deliveries(List.of(broken, first), stops::add);

    deliveries.announce(new Announcement("run", "model", "probe", List.of()));

    assertThat(first.told(ProbeEvent.Undelivered.class))
        .extracting(ProbeEvent::iteration)
        .containsExactly(-1);
  }

  @Test
  void sinksAreNamedByTheirClass() {
    assertThat(Deliveries.nameOf(first)).isEqualTo("RecordingSink");
    assertThat(Deliveries.nameOf(new Nested())).isEqualTo("DeliveriesTest.Nested");
    assertThat(Deliveries.nameOf(reading -> {})).isEqualTo("DeliveriesTest");
    assertThat(Deliveries.nameOf(sinkOf(event -> {}))).isEqualTo("DeliveriesTest");
  }

  private static final class Nested implements ReadingSink {
    @Override
    public void accept(Reading reading) {}
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
    assertThat(deliveries.missed()).isZero();
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
    // 976 for each of two sinks, told when they had caught up.
    assertThat(deliveries.missed()).isEqualTo(1952);
    assertThat(first.told().subList(1025, 1027))
        .containsExactly(
            new ProbeEvent.Undelivered("run", "model", "probe", 2000, "DeliveriesTest", 976, null),
            new ProbeEvent.Undelivered("run", "model", "probe", 2000, "RecordingSink", 976, null));
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
      deliveries.report(new ProbeEvent.Skipped("run", "model", "probe", iteration));
    }
  }

  private static List<Integer> iterations(RecordingSink sink) {
    return sink.told(ProbeEvent.Skipped.class).stream().map(ProbeEvent::iteration).toList();
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
