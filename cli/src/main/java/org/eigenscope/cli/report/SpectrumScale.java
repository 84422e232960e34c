package org.eigenscope.cli.report;

import java.util.Arrays;
import java.util.Collection;
import java.util.stream.IntStream;
import org.eigenscope.probes.Spectrum;
import org.eigenscope.probes.linalg.QuadratureRule;
import org.eigenscope.probes.linalg.SpectralDensity;
import org.eigenscope.probes.linalg.SpectralDensity.KappaOptions;
import org.eigenscope.view.SignedDecades;

/**
 * What spectra that are drawn together have in common: the range of their eigenvalues, the width of
 * the kernel, and an axis that is logarithmic to both sides of zero.
 *
 * <p>Both densities are Papyan's ({@link SpectralDensity#kappa}, {@link
 * SpectralDensity#logarithmic}), whose kernel follows from the number of Lanczos steps.
 *
 * @param lower the smallest eigenvalue
 * @param upper the largest
 * @param steps Lanczos steps of a draw, at least 2
 * @param exponent decade at the middle of the logarithmic axis
 * @param negative decades to the left of it, at least 1
 * @param positive decades to the right of it, at least 1
 */
record SpectrumScale(
    double lower, double upper, int steps, int exponent, int negative, int positive) {
  private static final int POINTS = 512;

  /** Decades on each side of zero below the largest magnitude, when it does not change. */
  private static final int DECADES = 3;

  private static final int MAX_DECADES = 7;

  /** In a decade. */
  private static final int CELLS = 24;

  /** Widths of kernels, in decades: the live page has the same. */
  private static final double NARROWEST = 0.1;

  private static final double WIDEST = 0.5;

  /** A kernel is nothing beyond so many of its widths. */
  private static final int KERNEL_REACH = 4;

  /** Densities of larger magnitudes, or of smaller ones but 0, are beyond double precision. */
  private static final double LARGEST_MAGNITUDE = 1e100;

  /** Returns the scale of spectra, at least one. */
  static SpectrumScale of(Collection<Spectrum> spectra) {
    double lower = Double.POSITIVE_INFINITY;
    double upper = Double.NEGATIVE_INFINITY;
    int steps = 2;
    for (Spectrum spectrum : spectra) {
      for (QuadratureRule draw : spectrum.draws()) {
        lower = Math.min(lower, draw.node(0));
        upper = Math.max(upper, draw.node(draw.size() - 1));
        steps = Math.max(steps, draw.size());
      }
    }
    double[] magnitudes =
        spectra.stream().mapToDouble(SpectrumScale::magnitude).filter(m -> m > 0).toArray();
    // Matrices of zeros have no scale of their own.
    int bottom = SignedDecades.decade(Arrays.stream(magnitudes).min().orElse(0.5));
    int top = SignedDecades.decade(Arrays.stream(magnitudes).max().orElse(0.5));
    int exponent = Math.max(bottom - DECADES, top - MAX_DECADES);
    return new SpectrumScale(
        lower,
        upper,
        steps,
        exponent,
        Math.max(1, SignedDecades.decade(-lower) - exponent),
        Math.max(1, SignedDecades.decade(upper) - exponent));
  }

  /** Returns the same with an axis that has room for further eigenvalues, which are finite. */
  SpectrumScale with(double... eigenvalues) {
    double least = Arrays.stream(eigenvalues).min().orElse(0);
    double most = Arrays.stream(eigenvalues).max().orElse(0);
    int top = SignedDecades.decade(Math.max(-least, most));
    int middle = Math.max(exponent, top - MAX_DECADES);
    return new SpectrumScale(
        lower,
        upper,
        steps,
        middle,
        Math.max(1, Math.max(exponent + negative, SignedDecades.decade(-least)) - middle),
        Math.max(1, Math.max(exponent + positive, SignedDecades.decade(most)) - middle));
  }

  /** Returns whether densities of a spectrum can be computed. */
  static boolean canDraw(Spectrum spectrum) {
    double magnitude = magnitude(spectrum);
    return magnitude == 0 || (magnitude <= LARGEST_MAGNITUDE && magnitude >= 1 / LARGEST_MAGNITUDE);
  }

  /** Returns the largest absolute node. */
  private static double magnitude(Spectrum spectrum) {
    double magnitude = 0;
    for (QuadratureRule draw : spectrum.draws()) {
      magnitude = Math.max(magnitude, Math.max(-draw.node(0), draw.node(draw.size() - 1)));
    }
    return magnitude;
  }

  Axis axis() {
    return Axis.signedLogarithmic("eigenvalue", exponent, negative, positive);
  }

  /** Returns the density over eigenvalues, which integrates to 1. */
  SpectralDensity density(Spectrum spectrum) {
    return SpectralDensity.kappa(
        spectrum.draws(),
        steps,
        lower,
        upper,
        KappaOptions.defaults().withKappa(SignedDecades.KAPPA).withPoints(POINTS));
  }

  /** Returns eigenvalues per decade beyond the middle, over eigenvalues. */
  Curve perDecade(Spectrum spectrum) {
    SignedDecades.PerDecade curve = decades().perDecade(spectrum, steps, lower, upper, POINTS);
    return new Curve(curve.eigenvalues(), curve.amounts());
  }

  /**
   * Returns the same with kernels, normal in decades, of half of what lies between neighbouring
   * nodes: few of them are near zero, where a kernel of one width would show each.
   */
  Curve perDecadeByGaps(Spectrum spectrum) {
    double[] below = new double[CELLS * negative];
    double[] above = new double[CELLS * positive];
    for (QuadratureRule draw : spectrum.draws()) {
      for (int j = 0; j < draw.size(); j++) {
        double amount = spectrum.order() * draw.weight(j) / spectrum.draws().size();
        addKernel(
            draw.node(j) < 0 ? below : above,
            Math.log10(Math.abs(draw.node(j))) - exponent,
            kernelWidth(draw, j),
            amount);
      }
    }
    double[] x = new double[below.length + above.length + 1];
    double[] y = new double[x.length];
    for (int i = 0; i < below.length; i++) {
      x[below.length - 1 - i] = -magnitude(i);
      y[below.length - 1 - i] = below[i];
    }
    for (int i = 0; i < above.length; i++) {
      x[below.length + 1 + i] = magnitude(i);
      y[below.length + 1 + i] = above[i];
    }
    return new Curve(x, y);
  }

  /** Returns the magnitude at the middle of a cell. */
  private double magnitude(int cell) {
    return Math.pow(10, exponent + (cell + 0.5) / CELLS);
  }

  private static void addKernel(double[] cells, double decades, double width, double amount) {
    int from = (int) Math.max(0, Math.floor((decades - KERNEL_REACH * width) * CELLS));
    int to = (int) Math.min(cells.length - 1, Math.ceil((decades + KERNEL_REACH * width) * CELLS));
    for (int i = from; i <= to; i++) {
      double distance = ((i + 0.5) / CELLS - decades) / width;
      cells[i] += amount / (width * Math.sqrt(2 * Math.PI)) * Math.exp(-distance * distance / 2);
    }
  }

  /** Returns half of the mean distance to the neighbours of the same sign, in decades, bounded. */
  private static double kernelWidth(QuadratureRule draw, int node) {
    double mean =
        IntStream.of(node - 1, node + 1)
            .filter(j -> j >= 0 && j < draw.size() && draw.node(j) * draw.node(node) > 0)
            .mapToDouble(j -> Math.abs(Math.log10(draw.node(j) / draw.node(node))))
            .average()
            .orElse(0);
    return Math.max(NARROWEST, Math.min(WIDEST, mean / 2));
  }

  private SignedDecades decades() {
    return new SignedDecades(exponent, negative, positive);
  }

  /**
   * Returns the shares of equal cells of the axis, the most negative first; what is beyond an end
   * is in the outermost. Those of the middle are not among them, see {@link #within}.
   *
   * @param perDecade cells in a decade
   */
  double[] shares(Spectrum spectrum, int perDecade) {
    double[] shares = new double[perDecade * (negative + positive)];
    int middle = perDecade * negative;
    for (QuadratureRule draw : spectrum.draws()) {
      for (int j = 0; j < draw.size(); j++) {
        double decades = Math.log10(Math.abs(draw.node(j))) - exponent;
        if (decades >= 0) {
          int cells = (int) (decades * perDecade);
          int cell = draw.node(j) < 0 ? middle - 1 - cells : middle + cells;
          shares[Math.max(0, Math.min(shares.length - 1, cell))] +=
              draw.weight(j) / spectrum.draws().size();
        }
      }
    }
    return shares;
  }

  /** Returns the share of what is closer to zero than the middle of the axis tells apart. */
  double within(Spectrum spectrum) {
    return decades().within(spectrum);
  }

  /** Returns the eigenvalue at which one of the {@link #shares}' cells begins, or the last ends. */
  double edge(int cell, int perDecade) {
    double decades = (double) cell / perDecade - negative;
    return Math.signum(decades) * Math.pow(10, Math.abs(decades) + exponent);
  }
}
