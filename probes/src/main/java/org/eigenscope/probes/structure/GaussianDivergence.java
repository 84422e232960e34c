package org.eigenscope.probes.structure;

/**
 * The Kullback–Leibler divergence of N(w, diag(s)) from N(w_0, λI) in d dimensions, in nats, as a
 * function of λ. A rotation of the coordinates in which s is diagonal does not change it.
 *
 * @param variances Σ s_i
 * @param logVariances Σ ln s_i
 * @param squaredDistance ‖w − w_0‖²
 * @param dimensions d
 */
record GaussianDivergence(
    double variances, double logVariances, double squaredDistance, long dimensions) {

  /** Returns ½ (Σ s_i/λ + ‖w − w_0‖²/λ − d + d ln λ − Σ ln s_i). */
  double at(double lambda) {
    return 0.5
        * ((variances + squaredDistance) / lambda
            - dimensions
            + dimensions * Math.log(lambda)
            - logVariances);
  }
}
