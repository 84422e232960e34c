package org.eigenscope.probes.linalg;

import java.util.Arrays;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** A diagonal matrix. */
public final class DiagonalOperator implements LinearOperator {
  private final INDArray diagonal;

  private DiagonalOperator(INDArray diagonal) {
    this.diagonal = diagonal;
  }

  /**
   * Returns the operator of a diagonal.
   *
   * @param diagonal the eigenvalues, an array [n], n &gt;= 1, FLOAT or DOUBLE; copied
   * @throws IllegalArgumentException if the array is of another rank or type
   */
  public static DiagonalOperator of(INDArray diagonal) {
    if (diagonal.rank() != 1) {
      throw new IllegalArgumentException(
          "diagonal must have rank 1, got shape %s".formatted(Arrays.toString(diagonal.shape())));
    }
    Vectors.checkType("diagonal", diagonal.dataType());
    return new DiagonalOperator(diagonal.dup('c'));
  }

  @Override
  public long order() {
    return diagonal.length();
  }

  @Override
  public DataType dataType() {
    return diagonal.dataType();
  }

  @Override
  public INDArray apply(INDArray block) {
    checkBlock(block);
    return block.dup('c').muliRowVector(diagonal);
  }
}
