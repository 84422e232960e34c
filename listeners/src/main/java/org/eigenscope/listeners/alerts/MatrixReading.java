package org.eigenscope.listeners.alerts;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.eigenscope.probes.Measurement;
import org.eigenscope.probes.Reading;
import org.eigenscope.probes.Spectrum;

/**
 * What one reading tells of one matrix; NaN where it tells nothing.
 *
 * <p>A matrix is told from others by the tags that are left when those within it (end, rank, k) are
 * taken away.
 */
final class MatrixReading {
  private static final Set<String> WITHIN = Set.of("end", "rank", "k");

  private double loss = Double.NaN;
  private boolean hasLoss;
  private double stabilityRatio = Double.NaN;
  private double outliers = Double.NaN;
  private double negativeMass = Double.NaN;
  private double largest = Double.NaN;
  private double largestResidual = Double.NaN;
  private double largestAbsolute = Double.NaN;
  private double worstResidual = Double.NaN;
  private double gradientFraction = Double.NaN;
  private int gradientDimension;
  private long order;

  private MatrixReading() {}

  /** Returns what a reading tells of each of its matrices, by their tags. */
  static Map<Map<String, String>, MatrixReading> of(Reading reading) {
    Map<Map<String, String>, MatrixReading> all = new LinkedHashMap<>();
    for (Measurement measurement : reading.measurements()) {
      if (isWatched(measurement.name())) {
        Map<String, String> tags = new TreeMap<>(measurement.tags());
        boolean first = "largest".equals(tags.get("end")) && "1".equals(tags.get("rank"));
        tags.keySet().removeAll(WITHIN);
        all.computeIfAbsent(tags, unused -> new MatrixReading()).take(measurement, first);
      }
    }
    for (Spectrum spectrum : reading.spectra()) {
      MatrixReading matrix = all.get(spectrum.tags());
      if (matrix != null) {
        matrix.order = spectrum.order();
      }
    }
    return all;
  }

  private static boolean isWatched(String name) {
    return switch (name) {
      case "eigenscope.loss",
          "eigenscope.stability.ratio",
          "eigenscope.outliers",
          "eigenscope.negative.mass",
          "eigenscope.eigenvalue",
          "eigenscope.eigenvalue.residual",
          "eigenscope.gradient.fraction" ->
          true;
      default -> false;
    };
  }

  private void take(Measurement measurement, boolean first) {
    double value = measurement.value();
    switch (measurement.name()) {
      case "eigenscope.loss" -> {
        loss = value;
        hasLoss = true;
      }
      case "eigenscope.stability.ratio" -> stabilityRatio = value;
      case "eigenscope.outliers" -> outliers = value;
      case "eigenscope.negative.mass" -> negativeMass = value;
      case "eigenscope.eigenvalue" -> {
        largest = first ? value : largest;
        largestAbsolute = larger(largestAbsolute, Math.abs(value));
      }
      case "eigenscope.eigenvalue.residual" -> {
        largestResidual = first ? value : largestResidual;
        worstResidual = larger(worstResidual, value);
      }
      case "eigenscope.gradient.fraction" -> {
        gradientFraction = larger(gradientFraction, value);
        gradientDimension++;
      }
      default -> throw new AssertionError(measurement.name());
    }
  }

  /** Returns the larger of two values; NaN only if both are. */
  private static double larger(double value, double other) {
    return Double.isNaN(value) || other > value ? other : value;
  }

  /** Returns whether the reading has a loss at all, be it NaN. */
  boolean hasLoss() {
    return hasLoss;
  }

  double loss() {
    return loss;
  }

  double stabilityRatio() {
    return stabilityRatio;
  }

  double outliers() {
    return outliers;
  }

  double negativeMass() {
    return negativeMass;
  }

  /** Returns the largest eigenvalue. */
  double largest() {
    return largest;
  }

  /** Returns the residual of the largest eigenvalue. */
  double largestResidual() {
    return largestResidual;
  }

  /** Returns the largest absolute value of an eigenvalue. */
  double largestAbsolute() {
    return largestAbsolute;
  }

  /** Returns the largest residual of an eigenvalue. */
  double worstResidual() {
    return worstResidual;
  }

  /** Returns the gradient's share in the largest eigenspace that was measured. */
  double gradientFraction() {
    return gradientFraction;
  }

  /** Returns the dimension of the largest eigenspace that was measured. */
  int gradientDimension() {
    return gradientDimension;
  }

  /** Returns the order of the matrix, or 0 where the reading has no spectrum. */
  long order() {
    return order;
  }
}
