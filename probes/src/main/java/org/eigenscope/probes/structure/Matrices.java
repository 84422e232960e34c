package org.eigenscope.probes.structure;

import org.eigenscope.probes.linalg.DenseEigenpairs;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Norms and products of matrices, by BLAS: reductions of ND4J's own split their sum by the threads
 * that happen to be free, so that their last bits vary.
 */
final class Matrices {
  /** Squared length, relative, below which a direction is left out: it is mostly rounding. */
  private static final double NEGLIGIBLE = 1e-8;

  private Matrices() {}

  /** Returns ‖row‖² of each row, in double. */
  static double[] squaredNorms(INDArray rows) {
    double[] squares = new double[Math.toIntExact(rows.size(0))];
    for (int i = 0; i < squares.length; i++) {
      INDArray row = rows.getRow(i, true).castTo(DataType.DOUBLE);
      squares[i] = Nd4j.getBlasWrapper().dot(row, row);
    }
    return squares;
  }

  /** Returns ‖A‖²_F. */
  static double squaredNorm(INDArray matrix) {
    double sum = 0;
    for (double square : squaredNorms(matrix)) {
      sum += square;
    }
    return sum;
  }

  /** Returns the smaller of A Aᵀ and Aᵀ A. */
  static INDArray gram(INDArray matrix) {
    return matrix.size(0) <= matrix.size(1)
        ? matrix.mmul(matrix.transpose())
        : matrix.transpose().mmul(matrix);
  }

  /** Returns the first right singular vector, a new array [n]; with all zeros there is none. */
  static INDArray firstRightSingularVector(INDArray matrix) {
    DenseEigenpairs pairs = DenseEigenpairs.of(gram(matrix));
    INDArray first = pairs.vectors().getRow(0, true);
    if (matrix.size(0) <= matrix.size(1)) {
      first = first.mmul(matrix);
    }
    return first.div(Math.sqrt(squaredNorm(first))).reshape(first.length());
  }

  /** Returns A ⊗ B. */
  static INDArray kronecker(INDArray a, INDArray b) {
    double[][] left = a.toDoubleMatrix();
    double[][] right = b.toDoubleMatrix();
    int n = right.length;
    double[][] product = new double[left.length * n][left.length * n];
    for (int i = 0; i < product.length; i++) {
      for (int j = 0; j < product.length; j++) {
        product[i][j] = left[i / n][j / n] * right[i % n][j % n];
      }
    }
    return Nd4j.createFromArray(product);
  }

  /** Returns orthonormal rows with the span of a matrix's rows, DOUBLE, but for tiny parts. */
  static INDArray orthonormal(INDArray rows) {
    INDArray wide = rows.castTo(DataType.DOUBLE);
    DenseEigenpairs pairs = DenseEigenpairs.of(wide.mmul(wide.transpose()));
    int kept = 0;
    while (kept < pairs.order() && pairs.value(kept) > NEGLIGIBLE * pairs.value(0)) {
      kept++;
    }
    INDArray basis = Nd4j.createUninitialized(DataType.DOUBLE, kept, rows.size(1));
    for (int i = 0; i < kept; i++) {
      INDArray combination = pairs.vectors().getRow(i, true).mmul(wide);
      basis.putRow(i, combination.divi(Math.sqrt(pairs.value(i))));
    }
    return basis;
  }
}
