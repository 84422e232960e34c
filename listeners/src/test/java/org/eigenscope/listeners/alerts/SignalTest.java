package org.eigenscope.listeners.alerts;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class SignalTest {

  @Test
  void aLevelIsRaisedByTheThirdHighReadingInARow() {
    assertThat(raised(Signal.level(1), 2, 2, 0.5, 2, 2, 2))
        .containsExactly(false, false, false, false, false, true);
  }

  @Test
  void aLevelEndsWithTheSecondClearlyLowReadingInARow() {
    assertThat(raised(Signal.level(1), 2, 2, 2, 0.95, 0.8, 0.95, 0.8, 0.8))
        .containsExactly(false, false, true, true, true, true, true, false);
  }

  @Test
  void theLimitItselfIsNotAboveIt() {
    assertThat(raised(Signal.level(1), 1, 1, 1, 1)).doesNotContain(true);
  }

  @Test
  void aRiseHasNoScoreBeforeItsSixthReading() {
    assertThat(raised(Signal.rise(1), 0, 0, 9, 9, 9)).doesNotContain(true);
    assertThat(raised(Signal.rise(1), 0, 0, 0, 0, 0, 9, 9, 9)).endsWith(false, false, true);
  }

  /**
   * Of 0, 1, 0, 1, ... the mean m before a 1 is 0.9 (0.9 m + 0.1), hence 9/19, and 10/19 after it:
   * each value is 10/19 away.
   */
  @Test
  void aRiseMustExceedFourMeanDeviations() {
    Signal signal = Signal.rise(1);
    for (int i = 0; i < 200; i++) {
      signal.count(i % 2);
    }

    assertThat(signal.mean()).isCloseTo(10.0 / 19, within(1e-6));
    assertThat(signal.allowed()).isCloseTo(40.0 / 19, within(1e-6));
    assertThat(raised(signal, 2.6, 2.6, 2.6)).doesNotContain(true);
    assertThat(raised(signal, 9, 9, 9)).endsWith(true);
  }

  /** The first ten readings weigh the same: their mean, and the mean of their steps from it. */
  @Test
  void thePastIsTheMeanOfTheFirstTenReadings() {
    Signal signal = Signal.rise(100);
    double sum = 0;
    for (int i = 1; i <= 10; i++) {
      signal.count(i * i);
      sum += i * i;
    }
    assertThat(signal.mean()).isCloseTo(sum / 10, within(1e-12));

    signal.count(0);

    assertThat(signal.mean()).isCloseTo(sum / 10 * 0.9, within(1e-12));
  }

  @Test
  void whatIsHighStaysOutOfThePast() {
    Signal signal = Signal.rise(1);
    raised(signal, 1, 1, 1, 1, 1, 1, 7, 7, 7);

    assertThat(signal.isRaised()).isTrue();
    assertThat(signal.mean()).isEqualTo(1);
  }

  @Test
  void theTenthHighReadingInARowBeginsANewPastWhichEndsTheAlert() {
    Signal signal = Signal.rise(1);
    raised(signal, 1, 1, 1, 1, 1, 1);

    assertThat(raised(signal, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7))
        .containsExactly(false, false, true, true, true, true, true, true, true, true, true, false);
    assertThat(signal.mean()).isEqualTo(7);
  }

  @Test
  void aSignalJumpsWithTheFirstHighReadingAlone() {
    Signal signal = Signal.rise(1);
    List<Boolean> jumps = new ArrayList<>();
    for (double value : new double[] {1, 1, 1, 1, 1, 1, 7, 7, 1, 7}) {
      signal.count(value);
      jumps.add(signal.hasJumped());
    }

    assertThat(jumps)
        .containsExactly(false, false, false, false, false, false, true, false, false, true);
  }

  @Test
  void anInfiniteLimitIsNeverExceeded() {
    assertThat(raised(Signal.level(Double.POSITIVE_INFINITY), 1, 1e300, 1e300, 1e300))
        .doesNotContain(true);
    assertThat(raised(Signal.rise(Double.POSITIVE_INFINITY), 1, 1, 1, 1, 1, 1, 1e300, 1e300, 1e300))
        .doesNotContain(true);
  }

  private static List<Boolean> raised(Signal signal, double... values) {
    List<Boolean> raised = new ArrayList<>();
    for (double value : values) {
      signal.count(value);
      raised.add(signal.isRaised());
    }
    return raised;
  }
}
