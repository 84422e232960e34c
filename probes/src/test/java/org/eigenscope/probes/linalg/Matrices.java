package org.eigenscope.probes.linalg;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Matrices with spectra that are known, and the seeds they are drawn from. */
final class Matrices {
  private static final long SEED = Long.getLong("tests.seed", 20261121);

  private Matrices() {}

  /** Returns three seeds; -Dtests.seed=N replaces them. */
  static LongStream seeds() {
    return LongStream.range(SEED, SEED + 3);
  }

  static long seed() {
    return SEED;
  }

  static double[] values(int n, IntToDoubleFunction value) {
    return IntStream.range(0, n).mapToDouble(value).toArray();
  }

  static INDArray array(double... values) {
    return Nd4j.createFromArray(values);
  }

  static DiagonalOperator diagonal(double... values) {
    return DiagonalOperator.of(array(values));
  }

  static DiagonalOperator diagonal(DataType type, double... values) {
    return DiagonalOperator.of(array(values).castTo(type));
  }

  /** Returns Q diag(values) Qᵀ with a random orthogonal Q: a product of Householder reflections. */
  static double[][] withSpectrum(long seed, double... values) {
    int n = values.length;
    SplittableRandom random = new SplittableRandom(seed);
    double[][] a = new double[n][n];
    for (int i = 0; i < n; i++) {
      a[i][i] = values[i];
    }
    for (int k = 0; k < Math.min(n, 8); k++) {
      double[] u = new double[n];
      double squares = 0;
      for (int i = 0; i < n; i++) {
        u[i] = random.nextGaussian();
        squares += u[i] * u[i];
      }
      // (I - 2uu'/u'u) A (I - 2uu'/u'u)
      for (int pass = 0; pass < 2; pass++) {
        for (int i = 0; i < n; i++) {
          double dot = 0;
          for (int j = 0; j < n; j++) {
            dot += a[i][j] * u[j];
          }
          for (int j = 0; j < n; j++) {
            a[i][j] -= 2 * dot / squares * u[j];
          }
        }
        a = transposed(a);
      }
    }
    return symmetric(a);
  }

  private static double[][] transposed(double[][] a) {
    double[][] result = new double[a.length][a.length];
    for (int i = 0; i < a.length; i++) {
      for (int j = 0; j < a.length; j++) {
        result[j][i] = a[i][j];
      }
    }
    return result;
  }

  private static double[][] symmetric(double[][] a) {
    double[][] result = new double[a.length][a.length];
    for (int i = 0; i < a.length; i++) {
      for (int j = 0; j < a.length; j++) {
        result[i][j] = a[i][j] / 2 + a[j][i] / 2;
      }
    }
    return result;
  }

  static double[][] random(long seed, int n) {
    SplittableRandom random = new SplittableRandom(seed);
    double[][] a = new double[n][n];
    for (int i = 0; i < n; i++) {
      for (int j = 0; j <= i; j++) {
        a[i][j] = random.nextGaussian();
        a[j][i] = a[i][j];
      }
    }
    return a;
  }

  /** Returns the matrix of the second difference: eigenvalues 2 − 2cos(kπ/(n+1)), k = 1..n. */
  static double[][] laplacian(int n) {
    double[][] a = new double[n][n];
    for (int i = 0; i < n; i++) {
      a[i][i] = 2;
      if (i > 0) {
        a[i][i - 1] = -1;
        a[i - 1][i] = -1;
      }
    }
    return a;
  }

  /** Returns Wilkinson's W21+: diagonal |i − 10|, off-diagonal 1, eigenvalues in close pairs. */
  static double[][] wilkinson() {
    double[][] a = new double[21][21];
    for (int i = 0; i < 21; i++) {
      a[i][i] = Math.abs(i - 10);
      if (i > 0) {
        a[i][i - 1] = 1;
        a[i - 1][i] = 1;
      }
    }
    return a;
  }

  static DenseOperator dense(double[][] matrix) {
    return DenseOperator.of(Nd4j.createFromArray(matrix));
  }

  static DenseOperator dense(DataType type, double[][] matrix) {
    return DenseOperator.of(Nd4j.createFromArray(matrix).castTo(type));
  }

  static double[][] scaled(double[][] matrix, double factor) {
    return Arrays.stream(matrix)
        .map(row -> Arrays.stream(row).map(x -> x * factor).toArray())
        .toArray(double[][]::new);
  }

  static double[] ascending(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted;
  }

  static INDArray gaussian(long seed, int count, long order, DataType type) {
    return new RandomVectors(RandomVectors.Distribution.GAUSSIAN, seed).next(count, order, type);
  }

  static INDArray gaussian(long seed, long order) {
    return gaussian(seed, 1, order, DataType.DOUBLE).reshape(order);
  }

  static double largestMagnitude(double[] values) {
    return Arrays.stream(values).map(Math::abs).max().orElse(0);
  }
}
