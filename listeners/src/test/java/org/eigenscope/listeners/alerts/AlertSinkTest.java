package org.eigenscope.listeners.alerts;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.eigenscope.listeners.alerts.Fixtures.BEGIN;
import static org.eigenscope.listeners.alerts.Fixtures.at;
import static org.eigenscope.listeners.alerts.Fixtures.stability;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.eigenscope.listeners.OnDemandSchedule;
import org.eigenscope.listeners.ProbeEvent;
import org.eigenscope.listeners.ProbeSchedule.Moment;
import org.eigenscope.listeners.StopTrainingException;
import org.eigenscope.listeners.alerts.Alert.Severity;
import org.eigenscope.listeners.alerts.Alert.State;
import org.eigenscope.probes.Reading;
import org.eigenscope.probes.linalg.NonFiniteValueException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What the tests of the Prometheus rules, which module grafana plays, don't ask. */
@Timeout(60)
class AlertSinkTest {
  private final Fixtures.MovedClock clock = new Fixtures.MovedClock();
  private final List<Alert> told = Collections.synchronizedList(new ArrayList<>());

  @Test
  void anAlertSaysWhatWhereWhenAndWhatToDo() {
    try (AlertSink sink = sink().build()) {
      raiseStability(sink, 0);

      assertThat(sink.alerts())
          .containsExactly(
              new Alert(
                  "StabilityLimitExceeded",
                  Severity.WARNING,
                  State.RAISED,
                  "r",
                  "m",
                  "p",
                  Map.of("operator", "hessian", "normalization", "none", "layer", "all"),
                  2,
                  BEGIN.plus(Duration.ofMinutes(2)),
                  1.5,
                  1.1,
                  "Run r, model m: the largest eigenvalue is 1.5 times the optimiser's stability"
                      + " limit (normalization none)",
                  "docs/runbook.md#eigenscopestabilitylimitexceeded"));
      assertThat(told).isEqualTo(sink.alerts());
    }
  }

  @Test
  void anAlertThatLastsShowsTheValueOfNowAndSinceWhen() {
    try (AlertSink sink = sink().build()) {
      raiseStability(sink, 0);
      sink.accept(stability(3, 2.5));

      assertThat(sink.alerts())
          .singleElement()
          .satisfies(
              alert -> {
                assertThat(alert.value()).isEqualTo(2.5);
                assertThat(alert.iteration()).isEqualTo(2);
                assertThat(alert.summary()).contains("is 2.5 times");
              });
      assertThat(told).hasSize(1);
    }
  }

  @Test
  void whatIsResolvedSaysWhatItWas() {
    try (AlertSink sink = sink().build()) {
      raiseStability(sink, 0);
      sink.accept(stability(3, 0.5));
      sink.accept(stability(4, 0.5));

      assertThat(sink.alerts()).isEmpty();
      assertThat(told).extracting(Alert::state).containsExactly(State.RAISED, State.RESOLVED);
      assertThat(told.get(1))
          .satisfies(
              alert -> {
                assertThat(alert.iteration()).isEqualTo(4);
                assertThat(alert.time()).isEqualTo(BEGIN.plus(Duration.ofMinutes(4)));
                assertThat(alert.value()).isEqualTo(0.5);
                assertThat(alert.summary()).startsWith("Resolved: Run r, model m: ");
              });
    }
  }

  @Test
  void aRunThatBeginsAgainEndsItsAlertsAndCountsAnew() {
    try (AlertSink sink = sink().build()) {
      raiseStability(sink, 10);
      sink.accept(stability(0, 1.5));

      assertThat(sink.alerts()).isEmpty();
      assertThat(told).extracting(Alert::state).containsExactly(State.RAISED, State.RESOLVED);

      sink.accept(stability(1, 1.5));
      assertThat(sink.alerts()).isEmpty();
      sink.accept(stability(2, 1.5));
      assertThat(sink.alerts()).hasSize(1);
    }
  }

  @Test
  void aProbeThatLagsBehindAnotherIsNoRunThatBeginsAgain() {
    try (AlertSink sink = sink().build()) {
      raiseStability(sink, 10);
      sink.accept(at(5).probe("slow").with("loss", 1).reading());
      sink.accept(at(6).probe("slow").with("loss", 1).reading());

      assertThat(sink.alerts()).hasSize(1);
    }
  }

  @Test
  void runsModelsAndMatricesAreCountedApart() {
    try (AlertSink sink = sink().build()) {
      for (int i = 0; i < 2; i++) {
        sink.accept(high(i, "a", "all"));
        sink.accept(high(i, "b", "all"));
        sink.accept(high(i, "b", "first"));
      }
      sink.accept(high(2, "b", "first"));

      assertThat(sink.alerts())
          .singleElement()
          .satisfies(
              alert -> {
                assertThat(alert.run()).isEqualTo("b");
                assertThat(alert.tags()).containsEntry("layer", "first");
              });
    }
  }

  @Test
  void readingsOfOneIterationByTwoProbesCountOnce() {
    try (AlertSink sink = sink().build()) {
      for (int i = 0; i < 2; i++) {
        sink.accept(stability(i, 1.5));
        sink.accept(at(i).probe("q").sharpness(1).with("stability.ratio", 1.5).reading());
      }
      assertThat(sink.alerts()).isEmpty();

      sink.accept(at(2).probe("q").sharpness(1).with("stability.ratio", 1.5).reading());
      assertThat(sink.alerts()).hasSize(1);
    }
  }

  @Test
  void whatAReadingDoesNotKnowIsNotCountedAndNoAlertOfItLasts() {
    try (AlertSink sink = sink().build()) {
      sink.accept(stability(0, 1.5));
      sink.accept(stability(1, 1.5));
      sink.accept(stability(2, Double.NaN));
      sink.accept(stability(3, 1.5));
      assertThat(sink.alerts()).hasSize(1);

      sink.accept(stability(4, Double.NaN));
      assertThat(sink.alerts()).isEmpty();
      sink.accept(stability(5, 1));
      assertThat(sink.alerts()).hasSize(1);
    }
  }

  @Test
  void whatAnotherProbeDoesNotKnowStays() {
    try (AlertSink sink = sink().build()) {
      raiseStability(sink, 0);
      sink.accept(at(3).probe("q").with("stability.ratio", Double.NaN).reading());
      sink.accept(at(4).probe("q").with("loss", 1).reading());

      assertThat(sink.alerts()).hasSize(1);
    }
  }

  /** A convex problem has a negative mass of exactly 0, again and again. */
  @Test
  void valuesThatRepeatAreAPast() {
    try (AlertSink sink = sink().build()) {
      for (int i = 0; i < 6; i++) {
        sink.accept(at(i).with("negative.mass", 0).reading());
      }
      for (int i = 6; i < 9; i++) {
        sink.accept(at(i).with("negative.mass", 0.2).reading());
      }

      assertThat(sink.alerts()).extracting(Alert::name).containsExactly("NegativeMassRising");
    }
  }

  @Test
  void anInfiniteLossIsCriticalAtOnce() {
    try (AlertSink sink = sink().build()) {
      sink.accept(at(0).with("loss", Double.POSITIVE_INFINITY).reading());

      assertThat(sink.alerts())
          .singleElement()
          .satisfies(
              alert -> {
                assertThat(alert.severity()).isEqualTo(Severity.CRITICAL);
                assertThat(alert.summary())
                    .isEqualTo("Run r, model m: the loss with normalization none is +Inf");
              });
    }
  }

  @Test
  void theMostSevereComeFirst() {
    try (AlertSink sink = sink().build()) {
      for (int i = 0; i < 3; i++) {
        sink.accept(
            at(i)
                .sharpness(1)
                .with("gradient.fraction", 0.95, "k", "1")
                .with("stability.ratio", 1.5)
                .reading());
      }
      sink.report(failed(3, new NonFiniteValueException("loss", 0, 1)));

      assertThat(sink.alerts())
          .extracting(Alert::name)
          .containsExactly("LossNotFinite", "StabilityLimitExceeded", "GradientInTopEigenspace");
    }
  }

  @Test
  void anInfiniteLimitSwitchesAnAlertOff() {
    AlertLimits limits = AlertLimits.defaults().withStability(Double.POSITIVE_INFINITY);
    try (AlertSink sink = sink().limits(limits).build()) {
      raiseStability(sink, 0);

      assertThat(sink.alerts()).isEmpty();
    }
  }

  @Test
  void anAlertThatComesAndGoesIsToldOnceInAnInterval() {
    try (AlertSink sink = sink().tellAtMostEvery(Duration.ofMinutes(20)).build()) {
      for (int i = 0; i < 20; i += 5) {
        raiseAndResolve(sink, i);
      }
      // Raised in minutes 2, 7, 12, 17: only the first is told.
      assertThat(told).extracting(Alert::state).containsExactly(State.RAISED, State.RESOLVED);

      raiseStability(sink, 20);
      assertThat(told)
          .extracting(Alert::state)
          .containsExactly(State.RAISED, State.RESOLVED, State.RAISED);
      assertThat(told.get(2).iteration()).isEqualTo(22);
    }
  }

  /** The interval counts by the time of readings. */
  @Test
  void whatIsToldOfARecordedRunIsWhatWouldHaveBeen() {
    clock.move(Duration.ofDays(30));
    try (AlertSink sink = sink().tellAtMostEvery(Duration.ofMinutes(8)).build()) {
      for (int i = 0; i < 20; i += 5) {
        raiseAndResolve(sink, i);
      }

      assertThat(told).extracting(Alert::iteration).containsExactly(2, 4, 12, 14);
    }
  }

  @Test
  void anAlertThatLastsIsToldWhenTheIntervalIsOver() {
    try (AlertSink sink = sink().tellAtMostEvery(Duration.ofMinutes(10)).build()) {
      raiseAndResolve(sink, 0);
      raiseStability(sink, 5);
      assertThat(told).hasSize(2);

      // Told in minute 2.
      clock.move(Duration.ofMinutes(11));
      sink.check();
      assertThat(toldOfStability()).hasSize(2);
      clock.move(Duration.ofMinutes(1));
      sink.check();

      assertThat(toldOfStability()).hasSize(3);
      assertThat(toldOfStability().get(2).iteration()).isEqualTo(7);
    }
  }

  @Test
  void aClockThatGoesBackDoesNotSilenceAlerts() {
    try (AlertSink sink = sink().build()) {
      sink.report(failed(0, new IllegalStateException("on purpose")));
      sink.report(failed(1, new IllegalStateException("on purpose")));
      sink.accept(stability(2, 0.5));
      clock.move(Duration.ofHours(-3));
      sink.report(failed(3, new IllegalStateException("on purpose")));
      sink.report(failed(4, new IllegalStateException("on purpose")));

      assertThat(told)
          .extracting(Alert::state)
          .containsExactly(State.RAISED, State.RESOLVED, State.RAISED);
    }
  }

  @Test
  void aCallbackThatThrowsKeepsNothingElseFromHappening() {
    try (AlertSink sink =
        AlertSink.builder()
            .clock(clock)
            .onAlert(
                alert -> {
                  throw new StopTrainingException("not by a callback");
                })
            .onAlert(
                alert -> {
                  throw new AssertionError("on purpose");
                })
            .onAlert(told::add)
            .build()) {
      assertThatCode(() -> raiseAndResolve(sink, 0)).doesNotThrowAnyException();

      assertThat(told).hasSize(2);
    }
  }

  @Test
  void aCallbackMayAskTheSinkAndLetAnotherThreadAsk() {
    List<Integer> lasting = new ArrayList<>();
    List<AlertSink> sinks = new ArrayList<>();
    try (AlertSink sink =
        sink()
            .onAlert(
                alert -> {
                  AlertSink known = sinks.get(0);
                  known.check();
                  lasting.add(CompletableFuture.supplyAsync(() -> known.alerts().size()).join());
                })
            .build()) {
      sinks.add(sink);
      raiseAndResolve(sink, 0);

      assertThat(lasting).containsExactly(1, 0);
    }
  }

  @Test
  void nobodyWaitsForACallbackButTheThreadThatTells() throws InterruptedException {
    CountDownLatch telling = new CountDownLatch(1);
    CountDownLatch mayReturn = new CountDownLatch(1);
    List<String> runs = Collections.synchronizedList(new ArrayList<>());
    try (AlertSink sink =
        sink()
            .onAlert(
                alert -> {
                  runs.add(alert.run());
                  telling.countDown();
                  try {
                    assertThat(mayReturn.await(30, TimeUnit.SECONDS)).isTrue();
                  } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                  }
                })
            .build()) {
      CompletableFuture<Void> slow =
          CompletableFuture.runAsync(
              () -> sink.accept(at(0).run("a").with("loss", Double.POSITIVE_INFINITY).reading()));
      assertThat(telling.await(30, TimeUnit.SECONDS)).isTrue();

      sink.accept(at(0).run("b").with("loss", Double.POSITIVE_INFINITY).reading());
      assertThat(runs).containsExactly("a");
      mayReturn.countDown();
      slow.join();

      assertThat(runs).containsExactly("a", "b");
    }
  }

  @Test
  void manyThreadsLoseNoAlert() {
    int threads = 8;
    try (AlertSink sink = sink().build()) {
      CompletableFuture<?>[] all =
          IntStream.range(0, threads)
              .mapToObj(
                  thread ->
                      CompletableFuture.runAsync(
                          () -> {
                            for (int i = 0; i < 200; i++) {
                              sink.accept(high(i, "run-" + thread, "all"));
                            }
                          }))
              .toArray(CompletableFuture<?>[]::new);
      CompletableFuture.allOf(all).join();

      assertThat(sink.alerts()).hasSize(threads);
      assertThat(told).extracting(Alert::run).doesNotHaveDuplicates().hasSize(threads);
    }
  }

  @Test
  void whatIsBeyondTheMaximumIsNotWatchedAndCounted() {
    // A run, its probe and one matrix.
    try (AlertSink sink = sink().maximumSeries(3).build()) {
      for (int i = 0; i < 3; i++) {
        sink.accept(high(i, "a", "all"));
        sink.accept(high(i, "a", "first"));
        sink.accept(high(i, "b", "all"));
      }

      assertThat(sink.alerts()).extracting(Alert::run).containsExactly("a");
      assertThat(sink.refused()).isEqualTo(6);
    }
  }

  @Test
  void aRunThatBeginsAgainTakesNoMoreOfTheMaximum() {
    try (AlertSink sink = sink().maximumSeries(3).build()) {
      for (int i = 5; i > 0; i--) {
        sink.accept(high(i, "a", "all"));
      }
      raise(sink, "a", 0);

      assertThat(sink.alerts()).hasSize(1);
      assertThat(sink.refused()).isZero();
    }
  }

  @Test
  void readingsThatStayAwayAreSeenWhenTimePasses() {
    try (AlertSink sink = sink().build()) {
      sink.accept(stability(0, 0.5));
      clock.move(Duration.ofMinutes(2));
      sink.accept(stability(2, 0.5));

      clock.move(Duration.ofMinutes(8));
      sink.check();
      assertThat(sink.alerts()).isEmpty();
      clock.move(Duration.ofSeconds(1));
      sink.check();
      assertThat(sink.alerts())
          .singleElement()
          .satisfies(
              alert -> {
                assertThat(alert.name()).isEqualTo("ReadingsStale");
                assertThat(alert.iteration()).isEqualTo(2);
                assertThat(alert.time()).isEqualTo(BEGIN.plus(Duration.ofSeconds(601)));
                assertThat(alert.limit()).isEqualTo(480);
                assertThat(alert.summary()).contains("no reading of p for 8m 1s");
              });

      sink.accept(stability(11, 0.5));
      assertThat(sink.alerts()).isEmpty();
    }
  }

  @Test
  void aThreadOfTheSinkSeesThatReadingsStayAway() throws InterruptedException {
    CountDownLatch raised = new CountDownLatch(1);
    try (AlertSink sink =
        AlertSink.builder()
            .clock(clock)
            .withoutLog()
            .checkEvery(Duration.ofMillis(1))
            .onAlert(alert -> raised.countDown())
            .build()) {
      sink.accept(stability(0, 0.5));
      clock.move(Duration.ofDays(2));

      assertThat(raised.await(30, TimeUnit.SECONDS)).isTrue();
    }
  }

  /** All at once, long after: it is not the clock that tells how far apart readings were. */
  @Test
  void aRecordedRunIsNotStaleAtOnce() {
    clock.move(Duration.ofDays(30));
    try (AlertSink sink = sink().build()) {
      for (int i = 0; i < 100; i += 10) {
        sink.accept(stability(i, 0.5));
      }
      clock.move(Duration.ofMinutes(39));
      sink.check();
      assertThat(told).isEmpty();

      clock.move(Duration.ofMinutes(2));
      sink.check();
      assertThat(told).extracting(Alert::name).containsExactly("ReadingsStale");
    }
  }

  @Test
  void afterClosingNothingMeansAnything() {
    AlertSink sink = sink().build();
    raiseStability(sink, 0);
    sink.close();
    sink.close();

    sink.accept(stability(3, 0.1));
    sink.accept(stability(4, 0.1));
    sink.report(failed(5, new NonFiniteValueException("loss", 0, 1)));
    sink.check();

    assertThat(told).hasSize(1);
    assertThat(sink.alerts()).hasSize(1);
  }

  @Test
  void anAlertStopsOnceWhenItIsRaised() {
    try (AlertSink sink =
        sink().stopTraining(alert -> alert.severity() == Severity.WARNING).build()) {
      sink.accept(stability(0, 1.5));
      sink.accept(stability(1, 1.5));

      assertThatExceptionOfType(StopTrainingException.class)
          .isThrownBy(() -> sink.accept(stability(2, 1.5)))
          .withMessage(
              "alert StabilityLimitExceeded stops the training at iteration 2. Run r, model m: the"
                  + " largest eigenvalue is 1.5 times the optimiser's stability limit"
                  + " (normalization none) (docs/runbook.md#eigenscopestabilitylimitexceeded)");
      assertThat(told).hasSize(1);
      assertThatCode(() -> sink.accept(stability(3, 1.5))).doesNotThrowAnyException();
    }
  }

  @Test
  void aFailureMayStopTheTrainingToo() {
    try (AlertSink sink =
        sink().stopTraining(alert -> alert.name().equals("LossNotFinite")).build()) {
      assertThatExceptionOfType(StopTrainingException.class)
          .isThrownBy(() -> sink.report(failed(0, new NonFiniteValueException("loss", 0, 1))));
    }
  }

  @Test
  void silenceStopsNobodyElse() {
    try (AlertSink sink = sink().stopTraining(alert -> true).build()) {
      sink.accept(at(0).run("silent").with("loss", 1).reading());
      clock.move(Duration.ofDays(2));

      assertThatCode(() -> sink.accept(stability(0, 0.5))).doesNotThrowAnyException();
      assertThat(told).extracting(Alert::name).containsExactly("ReadingsStale");
    }
  }

  @Test
  void aJumpAsksForADeepCaptureAndOneThatLastsDoesNotAskAgain() {
    OnDemandSchedule deep = OnDemandSchedule.create();
    try (AlertSink sink = sink().deepCapture(deep).deepCaptureAtMostEvery(5).build()) {
      for (int i = 0; i < 6; i++) {
        sink.accept(at(i).sharpness(1).with("loss", 1).reading());
      }
      assertThat(taken(deep)).isFalse();

      sink.accept(at(6).sharpness(3).with("loss", 1).reading());
      assertThat(taken(deep)).isTrue();
      sink.accept(at(7).sharpness(3).with("loss", 1).reading());
      assertThat(taken(deep)).isFalse();
      assertThat(told).isEmpty();

      // Four iterations after the jump before it passes unheard, twelve after it doesn't.
      sink.accept(at(10).sharpness(1).with("loss", 3).reading());
      assertThat(taken(deep)).isFalse();
      sink.accept(at(17).sharpness(1).with("loss", 1).reading());
      sink.accept(at(18).sharpness(1).with("loss", 3).reading());
      assertThat(taken(deep)).isTrue();
    }
  }

  @Test
  void aRunThatBeginsAgainMayCaptureAgain() {
    OnDemandSchedule deep = OnDemandSchedule.create();
    try (AlertSink sink = sink().deepCapture(deep).build()) {
      for (int run = 0; run < 2; run++) {
        for (int i = 0; i < 6; i++) {
          sink.accept(at(i).with("loss", 1).reading());
        }
        assertThat(taken(deep)).isFalse();
        sink.accept(at(6).with("loss", 3).reading());
        assertThat(taken(deep)).isTrue();
      }
    }
  }

  @Test
  void settingsOutOfRangeAreRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> AlertSink.builder().maximumSeries(0))
        .withMessage("maximumSeries must be at least 1, got 0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> AlertSink.builder().deepCaptureAtMostEvery(0))
        .withMessage("iterations between deep captures must be at least 1, got 0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> AlertSink.builder().tellAtMostEvery(Duration.ofSeconds(-1)))
        .withMessage("interval between tellings must not be negative, got PT-1S");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> AlertSink.builder().checkEvery(Duration.ofSeconds(-1)))
        .withMessage("interval between checks must not be negative, got PT-1S");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> AlertLimits.defaults().withLoss(0))
        .withMessage("the limit of loss must be above 0, got 0.0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> AlertLimits.defaults().withOutliers(Double.NaN));
  }

  private AlertSink.Builder sink() {
    return AlertSink.builder()
        .clock(clock)
        .checkEvery(Duration.ZERO)
        .withoutLog()
        .onAlert(told::add);
  }

  private List<Alert> toldOfStability() {
    return told.stream().filter(alert -> alert.name().equals("StabilityLimitExceeded")).toList();
  }

  private static boolean taken(OnDemandSchedule schedule) {
    Moment moment = new Moment(1, 0, false);
    return schedule.isDue(moment) && schedule.take(moment);
  }

  private static void raiseStability(AlertSink sink, int from) {
    for (int i = from; i < from + 3; i++) {
      sink.accept(stability(i, 1.5));
    }
  }

  private static void raiseAndResolve(AlertSink sink, int from) {
    raiseStability(sink, from);
    sink.accept(stability(from + 3, 0.5));
    sink.accept(stability(from + 4, 0.5));
  }

  private static void raise(AlertSink sink, String run, int from) {
    for (int i = from; i < from + 3; i++) {
      sink.accept(high(i, run, "all"));
    }
  }

  private static Reading high(int iteration, String run, String layer) {
    return at(iteration).run(run).layer(layer).sharpness(1).with("stability.ratio", 1.5).reading();
  }

  private static ProbeEvent failed(int iteration, Throwable cause) {
    return new ProbeEvent.Failed("r", "m", "p", iteration, 1, cause);
  }
}
