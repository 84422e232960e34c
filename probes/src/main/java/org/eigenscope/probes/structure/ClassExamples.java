package org.eigenscope.probes.structure;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.eigenscope.probes.curvature.BatchNormMode;
import org.eigenscope.probes.curvature.Curvature;
import org.eigenscope.probes.curvature.CurvatureOptions;
import org.eigenscope.probes.curvature.DataBatches;
import org.eigenscope.probes.curvature.Engine;
import org.eigenscope.probes.curvature.Linearization;
import org.eigenscope.probes.curvature.Network;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * A classifier's examples, class by class, with products of their transposed Jacobians.
 *
 * <p>Where examples do not depend on each other, the network is linearised on one class at a time:
 * a product then costs a pass back over the examples of its class, and memory is that of one class.
 * Where the statistics of a batch couple them, all are linearised together and every product is a
 * pass over all of them.
 */
final class ClassExamples implements AutoCloseable {
  /** Most bytes of cotangents and products at a time. */
  private static final long BLOCK_BYTES = 1L << 28;

  private final Network network;
  private final DataBatches data;
  private final CurvatureOptions options;
  private final ClassLabels labels;

  /** All examples, where they are coupled. */
  private final @Nullable Curvature whole;

  private final double[][] wholeProbabilities;
  private long products;

  ClassExamples(Network network, DataBatches data, CurvatureOptions options, ClassLabels labels) {
    this.network = network;
    this.data = data;
    this.options = options.withRegularization(false);
    this.labels = labels;
    boolean coupled = network.hasBatchStatistics() && options.batchNorm() != BatchNormMode.FROZEN;
    this.whole = coupled ? Curvature.of(network, data, this.options) : null;
    this.wholeProbabilities = whole == null ? new double[0][] : probabilities(whole);
  }

  /** Returns the number of products so far. */
  long products() {
    return products;
  }

  /** Returns the examples of a class, of which there must be some; to be closed. */
  OfClass open(int c) {
    int[] examples = labels.examplesOf(c);
    Curvature all = whole;
    if (all != null) {
      double[][] own =
          IntStream.of(examples).mapToObj(i -> wholeProbabilities[i]).toArray(double[][]::new);
      return new OfClass(all, examples, own);
    }
    int largestBatch =
        data.batches().stream().mapToInt(b -> (int) DataBatches.examplesOf(b)).max().orElseThrow();
    Curvature curvature =
        Curvature.of(network, data.selected(examples).rebatched(largestBatch), options);
    int[] own = IntStream.range(0, examples.length).toArray();
    return new OfClass(curvature, own, probabilities(curvature));
  }

  private double[][] probabilities(Curvature curvature) {
    curvature.loss(); // says so if a network puts out NaN
    INDArray logits = curvature.linearization().values();
    int classes = labels.classes();
    double[] flat = logits.toDoubleVector();
    double[][] probabilities = new double[flat.length / classes][classes];
    for (int i = 0; i < probabilities.length; i++) {
      softmax(flat, i * classes, probabilities[i]);
    }
    return probabilities;
  }

  private static void softmax(double[] logits, int from, double[] p) {
    double largest = Double.NEGATIVE_INFINITY;
    for (int c = 0; c < p.length; c++) {
      largest = Math.max(largest, logits[from + c]);
    }
    double sum = 0;
    for (int c = 0; c < p.length; c++) {
      p[c] = Math.exp(logits[from + c] - largest);
      sum += p[c];
    }
    for (int c = 0; c < p.length; c++) {
      p[c] /= sum;
    }
  }

  @Override
  public void close() {
    if (whole != null) {
      whole.close();
    }
  }

  /** What is multiplied by the transposed Jacobian of an example. */
  interface Cotangents {
    /**
     * Sets the cotangent of an example in a row.
     *
     * @param row which of several vectors
     * @param example number within the class
     * @param p the example's probabilities; not to be modified
     * @param cotangent C zeros, to be set
     */
    void set(int row, int example, double[] p, double[] cotangent);
  }

  /** What is done with some products, whose array is overwritten or freed afterwards. */
  interface Products {
    /**
     * Takes a block of products.
     *
     * @param first which row the first of the block belongs to
     * @param block [k, n]
     */
    void accept(int first, INDArray block);
  }

  /** The examples of one class. */
  final class OfClass implements AutoCloseable {
    private final Curvature curvature;
    private final Linearization linearization;
    private final int[] positions;
    private final double[][] probabilities;

    OfClass(Curvature curvature, int[] positions, double[][] probabilities) {
      this.curvature = curvature;
      this.linearization = curvature.linearization();
      this.positions = positions;
      this.probabilities = probabilities;
    }

    int size() {
      return positions.length;
    }

    /** Returns the probabilities of an example; not to be modified. */
    double[] probabilities(int example) {
      return probabilities[example];
    }

    Engine engine() {
      return curvature.engine();
    }

    Curvature curvature() {
      return curvature;
    }

    /** Computes sums over the examples of the class of Jᵀu, for several u. */
    void sums(int rows, Cotangents cotangents, Products results) {
      int most = rowsAtOnce(rows);
      for (int first = 0; first < rows; first += most) {
        int count = Math.min(most, rows - first);
        INDArray block = linearization.vjp(block(first, count, cotangents));
        results.accept(first, block);
        products += count;
        if (block.closeable()) {
          block.close();
        }
      }
    }

    /**
     * Returns the sum over the examples of the class of ‖Jᵀu‖², for several u; NaN where that takes
     * a product for each example.
     */
    double sumOfSquaredNorms(int rows, Cotangents cotangents) {
      double sum = 0;
      int most = rowsAtOnce(rows);
      for (int first = 0; first < rows; first += most) {
        int count = Math.min(most, rows - first);
        INDArray norms = linearization.squaredNorms(block(first, count, cotangents));
        if (norms == null) {
          return Double.NaN;
        }
        sum += norms.sumNumber().doubleValue();
        products += count;
      }
      return sum;
    }

    private int rowsAtOnce(int rows) {
      long width =
          (linearization.outputs() + linearization.activeParameters()) * (long) Double.BYTES;
      return (int) Math.max(1, Math.min(rows, BLOCK_BYTES / width));
    }

    private INDArray block(int first, int count, Cotangents cotangents) {
      double[] one = new double[labels.classes()];
      double[][] block = new double[count][Math.toIntExact(linearization.outputs())];
      for (int row = 0; row < count; row++) {
        for (int i = 0; i < positions.length; i++) {
          Arrays.fill(one, 0);
          cotangents.set(first + row, i, probabilities[i], one);
          System.arraycopy(one, 0, block[row], positions[i] * one.length, one.length);
        }
      }
      return Nd4j.createFromArray(block).castTo(options.precision().dataType());
    }

    /** Computes sums as {@link #sums(int, Cotangents, Products)} does, into rows of an array. */
    void sums(int rows, Cotangents cotangents, INDArray into, int firstRow) {
      sums(
          rows,
          cotangents,
          (first, block) ->
              into.get(
                      NDArrayIndex.interval(firstRow + first, firstRow + first + block.rows()),
                      NDArrayIndex.all())
                  .assign(block));
    }

    @Override
    public void close() {
      if (whole == null) {
        curvature.close();
      }
    }
  }
}
