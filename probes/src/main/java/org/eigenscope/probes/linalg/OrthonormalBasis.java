package org.eigenscope.probes.linalg;

import org.nd4j.linalg.api.blas.params.MMulTranspose;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.reduce.Mmul;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** Orthonormal vectors, kept as the first rows of one array that is allocated at once. */
final class OrthonormalBasis implements AutoCloseable {
  private static final MMulTranspose TRANSPOSE_FIRST =
      MMulTranspose.builder().transposeA(true).build();

  private final INDArray rows;
  private int size;

  OrthonormalBasis(DataType type, int capacity, long order) {
    this.rows = Nd4j.createUninitialized(type, capacity, order);
  }

  int size() {
    return size;
  }

  /** Returns a view [size, n]. */
  INDArray vectors() {
    return rows.get(NDArrayIndex.interval(0, size), NDArrayIndex.all());
  }

  /** Returns vector i as a view [n]. */
  INDArray vector(int i) {
    return rows.getRow(i);
  }

  /** Adds a unit vector [n], which is orthogonal to the others. */
  void append(INDArray vector) {
    rows.getRow(size).assign(vector);
    size++;
  }

  /** Forgets all vectors but the first ones. */
  void truncate(int newSize) {
    size = newSize;
  }

  /**
   * Takes from a vector [n], in place, its components along the basis: two classical Gram–Schmidt
   * passes, each of which reads the basis twice and is bound by that.
   */
  void orthogonalize(INDArray vector) {
    orthogonalizeAgainst(0, vector);
  }

  /** As {@link #orthogonalize}, against the vectors from an index on. */
  void orthogonalizeAgainst(int from, INDArray vector) {
    if (from == size) {
      return;
    }
    INDArray basis = rows.get(NDArrayIndex.interval(from, size), NDArrayIndex.all());
    for (int pass = 0; pass < 2; pass++) {
      project(basis, vector);
    }
  }

  private static void project(INDArray basis, INDArray vector) {
    // The rank-1 operand makes this a matrix-vector product for BLAS, twice as fast here.
    INDArray coefficients = basis.mmul(vector).reshape(basis.rows(), 1);
    INDArray column = vector.reshape(vector.length(), 1);
    Nd4j.exec(new Mmul(basis, coefficients, column, -1, 1, TRANSPOSE_FIRST));
  }

  /** As {@link #orthogonalize}, for each row of a block [k, n]. */
  void orthogonalizeRows(INDArray block) {
    if (block.size(0) == 1) {
      orthogonalize(block.getRow(0));
    } else if (size > 0) {
      INDArray basis = vectors();
      for (int pass = 0; pass < 2; pass++) {
        INDArray coefficients = block.mmul(basis.transpose());
        Nd4j.exec(new Mmul(coefficients, basis, block, -1, 1, MMulTranspose.allFalse()));
      }
    }
  }

  @Override
  public void close() {
    rows.close();
  }
}
