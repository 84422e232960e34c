package org.eigenscope.probes.linalg;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.eigenscope.probes.kernel.Tensor;
import org.hipparchus.linear.Array2DRowRealMatrix;
import org.hipparchus.linear.EigenDecompositionSymmetric;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.INDArrayIndex;
import org.nd4j.linalg.indexing.NDArrayIndex;

/* IMPLEMENTATION NOTES
 *
 * Rayleigh-Ritz on the span of V with explicit images W = A V (rows here). H = V W' grows by a
 * column for each new vector; H = S diag(theta) S'. A Ritz vector is S_i'V, its image S_i'W: its
 * residual is measured without a product. A restart replaces V and W by some Ritz vectors and their
 * images, and H by their values.
 */
/** A subspace that grows, the operator on it, and its Ritz pairs. */
final class RitzSpace implements AutoCloseable {

  /** A new direction that keeps less of itself beside the other new ones is left for later. */
  private static final double NEW_PART = 0.1;

  /** Roundoffs that may be left of a direction that lies in the basis. */
  private static final double NOISE_ROUNDOFFS = 10;

  private final LinearOperator operator;
  private final int capacity;
  private final double noise;
  private final RowSweeps sweeps;

  /** V. */
  private final RowStack basis;

  /** W, as many rows as the basis has. */
  private final RowStack images;

  /** H, the leading size() × size() part. */
  private final double[][] projected;

  private double[] values = {};

  /** Column i of S, for value i. */
  private double[][] coefficients = {};

  private long matvecs;

  RitzSpace(LinearOperator operator, int capacity, int threads) {
    this.operator = operator;
    this.capacity = capacity;
    this.noise =
        Math.max(
            NOISE_ROUNDOFFS * operator.order() * Vectors.unitRoundoff(DataType.DOUBLE),
            NOISE_ROUNDOFFS * Vectors.unitRoundoff(operator.dataType()));
    this.sweeps = new RowSweeps(operator.dataType(), operator.order(), threads);
    this.basis = sweeps.stack(capacity);
    this.images = sweeps.stack(capacity);
    this.projected = new double[capacity][capacity];
  }

  static long bytes(LinearOperator operator, int capacity, int blockSize) {
    return (2L * capacity + 4L * blockSize) * operator.order() * operator.dataType().width();
  }

  int size() {
    return basis.size();
  }

  int capacity() {
    return capacity;
  }

  long matvecs() {
    return matvecs;
  }

  /**
   * Adds the directions of the rows of a block that are new, as far as there is room, with one
   * application of the operator.
   *
   * @param directions dense [k, n] of any lengths; overwritten
   * @param limit how many to add at most
   * @return how many were added
   */
  int expand(INDArray directions, long limit) {
    Tensor block = Tensor.sharing(directions, directions.size(0));
    int room = (int) Math.min(limit, capacity - size());
    double[] outside = sweeps.norms(block);
    normalize(block, outside);
    double[] left = sweeps.orthogonalize(block, 0, outside.length, basis.rows());
    normalize(block, left);
    int count = 0;
    for (int i = 0; i < left.length && count < room; i++) {
      // What is left of a direction that lay in the basis is no longer orthogonal to it.
      if (outside[i] == 0 || left[i] <= noise) {
        continue;
      }
      if (left[i] < NEW_PART && orthogonalized(block, i, basis.rows()) == 0) {
        continue;
      }
      if (count > 0
          && orthogonalized(block, i, List.of(RowStack.Rows.of(block, 0, count))) < NEW_PART) {
        continue;
      }
      if (count < i) {
        directions.getRow(count).assign(directions.getRow(i));
      }
      count++;
    }
    if (count > 0) {
      multiply(block, count);
    }
    return count;
  }

  private void normalize(Tensor block, double[] lengths) {
    double[] factors = new double[lengths.length];
    for (int i = 0; i < factors.length; i++) {
      factors[i] = lengths[i] > 0 ? 1 / lengths[i] : 1;
    }
    sweeps.scale(block, 0, factors);
  }

  /** Makes a row of unit length orthogonal to others, and returns what was left of its length. */
  private double orthogonalized(Tensor block, int row, List<RowStack.Rows> others) {
    double left = sweeps.orthogonalize(block, row, 1, others)[0];
    if (left > 0) {
      sweeps.scale(block, row, new double[] {1 / left});
    }
    return left;
  }

  /** Applies the operator to the first rows of a block, which are new in the basis. */
  private void multiply(Tensor block, int count) {
    int from = size();
    INDArrayIndex first = NDArrayIndex.interval(0, count);
    INDArray added =
        count == block.rows() ? block.array() : block.array().get(first, NDArrayIndex.all());
    INDArray products = operator.apply(added);
    matvecs += count;
    basis.append(added);
    images.append(products);
    try (Dense rows = new Dense(products)) {
      double[][] columns = sweeps.products(rows.tensor(), count, basis.rows());
      for (int i = 0; i < count; i++) {
        if (!Double.isFinite(columns[i][from + i])) {
          Vectors.requireFiniteProduct(products.getRow(i), matvecs);
        }
        for (int j = 0; j <= from + i; j++) {
          projected[j][from + i] = columns[i][j];
          projected[from + i][j] = columns[i][j];
        }
      }
    }
    if (products.closeable()) {
      products.close();
    }
  }

  /** Returns copies [k, n] of the last products: directions of the next block of a Krylov space. */
  INDArray lastImages(int count) {
    return images.last(count);
  }

  /** Solves the projected eigenproblem. */
  void solve() {
    int m = size();
    double largest = 0;
    for (int i = 0; i < m; i++) {
      for (int j = 0; j < m; j++) {
        largest = Math.max(largest, Math.abs(projected[i][j]));
      }
    }
    int exponent = largest == 0 ? 0 : Math.getExponent(largest);
    double[][] scaled = new double[m][m];
    for (int i = 0; i < m; i++) {
      for (int j = 0; j < m; j++) {
        scaled[i][j] = Math.scalb(projected[i][j], -exponent);
      }
    }
    EigenDecompositionSymmetric eigen =
        new EigenDecompositionSymmetric(new Array2DRowRealMatrix(scaled, false));
    values = new double[m];
    coefficients = new double[m][];
    for (int i = 0; i < m; i++) {
      values[i] = Math.scalb(eigen.getEigenvalue(i), exponent);
      coefficients[i] = eigen.getEigenvector(i).toArray();
    }
  }

  /** Returns Ritz value i in descending order. */
  double value(int i) {
    return values[i];
  }

  /** Returns max|θ|. */
  double scale() {
    return Math.max(Math.abs(values[0]), Math.abs(values[values.length - 1]));
  }

  /**
   * Residuals of Ritz pairs.
   *
   * @param rows A y − θ y, as rows [k, n]
   * @param norms their norms
   */
  record Residuals(INDArray rows, double[] norms) implements AutoCloseable {
    @Override
    public void close() {
      rows.close();
    }
  }

  /** Returns the residuals of some values. */
  Residuals residuals(int[] indices) {
    double[][] rotation = rotation(indices);
    Tensor residuals = sweeps.block(indices.length);
    sweeps.combine(rotation, images.rows(), false, residuals);
    for (int i = 0; i < indices.length; i++) {
      for (int j = 0; j < size(); j++) {
        rotation[i][j] *= -values[indices[i]];
      }
    }
    sweeps.combine(rotation, basis.rows(), true, residuals);
    return new Residuals(residuals.array(), sweeps.norms(residuals));
  }

  /** Returns the Ritz pairs of some values, Rayleigh quotients and residuals taken anew. */
  List<RitzPair> pairs(int[] indices) {
    double[][] rotation = rotation(indices);
    List<RitzPair> pairs = new ArrayList<>();
    try (Tensor vectors = sweeps.block(indices.length);
        Tensor products = sweeps.block(indices.length)) {
      sweeps.combine(rotation, basis.rows(), false, vectors);
      normalize(vectors, sweeps.norms(vectors));
      sweeps.combine(rotation, images.rows(), false, products);
      double[] quotients = sweeps.dots(vectors, products);
      for (int i = 0; i < indices.length; i++) {
        Vectors.add(-quotients[i], vectors.array().getRow(i), products.array().getRow(i));
      }
      double[] residualNorms = sweeps.norms(products);
      for (int i = 0; i < indices.length; i++) {
        INDArray vector = vectors.array().getRow(i).dup();
        pairs.add(new RitzPair(quotients[i], vector, residualNorms[i]));
      }
    }
    return pairs;
  }

  /** Keeps the span of some Ritz vectors only. */
  void restart(int[] indices) {
    double[][] rotation = rotation(indices);
    sweeps.rotate(rotation, basis.rows());
    sweeps.rotate(rotation, images.rows());
    for (int i = 0; i < indices.length; i++) {
      Arrays.fill(projected[i], 0, indices.length, 0);
      projected[i][i] = values[indices[i]];
    }
    basis.truncate(indices.length);
    images.truncate(indices.length);
  }

  private double[][] rotation(int[] indices) {
    return Arrays.stream(indices).mapToObj(i -> coefficients[i].clone()).toArray(double[][]::new);
  }

  @Override
  public void close() {
    basis.close();
    images.close();
    sweeps.close();
  }
}
