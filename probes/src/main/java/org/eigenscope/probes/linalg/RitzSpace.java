package org.eigenscope.probes.linalg;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.hipparchus.linear.Array2DRowRealMatrix;
import org.hipparchus.linear.EigenDecompositionSymmetric;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
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

  /** Columns of a basis that are rotated at a time: some MB, whatever the order. */
  private static final long COLUMNS_AT_A_TIME = 1 << 16;

  private final LinearOperator operator;
  private final int capacity;
  private final double noise;
  private final OrthonormalBasis basis;

  /** W, as many rows as the basis has. */
  private final INDArray images;

  /** H, the leading size() × size() part. */
  private final double[][] projected;

  private double[] values = {};

  /** Column i of S, for value i. */
  private double[][] coefficients = {};

  private long matvecs;

  RitzSpace(LinearOperator operator, int capacity) {
    this.operator = operator;
    this.capacity = capacity;
    this.noise =
        Math.max(
            NOISE_ROUNDOFFS * operator.order() * Vectors.unitRoundoff(DataType.DOUBLE),
            NOISE_ROUNDOFFS * Vectors.unitRoundoff(operator.dataType()));
    this.basis = new OrthonormalBasis(operator.dataType(), capacity, operator.order());
    this.images = Nd4j.createUninitialized(operator.dataType(), capacity, operator.order());
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
   * @param block directions [k, n] of any length; overwritten
   * @param limit how many to add at most
   * @return how many were added
   */
  int expand(INDArray block, long limit) {
    int before = size();
    for (int i = 0; i < block.size(0); i++) {
      normalize(block.getRow(i));
    }
    basis.orthogonalizeRows(block);
    int room = (int) Math.min(limit, capacity - before);
    for (int i = 0; i < block.size(0) && size() - before < room; i++) {
      INDArray row = block.getRow(i);
      // What is left of a direction that lay in the basis is no longer orthogonal to it.
      double outside = normalize(row);
      if (outside <= noise) {
        continue;
      }
      if (outside < NEW_PART) {
        basis.orthogonalize(row);
        normalize(row);
      }
      if (size() > before) {
        basis.orthogonalizeAgainst(before, row);
        if (normalize(row) < NEW_PART) {
          continue;
        }
      }
      basis.append(row);
    }
    int count = size() - before;
    if (count > 0) {
      multiply(before, count);
    }
    return count;
  }

  private static double normalize(INDArray row) {
    double norm = Vectors.norm(row);
    if (norm > 0) {
      row.divi(norm);
    }
    return norm;
  }

  private void multiply(int from, int count) {
    INDArrayIndex added = NDArrayIndex.interval(from, from + count);
    INDArray products = operator.apply(basis.vectors().get(added, NDArrayIndex.all()));
    matvecs += count;
    images.get(added, NDArrayIndex.all()).assign(products);
    double[][] columns = products.mmul(basis.vectors().transpose()).toDoubleMatrix();
    for (int i = 0; i < count; i++) {
      if (!Double.isFinite(columns[i][from + i])) {
        Vectors.requireFiniteProduct(products.getRow(i), matvecs);
      }
      for (int j = 0; j <= from + i; j++) {
        projected[j][from + i] = columns[i][j];
        projected[from + i][j] = columns[i][j];
      }
    }
    if (products.closeable()) {
      products.close();
    }
  }

  /** Returns copies [k, n] of the last products: directions of the next block of a Krylov space. */
  INDArray lastImages(int count) {
    INDArrayIndex last = NDArrayIndex.interval(size() - count, size());
    return images.get(last, NDArrayIndex.all()).dup('c');
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

  /** Returns A y − θ y, as rows [k, n], for the Ritz vectors y of some values. */
  INDArray residuals(int[] indices) {
    INDArray rotation = rotation(indices);
    INDArray residuals = rotated(rotation, images());
    try (INDArray vectors = rotated(rotation, basis.vectors())) {
      for (int i = 0; i < indices.length; i++) {
        Vectors.add(-values[indices[i]], vectors.getRow(i), residuals.getRow(i));
      }
    }
    return residuals;
  }

  /** Returns the Ritz pairs of some values, Rayleigh quotients and residuals taken anew. */
  List<RitzPair> pairs(int[] indices) {
    List<RitzPair> pairs = new ArrayList<>();
    for (int index : indices) {
      INDArray rotation = rotation(new int[] {index});
      INDArray vector = rotated(rotation, basis.vectors()).reshape(operator.order());
      double length = Vectors.norm(vector);
      vector.divi(length);
      try (INDArray image = rotated(rotation, images())) {
        INDArray product = image.divi(length).getRow(0);
        double value = Vectors.dot(vector, product);
        Vectors.add(-value, vector, product);
        pairs.add(new RitzPair(value, vector, Vectors.norm(product)));
      }
    }
    return pairs;
  }

  private INDArray images() {
    return images.get(NDArrayIndex.interval(0, size()), NDArrayIndex.all());
  }

  private static INDArray rotated(INDArray rotation, INDArray rows) {
    if (rotation.size(0) == 1) {
      // A matrix-vector product for BLAS, twice as fast here.
      return rows.transpose().mmul(rotation.getRow(0)).reshape(1, rows.size(1));
    }
    INDArray result = Nd4j.createUninitialized(rows.dataType(), rotation.size(0), rows.size(1));
    return rotation.mmuli(rows, result);
  }

  /** Keeps the span of some Ritz vectors only. */
  void restart(int[] indices) {
    INDArray rotation = rotation(indices);
    rotate(rotation, basis.vectors());
    rotate(rotation, images());
    for (int i = 0; i < indices.length; i++) {
      Arrays.fill(projected[i], 0, indices.length, 0);
      projected[i][i] = values[indices[i]];
    }
    basis.truncate(indices.length);
  }

  /** Writes rotation · rows into the first rows, a range of columns at a time. */
  private static void rotate(INDArray rotation, INDArray rows) {
    for (long from = 0; from < rows.size(1); from += COLUMNS_AT_A_TIME) {
      INDArrayIndex columns =
          NDArrayIndex.interval(from, Math.min(rows.size(1), from + COLUMNS_AT_A_TIME));
      INDArray part = rows.get(NDArrayIndex.all(), columns).dup('c');
      rows.get(NDArrayIndex.interval(0, rotation.size(0)), columns).assign(rotation.mmul(part));
    }
  }

  private INDArray rotation(int[] indices) {
    double[][] rows = new double[indices.length][];
    for (int i = 0; i < indices.length; i++) {
      rows[i] = coefficients[indices[i]];
    }
    return Nd4j.createFromArray(rows).castTo(operator.dataType());
  }

  @Override
  public void close() {
    basis.close();
    images.close();
  }
}
