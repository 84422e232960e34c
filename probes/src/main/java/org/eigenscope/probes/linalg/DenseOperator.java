package org.eigenscope.probes.linalg;

import java.util.Arrays;
import java.util.Locale;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** A symmetric matrix whose elements are known. */
public final class DenseOperator implements LinearOperator {

  /** Largest |A − Aᵀ| over the largest |A|, in units of n times the unit roundoff. */
  private static final double SYMMETRY_ROUNDOFFS = 10;

  private final INDArray matrix;

  private DenseOperator(INDArray matrix) {
    this.matrix = matrix;
  }

  /**
   * Returns the operator of an array.
   *
   * @param matrix a symmetric array [n, n], n &gt;= 1, FLOAT or DOUBLE; copied
   * @throws IllegalArgumentException if the array is not square, of another type, or not symmetric
   *     up to 10·n·u·max|A|, u the unit roundoff of its type
   */
  public static DenseOperator of(INDArray matrix) {
    if (matrix.rank() != 2 || matrix.size(0) != matrix.size(1)) {
      throw new IllegalArgumentException(
          "matrix must be square, got shape %s".formatted(Arrays.toString(matrix.shape())));
    }
    Vectors.checkType("matrix", matrix.dataType());
    INDArray copy = matrix.dup('c');
    double defect = Vectors.largestMagnitude(copy.sub(copy.transpose()));
    double largest = Vectors.largestMagnitude(copy);
    double allowed = SYMMETRY_ROUNDOFFS * copy.size(0) * Vectors.unitRoundoff(copy.dataType());
    if (!(defect <= allowed * largest)) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "matrix must be symmetric: max|A − Aᵀ| must be at most %.1e·max|A|,"
                  + " got %.1e with max|A| = %.1e",
              allowed,
              defect,
              largest));
    }
    return new DenseOperator(copy);
  }

  @Override
  public long order() {
    return matrix.size(0);
  }

  @Override
  public DataType dataType() {
    return matrix.dataType();
  }

  @Override
  public INDArray apply(INDArray block) {
    checkBlock(block);
    INDArray result = Nd4j.createUninitialized(block.dataType(), block.shape(), 'c');
    return block.mmuli(matrix, result);
  }
}
