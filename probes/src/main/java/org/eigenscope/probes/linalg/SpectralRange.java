package org.eigenscope.probes.linalg;

/**
 * An interval that is estimated to hold the spectrum.
 *
 * @param lower lower end, finite, in units of the eigenvalues
 * @param upper upper end, finite, at least {@code lower}
 */
public record SpectralRange(double lower, double upper) {

  /** Checks the order of the ends. */
  public SpectralRange {
    if (!Double.isFinite(lower) || !Double.isFinite(upper) || lower > upper) {
      throw new IllegalArgumentException(
          "a range needs finite ends with lower <= upper, got [%s, %s]".formatted(lower, upper));
    }
  }

  /** Returns the distance between the ends. */
  public double width() {
    return upper - lower;
  }

  /**
   * Returns the range with both ends moved outwards by a fraction of its width.
   *
   * @param margin dimensionless, at least 0; Papyan uses 0.05
   * @throws IllegalArgumentException if the margin is negative or not finite
   */
  public SpectralRange widened(double margin) {
    if (!(margin >= 0) || Double.isInfinite(margin)) {
      throw new IllegalArgumentException("margin must be finite and >= 0, got " + margin);
    }
    return new SpectralRange(lower - margin * width(), upper + margin * width());
  }
}
