package org.eigenscope.probes.linalg;

import java.util.List;
import java.util.function.DoubleUnaryOperator;

/**
 * Traces of functions of an operator, estimated from the quadrature rules of independent draws:
 * trace, moments, negative mass and numbers of eigenvalues, each with its standard error.
 *
 * <p><b>Definition.</b> A draw with unit test vector v gives Σ w_j f(l_j) ≈ vᵀ f(A) v, whose
 * expectation is tr f(A) / n. Estimates are n times the mean over draws. For a direction uniform on
 * the sphere and an exact quadrature, a draw of vᵀBv has the variance 2 (n‖B‖²_F − (tr B)²) / (n²
 * (n + 2)).
 *
 * <p>Standard errors are standard deviations of the mean over draws, and NaN with one draw: they
 * know of the choice of test vectors, not of a quadrature with too few nodes.
 */
public final class SpectralMoments {

  private final List<QuadratureRule> draws;
  private final long order;

  private SpectralMoments(List<QuadratureRule> draws, long order) {
    this.draws = draws;
    this.order = order;
  }

  /**
   * Returns the moments of an operator from draws of stochastic Lanczos quadrature.
   *
   * @param draws one rule for each independent test vector, at least one
   * @param order n, the number of eigenvalues of the operator, at least 1
   * @throws IllegalArgumentException if there is no draw or the order is not positive
   */
  public static SpectralMoments of(List<QuadratureRule> draws, long order) {
    if (draws.isEmpty() || order < 1) {
      throw new IllegalArgumentException(
          "moments need at least one draw and an order >= 1, got %d draws and order %d"
              .formatted(draws.size(), order));
    }
    return new SpectralMoments(List.copyOf(draws), order);
  }

  /** Returns the trace of the operator. */
  public TraceEstimate trace() {
    return traceOf(DoubleUnaryOperator.identity());
  }

  /**
   * Returns tr f(A) = Σ f(λ_i).
   *
   * <p><b>Accuracy.</b> Unbiased when f is a polynomial of degree up to 2m − 1, m the number of
   * nodes of a draw, and when Lanczos stopped early; otherwise as good as the quadrature.
   *
   * @param function f, finite at every node
   */
  public TraceEstimate traceOf(DoubleUnaryOperator function) {
    return estimate(means(function), (double) order);
  }

  /**
   * Returns the raw moment tr(A^q) / n, the mean of the q-th powers of the eigenvalues.
   *
   * <p><b>Accuracy.</b> As {@link #traceOf}: the quadrature adds no error for q up to 2m − 1.
   *
   * @param power q, at least 0
   * @throws IllegalArgumentException if the power is negative
   */
  public TraceEstimate moment(int power) {
    if (power < 0) {
      throw new IllegalArgumentException("power must be >= 0, got " + power);
    }
    return estimate(means(node -> Math.pow(node, power)), 1);
  }

  /**
   * Returns the number of eigenvalues in [from, to).
   *
   * <p><b>Accuracy.</b> The indicator is no polynomial: in a continuous part of the spectrum an end
   * of the interval is only sharp to the distance of the nodes there.
   *
   * @param from lower end, included; may be −∞
   * @param to upper end, not included; at least {@code from}; may be +∞
   * @throws IllegalArgumentException if the ends are out of order or NaN
   */
  public TraceEstimate count(double from, double to) {
    if (!(from <= to)) {
      throw new IllegalArgumentException("from must be <= to, got %s and %s".formatted(from, to));
    }
    return traceOf(node -> node >= from && node < to ? 1 : 0);
  }

  /**
   * Returns Σ|λ| over the negative eigenvalues divided by Σ|λ| over all; 0 for a zero spectrum.
   *
   * <p><b>Definition.</b> The ratio of the means over draws of Σ w|l| over negative nodes and over
   * all nodes. Its standard error is that of the linearised ratio (Cochran 1977, "Sampling
   * Techniques", §2.11): sd(a_i − R b_i) / (√k · mean b), which leaves out the bias of a ratio, of
   * order 1/k.
   */
  public NegativeMass negativeMass() {
    double[] negative = means(node -> Math.max(0, -node));
    double[] all = means(Math::abs);
    double denominator = mean(all);
    if (denominator == 0) {
      return new NegativeMass(0, draws.size() > 1 ? 0 : Double.NaN, draws.size());
    }
    double ratio = mean(negative) / denominator;
    double[] deviations = new double[negative.length];
    for (int i = 0; i < deviations.length; i++) {
      deviations[i] = (negative[i] - ratio * all[i]) / denominator;
    }
    return new NegativeMass(ratio, standardError(deviations), draws.size());
  }

  /**
   * The share of the negative eigenvalues in the sum of absolute eigenvalues, with its doubt.
   *
   * @param estimate dimensionless, in [0, 1]
   * @param standardError of the estimate over independent draws; NaN with one draw
   * @param draws number of independent test vectors, at least 1
   */
  public record NegativeMass(double estimate, double standardError, int draws) {}

  private double[] means(DoubleUnaryOperator function) {
    double[] means = new double[draws.size()];
    for (int i = 0; i < means.length; i++) {
      QuadratureRule rule = draws.get(i);
      for (int j = 0; j < rule.size(); j++) {
        means[i] += rule.weight(j) * function.applyAsDouble(rule.node(j));
      }
    }
    return means;
  }

  private static TraceEstimate estimate(double[] samples, double factor) {
    return new TraceEstimate(
        factor * mean(samples), factor * standardError(samples), samples.length);
  }

  private static double mean(double[] samples) {
    double sum = 0;
    for (double sample : samples) {
      sum += sample;
    }
    return sum / samples.length;
  }

  private static double standardError(double[] samples) {
    int k = samples.length;
    if (k == 1) {
      return Double.NaN;
    }
    double mean = mean(samples);
    double norm = 0;
    for (double sample : samples) {
      // hypot: the squares of deviations near 1e±160 would leave the range of a double.
      norm = Math.hypot(norm, sample - mean);
    }
    return norm / Math.sqrt((double) k * (k - 1));
  }
}
