package org.eigenscope.listeners.metrics;

import java.math.BigDecimal;
import java.math.MathContext;

/**
 * The bounds of the spectrum's histogram: a logarithmic grid over absolute values, mirrored around
 * 0.
 *
 * <p><b>Definition.</b> With n = {@code boundsPerSide}, the bounds are −b_n, ..., −b_1, 0, b_1,
 * ..., b_n, where b_1 = {@code smallest}, b_n = {@code largest} and the others lie evenly spaced in
 * log b between them, rounded to three significant digits so that they read well. A bucket takes
 * the eigenvalues above the bound before it, up to and including its own.
 *
 * <p>A grid stays the same for a whole run: a histogram whose bounds move cannot be compared with
 * its past.
 *
 * @param smallest smallest positive bound, in units of the eigenvalues; at least {@value
 *     #LOWEST_BOUND}, because text and binary scrapes print smaller bounds differently
 * @param largest largest bound, at least ten times the smallest and at most {@value #HIGHEST_BOUND}
 * @param boundsPerSide number of positive bounds, from 2 to {@value #MAXIMUM_BOUNDS_PER_SIDE}
 */
public record SpectrumGrid(double smallest, double largest, int boundsPerSide) {

  /** The smallest absolute value of a bound other than 0. */
  public static final double LOWEST_BOUND = 1e-3;

  /** The largest absolute value of a bound. */
  public static final double HIGHEST_BOUND = 1e7;

  /** Each bound is a time series for each layer: 2 · 22 + 1 = 45 of them at most. */
  public static final int MAXIMUM_BOUNDS_PER_SIDE = 22;

  private static final MathContext THREE_DIGITS = new MathContext(3);

  /** Checks the ranges. */
  public SpectrumGrid {
    if (!(smallest >= LOWEST_BOUND && largest <= HIGHEST_BOUND)) {
      throw new IllegalArgumentException(
          "bounds must lie between %s and %s, got %s to %s"
              .formatted(LOWEST_BOUND, HIGHEST_BOUND, smallest, largest));
    }
    if (!(largest >= 10 * smallest)) {
      throw new IllegalArgumentException(
          "the largest bound must be at least ten times the smallest, got %s and %s"
              .formatted(largest, smallest));
    }
    if (boundsPerSide < 2 || boundsPerSide > MAXIMUM_BOUNDS_PER_SIDE) {
      throw new IllegalArgumentException(
          "boundsPerSide must be between 2 and %d, got %d"
              .formatted(MAXIMUM_BOUNDS_PER_SIDE, boundsPerSide));
    }
  }

  /**
   * Returns the grid from 10⁻³ to 10⁴ with three bounds for each power of ten: sharpness of
   * image-classification networks in training lies within it.
   */
  public static SpectrumGrid defaults() {
    return of(1e-3, 1e4);
  }

  /** Returns the densest grid over a range. */
  public static SpectrumGrid of(double smallest, double largest) {
    return new SpectrumGrid(smallest, largest, MAXIMUM_BOUNDS_PER_SIDE);
  }

  /** Returns a new array of the 2 · {@code boundsPerSide} + 1 bounds, ascending; no infinity. */
  public double[] bounds() {
    double[] bounds = new double[2 * boundsPerSide + 1];
    double logStep = Math.log(largest / smallest) / (boundsPerSide - 1);
    for (int i = 0; i < boundsPerSide; i++) {
      double bound;
      if (i == 0) {
        bound = smallest;
      } else if (i == boundsPerSide - 1) {
        bound = largest;
      } else {
        bound = new BigDecimal(smallest * Math.exp(i * logStep)).round(THREE_DIGITS).doubleValue();
      }
      bounds[boundsPerSide + 1 + i] = bound;
      bounds[boundsPerSide - 1 - i] = -bound;
    }
    return bounds;
  }
}
