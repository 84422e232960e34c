package org.eigenscope.probes.linalg;

import java.util.Arrays;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * The span of the algebraically largest eigenvectors of an operator, with its basis in the order of
 * the eigenvalues.
 *
 * <p>Its first j rows span the top-j eigenspace, for every j up to {@link #k()}. Immutable as long
 * as the array of {@link #vectors()} is not written to.
 */
public final class TopEigenspace {

  private final INDArray vectors;
  private final double[] values;
  private final double[] residualNorms;

  private TopEigenspace(INDArray vectors, double[] values, double[] residualNorms) {
    this.vectors = vectors;
    this.values = values;
    this.residualNorms = residualNorms;
  }

  /**
   * Returns the space that Ritz pairs span.
   *
   * <p><b>Cost.</b> Copies the vectors; k²n flops to check them.
   *
   * @param pairs at least one pair, in descending order of value, with orthonormal vectors of one
   *     length and type; not kept
   * @throws IllegalArgumentException if there is no pair, the values do not descend, or the vectors
   *     are not orthonormal to 1e-4, or not finite
   */
  public static TopEigenspace of(List<RitzPair> pairs) {
    if (pairs.isEmpty()) {
      throw new IllegalArgumentException("an eigenspace needs at least one pair, got none");
    }
    double[] values = new double[pairs.size()];
    double[] residualNorms = new double[pairs.size()];
    long order = pairs.get(0).vector().length();
    INDArray vectors =
        Nd4j.createUninitialized(pairs.get(0).vector().dataType(), values.length, order);
    for (int i = 0; i < values.length; i++) {
      RitzPair pair = pairs.get(i);
      values[i] = pair.value();
      residualNorms[i] = pair.residualNorm();
      if (i > 0 && !(values[i] <= values[i - 1])) {
        throw new IllegalArgumentException(
            "values must descend, got %s after %s at %d".formatted(values[i], values[i - 1], i));
      }
      if (pair.vector().length() != order) {
        throw new IllegalArgumentException(
            "vectors must have one length, got %d at %d after %d"
                .formatted(pair.vector().length(), i, order));
      }
      vectors.putRow(i, pair.vector());
    }
    RowProducts.requireOrthonormal("vectors", vectors);
    return new TopEigenspace(vectors, values, residualNorms);
  }

  /** Returns k, the dimension of the space; at least 1. */
  public int k() {
    return values.length;
  }

  /** Returns n, the length of its vectors. */
  public long order() {
    return vectors.size(1);
  }

  /**
   * Returns the [k, n] array of orthonormal rows, row i belonging to value i; not to be modified.
   */
  public INDArray vectors() {
    return vectors;
  }

  /** Returns the i-th largest Ritz value, 0 &lt;= i &lt; {@link #k()}. */
  public double value(int i) {
    return values[i];
  }

  /** Returns the residual norm of pair i: an eigenvalue lies within it of {@code value(i)}. */
  public double residualNorm(int i) {
    return residualNorms[i];
  }

  /**
   * Returns the space of the first j vectors, which shares its memory with this one.
   *
   * @param j dimension, between 1 and {@link #k()}
   * @throws IllegalArgumentException if j is out of range
   */
  public TopEigenspace first(int j) {
    if (j < 1 || j > k()) {
      throw new IllegalArgumentException("j must be between 1 and %d, got %d".formatted(k(), j));
    }
    return new TopEigenspace(
        vectors.get(NDArrayIndex.interval(0, j), NDArrayIndex.all()),
        Arrays.copyOf(values, j),
        Arrays.copyOf(residualNorms, j));
  }

  @Override
  public String toString() {
    return "TopEigenspace[k="
        + k()
        + ", order="
        + order()
        + ", values="
        + Arrays.toString(values)
        + "]";
  }
}
