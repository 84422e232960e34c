package org.eigenscope.probes.structure;

import java.util.function.DoubleUnaryOperator;

/**
 * The PAC-Bayes bound on the error of a stochastic network, with a Gaussian prior whose variance λ
 * is chosen after seeing the data (Langford and Caruana 2001; Dziugaite and Roy, arXiv 1703.11008,
 * section 3; as used by Wu, Zhu, Wu, Wang and Ge, arXiv 2010.04261, section 6).
 *
 * <p>λ may be any of c e^(−j/b), j = 1, 2, ...; the bound holds for all of them together, which
 * costs the term 2 ln j. With probability 1 − δ − δ' over the examples and the draws, the error on
 * new examples is at most the bound.
 *
 * @param confidence δ, in (0, 1): how often the bound may fail over the choice of the examples
 * @param samplingConfidence δ', in (0, 1): how often the estimate of the training error may fail
 *     over the draws of parameters
 * @param precision b, at least 1: variances in a factor of e
 * @param largestVariance c, above 0
 */
public record PacBayesBound(
    double confidence, double samplingConfidence, int precision, double largestVariance) {

  /** Checks the ranges. */
  public PacBayesBound {
    requireProbability("confidence", confidence);
    requireProbability("samplingConfidence", samplingConfidence);
    if (precision < 1) {
      throw new IllegalArgumentException("precision must be at least 1, got " + precision);
    }
    if (!(largestVariance > 0 && Double.isFinite(largestVariance))) {
      throw new IllegalArgumentException(
          "largestVariance must be above 0 and finite, got " + largestVariance);
    }
  }

  private static void requireProbability(String name, double value) {
    if (!(value > 0 && value < 1)) {
      throw new IllegalArgumentException(
          "%s must be between 0 and 1, both excluded, got %s".formatted(name, value));
    }
  }

  /** Returns δ = 0.025, δ' = 0.01, b = 100 and c = 0.1, as in both papers. */
  public static PacBayesBound defaults() {
    return new PacBayesBound(0.025, 0.01, 100, 0.1);
  }

  /**
   * Returns what a bound is made of, for the better of the two variances next to one.
   *
   * @param divergence KL divergence of the posterior from the prior of a variance λ, in nats
   * @param logDeviation ϱ, half the logarithm of λ, from training
   * @param error mean error of the drawn parameters on the examples, in [0, 1]
   * @param draws how many were drawn, at least 1
   * @param examples number of examples, at least 2
   */
  public Certificate certify(
      DoubleUnaryOperator divergence,
      double logDeviation,
      double error,
      long draws,
      long examples) {
    if (draws < 1) {
      throw new IllegalArgumentException("draws must be at least 1, got " + draws);
    }
    double place = place(logDeviation);
    Certificate lower = certificate(divergence, Math.floor(place), error, draws, examples);
    Certificate upper = certificate(divergence, Math.ceil(place), error, draws, examples);
    return lower.bound() <= upper.bound() ? lower : upper;
  }

  private Certificate certificate(
      DoubleUnaryOperator divergence, double place, double error, long draws, long examples) {
    double j = Math.max(1, place);
    double logDeviation = (Math.log(largestVariance) - j / precision) / 2;
    double kl = divergence.applyAsDouble(Math.exp(2 * logDeviation));
    double errorBound =
        BernoulliDivergence.inverse(error, Math.log(2 / samplingConfidence) / draws);
    return new Certificate(
        bound(kl, errorBound, logDeviation, examples), errorBound, kl, logDeviation);
  }

  /**
   * Returns the bound itself, in [0, 1].
   *
   * @param divergence KL divergence of the posterior from the prior, in nats, at least 0
   * @param errorBound upper bound on the mean error on the examples, in [0, 1]
   * @param logDeviation ϱ, half the logarithm of the prior's variance, which must be below c
   * @param examples number of examples, at least 2
   */
  public double bound(double divergence, double errorBound, double logDeviation, long examples) {
    return BernoulliDivergence.inverse(errorBound, complexity(divergence, logDeviation, examples));
  }

  /**
   * Returns (KL + 2 ln j + ln(π² N/(6 δ)))/(N − 1), by which the error on new examples may differ
   * from that on the examples, as a binary divergence.
   *
   * @param divergence KL, in nats
   * @param logDeviation ϱ, half the logarithm of the prior's variance, which must be below c
   * @param examples N, at least 2
   */
  public double complexity(double divergence, double logDeviation, long examples) {
    if (examples < 2) {
      throw new IllegalArgumentException("examples must be at least 2, got " + examples);
    }
    double place = place(logDeviation);
    if (!(place > 0)) {
      throw new IllegalArgumentException(
          "the prior's variance must be below %s, got %s"
              .formatted(largestVariance, Math.exp(2 * logDeviation)));
    }
    return (divergence
            + 2 * Math.log(place)
            + Math.log(Math.PI * Math.PI * examples / (6 * confidence)))
        / (examples - 1);
  }

  /** Returns j = b ln(c/λ), not rounded. */
  private double place(double logDeviation) {
    return precision * (Math.log(largestVariance) - 2 * logDeviation);
  }

  /** Returns the largest ϱ that j = 1 allows. */
  double largestLogDeviation() {
    return (Math.log(largestVariance) - 1.0 / precision) / 2;
  }

  /** Returns the derivative of {@link #complexity} by ϱ that its term 2 ln j contributes. */
  double slope(double logDeviation, long examples) {
    return -4 * precision / (place(logDeviation) * (examples - 1));
  }

  /**
   * A bound and what it is made of.
   *
   * @param bound upper bound on the error on new examples
   * @param errorBound upper bound on the mean error on the examples, over the draws
   * @param divergence KL divergence of the posterior from the prior, in nats
   * @param logDeviation ϱ, half the logarithm of the prior's variance
   */
  public record Certificate(
      double bound, double errorBound, double divergence, double logDeviation) {}
}
