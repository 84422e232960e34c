package org.eigenscope.probes.structure;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import org.eigenscope.probes.linalg.DenseEigenpairs;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The largest eigenpairs of A ⊗ B, from all of A's and B's: products of values, and of vectors.
 *
 * @param left A's eigenpairs, order m
 * @param right B's eigenpairs, order n
 * @param pairs which of A's and B's, by descending product
 */
record KroneckerPairs(DenseEigenpairs left, DenseEigenpairs right, List<Pair> pairs) {

  /** Number i of A's and j of B's eigenpairs, and the product of their values. */
  record Pair(int i, int j, double value) {}

  private static final Comparator<Pair> BEST_FIRST =
      Comparator.comparingDouble(Pair::value)
          .reversed()
          .thenComparingInt(Pair::i)
          .thenComparingInt(Pair::j);

  /**
   * Finds the algebraically largest products.
   *
   * @param count how many, at least 1; all if there are fewer
   */
  static KroneckerPairs of(DenseEigenpairs left, DenseEigenpairs right, int count) {
    PriorityQueue<Pair> best = new PriorityQueue<>(BEST_FIRST.reversed());
    for (int i = 0; i < left.order(); i++) {
      for (int j = 0; j < right.order(); j++) {
        best.add(new Pair(i, j, left.value(i) * right.value(j)));
        if (best.size() > count) {
          best.remove();
        }
      }
    }
    List<Pair> sorted = new ArrayList<>(best);
    sorted.sort(BEST_FIRST);
    return new KroneckerPairs(left, right, List.copyOf(sorted));
  }

  List<Double> values() {
    return pairs.stream().map(Pair::value).toList();
  }

  /** Returns u ⊗ v of each pair as rows, DOUBLE [count, mn]: u vᵀ row by row. */
  INDArray vectors() {
    INDArray rows =
        Nd4j.createUninitialized(
            DataType.DOUBLE, pairs.size(), (long) left.order() * right.order());
    for (int k = 0; k < pairs.size(); k++) {
      INDArray u = left.vectors().getRow(pairs.get(k).i());
      INDArray v = right.vectors().getRow(pairs.get(k).j());
      rows.putRow(k, outer(u, v));
    }
    return rows;
  }

  /** Returns u vᵀ row by row. */
  static INDArray outer(INDArray u, INDArray v) {
    INDArray product = Nd4j.createUninitialized(DataType.DOUBLE, u.length(), v.length());
    for (int i = 0; i < u.length(); i++) {
      product.putRow(i, v.mul(u.getDouble(i)));
    }
    return product.reshape(u.length() * v.length());
  }
}
