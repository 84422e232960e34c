package org.eigenscope.listeners.alerts;

import org.jspecify.annotations.Nullable;

/** What is counted of a matrix, one value for each reading that tells it. */
enum MatrixSignal {
  STABILITY(Condition.STABILITY_LIMIT_EXCEEDED),
  GRADIENT(Condition.GRADIENT_IN_TOP_EIGENSPACE),
  RESIDUAL(Condition.EIGENVALUES_NOT_CONVERGED),
  SHARPNESS(Condition.OUTLIER_GREW),
  OUTLIERS(Condition.OUTLIER_APPEARED),
  NEGATIVE_MASS(Condition.NEGATIVE_MASS_RISING),
  /** No alert's: a jump of it asks for a deep capture. */
  LOSS(null);

  /** An eigenvalue is hardly known where its residual is above a tenth of it. */
  private static final double RESIDUALS = 10;

  /** An eigenspace of more than a fifth of all dimensions says nothing. */
  private static final double LARGEST_SHARE = 0.2;

  private final @Nullable Condition condition;

  MatrixSignal(@Nullable Condition condition) {
    this.condition = condition;
  }

  /** Returns the condition it decides about, or null. */
  @Nullable Condition condition() {
    return condition;
  }

  /** Returns a signal that nothing was counted of. */
  Signal begin(AlertLimits limits) {
    return switch (this) {
      case STABILITY -> Signal.level(limits.stability());
      case GRADIENT -> Signal.level(limits.gradient());
      case RESIDUAL -> Signal.level(limits.residual());
      case SHARPNESS -> Signal.rise(limits.sharpness());
      case OUTLIERS -> Signal.rise(limits.outliers());
      case NEGATIVE_MASS -> Signal.rise(limits.negativeMass());
      case LOSS -> Signal.rise(limits.loss());
    };
  }

  /** Returns whether a reading tells anything about it. */
  boolean isToldBy(MatrixReading reading) {
    double told =
        switch (this) {
          case STABILITY -> reading.stabilityRatio();
          case GRADIENT -> reading.gradientFraction();
          case RESIDUAL -> reading.worstResidual() / reading.largestAbsolute();
          case SHARPNESS -> reading.largest();
          case OUTLIERS -> reading.outliers();
          case NEGATIVE_MASS -> reading.negativeMass();
          case LOSS -> reading.loss();
        };
    return !Double.isNaN(told);
  }

  /**
   * Returns what is counted of a reading that tells it, or NaN where its value doesn't count.
   *
   * @param order order of the matrix, 0 if unknown
   */
  double value(MatrixReading reading, long order) {
    return switch (this) {
      case STABILITY ->
          // A lower bound: the eigenvalue less its residual.
          countedIf(
              reading.stabilityRatio() * (1 - reading.largestResidual() / reading.largest()) >= 0,
              reading.stabilityRatio() * (1 - reading.largestResidual() / reading.largest()));
      case GRADIENT ->
          countedIf(
              order == 0 || reading.gradientDimension() <= LARGEST_SHARE * order,
              reading.gradientFraction());
      case RESIDUAL -> reading.worstResidual() / reading.largestAbsolute();
      case SHARPNESS ->
          countedIf(
              reading.largest() > RESIDUALS * reading.largestResidual(), log2(reading.largest()));
      case OUTLIERS -> countedIf(reading.outliers() >= 0, reading.outliers());
      case NEGATIVE_MASS -> countedIf(reading.negativeMass() >= 0, reading.negativeMass());
      case LOSS -> countedIf(reading.loss() > 0, log2(reading.loss()));
    };
  }

  private static double countedIf(boolean counts, double value) {
    return counts ? value : Double.NaN;
  }

  private static double log2(double value) {
    double log = Math.log(value) / Math.log(2);
    return Double.isInfinite(log) ? Double.NaN : log;
  }
}
