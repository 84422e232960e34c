package org.eigenscope.benchmarks.libtorch;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The figures of one run, under the names that {@code peers.py} gives them.
 *
 * @param torch version of libtorch
 * @param threads threads of libtorch
 * @param waitPolicy what OMP_WAIT_POLICY was, null if it was not set
 */
record Figures(
    String peer, String torch, int threads, @Nullable String waitPolicy, List<Case> cases) {

  /**
   * What was measured of one network.
   *
   * @param parameters number of parameters, without the running statistics of batch normalization
   * @param gradientMs loss and gradient
   * @param hvpMs a Hessian product: a double backward pass over a cached graph
   * @param hvpPerVectorBlock8Ms eight of them, divided by eight
   * @param density90x1Seconds one draw of 90 Lanczos steps
   */
  record Case(
      String network,
      long batch,
      long parameters,
      String precision,
      double gradientMs,
      double hvpMs,
      double hvpPerVectorBlock8Ms,
      double density90x1Seconds) {}
}
