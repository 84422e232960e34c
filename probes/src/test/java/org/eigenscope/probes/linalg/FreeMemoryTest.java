package org.eigenscope.probes.linalg;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class FreeMemoryTest {

  @Test
  void isNeverMoreThanTheLimit() {
    assertThat(FreeMemory.usable(500, 100)).isEqualTo(100);
    assertThat(FreeMemory.usable(1, Long.MAX_VALUE)).isBetween(1L, 1L << 50);
  }

  @Test
  void looksTwiceBeforeItSaysNo() {
    assertThat(FreeMemory.usable(Long.MAX_VALUE, Long.MAX_VALUE)).isLessThan(1L << 50);
  }

  @Test
  void printsReadableUnits() {
    assertThat(FreeMemory.format(999)).isEqualTo("999 bytes");
    assertThat(FreeMemory.format(1000)).isEqualTo("1.0 kB");
    assertThat(FreeMemory.format(2_345_000_000L)).isEqualTo("2.3 GB");
    assertThat(FreeMemory.format(Long.MAX_VALUE)).endsWith(" TB");
  }
}
