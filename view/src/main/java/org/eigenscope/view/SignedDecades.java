package org.eigenscope.view;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.eigenscope.probes.Spectrum;
import org.eigenscope.probes.linalg.QuadratureRule;
import org.eigenscope.probes.linalg.SpectralDensity;
import org.eigenscope.probes.linalg.SpectralDensity.KappaOptions;
import org.eigenscope.probes.linalg.SpectralDensity.Sign;

/**
 * An axis of eigenvalues that is logarithmic to both sides of zero, and what spectra look like on
 * it. What is closer to zero than its decades reach is in the middle, undrawn.
 *
 * @param exponent decade at the middle: 10^exponent is the smallest magnitude that shows
 * @param negative decades to the left of the middle
 * @param positive decades to the right of it
 */
public record SignedDecades(int exponent, int negative, int positive) {
  /**
   * Width of the kernel of densities, as {@link KappaOptions#kappa}: narrower than the default, as
   * in the text of Papyan 2020, so that gaps show.
   */
  public static final double KAPPA = 3;

  /** Lets the outermost kernel fall to nothing, in lengths of the logarithmic grid. */
  private static final double GRID_MARGIN = 0.15;

  /** Room for the kernel of the outermost eigenvalue. */
  private static final double MARGIN_DECADES = 0.2;

  /**
   * Returns the decade that a magnitude, and most of its kernel, end in.
   *
   * @param magnitude what is not above 0 counts as the smallest positive magnitude
   */
  public static int decade(double magnitude) {
    return (int) Math.ceil(Math.log10(Math.max(magnitude, Double.MIN_NORMAL)) + MARGIN_DECADES);
  }

  /**
   * Returns the eigenvalues per decade, over eigenvalues in ascending order, by Papyan's density of
   * the logarithm ({@link SpectralDensity#logarithmic}); 0 at the middle.
   *
   * @param spectrum one with draws
   * @param steps Lanczos steps that the kernel's width follows from, at least 2
   * @param lower lower end of the spectrum
   * @param upper upper end of the spectrum
   * @param points of the grid to each side, from the middle's tenth
   */
  public PerDecade perDecade(Spectrum spectrum, int steps, double lower, double upper, int points) {
    List<double[]> curve =
        new ArrayList<>(side(spectrum, steps, lower, upper, points, Sign.NEGATIVE));
    Collections.reverse(curve);
    curve.add(new double[] {0, 0});
    curve.addAll(side(spectrum, steps, lower, upper, points, Sign.POSITIVE));
    return new PerDecade(
        curve.stream().mapToDouble(point -> point[0]).toArray(),
        curve.stream().mapToDouble(point -> point[1]).toArray());
  }

  /** Returns the points of one sign, from the middle outwards. */
  private List<double[]> side(
      Spectrum spectrum, int steps, double lower, double upper, int points, Sign sign) {
    boolean left = sign == Sign.NEGATIVE;
    double middle = Math.pow(10, exponent);
    double end = Math.pow(10, exponent + (left ? negative : positive));
    double floor = middle / 10;
    SpectralDensity density =
        SpectralDensity.logarithmic(
            spectrum.draws(),
            steps,
            lower,
            upper,
            sign,
            floor,
            KappaOptions.defaults().withKappa(KAPPA).withMargin(GRID_MARGIN).withPoints(points));
    double[] grid = density.grid();
    double[] values = density.values();
    List<double[]> curve = new ArrayList<>();
    for (int i = 0; i < grid.length; i++) {
      double magnitude = grid[i] - floor;
      if (magnitude >= middle && magnitude <= end) {
        double perDecade = spectrum.order() * values[i] * magnitude * Math.log(10);
        curve.add(new double[] {left ? -magnitude : magnitude, perDecade});
      }
    }
    return curve;
  }

  /** Returns the share of a spectrum that is too close to zero to show, between 0 and 1. */
  public double within(Spectrum spectrum) {
    double share = 0;
    for (QuadratureRule draw : spectrum.draws()) {
      for (int j = 0; j < draw.size(); j++) {
        if (!shows(draw.node(j))) {
          share += draw.weight(j) / spectrum.draws().size();
        }
      }
    }
    return share;
  }

  /** Returns whether an eigenvalue is not too close to zero to show. */
  boolean shows(double eigenvalue) {
    // The logarithm of 0 is below any exponent, too.
    return Math.log10(Math.abs(eigenvalue)) >= exponent;
  }

  /**
   * Returns where an eigenvalue that shows is on the axis: decades from the middle, with its sign.
   */
  double position(double eigenvalue) {
    return Math.signum(eigenvalue) * (Math.log10(Math.abs(eigenvalue)) - exponent);
  }

  /**
   * How many eigenvalues there are in a decade.
   *
   * @param eigenvalues ascending
   * @param amounts at each
   */
  public record PerDecade(double[] eigenvalues, double[] amounts) {}
}
