package org.eigenscope.cli.report;

import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * A curve over eigenvalues.
 *
 * @param x eigenvalues, ascending
 * @param y what there is of them, at each
 */
record Curve(double[] x, double[] y) {

  double highest() {
    return Arrays.stream(y).max().orElse(0);
  }

  /** Raises what is below a floor to it, and leaves out what lies within a stretch of it. */
  Curve above(double floor) {
    int last = y.length - 1;
    int[] kept =
        IntStream.rangeClosed(0, last)
            .filter(
                i ->
                    i == 0
                        || i == last
                        || y[i] > floor
                        || y[Math.max(0, i - 1)] > floor
                        || y[Math.min(last, i + 1)] > floor)
            .toArray();
    return new Curve(
        Arrays.stream(kept).mapToDouble(i -> x[i]).toArray(),
        Arrays.stream(kept).mapToDouble(i -> Math.max(floor, y[i])).toArray());
  }
}
