package org.eigenscope.probes.linalg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.hipparchus.linear.EigenDecompositionSymmetric;
import org.hipparchus.linear.MatrixUtils;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class OutliersTest {

  /** Largest eigenvalues of a ten-class softmax network; a tenth follows 2.5 times lower. */
  private static final double[] NINE = {2.39, 1.97, 1.51, 1.37, 0.94, 0.80, 0.51, 0.44, 0.40};

  private static final long ORDER = 600;

  /** What follows the nine, down from 0.16. */
  private enum Bulk {
    POWER_LAW {
      @Override
      double value(int i) {
        return 0.16 * Math.pow((10 + i) / 10.0, -1.3);
      }
    },
    EXPONENTIAL {
      @Override
      double value(int i) {
        return 0.16 * Math.exp(-i / 20.0);
      }
    },
    SQUARE_ROOT_EDGE {
      @Override
      double value(int i) {
        return 0.16 * (1 - Math.pow(i / 600.0, 2 / 3.0));
      }
    },
    ALL_EQUAL {
      @Override
      double value(int i) {
        return 0.16;
      }
    },
    SIGNED {
      @Override
      double value(int i) {
        return 0.16 * Math.cos(Math.PI * i / 590);
      }
    };

    abstract double value(int i);

    double[] spectrum() {
      double[] values = Arrays.copyOf(NINE, (int) ORDER);
      for (int i = 0; i < ORDER - 9; i++) {
        values[9 + i] = value(i);
      }
      return values;
    }
  }

  private static Outliers findExact(double... values) {
    return Outliers.find(values, new double[values.length]);
  }

  private static Outliers findWithDraws(double[] spectrum, int given) {
    List<QuadratureRule> draws =
        TridiagonalMatrix.diagonal(spectrum).draws(90, 10, new Random(given));
    return Outliers.find(Arrays.copyOf(spectrum, given), new double[given], spectrum.length, draws);
  }

  @ParameterizedTest
  @EnumSource(Bulk.class)
  void findsTheNineOutliersOfATenClassNetworkFromItsTopTen(Bulk bulk) {
    double[] spectrum = bulk.spectrum();

    for (Outliers outliers :
        List.of(findExact(Arrays.copyOf(spectrum, 10)), findWithDraws(spectrum, 10))) {
      assertThat(outliers.count()).isEqualTo(9);
      assertThat(outliers.bulkEdge()).isEqualTo(0.16);
      assertThat(outliers.gap().ratio()).isCloseTo(2.5, within(1e-12));
    }
  }

  @ParameterizedTest
  @EnumSource(Bulk.class)
  void findsTheNineOutliersFromMoreEigenvaluesToo(Bulk bulk) {
    double[] spectrum = bulk.spectrum();

    for (int given : new int[] {12, 15, 20, 40}) {
      assertThat(findExact(Arrays.copyOf(spectrum, given)).count()).as("%d", given).isEqualTo(9);
      assertThat(findWithDraws(spectrum, given).count()).as("%d", given).isEqualTo(9);
    }
  }

  @ParameterizedTest
  @EnumSource(Bulk.class)
  void isUnknownWhileTheBulkIsOutOfSight(Bulk bulk) {
    double[] spectrum = bulk.spectrum();

    for (int given = 1; given <= 9; given++) {
      Outliers exact = findExact(Arrays.copyOf(spectrum, given));
      assertThat(exact.count()).as("%d", given).isNull();
      assertThat(exact.bulkEdge()).isNaN();
      assertThat(exact.gap()).isNull();
      assertThat(findWithDraws(spectrum, given).count()).as("%d, draws", given).isNull();
    }
  }

  @ParameterizedTest
  @ValueSource(doubles = {1e-150, 1e-6, 1e6, 1e150})
  void doesNotDependOnTheScale(double scale) {
    double[] values = Arrays.copyOf(Bulk.SIGNED.spectrum(), 20);
    double[] residuals = new double[20];
    Arrays.fill(residuals, 1e-6);
    Outliers plain = Outliers.find(values, residuals);
    Outliers scaled =
        Outliers.find(
            Arrays.stream(values).map(x -> scale * x).toArray(),
            Arrays.stream(residuals).map(x -> scale * x).toArray());

    assertThat(scaled.count()).isEqualTo(plain.count()).isEqualTo(9);
    assertThat(scaled.bulkEdge()).isCloseTo(0.16 * scale, within(1e-12 * scale));
    assertThat(scaled.gap().ratio()).isCloseTo(plain.gap().ratio(), within(1e-12));
  }

  @Test
  void findsTheOutliersOfPublishedNetworks() {
    // VGG11 on CIFAR-10, arXiv 1811.07062: the largest ratio of all is behind the first.
    assertThat(findExact(830, 415, 390, 340, 295, 205, 190, 170, 140, 60, 43).count()).isEqualTo(9);
    // LeNet5, arXiv 2010.04261: a gap of 1.89 after the ninth.
    assertThat(findExact(1.42, 1.2, .9, .8, .7, .6, .5, .45, .378, .2).count()).isEqualTo(9);
    // F-200² of the same paper: no gap to speak of up to the eleventh.
    assertThat(findExact(2.39, 1.97, 1.51, 1.37, .94, .80, .51, .44, .32, .24, .17).count())
        .isNull();
  }

  @Test
  void findsSpikesAboveTheEdgeOfAWishartBulk() {
    // diag(5, 4, 3, 0...) + Z Zᵀ/n: θ²/(θ − 1) = 6.25, 5.33, 4.5 over an edge of 4.
    int n = 300;
    Random random = new Random(11);
    double[][] z = new double[n][n];
    for (double[] row : z) {
      for (int j = 0; j < n; j++) {
        row[j] = random.nextGaussian() / Math.sqrt(n);
      }
    }
    var matrix = MatrixUtils.createRealMatrix(z);
    matrix = matrix.multiplyTransposed(matrix);
    for (int i = 0; i < 3; i++) {
      matrix.addToEntry(i, i, 5 - i);
    }
    double[] descending = new EigenDecompositionSymmetric(matrix).getEigenvalues();

    for (Outliers outliers :
        List.of(findExact(Arrays.copyOf(descending, 10)), findWithDraws(descending, 10))) {
      assertThat(outliers.count()).isEqualTo(3);
      assertThat(outliers.bulkEdge()).isCloseTo(4, within(0.25)).isEqualTo(descending[3]);
      assertThat(outliers.gap().test()).isEqualTo(Outliers.Test.EDGE);
      assertThat(outliers.gap().statistic()).isGreaterThanOrEqualTo(6);
    }
    assertThat(Arrays.copyOf(descending, 3))
        .containsExactly(new double[] {6.25, 16 / 3.0, 4.5}, within(0.6));
  }

  @Test
  void findsASingleSpikeAmongFewEigenvaluesWithTheHelpOfDraws() {
    double[] spectrum = IntStream.range(0, 400).mapToDouble(i -> 1 - i / 400.0).toArray();
    spectrum[0] = 5;

    Outliers outliers = findWithDraws(spectrum, 3);
    assertThat(outliers.count()).isEqualTo(1);
    assertThat(outliers.gap().test()).isEqualTo(Outliers.Test.TAIL);
    assertThat(findExact(Arrays.copyOf(spectrum, 3)).count()).isNull();
  }

  @ParameterizedTest
  @ValueSource(ints = {10, 20, 40})
  void findsNoneInAPureBulk(int given) {
    TridiagonalMatrix wishart = TridiagonalMatrix.wishart(300, 600, 0, new Random(21));
    double[] values = wishart.largest(given);
    List<QuadratureRule> draws = wishart.draws(90, 10, new Random(22));

    Outliers outliers = Outliers.find(values, new double[given], 300, draws);

    assertThat(outliers).isEqualTo(new Outliers(0, values[0], null));
  }

  @Test
  void findsNoneInASmallProblemWhoseBulkIsInSight() {
    TridiagonalMatrix wishart = TridiagonalMatrix.wishart(20, 100, 0, new Random(23));

    assertThat(
            Outliers.find(
                    wishart.largest(10), new double[10], 20, wishart.draws(20, 10, new Random(24)))
                .count())
        .isZero();
  }

  @Test
  void isUnknownInAPureBulkWithoutAnyEvidenceOfIt() {
    assertThat(
            findExact(TridiagonalMatrix.wishart(300, 600, 0, new Random(25)).largest(10)).count())
        .isNull();
    assertThat(findExact(1, 0.99, 0.98, 0.97).count()).isNull();
  }

  @Test
  void findsNoneWhenAllEigenvaluesAreGivenAndNoneStandsOut() {
    assertThat(Outliers.find(new double[] {3, 2.5, 2}, new double[3], 3, List.of()))
        .isEqualTo(new Outliers(0, 3, null));
    assertThat(Outliers.find(new double[] {3}, new double[1], 1, List.of()))
        .isEqualTo(new Outliers(0, 3, null));
    assertThat(findExact(3).count()).isNull();
  }

  @Test
  void takesWhatIsNotPositiveForBulk() {
    assertThat(findExact(0, 0, 0)).isEqualTo(new Outliers(0, 0, null));
    assertThat(findExact(-1, -2)).isEqualTo(new Outliers(0, -1, null));
    assertThat(findExact(5, 4, 3, 0, 0))
        .extracting(Outliers::count, Outliers::bulkEdge)
        .containsExactly(3, 0.0);
    assertThat(findExact(5, 4, 3, -0.01, -0.02))
        .extracting(Outliers::count, Outliers::bulkEdge)
        .containsExactly(3, -0.01);
  }

  @Test
  void takesWhatLiesWithinANegativeEigenvalueOfZeroForBulk() {
    // The last positive eigenvalues of a symmetric bulk are no outliers over the negative ones.
    assertThat(findExact(1, .8, .6, .4, .2, .05, -.03, -.1, -.3, -.5).count()).isZero();
  }

  @Test
  void countsAMultipleEigenvalueAsOftenAsItIs() {
    double[] values = new double[20];
    Arrays.fill(values, 0, 9, 7.0);
    for (int i = 9; i < 20; i++) {
      values[i] = 2 - 0.01 * i;
    }

    assertThat(findExact(values).count()).isEqualTo(9);
    for (int given = 1; given <= 9; given++) {
      assertThat(findExact(Arrays.copyOf(values, given)).count()).isNull();
    }
  }

  @Test
  void findsNoneAmongEqualEigenvalues() {
    double[] spectrum = new double[200];
    Arrays.fill(spectrum, 3);

    assertThat(findWithDraws(spectrum, 10).count()).isZero();
    assertThat(findExact(Arrays.copyOf(spectrum, 10)).count()).isNull();
  }

  @Test
  void isUnknownWhenAGapIsNotWiderThanTheResidualsAllow() {
    double[] values = {10, 9.99, 1, 0.98, 0.97, 0.96, 0.95, 0.94, 0.93, 0.92};
    double[] residuals = new double[10];
    assertThat(Outliers.find(values, residuals).count()).isEqualTo(2);

    residuals[1] = 8;
    assertThat(Outliers.find(values, residuals).count()).isNull();

    residuals[1] = 0.01;
    assertThat(Outliers.find(values, residuals).count()).isEqualTo(2);

    residuals[0] = 20;
    assertThat(Outliers.find(values, residuals).count()).isNull();
  }

  @Test
  void ignoresTheSpacingOfValuesBelowTheirResiduals() {
    double[] values = {5, 4, 3, 1e-9, 1e-10, 1e-11, 1e-12, 1e-13, 1e-14, 1e-15};
    double[] residuals = new double[10];
    Arrays.fill(residuals, 1e-6);

    assertThat(Outliers.find(values, residuals).count()).isEqualTo(3);
  }

  @Test
  void neverCountsMoreThanHalfOfAll() {
    assertThat(Outliers.find(new double[] {5, 5, 5, 0}, new double[4], 4, List.of()).count())
        .isZero();
  }

  @Test
  void rejectsMisuse() {
    assertThatThrownBy(() -> Outliers.find(new double[0], new double[0]))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("at least one value");
    assertThatThrownBy(() -> Outliers.find(new double[2], new double[1]))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("2 and 1");
    assertThatThrownBy(() -> Outliers.find(new double[2], new double[2], 1, List.of()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("order");
    assertThatThrownBy(() -> findExact(1, 2))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("descend");
    assertThatThrownBy(() -> findExact(1, Double.NaN))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("finite");
    assertThatThrownBy(() -> Outliers.find(new double[] {1}, new double[] {-1}))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("-1.0");
  }
}
