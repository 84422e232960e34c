package org.eigenscope.probes.linalg;

import java.util.Arrays;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * All eigenpairs of a symmetric matrix whose elements are known, descending.
 *
 * <p>Immutable as long as the array of {@link #vectors()} is not written to.
 */
public final class DenseEigenpairs {
  private final double[] values;
  private final INDArray vectors;

  private DenseEigenpairs(double[] values, INDArray vectors) {
    this.values = values;
    this.vectors = vectors;
  }

  /**
   * Returns the eigenpairs of the symmetric part of a matrix, by LAPACK's syev.
   *
   * <p><b>Cost.</b> About 9n³ flops and 16n² bytes.
   *
   * @param matrix an array [n, n], n &gt;= 1, FLOAT or DOUBLE; not modified
   * @throws IllegalArgumentException if it is not square, of another type, or not finite
   * @throws ArithmeticException if the iteration does not converge
   */
  public static DenseEigenpairs of(INDArray matrix) {
    if (matrix.rank() != 2 || matrix.size(0) != matrix.size(1)) {
      throw new IllegalArgumentException(
          "matrix must be square, got shape " + Arrays.toString(matrix.shape()));
    }
    Vectors.checkType("matrix", matrix.dataType());
    int n = Math.toIntExact(matrix.size(0));
    INDArray work = Nd4j.createUninitialized(DataType.DOUBLE, new long[] {n, n}, 'f');
    INDArray wide = matrix.castTo(DataType.DOUBLE);
    work.assign(wide.add(wide.transpose()).divi(2));
    double scale = Vectors.largestMagnitude(work);
    if (!Double.isFinite(scale) || Vectors.firstNonFinite(work) >= 0) {
      throw new IllegalArgumentException("matrix must be finite, got NaN or infinite elements");
    }
    INDArray ascending = Nd4j.create(DataType.DOUBLE, n);
    int status = Nd4j.getBlasWrapper().lapack().syev('V', 'L', work, ascending);
    if (status != 0) {
      throw new ArithmeticException(
          "the eigenvalues of a matrix of order %d did not converge, status %d"
              .formatted(n, status));
    }
    double[] values = new double[n];
    INDArray vectors = Nd4j.createUninitialized(DataType.DOUBLE, n, n);
    for (int i = 0; i < n; i++) {
      values[i] = ascending.getDouble(n - 1 - i);
      vectors.putRow(i, work.getColumn(n - 1 - i));
    }
    return new DenseEigenpairs(values, vectors);
  }

  /** Returns n. */
  public int order() {
    return values.length;
  }

  /** Returns the i-th largest eigenvalue, 0 &lt;= i &lt; {@link #order()}. */
  public double value(int i) {
    return values[i];
  }

  /** Returns a new array of all eigenvalues, descending. */
  public double[] values() {
    return values.clone();
  }

  /**
   * Returns the DOUBLE [n, n] array of orthonormal rows, row i belonging to value i; not to be
   * modified.
   */
  public INDArray vectors() {
    return vectors;
  }

  /** Returns the largest absolute eigenvalue, the spectral norm. */
  public double norm() {
    return Math.max(Math.abs(values[0]), Math.abs(values[values.length - 1]));
  }
}
