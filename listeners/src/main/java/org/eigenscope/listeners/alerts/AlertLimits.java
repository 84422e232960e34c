package org.eigenscope.listeners.alerts;

/**
 * What values are compared with; the defaults are those of the shipped Prometheus rules, {@code
 * grafana/rules/eigenscope-limits.yaml}, where there are any.
 *
 * <p>Levels are compared as they are. Rises are compared with the value's own recent past, and have
 * to exceed four of its mean deviations, too. Each limit is above 0; {@link
 * Double#POSITIVE_INFINITY} switches its alert off.
 *
 * @param stability level: largest eigenvalue, less its residual, over the optimiser's limit;
 *     default 1.1, because training with full batches settles between 1 and 1.1 (Cohen et al. 2021)
 * @param gradient level: share of the gradient's squared norm in the top eigenspace; default 0.9
 * @param residual level: worst residual of an eigenvalue over the largest absolute eigenvalue;
 *     default 0.001, ten times FLOAT's tolerance
 * @param overhead level: share of wall time that the training thread gave to probes; default 0.25
 * @param sharpness rise: of the binary logarithm of the largest eigenvalue; default 1, twice its
 *     past
 * @param outliers rise: of the number of outliers; default 0.9, so that one more counts
 * @param negativeMass rise: of the share of negative eigenvalues in the sum of absolute ones;
 *     default 0.05
 * @param loss rise: of the binary logarithm of the loss, for {@linkplain
 *     AlertSink.Builder#deepCapture deep captures} only; default 1, twice its past, as for the
 *     largest eigenvalue
 */
public record AlertLimits(
    double stability,
    double gradient,
    double residual,
    double overhead,
    double sharpness,
    double outliers,
    double negativeMass,
    double loss) {

  private static final AlertLimits DEFAULTS =
      new AlertLimits(1.1, 0.9, 0.001, 0.25, 1, 0.9, 0.05, 1);

  /**
   * Checks the ranges.
   *
   * @throws IllegalArgumentException if a limit is not above 0
   */
  public AlertLimits {
    requirePositive("stability", stability);
    requirePositive("gradient", gradient);
    requirePositive("residual", residual);
    requirePositive("overhead", overhead);
    requirePositive("sharpness", sharpness);
    requirePositive("outliers", outliers);
    requirePositive("negativeMass", negativeMass);
    requirePositive("loss", loss);
  }

  /** Returns the limits of the shipped Prometheus rules. */
  public static AlertLimits defaults() {
    return DEFAULTS;
  }

  /** Returns these limits with another one for {@link #stability}. */
  public AlertLimits withStability(double limit) {
    return new AlertLimits(
        limit, gradient, residual, overhead, sharpness, outliers, negativeMass, loss);
  }

  /** Returns these limits with another one for {@link #gradient}. */
  public AlertLimits withGradient(double limit) {
    return new AlertLimits(
        stability, limit, residual, overhead, sharpness, outliers, negativeMass, loss);
  }

  /** Returns these limits with another one for {@link #residual}. */
  public AlertLimits withResidual(double limit) {
    return new AlertLimits(
        stability, gradient, limit, overhead, sharpness, outliers, negativeMass, loss);
  }

  /** Returns these limits with another one for {@link #overhead}. */
  public AlertLimits withOverhead(double limit) {
    return new AlertLimits(
        stability, gradient, residual, limit, sharpness, outliers, negativeMass, loss);
  }

  /** Returns these limits with another one for {@link #sharpness}. */
  public AlertLimits withSharpness(double limit) {
    return new AlertLimits(
        stability, gradient, residual, overhead, limit, outliers, negativeMass, loss);
  }

  /** Returns these limits with another one for {@link #outliers}. */
  public AlertLimits withOutliers(double limit) {
    return new AlertLimits(
        stability, gradient, residual, overhead, sharpness, limit, negativeMass, loss);
  }

  /** Returns these limits with another one for {@link #negativeMass}. */
  public AlertLimits withNegativeMass(double limit) {
    return new AlertLimits(
        stability, gradient, residual, overhead, sharpness, outliers, limit, loss);
  }

  /** Returns these limits with another one for {@link #loss}. */
  public AlertLimits withLoss(double limit) {
    return new AlertLimits(
        stability, gradient, residual, overhead, sharpness, outliers, negativeMass, limit);
  }

  private static void requirePositive(String name, double limit) {
    if (!(limit > 0)) {
      throw new IllegalArgumentException(
          "the limit of %s must be above 0, got %s".formatted(name, limit));
    }
  }
}
