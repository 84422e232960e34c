package org.eigenscope.listeners.web;

import java.util.Map;
import java.util.TreeMap;
import org.eigenscope.probes.Spectrum;
import org.eigenscope.probes.linalg.QuadratureRule;

/**
 * A spectrum small enough for a telephone: the mean of its draws, gathered in the bins of a grid
 * that is logarithmic to both sides of zero.
 *
 * <p>A bin is a 32nd of a decade, the same in every spectrum. What is within a millionth of the
 * largest magnitude is one bin around zero: the eigenvalues of a matrix in single precision are not
 * known any better. So there are at most 2 &middot; 6 &middot; 32 + 3 bins.
 *
 * @param values mean eigenvalue of each bin that has mass, weighted by mass; ascending
 * @param masses mass of each bin, positive; they sum to 1 up to rounding
 */
record SpectrumBins(double[] values, double[] masses) {

  /** Bins in a decade. */
  static final int PER_DECADE = 32;

  /** What counts as zero, relative to the largest magnitude. */
  static final double RELATIVE_ZERO = 1e-6;

  /** Larger than the index of any bin of the smallest double: keeps signs apart. */
  private static final int OFFSET = 400 * PER_DECADE;

  private static final class Bin {
    private double mass;
    private double moment;
  }

  static SpectrumBins of(Spectrum spectrum) {
    double largest = 0;
    for (QuadratureRule draw : spectrum.draws()) {
      largest = Math.max(largest, Math.max(-draw.node(0), draw.node(draw.size() - 1)));
    }
    double zero = RELATIVE_ZERO * largest;
    Map<Integer, Bin> bins = new TreeMap<>();
    for (QuadratureRule draw : spectrum.draws()) {
      for (int i = 0; i < draw.size(); i++) {
        double mass = draw.weight(i) / spectrum.draws().size();
        if (mass > 0) {
          Bin bin = bins.computeIfAbsent(index(draw.node(i), zero), index -> new Bin());
          bin.mass += mass;
          bin.moment += mass * draw.node(i);
        }
      }
    }
    return new SpectrumBins(
        bins.values().stream().mapToDouble(bin -> bin.moment / bin.mass).toArray(),
        bins.values().stream().mapToDouble(bin -> bin.mass).toArray());
  }

  private static int index(double value, double zero) {
    double magnitude = Math.abs(value);
    if (magnitude <= zero) {
      return 0;
    }
    int index = OFFSET + (int) Math.floor(PER_DECADE * Math.log10(magnitude));
    return value < 0 ? -index : index;
  }
}
