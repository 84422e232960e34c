package org.eigenscope.listeners.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SpectrumGridTest {

  @Test
  void defaultsHaveThreeBoundsForEachPowerOfTen() {
    assertThat(SpectrumGrid.defaults().bounds())
        .containsExactly(
            -10000, -4640, -2150, -1000, -464, -215, -100, -46.4, -21.5, -10, -4.64, -2.15, -1,
            -0.464, -0.215, -0.1, -0.0464, -0.0215, -0.01, -0.00464, -0.00215, -0.001, 0, 0.001,
            0.00215, 0.00464, 0.01, 0.0215, 0.0464, 0.1, 0.215, 0.464, 1, 2.15, 4.64, 10, 21.5,
            46.4, 100, 215, 464, 1000, 2150, 4640, 10000);
  }

  @ParameterizedTest
  @CsvSource({
    "1e-3, 1e7, 22",
    "1e-3, 1e-2, 22",
    "1e6, 1e7, 22",
    "0.0123456, 654321, 13",
    "1, 10, 2"
  })
  void boundsAreSymmetricAscendingAndEvenInTheLogarithm(
      double smallest, double largest, int boundsPerSide) {
    double[] bounds = new SpectrumGrid(smallest, largest, boundsPerSide).bounds();

    assertThat(bounds).hasSize(2 * boundsPerSide + 1).isSorted().doesNotHaveDuplicates();
    assertThat(bounds.length).isLessThanOrEqualTo(45);
    assertThat(bounds[boundsPerSide]).isEqualTo(0);
    assertThat(bounds[boundsPerSide + 1]).isEqualTo(smallest);
    assertThat(bounds[bounds.length - 1]).isEqualTo(largest);
    double ratio = Math.pow(largest / smallest, 1.0 / (boundsPerSide - 1));
    for (int i = 1; i <= boundsPerSide; i++) {
      assertThat(bounds[boundsPerSide - i]).isEqualTo(-bounds[boundsPerSide + i]);
      // Three digits: half a unit of the third is at most 0.5 %.
      double exact = smallest * Math.pow(ratio, i - 1);
      assertThat(bounds[boundsPerSide + i]).isCloseTo(exact, within(0.0051 * exact));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "9e-4, 1, 22, bounds must lie between",
    "1, 1.1e7, 22, bounds must lie between",
    "NaN, 1, 22, bounds must lie between",
    "1, NaN, 22, bounds must lie between",
    "1, 9.9, 22, at least ten times",
    "100, 10, 22, at least ten times",
    "1, 10, 1, between 2 and 22",
    "1, 10, 23, between 2 and 22"
  })
  void rejectsWhatMonitoringCannotTake(
      double smallest, double largest, int boundsPerSide, String message) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new SpectrumGrid(smallest, largest, boundsPerSide))
        .withMessageContaining(message)
        .withMessageContaining("got");
  }
}
