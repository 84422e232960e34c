package org.eigenscope.probes.linalg;

import java.util.Random;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Random matrices with orthonormal rows, uniform over all such. */
final class Orthonormal {

  private Orthonormal() {}

  /** Returns a [k, n] array in DOUBLE, k ≤ n, by Gram and Schmidt's process in two passes. */
  static INDArray rows(int k, int n, long seed) {
    Random random = new Random(seed);
    double[][] rows = new double[k][n];
    for (int i = 0; i < k; i++) {
      for (int c = 0; c < n; c++) {
        rows[i][c] = random.nextGaussian();
      }
      for (int pass = 0; pass < 2; pass++) {
        for (int j = 0; j < i; j++) {
          subtract(rows[i], dot(rows[i], rows[j]), rows[j]);
        }
      }
      double norm = Math.sqrt(dot(rows[i], rows[i]));
      for (int c = 0; c < n; c++) {
        rows[i][c] /= norm;
      }
    }
    return Nd4j.createFromArray(rows);
  }

  private static double dot(double[] a, double[] b) {
    double sum = 0;
    for (int c = 0; c < a.length; c++) {
      sum += a[c] * b[c];
    }
    return sum;
  }

  private static void subtract(double[] from, double factor, double[] row) {
    for (int c = 0; c < from.length; c++) {
      from[c] -= factor * row[c];
    }
  }
}
