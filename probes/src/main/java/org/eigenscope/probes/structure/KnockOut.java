package org.eigenscope.probes.structure;

import org.eigenscope.probes.linalg.DenseEigenpairs;
import org.eigenscope.probes.linalg.GramMatrix;
import org.eigenscope.probes.linalg.LinearOperator;
import org.eigenscope.probes.linalg.LowRankOperator;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A matrix without a component of low rank, to see which of its eigenvalues come from it: by
 * subtraction, A − B, or by projection, (I − BB†) A (I − BB†).
 *
 * <p><b>References.</b> Papyan 2020, "Traces of Class/Cross-Class Structure Pervade Deep Learning
 * Spectra", JMLR 21, arXiv 2008.11865, definitions 3.1 to 3.3.
 */
public final class KnockOut {
  /** Part of the largest eigenvalue of VVᵀ below which a direction is rounding. */
  private static final double LEAST = 1e-10;

  private KnockOut() {}

  /**
   * Returns A − VᵀV.
   *
   * @param operator A
   * @param factor V, [r, n], as {@link ClassMeans#factor} returns it; copied
   * @throws IllegalArgumentException if order or type differ
   */
  public static LinearOperator subtraction(LinearOperator operator, INDArray factor) {
    return operator.minus(LowRankOperator.of(factor));
  }

  /**
   * Returns (I − P) A (I − P), P the projector on the span of V.
   *
   * @param operator A
   * @param factor V, [r, n], not zero, as {@link ClassMeans#factor} returns it; not kept
   * @throws IllegalArgumentException if order or type differ, or V is zero
   */
  public static LinearOperator projection(LinearOperator operator, INDArray factor) {
    return operator.projectedOut(basis(factor));
  }

  /** Returns orthonormal rows that span V's. */
  static INDArray basis(INDArray factor) {
    // The second pass takes away what rounding left where rows of V were nearly dependent.
    return orthonormalized(orthonormalized(factor));
  }

  private static INDArray orthonormalized(INDArray rows) {
    DenseEigenpairs pairs = DenseEigenpairs.of(GramMatrix.of(rows));
    int rank = 0;
    while (rank < pairs.order() && pairs.value(rank) > LEAST * pairs.value(0)) {
      rank++;
    }
    if (rank == 0) {
      throw new IllegalArgumentException("rows to project out must not be zero");
    }
    INDArray coefficients = Nd4j.createUninitialized(DataType.DOUBLE, rank, pairs.order());
    for (int i = 0; i < rank; i++) {
      coefficients.putRow(i, pairs.vectors().getRow(i).div(Math.sqrt(pairs.value(i))));
    }
    return coefficients.castTo(rows.dataType()).mmul(rows).dup('c');
  }
}
