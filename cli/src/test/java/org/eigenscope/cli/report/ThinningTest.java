package org.eigenscope.cli.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ThinningTest {

  @Test
  void choosesEvenlyWithBothEnds() {
    assertThat(Thinning.evenly(9, 3)).containsExactly(0, 4, 8);
    assertThat(Thinning.evenly(3, 8)).containsExactly(0, 1, 2);
    assertThat(Thinning.evenly(0, 8)).isEmpty();
    assertThat(Thinning.evenly(List.of("a", "b", "c", "d"), 2)).containsExactly("a", "d");
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 20, 21, 22, 57, 10_000})
  void keepsTheEndsAndTheExtremes(int size) {
    SplittableRandom random = new SplittableRandom(size);
    double[] values = random.doubles(size).toArray();
    int spike = random.nextInt(size);
    values[spike] = 17;

    int[] kept = Thinning.keepingExtremes(values, 20);

    assertThat(kept).isSorted().doesNotHaveDuplicates().hasSizeLessThanOrEqualTo(20);
    assertThat(kept).contains(0, size - 1, spike);
    int lowest = 0;
    for (int i = 0; i < size; i++) {
      lowest = values[i] < values[lowest] ? i : lowest;
    }
    assertThat(kept).contains(lowest);
    assertThat(Arrays.stream(kept).allMatch(i -> i >= 0 && i < size)).isTrue();
  }
}
