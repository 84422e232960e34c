package org.eigenscope.probes;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;

/** The scalars of a {@link SpectrumReading}, by the names that are promised outside. */
enum SpectrumQuantity {
  EIGENVALUE("eigenscope.eigenvalue", "Ritz value of the matrix, by end of the spectrum and rank"),
  EIGENVALUE_RESIDUAL(
      "eigenscope.eigenvalue.residual",
      "Residual norm of that Ritz pair: an eigenvalue lies within this distance"),
  OUTLIERS("eigenscope.outliers", "Number of eigenvalues beyond the upper bulk edge"),
  BULK_EDGE("eigenscope.bulk.edge", "Edge of the continuous bulk of the spectrum"),
  OUTLIER_RATIO("eigenscope.outlier.ratio", "Largest eigenvalue over the upper bulk edge"),
  TRACE("eigenscope.trace", "Trace of the matrix, mean over test vectors"),
  TRACE_STANDARD_ERROR(
      "eigenscope.trace.standard.error", "Standard error of the trace over test vectors"),
  NEGATIVE_MASS(
      "eigenscope.negative.mass",
      "Sum of absolute negative eigenvalues over the sum of absolute eigenvalues"),
  GRADIENT_FRACTION(
      "eigenscope.gradient.fraction",
      "Squared norm of the gradient's part in the top-k eigenspace over the whole"),
  GRADIENT_NORM("eigenscope.gradient.norm", "Euclidean norm of the gradient on the probe's data"),
  LOSS("eigenscope.loss", "Mean loss on the probe's data, without regularisation"),
  SUBSPACE_OVERLAP(
      "eigenscope.subspace.overlap",
      "Overlap of the top-k eigenspace with the previous reading's, from 0 to 1"),
  STABILITY_RATIO(
      "eigenscope.stability.ratio", "Largest eigenvalue over the optimiser's stability limit");

  private static final String LARGEST = "largest";
  private static final String SMALLEST = "smallest";

  private final String meter;
  private final String description;

  SpectrumQuantity(String meter, String description) {
    this.meter = meter;
    this.description = description;
  }

  /** Returns the quantities of readings with draws or without; some come from the draws alone. */
  private static Set<SpectrumQuantity> of(boolean draws) {
    return draws
        ? EnumSet.allOf(SpectrumQuantity.class)
        : EnumSet.complementOf(EnumSet.of(TRACE, TRACE_STANDARD_ERROR, NEGATIVE_MASS));
  }

  /** Returns the measurements of a reading. */
  static List<Measurement> measurements(SpectrumReading reading) {
    List<Measurement> all = new ArrayList<>();
    for (SpectrumQuantity quantity : of(!reading.draws().isEmpty())) {
      quantity.measure(reading, all);
    }
    return List.copyOf(all);
  }

  private void measure(SpectrumReading reading, List<Measurement> to) {
    switch (this) {
      case EIGENVALUE -> eigenvalues(reading, SpectrumReading.Eigenvalue::value, to);
      case EIGENVALUE_RESIDUAL -> eigenvalues(reading, SpectrumReading.Eigenvalue::residual, to);
      case OUTLIERS -> {
        Integer outliers = reading.outliers();
        add(reading, outliers == null ? Double.NaN : outliers, to);
      }
      case BULK_EDGE -> add(reading, reading.bulkEdge(), to, "side", "upper");
      case OUTLIER_RATIO -> {
        // A ratio over an edge at or below zero says nothing.
        double edge = reading.bulkEdge();
        add(reading, edge > 0 ? reading.sharpness() / edge : Double.NaN, to);
      }
      case TRACE -> add(reading, reading.trace().estimate(), to);
      case TRACE_STANDARD_ERROR -> add(reading, reading.trace().standardError(), to);
      case NEGATIVE_MASS -> add(reading, reading.negativeMass(), to);
      case GRADIENT_FRACTION -> byDimension(reading, reading.gradientFraction(), to);
      case GRADIENT_NORM -> add(reading, reading.gradientNorm(), to);
      case LOSS -> add(reading, reading.loss(), to);
      case SUBSPACE_OVERLAP -> byDimension(reading, reading.subspaceOverlap(), to);
      case STABILITY_RATIO -> add(reading, reading.stabilityRatio(), to);
    }
  }

  /**
   * Declares all quantities of readings with these common tags.
   *
   * @param draws whether the readings have draws
   */
  static List<Quantity> declare(
      Map<String, String> tags, int largest, int smallest, boolean draws) {
    List<Quantity> all = new ArrayList<>();
    for (SpectrumQuantity quantity : of(draws)) {
      switch (quantity) {
        case EIGENVALUE, EIGENVALUE_RESIDUAL -> {
          for (int rank = 1; rank <= largest; rank++) {
            quantity.declare(tags, all, "end", LARGEST, "rank", Integer.toString(rank));
          }
          for (int rank = 1; rank <= smallest; rank++) {
            quantity.declare(tags, all, "end", SMALLEST, "rank", Integer.toString(rank));
          }
        }
        case GRADIENT_FRACTION, SUBSPACE_OVERLAP -> {
          for (int k = 1; k <= largest; k++) {
            quantity.declare(tags, all, "k", Integer.toString(k));
          }
        }
        case BULK_EDGE -> quantity.declare(tags, all, "side", "upper");
        default -> quantity.declare(tags, all);
      }
    }
    return List.copyOf(all);
  }

  private void declare(Map<String, String> tags, List<Quantity> to, String... keyValues) {
    Map<String, String> all = new TreeMap<>(tags);
    for (int i = 0; i < keyValues.length; i += 2) {
      all.put(keyValues[i], keyValues[i + 1]);
    }
    to.add(new Quantity(meter, all, description));
  }

  private void eigenvalues(
      SpectrumReading reading,
      Function<SpectrumReading.Eigenvalue, Double> part,
      List<Measurement> to) {
    for (int i = 0; i < reading.largest().size(); i++) {
      add(reading, part.apply(reading.largest().get(i)), to, "end", LARGEST, "rank", rank(i));
    }
    for (int i = 0; i < reading.smallest().size(); i++) {
      add(reading, part.apply(reading.smallest().get(i)), to, "end", SMALLEST, "rank", rank(i));
    }
  }

  private static String rank(int index) {
    return Integer.toString(index + 1);
  }

  private void byDimension(SpectrumReading reading, List<Double> values, List<Measurement> to) {
    for (int i = 0; i < values.size(); i++) {
      add(reading, values.get(i), to, "k", Integer.toString(i + 1));
    }
  }

  private void add(SpectrumReading reading, double value, List<Measurement> to, String... tags) {
    to.add(new Measurement(meter, reading.tagsWith(tags), value));
  }
}
