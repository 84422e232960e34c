package org.eigenscope.listeners.metrics;

import java.util.Arrays;
import org.eigenscope.probes.Spectrum;
import org.eigenscope.probes.linalg.QuadratureRule;
import org.jspecify.annotations.Nullable;

/** The mass of a spectrum in the buckets of a grid, in millionths of the eigenvalues. */
final class SpectralHistogram {

  /** What the counts of all buckets add up to. */
  static final long TOTAL = 1_000_000;

  private final long[] counts;
  private final double sum;

  private SpectralHistogram(long[] counts, double sum) {
    this.counts = counts;
    this.sum = sum;
  }

  /**
   * Returns the histogram of the mean of a spectrum's draws, or null when no draw has any weight.
   *
   * <p>The cumulative mass is what is rounded, so that counts are never negative and add up to
   * {@link #TOTAL} exactly. Each draw is scaled to a total of 1 first.
   *
   * @param spectrum the spectrum
   * @param bounds upper bounds of all buckets but the last, ascending; not modified
   */
  static @Nullable SpectralHistogram of(Spectrum spectrum, double[] bounds) {
    double[] mass = new double[bounds.length + 1];
    double mean = 0;
    int draws = 0;
    for (QuadratureRule draw : spectrum.draws()) {
      double weight = 0;
      for (int i = 0; i < draw.size(); i++) {
        weight += draw.weight(i);
      }
      if (weight > 0) {
        draws++;
        for (int i = 0; i < draw.size(); i++) {
          double share = draw.weight(i) / weight;
          mass[bucket(bounds, draw.node(i))] += share;
          mean += share * draw.node(i);
        }
      }
    }
    if (draws == 0) {
      return null;
    }
    long[] counts = new long[mass.length];
    double cumulative = 0;
    long before = 0;
    for (int i = 0; i < bounds.length; i++) {
      cumulative += mass[i];
      long upTo = Math.round(TOTAL * Math.min(1, cumulative / draws));
      counts[i] = upTo - before;
      before = upTo;
    }
    counts[bounds.length] = TOTAL - before;
    return new SpectralHistogram(counts, mean / draws * TOTAL);
  }

  /** Returns the index of the first bound that is not below a value. */
  private static int bucket(double[] bounds, double value) {
    // Adding zero turns −0 into 0, which binarySearch tells apart.
    int found = Arrays.binarySearch(bounds, value + 0.0);
    return found >= 0 ? found : -found - 1;
  }

  /** Returns a copy of the counts of the buckets, not cumulated; the last has no upper bound. */
  long[] counts() {
    return counts.clone();
  }

  /** Returns the sum of what was counted: the mean eigenvalue times {@link #TOTAL}. */
  double sum() {
    return sum;
  }
}
