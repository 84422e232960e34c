package org.eigenscope.cli.report;

import java.util.Arrays;
import org.eigenscope.cli.report.LineChart.Vertical;

/** How scalars that are known by name are titled and drawn, in the order of their figures. */
enum Quantity {
  OUTLIERS(
      "eigenscope.outliers",
      "Outliers",
      "Eigenvalues above the edge of the bulk.",
      Vertical.COUNT,
      "outliers"),
  OUTLIER_RATIO(
      "eigenscope.outlier.ratio",
      "Outlier ratio",
      "Largest eigenvalue over the upper edge of the bulk.",
      Vertical.FITTING,
      "ratio"),
  TRACE(
      "eigenscope.trace",
      "Trace",
      "Band: one standard error over the draws.",
      Vertical.FROM_ZERO,
      "trace"),
  NEGATIVE_MASS(
      "eigenscope.negative.mass",
      "Negative mass",
      "Sum of absolute negative eigenvalues over the sum of all absolute eigenvalues.",
      Vertical.FROM_ZERO,
      "negative mass"),
  GRADIENT_FRACTION(
      "eigenscope.gradient.fraction",
      "Gradient fraction",
      "Part of the squared gradient norm in the eigenspace of the k largest eigenvalues.",
      Vertical.SHARE,
      "fraction"),
  SUBSPACE_OVERLAP(
      "eigenscope.subspace.overlap",
      "Overlap of eigenspaces",
      "Of the k largest eigenvalues, with the same one at the reading before.",
      Vertical.SHARE,
      "overlap"),
  LOSS("eigenscope.loss", "Loss", "Mean loss on the probe's data.", Vertical.FITTING, "loss"),
  GRADIENT_NORM(
      "eigenscope.gradient.norm",
      "Gradient norm",
      "On the probe's data.",
      Vertical.FITTING,
      "gradient norm"),
  STABILITY_RATIO(
      "eigenscope.stability.ratio",
      "Stability ratio",
      "Largest eigenvalue over the optimiser's limit; gradient descent on a quadratic"
          + " diverges above 1.",
      Vertical.FITTING,
      "ratio"),
  EIGENVALUE_CONTRAST(
      "eigenscope.contrast.eigenvalue.ratio",
      "Contrast: largest eigenvalue",
      "Ratio of the arm's to the reference's.",
      Vertical.FITTING,
      "ratio"),
  OUTLIER_RATIO_CONTRAST(
      "eigenscope.contrast.outlier.ratio",
      "Contrast: λ₁/λₖ",
      "Ratio of the arm's to the reference's.",
      Vertical.FITTING,
      "ratio"),
  GRADIENT_FRACTION_CONTRAST(
      "eigenscope.contrast.gradient.fraction.difference",
      "Contrast: gradient fraction",
      "Difference, the arm's less the reference's.",
      Vertical.FROM_ZERO,
      "difference"),
  OUTLIERS_CONTRAST(
      "eigenscope.contrast.outliers.difference",
      "Contrast: outliers",
      "Difference, the arm's less the reference's.",
      Vertical.COUNT,
      "difference"),
  LOSS_CONTRAST(
      "eigenscope.contrast.loss.difference",
      "Contrast: loss",
      "Difference, the arm's less the reference's.",
      Vertical.FROM_ZERO,
      "difference");

  private static final String CONTRAST = "eigenscope.contrast.";

  private final String meterName;
  private final String title;
  private final String explanation;
  private final Vertical vertical;
  private final String unit;

  Quantity(String meterName, String title, String explanation, Vertical vertical, String unit) {
    this.meterName = meterName;
    this.title = title;
    this.explanation = explanation;
    this.vertical = vertical;
    this.unit = unit;
  }

  /** Returns whether there is a quantity of a name. */
  static boolean isKnown(String meterName) {
    return Arrays.stream(values()).anyMatch(quantity -> quantity.meterName.equals(meterName));
  }

  /** Returns whether a name is that of a contrast. */
  static boolean isContrast(String meterName) {
    return meterName.startsWith(CONTRAST);
  }

  String meterName() {
    return meterName;
  }

  /** Returns an empty chart. */
  LineChart chart() {
    return chart("");
  }

  /** Returns an empty chart with something added to its title. */
  LineChart chart(String ending) {
    LineChart chart = new LineChart(title + ending, explanation, vertical, unit);
    return this == STABILITY_RATIO ? chart.mark(1, "limit") : chart;
  }
}
