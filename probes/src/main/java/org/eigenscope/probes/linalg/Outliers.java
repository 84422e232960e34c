package org.eigenscope.probes.linalg;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The eigenvalues above the upper edge of the bulk of a spectrum.
 *
 * <p><b>Definition.</b> Let λ_1 ≥ λ_2 ≥ ... be the largest eigenvalues, r_i = λ_i / λ_{i+1} and s_i
 * = i ln r_i. The count is the largest i whose gap, between λ_i and λ_{i+1}, passes one of three
 * tests, at the level 0.05 / (K − 1) where K eigenvalues are given:
 *
 * <ul>
 *   <li>{@link Test#TAIL}: r_i ≥ 1.1 and s_i is too large for the power-law tail that the
 *       eigenvalues below the gap follow. In such a tail the s are independent and exponential
 *       (Rényi 1953), so that s_i over the mean of m of them exceeds x with probability (1 +
 *       x/m)^−m. The mean comes from the m ≥ 4 gaps below, or from an estimated number m ≥ 4 of
 *       eigenvalues in (λ_{i+1}/2, λ_{i+1}), whichever is more.
 *   <li>{@link Test#HEAVY_TAIL}: r_i ≥ 1.5 and s_i is too large even for a tail as heavy as 1/λ,
 *       where it exceeds x with probability e^−x. Needs nothing below λ_{i+1}.
 *   <li>{@link Test#EDGE}: r_i ≥ 1.05, the bulk ends sharply (the mean of s below the gap is at
 *       most 1/4) and λ_i − λ_{i+1} is at least 6 times the mean of the next (at least 4, at most
 *       8) gaps. Eigenvalues at the edge of a random matrix repel each other, and leave a gap that
 *       wide in about one of a hundred matrices.
 * </ul>
 *
 * <p>No test passes at i &gt; n/2, and eigenvalues that are not positive are bulk: when λ_K is
 * negative, so is what lies within |λ_K| of zero. Nothing depends on the scale of the eigenvalues.
 *
 * <p><b>Accuracy.</b> When no gap passes, the count is 0 if the bulk is known to have been reached:
 * all n eigenvalues are given, or one of them is not positive, or K ≥ 10 and for some j at least
 * max(j, 20) eigenvalues (or a third of the n − j others) lie in (λ_j/2, λ_j). Otherwise it is
 * unknown, and more eigenvalues are needed. A gap that passes only when residuals are left out of
 * account makes it unknown, too. Measured rates of false alarms and of detection are in
 * docs/outliers.md.
 *
 * @param count number of eigenvalues above the bulk at the upper end, or null when unknown
 * @param bulkEdge the largest eigenvalue not counted; NaN when {@code count} is null
 * @param gap what separates the outliers from the bulk; null without outliers
 */
public record Outliers(@Nullable Integer count, double bulkEdge, @Nullable Gap gap) {

  /** The probability of a false alarm in a power-law tail, for all gaps together. */
  private static final double LEVEL = 0.05;

  private static final double TAIL_RATIO = 1.1;
  private static final double HEAVY_TAIL_RATIO = 1.5;
  private static final double EDGE_RATIO = 1.05;

  /** Fewer gaps below tell nothing of the bulk. */
  private static final int FEWEST_BELOW = 4;

  /** Tail index from which a bulk counts as sharply ended. */
  private static final double EDGE_INDEX = 4;

  /** Gap over mean gap: 99% quantile of the largest such ratio at the edge of random matrices. */
  private static final double EDGE_GAP = 6;

  private static final int EDGE_WINDOW = 8;

  /** With fewer eigenvalues the edge test sees too few gaps to conclude that there is none. */
  private static final int FEWEST_FOR_NONE = 10;

  /** This many eigenvalues within a factor of two are a bulk, whatever lies above them. */
  private static final int BULK_COUNT = 20;

  /** Eigenvalues below this part of the largest are rounding: 2^12 units in the last place. */
  private static final double ROUNDING = 4096 * Math.ulp(1.0);

  private static final Outliers UNKNOWN = new Outliers(null, Double.NaN, null);

  /** The tests that a gap can pass. */
  public enum Test {
    /** Too wide for the power-law tail that the eigenvalues below follow. */
    TAIL,
    /** Too wide for a tail as heavy as 1/λ. */
    HEAVY_TAIL,
    /** Too wide for the sharp edge of a random matrix. */
    EDGE
  }

  /**
   * What separates the outliers from the bulk.
   *
   * @param test the first test it passed, in the order of {@link Test}
   * @param ratio smallest outlier over bulk edge, dimensionless, both moved towards each other by
   *     their residuals; a bulk edge near or below zero is taken as the resolution there
   * @param statistic for {@code TAIL} and {@code HEAVY_TAIL} the probability of a gap as wide; for
   *     {@code EDGE} the gap over the mean of the gaps below
   */
  public record Gap(Test test, double ratio, double statistic) {}

  /**
   * Returns the outliers among the largest eigenvalues of an operator of which nothing else is
   * known.
   *
   * @param values the K algebraically largest eigenvalues, descending, K ≥ 1; not modified
   * @param residualNorms as for {@link #find(double[], double[], long, List)}
   * @throws IllegalArgumentException as for {@link #find(double[], double[], long, List)}
   */
  public static Outliers find(double[] values, double[] residualNorms) {
    return find(values, residualNorms, Long.MAX_VALUE, List.of());
  }

  /**
   * Returns the outliers among the largest eigenvalues of an operator.
   *
   * <p>The values must be Ritz values of one orthonormal set of vectors, such as a {@link
   * TopEigenspace}: then K eigenvalues, counted with their multiplicities, lie one by one within
   * √(Σ r_j²) of them (Kahan 1967; Parlett 1980, "The Symmetric Eigenvalue Problem", §11.5), so
   * that equal values are a multiple eigenvalue and count as such. Ritz values of Lanczos without
   * reorthogonalisation hold copies of one eigenvalue, which no rule can tell from a multiple one.
   *
   * @param values the K algebraically largest eigenvalues, descending, K ≥ 1; not modified
   * @param residualNorms ‖A y − θ y‖₂ for each of them, in the same units; zero for exact values;
   *     not modified
   * @param order n, the number of eigenvalues of the operator, at least K
   * @param draws rules of stochastic Lanczos quadrature for the same operator, which say how many
   *     eigenvalues follow below the last; may be empty
   * @throws IllegalArgumentException if there is no value, a number is not finite, the values do
   *     not descend, a residual is negative, the lengths differ, or the order is less than K
   */
  public static Outliers find(
      double[] values, double[] residualNorms, long order, List<QuadratureRule> draws) {
    check(values, residualNorms, order);
    Search search = new Search(values, residualNorms, order, draws);
    int asComputed = search.count(false);
    int count = search.count(true);
    if (count != asComputed) {
      return UNKNOWN;
    }
    if (count > 0) {
      return new Outliers(count, values[count], search.gap(count, true));
    }
    return search.reachesBulk() ? new Outliers(0, values[0], null) : UNKNOWN;
  }

  private static void check(double[] values, double[] residualNorms, long order) {
    if (values.length == 0 || values.length != residualNorms.length) {
      throw new IllegalArgumentException(
          "outliers need at least one value and as many residuals, got %d and %d"
              .formatted(values.length, residualNorms.length));
    }
    if (order < values.length) {
      throw new IllegalArgumentException(
          "order must be at least the number of values %d, got %d".formatted(values.length, order));
    }
    for (int i = 0; i < values.length; i++) {
      if (!Double.isFinite(values[i]) || !(residualNorms[i] >= 0)) {
        throw new IllegalArgumentException(
            "values must be finite and residuals >= 0, got %s with residual %s at %d"
                .formatted(values[i], residualNorms[i], i));
      }
      if (i > 0 && values[i] > values[i - 1]) {
        throw new IllegalArgumentException(
            "values must descend, got %s after %s at %d".formatted(values[i], values[i - 1], i));
      }
    }
  }

  /** The tests of one list of eigenvalues. Ranks are 1-based, as in the definition. */
  private static final class Search {
    private final double[] values;
    private final double[] residualNorms;
    private final long order;
    private final List<QuadratureRule> draws;
    private final int given;
    private final double level;
    private final double floor;

    Search(double[] values, double[] residualNorms, long order, List<QuadratureRule> draws) {
      this.values = values;
      this.residualNorms = residualNorms;
      this.order = order;
      this.draws = draws;
      given = values.length;
      level = LEVEL / (given - 1);
      floor = Math.max(-value(given), ROUNDING * value(1));
    }

    private double value(int rank) {
      return values[rank - 1];
    }

    private double residual(int rank) {
      return residualNorms[rank - 1];
    }

    /**
     * Returns whether an eigenvalue is known to be positive, and so has a logarithm to speak of.
     */
    private boolean resolved(int rank) {
      return value(rank) > floor && value(rank) > residual(rank);
    }

    /** Returns the largest rank whose gap passes a test, or 0. */
    int count(boolean heedResiduals) {
      for (int rank = (int) Math.min(given - 1, order / 2); rank >= 1; rank--) {
        if (gap(rank, heedResiduals) != null) {
          return rank;
        }
      }
      return 0;
    }

    /** Returns the gap below a rank, or null if it passes no test. */
    @Nullable Gap gap(int rank, boolean heedResiduals) {
      if (!resolved(rank)) {
        return null;
      }
      double uncertainty = heedResiduals ? jointResidual(rank + 1) : 0;
      double upper = value(rank) - uncertainty;
      double lower = Math.max(value(rank + 1), floor) + uncertainty;
      double ratio = upper / lower;
      if (!(ratio >= EDGE_RATIO)) {
        return null;
      }
      double scaledGap = rank * Math.log(ratio);

      int last = given;
      while (last > rank && !resolved(last)) {
        last--;
      }
      int below = last - rank - 1;
      double sumBelow = 0;
      for (int j = rank + 1; j < last; j++) {
        sumBelow += j * Math.log(value(j) / value(j + 1));
      }

      double tail = tailProbability(rank, scaledGap, below, sumBelow);
      if (ratio >= TAIL_RATIO && tail <= level) {
        return new Gap(Test.TAIL, ratio, tail);
      }
      double heavyTail = Math.exp(-scaledGap);
      if (ratio >= HEAVY_TAIL_RATIO && heavyTail <= level) {
        return new Gap(Test.HEAVY_TAIL, ratio, heavyTail);
      }
      if (below >= FEWEST_BELOW && below >= EDGE_INDEX * sumBelow) {
        int window = Math.min(below, EDGE_WINDOW);
        double meanGap = (value(rank + 1) - value(rank + 1 + window)) / window;
        if (upper - lower >= EDGE_GAP * meanGap) {
          return new Gap(Test.EDGE, ratio, (upper - lower) / meanGap);
        }
      }
      return null;
    }

    /** Returns the bound of Kahan's theorem for the first eigenvalues. */
    private double jointResidual(int ranks) {
      double norm = 0;
      for (int j = 1; j <= ranks; j++) {
        norm = Math.hypot(norm, residual(j));
      }
      return norm;
    }

    private double tailProbability(int rank, double scaledGap, int below, double sumBelow) {
      double sample = 0;
      double meanBelow = 0;
      if (below >= FEWEST_BELOW) {
        sample = below;
        meanBelow = sumBelow / below;
      }
      if (resolved(rank + 1)) {
        double octave = countFrom(value(rank + 1) / 2) - (rank + 1);
        if (octave >= FEWEST_BELOW && octave > sample) {
          sample = octave;
          // In a tail where x^-a of all lie above x, the mean of s is 1/a.
          meanBelow = Math.log(2) / Math.log1p(octave / (rank + 1));
        }
      }
      return sample == 0 ? 1 : Math.pow(1 + scaledGap / meanBelow / sample, -sample);
    }

    /** Returns how many eigenvalues are at least x: counted, or estimated below the last given. */
    private double countFrom(double x) {
      int counted = 0;
      while (counted < given && values[counted] >= x) {
        counted++;
      }
      if (counted < given || draws.isEmpty()) {
        return counted;
      }
      double estimate =
          SpectralMoments.of(draws, order).count(x, Double.POSITIVE_INFINITY).estimate();
      return Math.max(given, estimate);
    }

    /** Returns whether the eigenvalues go down far enough to say that there are no outliers. */
    boolean reachesBulk() {
      if (given == order || value(given) <= floor) {
        return true;
      }
      if (given < FEWEST_FOR_NONE || !resolved(1)) {
        return false;
      }
      for (int rank = 1; rank <= given; rank++) {
        double octave = countFrom(value(rank) / 2) - rank;
        if (octave >= Math.min(Math.max(rank, BULK_COUNT), (order - rank) / 3.0)) {
          return true;
        }
      }
      return false;
    }
  }
}
