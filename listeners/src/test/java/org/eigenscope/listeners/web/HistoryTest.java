package org.eigenscope.listeners.web;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.eigenscope.listeners.HandmadeReadings;
import org.eigenscope.probes.RecordedReading;
import org.junit.jupiter.api.Test;

class HistoryTest {
  private static final long PLENTY = Long.MAX_VALUE;

  private long id;

  private History.Entry entry(String probe, int bytes) {
    id++;
    RecordedReading reading =
        RecordedReading.of(HandmadeReadings.scalar(probe, (int) id, "a", Map.of(), 1));
    return new History.Entry(id, reading, new byte[bytes]);
  }

  private static List<Long> ids(History history, long after) {
    return history.after(after, Integer.MAX_VALUE).stream().map(History.Entry::id).toList();
  }

  @Test
  void returnsWhatComesAfterAnId() {
    History history = new History(10, PLENTY);
    for (int i = 0; i < 5; i++) {
      history.add(entry("a", 1));
    }

    assertThat(ids(history, 0)).containsExactly(1L, 2L, 3L, 4L, 5L);
    assertThat(ids(history, 3)).containsExactly(4L, 5L);
    assertThat(ids(history, 5)).isEmpty();
    assertThat(ids(history, 99)).isEmpty();
    assertThat(history.after(1, 2)).extracting(History.Entry::id).containsExactly(2L, 3L);
  }

  @Test
  void thinsTheOlderOnesAndKeepsTheBeginning() {
    History history = new History(8, PLENTY);
    for (int i = 0; i < 9; i++) {
      history.add(entry("a", 1));
    }

    assertThat(ids(history, 0)).containsExactly(1L, 3L, 5L, 7L, 8L, 9L);
    assertThat(ids(history, 1)).startsWith(3L);
    assertThat(ids(history, 2)).startsWith(3L);
  }

  @Test
  void thinsProbeByProbe() {
    History history = new History(16, PLENTY);
    for (int i = 0; i < 17; i++) {
      history.add(entry(i % 2 == 0 ? "even" : "odd", 1));
    }

    assertThat(ids(history, 0)).containsExactly(1L, 2L, 5L, 6L, 9L, 10L, 13L, 14L, 15L, 16L, 17L);
  }

  @Test
  void staysWithinItsBoundsForAsLongAsItTakes() {
    History history = new History(100, PLENTY);
    for (int i = 0; i < 10_000; i++) {
      history.add(entry("a", 1));
      assertThat(history.after(0, Integer.MAX_VALUE)).hasSizeLessThanOrEqualTo(100);
    }

    List<Long> ids = ids(history, 0);
    assertThat(ids).hasSizeGreaterThan(50).startsWith(1L).endsWith(9_998L, 9_999L, 10_000L);
    long widest = 0;
    for (int i = 1; i < ids.size(); i++) {
      widest = Math.max(widest, ids.get(i) - ids.get(i - 1));
    }
    // 10,000 over 75 is between 128 and 256.
    assertThat(widest).isLessThanOrEqualTo(256);
  }

  @Test
  void clearingBeginsAgain() {
    History history = new History(8, PLENTY);
    for (int i = 0; i < 100; i++) {
      history.add(entry("a", 1));
    }
    history.clear();
    assertThat(ids(history, 0)).isEmpty();
    for (int i = 0; i < 8; i++) {
      history.add(entry("a", 1));
    }

    assertThat(ids(history, 0)).hasSize(8).startsWith(101L).endsWith(108L);
  }

  @Test
  void probesThatReadOnceMakeRoomFromTheOldest() {
    History history = new History(4, PLENTY);
    for (int i = 0; i < 6; i++) {
      history.add(entry("probe " + i, 1));
    }

    assertThat(ids(history, 0)).containsExactly(3L, 4L, 5L, 6L);
  }

  @Test
  void bytesAreBoundedToo() {
    History history = new History(1000, 100_000);
    for (int i = 0; i < 50; i++) {
      history.add(entry("a", 10_000));
      assertThat(history.after(0, Integer.MAX_VALUE).size() * 10_000L).isLessThanOrEqualTo(100_000);
    }
    assertThat(ids(history, 0)).startsWith(1L).endsWith(50L);

    history.add(entry("a", 1_000_000));
    assertThat(ids(history, 0)).containsExactly(51L);
    history.add(entry("a", 1));
    assertThat(ids(history, 0)).containsExactly(52L);
  }
}
