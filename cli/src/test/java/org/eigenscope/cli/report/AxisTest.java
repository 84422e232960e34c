package org.eigenscope.cli.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.eigenscope.cli.report.Axis.Tick;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class AxisTest {

  private static List<String> labels(Axis axis) {
    return axis.ticks().stream().map(Tick::label).toList();
  }

  @Test
  void aLinearAxisEndsAtRoundTicks() {
    Axis axis = Axis.linear("x", 0.13, 1.9);

    assertThat(labels(axis)).containsExactly("0", "0.5", "1", "1.5", "2");
    assertThat(axis.place(0)).isZero();
    assertThat(axis.place(2)).isEqualTo(1);
    assertThat(axis.place(0.5)).isCloseTo(0.25, within(1e-12));
    assertThat(axis.description()).isEqualTo("x, linear, 0 to 2");
  }

  @Test
  void verySmallAndLargeValuesHavePowersOfTen() {
    assertThat(labels(Axis.linear("x", -1.8e-7, 0)))
        .containsExactly("−2·10⁻⁷", "−1.5·10⁻⁷", "−10⁻⁷", "−5·10⁻⁸", "0");
    assertThat(labels(Axis.whole("iteration", 0, 4_000_000)))
        .containsExactly("0", "10⁶", "2·10⁶", "3·10⁶", "4·10⁶");
  }

  @Test
  void anAxisOfIterationsHasWholeTicksAndEndsWhereTheyDo() {
    assertThat(labels(Axis.whole("iteration", 0, 299))).containsExactly("0", "100", "200");
    assertThat(labels(Axis.whole("iteration", 0, 2))).containsExactly("0", "1", "2");
    assertThat(labels(Axis.whole("iteration", 7, 7))).containsExactly("6", "7", "8");
    assertThat(Axis.whole("iteration", 10, 299).place(299)).isEqualTo(1);
  }

  @Test
  void anAxisOfCountsStartsAtZeroAndHasWholeTicks() {
    assertThat(labels(Axis.counting("outliers", 0, 0))).containsExactly("0", "1");
    assertThat(labels(Axis.counting("outliers", 0, 9)))
        .containsExactly("0", "2", "4", "6", "8", "10");
  }

  @Test
  void aLogarithmicAxisHasPowersOfTen() {
    Axis axis = Axis.logarithmic("loss", 1e-4, 100);

    assertThat(labels(axis)).containsExactly("10⁻⁴", "0.001", "0.01", "0.1", "1", "10", "100");
    assertThat(axis.place(0.1) - axis.place(0.01))
        .isCloseTo(axis.place(10) - axis.place(1), within(1e-12));
    assertThat(axis.place(0)).isZero();
    assertThat(axis.place(-3)).isZero();
    assertThat(axis.place(1e9)).isEqualTo(1);
  }

  @Test
  void aShortLogarithmicAxisHasTicksBetweenPowersOfTen() {
    assertThat(labels(Axis.logarithmic("x", 1.5, 60))).containsExactly("2", "5", "10", "20", "50");
  }

  @Test
  void aSignedAxisIsLogarithmicToBothSides() {
    Axis axis = Axis.signedLogarithmic("eigenvalue", -2, 2, 3);

    assertThat(labels(axis)).containsExactly("−1", "−0.1", "±0.01", "0.1", "1", "10");
    assertThat(axis.place(-1)).isZero();
    assertThat(axis.place(0)).isEqualTo(0.4);
    assertThat(axis.place(0.009)).isEqualTo(0.4);
    assertThat(axis.place(0.1)).isCloseTo(0.6, within(1e-12));
    assertThat(axis.place(10)).isEqualTo(1);
  }

  @Test
  void unknownValuesHaveNoPlace() {
    assertThat(Axis.linear("x", 0, 1).place(Double.NaN)).isNaN();
    assertThat(Axis.logarithmic("x", 1, 10).place(Double.NaN)).isNaN();
    assertThat(Axis.signedLogarithmic("x", 0, 1, 1).place(Double.NaN)).isNaN();
  }

  static IntStream seeds() {
    return IntStream.range(0, 200);
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void anyRangeHasAFewTicksInOrderThatLieWithin(int seed) {
    SplittableRandom random = new SplittableRandom(seed);
    double one = Math.scalb(random.nextDouble(-1, 1), random.nextInt(-1060, 1023));
    double other =
        random.nextBoolean() ? one * (1 + 1e-7 * random.nextInt(3)) : random.nextDouble(-9, 9);
    double low = Math.min(one, other);
    double high = Math.max(one, other);

    assertFewTicksInOrder(Axis.linear("x", low, high));
    double positive = Math.max(Double.MIN_VALUE, Math.abs(one));
    assertFewTicksInOrder(Axis.logarithmic("x", positive, 10 * positive));
    assertFewTicksInOrder(Axis.logarithmic("x", Math.min(positive, 0.1), Math.max(positive, 1)));
    int first = random.nextInt(1_000_000);
    assertFewTicksInOrder(Axis.whole("x", first, first + random.nextInt(1_000_000)));
    assertFewTicksInOrder(Axis.counting("x", 0, random.nextInt(1_000)));
  }

  private static void assertFewTicksInOrder(Axis axis) {
    List<Double> places = axis.ticks().stream().map(Tick::place).toList();
    assertThat(places).hasSizeBetween(1, 12).isSorted().doesNotHaveDuplicates();
    assertThat(places).allMatch(place -> place >= -1e-9 && place <= 1 + 1e-9);
  }
}
