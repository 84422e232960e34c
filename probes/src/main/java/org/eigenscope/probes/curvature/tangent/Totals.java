package org.eigenscope.probes.curvature.tangent;

import static java.util.Objects.requireNonNull;

import java.util.HashMap;
import java.util.Map;
import java.util.function.BinaryOperator;

/**
 * What steps have to know of all examples of data that come in several pieces: at the parameters,
 * or along one vector. It is gathered piece by piece, one step after the other, since each step
 * needs what those before it know.
 */
final class Totals {
  private final Map<Step, double[]> forward = new HashMap<>();
  private final Map<Step, double[]> back = new HashMap<>();

  /** Forgets everything. */
  void clear() {
    forward.clear();
    back.clear();
  }

  /** Adds what a step found in one piece on the way forward. */
  void addForward(Step step, double[] found, BinaryOperator<double[]> sum) {
    forward.merge(step, found, sum);
  }

  /** Returns what a step found in all pieces on the way forward; not to be modified. */
  double[] forward(Step step) {
    return requireNonNull(forward.get(step));
  }

  /** Adds what a step found in one piece on the way back. */
  void addBack(Step step, double[] found) {
    back.merge(step, found, Totals::sum);
  }

  /** Returns what a step found in all pieces on the way back; not to be modified. */
  double[] back(Step step) {
    return requireNonNull(back.get(step));
  }

  /** Returns the sums of two arrays' elements. */
  static double[] sum(double[] a, double[] b) {
    double[] sums = a.clone();
    for (int i = 0; i < sums.length; i++) {
      sums[i] += b[i];
    }
    return sums;
  }
}
