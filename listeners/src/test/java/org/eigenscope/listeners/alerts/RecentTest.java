package org.eigenscope.listeners.alerts;

import static org.assertj.core.api.Assertions.assertThat;
import static org.eigenscope.listeners.alerts.Fixtures.BEGIN;

import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class RecentTest {

  @Test
  void sumsWhatIsRecent() {
    Recent recent = Recent.sum(3, Duration.ofMinutes(1));
    for (int minute = 0; minute < 10; minute++) {
      recent.add(at(minute), 1);
      recent.add(at(minute), minute);
    }

    assertThat(recent.at(at(9))).isEqualTo(3 + 7 + 8 + 9);
    assertThat(recent.at(at(11))).isEqualTo(1 + 9);
    assertThat(recent.at(at(12))).isZero();
  }

  @Test
  void findsTheLargestOfWhatIsRecent() {
    Recent recent = Recent.maximum(3, Duration.ofMinutes(1));
    recent.add(at(0), 7);
    recent.add(at(1), 2);
    recent.add(at(1), 3);

    assertThat(recent.at(at(2))).isEqualTo(7);
    assertThat(recent.at(at(3))).isEqualTo(3);
    assertThat(recent.at(at(4))).isZero();
  }

  @Test
  void whatIsToComeDoesNotCountWhenTheClockGoesBack() {
    Recent recent = Recent.sum(3, Duration.ofMinutes(1));
    recent.add(at(5), 1);

    assertThat(recent.at(at(4))).isZero();
    recent.add(at(2), 4);
    assertThat(recent.at(at(2))).isEqualTo(4);
  }

  private static Instant at(int minute) {
    return BEGIN.plus(Duration.ofMinutes(minute));
  }
}
