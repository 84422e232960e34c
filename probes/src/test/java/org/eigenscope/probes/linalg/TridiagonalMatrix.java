package org.eigenscope.probes.linalg;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.hipparchus.linear.EigenDecompositionSymmetric;

/**
 * A symmetric tridiagonal matrix: cheap samples of random-matrix spectra, their largest eigenvalues
 * by Sturm sequences, and draws of Lanczos quadrature.
 */
final class TridiagonalMatrix {

  private final double[] diagonal;
  private final double[] offDiagonal;

  private TridiagonalMatrix(double[] diagonal, double[] offDiagonal) {
    this.diagonal = diagonal;
    this.offDiagonal = offDiagonal;
  }

  static TridiagonalMatrix diagonal(double... values) {
    return new TridiagonalMatrix(values.clone(), new double[values.length - 1]);
  }

  /**
   * A matrix with the spectrum of Z Zᵀ/samples + spike e₁e₁ᵀ, Z of independent normal numbers with
   * n ≤ samples rows (Dumitriu and Edelman 2002, "Matrix models for beta ensembles": the
   * reflections that make Z bidiagonal leave e₁ alone).
   */
  static TridiagonalMatrix wishart(int n, int samples, double spike, Random random) {
    double[] alpha = new double[n];
    double[] beta = new double[n - 1];
    for (int i = 0; i < n; i++) {
      alpha[i] = chi(samples - i, random);
      if (i < n - 1) {
        beta[i] = chi(n - 1 - i, random);
      }
    }
    double[] diagonal = new double[n];
    double[] offDiagonal = new double[n - 1];
    for (int i = 0; i < n; i++) {
      double previous = i == 0 ? 0 : beta[i - 1];
      diagonal[i] = (alpha[i] * alpha[i] + previous * previous) / samples + (i == 0 ? spike : 0);
      if (i < n - 1) {
        offDiagonal[i] = alpha[i] * beta[i] / samples;
      }
    }
    return new TridiagonalMatrix(diagonal, offDiagonal);
  }

  /** A matrix with the spectrum of the Gaussian orthogonal ensemble, edges near ±2. */
  static TridiagonalMatrix gaussianOrthogonal(int n, Random random) {
    double[] diagonal = new double[n];
    double[] offDiagonal = new double[n - 1];
    for (int i = 0; i < n; i++) {
      diagonal[i] = random.nextGaussian() * Math.sqrt(2.0 / n);
      if (i < n - 1) {
        offDiagonal[i] = chi(n - 1 - i, random) / Math.sqrt(n);
      }
    }
    return new TridiagonalMatrix(diagonal, offDiagonal);
  }

  private static double chi(int degrees, Random random) {
    double sum = 0;
    for (int i = 0; i < degrees; i++) {
      double g = random.nextGaussian();
      sum += g * g;
    }
    return Math.sqrt(sum);
  }

  int order() {
    return diagonal.length;
  }

  /** The k largest eigenvalues, descending, by bisection. */
  double[] largest(int k) {
    double bound = 0;
    for (int i = 0; i < order(); i++) {
      double row = Math.abs(diagonal[i]);
      row += i > 0 ? Math.abs(offDiagonal[i - 1]) : 0;
      row += i < order() - 1 ? Math.abs(offDiagonal[i]) : 0;
      bound = Math.max(bound, row);
    }
    double[] values = new double[k];
    for (int rank = 1; rank <= k; rank++) {
      double lower = -bound;
      double upper = rank == 1 ? bound : values[rank - 2];
      for (int step = 0; step < 60; step++) {
        double middle = (lower + upper) / 2;
        if (countAbove(middle) >= rank) {
          lower = middle;
        } else {
          upper = middle;
        }
      }
      values[rank - 1] = (lower + upper) / 2;
    }
    return values;
  }

  private int countAbove(double x) {
    int count = 0;
    double pivot = 1;
    for (int i = 0; i < order(); i++) {
      double off = i == 0 ? 0 : offDiagonal[i - 1];
      pivot = diagonal[i] - x - off * off / pivot;
      if (pivot == 0) {
        pivot = Double.MIN_NORMAL;
      }
      if (pivot > 0) {
        count++;
      }
    }
    return count;
  }

  /** Draws of stochastic Lanczos quadrature with normal test vectors. */
  List<QuadratureRule> draws(int steps, int count, Random random) {
    List<QuadratureRule> draws = new ArrayList<>();
    for (int draw = 0; draw < count; draw++) {
      double[] start = new double[order()];
      for (int i = 0; i < start.length; i++) {
        start[i] = random.nextGaussian();
      }
      draws.add(lanczos(Math.min(steps, order()), start));
    }
    return draws;
  }

  private QuadratureRule lanczos(int steps, double[] start) {
    int n = order();
    double[][] basis = new double[steps][];
    double[] alpha = new double[steps];
    double[] beta = new double[steps];
    basis[0] = scaled(start, 1 / Math.sqrt(dot(start, start)));
    int done = steps;
    for (int j = 0; j < steps; j++) {
      double[] next = new double[n];
      for (int i = 0; i < n; i++) {
        next[i] = diagonal[i] * basis[j][i];
        next[i] += i > 0 ? offDiagonal[i - 1] * basis[j][i - 1] : 0;
        next[i] += i < n - 1 ? offDiagonal[i] * basis[j][i + 1] : 0;
      }
      alpha[j] = dot(next, basis[j]);
      for (int pass = 0; pass < 2; pass++) {
        for (int k = 0; k <= j; k++) {
          double overlap = dot(next, basis[k]);
          for (int i = 0; i < n; i++) {
            next[i] -= overlap * basis[k][i];
          }
        }
      }
      beta[j] = Math.sqrt(dot(next, next));
      if (beta[j] < 1e-12 || j == steps - 1) {
        done = j + 1;
        break;
      }
      basis[j + 1] = scaled(next, 1 / beta[j]);
    }
    return gauss(alpha, beta, done);
  }

  private static QuadratureRule gauss(double[] alpha, double[] beta, int size) {
    EigenDecompositionSymmetric eigen =
        new EigenDecompositionSymmetric(Arrays.copyOf(alpha, size), Arrays.copyOf(beta, size - 1));
    double[] nodes = new double[size];
    double[] weights = new double[size];
    for (int i = 0; i < size; i++) {
      // Hipparchus sorts in descending order.
      nodes[i] = eigen.getEigenvalue(size - 1 - i);
      double first = eigen.getEigenvector(size - 1 - i).getEntry(0);
      weights[i] = first * first;
    }
    return new QuadratureRule(nodes, weights);
  }

  private static double dot(double[] a, double[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }

  private static double[] scaled(double[] a, double factor) {
    double[] scaled = new double[a.length];
    for (int i = 0; i < a.length; i++) {
      scaled[i] = factor * a[i];
    }
    return scaled;
  }
}
