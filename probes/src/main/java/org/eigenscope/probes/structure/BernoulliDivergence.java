package org.eigenscope.probes.structure;

/** The Kullback–Leibler divergence of one biased coin from another, in nats. */
final class BernoulliDivergence {
  private BernoulliDivergence() {}

  /**
   * Returns kl(q‖p) = q ln(q/p) + (1 − q) ln((1 − q)/(1 − p)).
   *
   * @param q probability, in [0, 1]
   * @param p probability, in [0, 1]
   */
  static double of(double q, double p) {
    return term(q, p) + term(1 - q, 1 - p);
  }

  private static double term(double a, double b) {
    return a == 0 ? 0 : a * Math.log(a / b);
  }

  /**
   * Returns the largest p with kl(q‖p) ≤ c, rounded up.
   *
   * @param q probability, in [0, 1]
   * @param c at least 0
   */
  static double inverse(double q, double c) {
    if (!(q >= 0 && q <= 1 && c >= 0)) {
      throw new IllegalArgumentException(
          "q must be between 0 and 1 and c at least 0, got %s and %s".formatted(q, c));
    }
    if (q == 0) {
      return -Math.expm1(-c);
    }
    double below = q;
    double above = 1;
    // kl grows with p from q on; each turn halves what is left, until it is between two doubles.
    for (double middle = (below + above) / 2;
        middle > below && middle < above;
        middle = (below + above) / 2) {
      if (of(q, middle) <= c) {
        below = middle;
      } else {
        above = middle;
      }
    }
    return c == 0 ? q : above;
  }
}
