package org.eigenscope.probes.linalg;

import java.util.Arrays;
import java.util.List;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A real symmetric matrix known only by its products with vectors.
 *
 * <p>Algorithms of this package take any operator and count one <em>matvec</em> for each row of a
 * block they pass to {@link #apply}. Implementations must be symmetric, linear and deterministic:
 * two applications to equal blocks return equal bits. {@link OperatorCheck} measures the defects.
 *
 * <p><b>Threading.</b> An operator is applied by one thread at a time unless it says otherwise.
 */
public interface LinearOperator {

  /** Returns n, the number of rows and columns; at least 1. */
  long order();

  /** Returns the type of the vectors it takes and returns: {@code FLOAT} or {@code DOUBLE}. */
  DataType dataType();

  /**
   * Returns the products of the matrix with each row of a block.
   *
   * <p><b>Cost.</b> k matvecs.
   *
   * @param block k vectors as the rows of a [k, n] array of {@link #dataType()}; not modified, not
   *     kept
   * @return a new [k, n] array of the same type in 'c' order, which shares no memory with {@code
   *     block}; row i is the product with row i, and does not depend on the other rows beyond
   *     rounding
   * @throws IllegalArgumentException if the block is not of rank 2, has another number of columns
   *     than {@link #order()} or another data type
   */
  INDArray apply(INDArray block);

  /**
   * Checks the argument of {@link #apply}; every implementation calls it first.
   *
   * @param block the block to check
   * @throws IllegalArgumentException as {@link #apply} says
   */
  default void checkBlock(INDArray block) {
    if (block.rank() != 2) {
      throw new IllegalArgumentException(
          "block must have rank 2, one vector in each row, got shape %s"
              .formatted(Arrays.toString(block.shape())));
    }
    if (block.size(1) != order()) {
      throw new IllegalArgumentException(
          "block has %d columns but the operator has order %d".formatted(block.size(1), order()));
    }
    if (block.dataType() != dataType()) {
      throw new IllegalArgumentException(
          "block is %s but the operator is %s".formatted(block.dataType(), dataType()));
    }
  }

  /**
   * Returns A + B.
   *
   * <p><b>Cost.</b> One matvec of each.
   *
   * @param other B, of the same order and type
   * @throws IllegalArgumentException if orders or types differ
   */
  default LinearOperator plus(LinearOperator other) {
    return new SumOperator(this, other, 1);
  }

  /**
   * Returns A − B.
   *
   * <p><b>Cost.</b> One matvec of each.
   *
   * @param other B, of the same order and type
   * @throws IllegalArgumentException if orders or types differ
   */
  default LinearOperator minus(LinearOperator other) {
    return new SumOperator(this, other, -1);
  }

  /**
   * Returns cA.
   *
   * @param factor c, finite
   * @throws IllegalArgumentException if the factor is not finite
   */
  default LinearOperator scaled(double factor) {
    return new AffineOperator(this, factor, 0);
  }

  /**
   * Returns A + σI.
   *
   * @param shift σ, finite, in units of the eigenvalues
   * @throws IllegalArgumentException if the shift is not finite
   */
  default LinearOperator shifted(double shift) {
    return new AffineOperator(this, 1, shift);
  }

  /**
   * Returns A − Σ θ v vᵀ over Ritz pairs (θ, v): converged eigenvalues move to zero, the others
   * stay.
   *
   * <p><b>Cost.</b> One matvec and 4kn flops.
   *
   * @param pairs at least one pair, with orthonormal vectors; copied
   * @throws IllegalArgumentException if there is no pair or a vector has another length or type
   */
  default LinearOperator deflated(List<RitzPair> pairs) {
    return new DeflatedOperator(this, pairs);
  }

  /**
   * Returns (I − P) A (I − P), P the orthogonal projector on the span of a basis.
   *
   * <p><b>Cost.</b> One matvec and 8kn flops.
   *
   * @param basis orthonormal rows [k, n]; copied
   * @throws IllegalArgumentException if the basis has another order or type
   */
  default LinearOperator projectedOut(INDArray basis) {
    return new ProjectedOperator(this, basis);
  }

  /**
   * Returns the diagonal block of A on a range of coordinates.
   *
   * <p><b>Cost.</b> One matvec of A.
   *
   * @param from first coordinate, at least 0
   * @param to one past the last coordinate, at most n
   * @throws IllegalArgumentException if the range is empty or leaves the operator
   */
  default LinearOperator restricted(long from, long to) {
    return RestrictedOperator.of(this, from, to);
  }

  /**
   * Returns the principal submatrix of A on some coordinates.
   *
   * <p><b>Cost.</b> One matvec of A, and a copy for each run of adjacent coordinates.
   *
   * @param coordinates strictly ascending, from 0 to n − 1; not kept
   * @throws IllegalArgumentException if they are empty, do not ascend or leave the operator
   */
  default LinearOperator restricted(long[] coordinates) {
    return RestrictedOperator.of(this, coordinates);
  }

  /**
   * Returns the Kronecker product A ⊗ B, of order n·m.
   *
   * <p><b>Definition.</b> On a vector that holds an n × m matrix X row by row: (A ⊗ B) vec(X) =
   * vec(A X Bᵀ). Its eigenvalues are all products of eigenvalues.
   *
   * <p><b>Cost.</b> n matvecs of B and m of A, in one block each.
   *
   * @param other B, of order m and the same type
   * @throws IllegalArgumentException if the types differ
   */
  default LinearOperator kronecker(LinearOperator other) {
    return new KroneckerOperator(this, other);
  }
}
