package org.eigenscope.probes.linalg;

import org.hipparchus.linear.EigenDecompositionSymmetric;
import org.hipparchus.linear.RealVector;

/**
 * The eigenvalues of a symmetric tridiagonal matrix, ascending, with the first and last components
 * of its unit eigenvectors.
 */
record TridiagonalEigenproblem(double[] values, double[] first, double[] last) {

  /**
   * Solves the problem.
   *
   * @param main diagonal, length m &gt;= 1
   * @param secondary off-diagonal; the first m − 1 elements count
   */
  static TridiagonalEigenproblem solve(double[] main, double[] secondary) {
    int m = main.length;
    double largest = 0;
    for (int i = 0; i < m; i++) {
      largest = Math.max(largest, Math.abs(main[i]));
      largest = i + 1 < m ? Math.max(largest, Math.abs(secondary[i])) : largest;
    }
    // Scaled by a power of two, so that the solver's absolute thresholds see numbers around one.
    int exponent = largest == 0 ? 0 : Math.getExponent(largest);
    double[] scaledMain = new double[m];
    double[] scaledSecondary = new double[m - 1];
    for (int i = 0; i < m; i++) {
      scaledMain[i] = Math.scalb(main[i], -exponent);
      if (i + 1 < m) {
        scaledSecondary[i] = Math.scalb(secondary[i], -exponent);
      }
    }
    EigenDecompositionSymmetric eigen =
        new EigenDecompositionSymmetric(scaledMain, scaledSecondary);
    double[] values = new double[m];
    double[] first = new double[m];
    double[] last = new double[m];
    for (int i = 0; i < m; i++) {
      int descending = m - 1 - i;
      values[i] = Math.scalb(eigen.getEigenvalue(descending), exponent);
      RealVector vector = eigen.getEigenvector(descending);
      first[i] = vector.getEntry(0);
      last[i] = vector.getEntry(m - 1);
    }
    return new TridiagonalEigenproblem(values, first, last);
  }
}
