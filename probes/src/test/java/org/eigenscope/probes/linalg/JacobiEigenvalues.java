package org.eigenscope.probes.linalg;

import java.util.Arrays;

/** A dense symmetric eigensolver by cyclic Jacobi rotations: the oracle of these tests. */
final class JacobiEigenvalues {
  private static final int SWEEPS = 60;

  private JacobiEigenvalues() {}

  /** Returns the eigenvalues of a symmetric matrix, ascending. */
  static double[] of(double[][] matrix) {
    int n = matrix.length;
    double largest = 0;
    for (double[] row : matrix) {
      for (double element : row) {
        largest = Math.max(largest, Math.abs(element));
      }
    }
    if (largest == 0) {
      return new double[n];
    }
    double[][] a = new double[n][n];
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < n; j++) {
        a[i][j] = (matrix[i][j] / largest + matrix[j][i] / largest) / 2;
      }
    }
    for (int sweep = 0; sweep < SWEEPS && offDiagonal(a) > 1e-17 * n; sweep++) {
      for (int p = 0; p < n; p++) {
        for (int q = p + 1; q < n; q++) {
          rotate(a, p, q);
        }
      }
    }
    double[] values = new double[n];
    for (int i = 0; i < n; i++) {
      values[i] = a[i][i] * largest;
    }
    Arrays.sort(values);
    return values;
  }

  private static double offDiagonal(double[][] a) {
    double largest = 0;
    for (int i = 0; i < a.length; i++) {
      for (int j = 0; j < i; j++) {
        largest = Math.max(largest, Math.abs(a[i][j]));
      }
    }
    return largest;
  }

  private static void rotate(double[][] a, int p, int q) {
    if (a[p][q] == 0) {
      return;
    }
    double theta = (a[q][q] - a[p][p]) / (2 * a[p][q]);
    double t = Math.copySign(1, theta) / (Math.abs(theta) + Math.hypot(theta, 1));
    double c = 1 / Math.hypot(t, 1);
    double s = t * c;
    for (int k = 0; k < a.length; k++) {
      double kp = a[k][p];
      double kq = a[k][q];
      a[k][p] = c * kp - s * kq;
      a[k][q] = s * kp + c * kq;
    }
    for (int k = 0; k < a.length; k++) {
      double pk = a[p][k];
      double qk = a[q][k];
      a[p][k] = c * pk - s * qk;
      a[q][k] = s * pk + c * qk;
    }
  }
}
