package org.eigenscope.probes.structure;

import java.util.List;
import java.util.OptionalLong;
import java.util.stream.LongStream;
import org.eigenscope.probes.curvature.LayerFactors;
import org.eigenscope.probes.curvature.ParameterArray;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * Where the weights and biases of a layer are among the coordinates of the whole.
 *
 * @param factors the layer's
 * @param weights first coordinate of the weights
 * @param bias first coordinate of the biases; empty where none learn
 */
record LayerCoordinates(LayerFactors factors, long weights, OptionalLong bias) {
  private static final String BIAS = "/b";

  /**
   * Finds a layer.
   *
   * @param arrays the arrays that the whole's coordinates are, in their order
   */
  static LayerCoordinates of(List<ParameterArray> arrays, LayerFactors factors) {
    return new LayerCoordinates(
        factors,
        start(arrays, factors.layer().weights()).orElseThrow(),
        start(arrays, factors.layer().name() + BIAS));
  }

  private static OptionalLong start(List<ParameterArray> arrays, String name) {
    long start = 0;
    for (ParameterArray array : arrays) {
      if (array.name().equals(name)) {
        return OptionalLong.of(start);
      }
      start += array.length();
    }
    return OptionalLong.empty();
  }

  long inputs() {
    return factors.layer().inputs();
  }

  long outputs() {
    return factors.layer().outputs();
  }

  /**
   * Returns the coordinates of the biases.
   *
   * @throws java.util.NoSuchElementException if none learn
   */
  LongStream biases() {
    long first = bias.orElseThrow();
    return LongStream.range(first, first + outputs());
  }

  /** Returns E[x̃x̃ᵀ], summed over positions; x̃ is (x, 1), or x where no biases learn. */
  INDArray autocorrelation() {
    if (bias.isEmpty()) {
      return factors.autocorrelation();
    }
    long n = inputs();
    long positions = factors.layer().positions();
    INDArray full = Nd4j.create(DataType.DOUBLE, n + 1, n + 1);
    full.get(NDArrayIndex.interval(0, n), NDArrayIndex.interval(0, n))
        .assign(factors.autocorrelation());
    INDArray mean = meanInput();
    for (long i = 0; i < n; i++) {
      full.putScalar(i, n, positions * mean.getDouble(i));
      full.putScalar(n, i, positions * mean.getDouble(i));
    }
    return full.putScalar(n, n, (double) positions);
  }

  /** Returns E[x], the mean over positions, too: DOUBLE [1, inputs]. */
  INDArray meanInput() {
    return factors.meanInput().mean(true, 0);
  }

  /**
   * Sets the coordinates of a layer in a vector.
   *
   * @param matrix weights [outputs, inputs], and the biases as a last column where any learn
   */
  void put(INDArray matrix, INDArray vector) {
    long n = inputs();
    vector
        .get(NDArrayIndex.interval(weights, weights + n * outputs()))
        .assign(
            matrix
                .get(NDArrayIndex.all(), NDArrayIndex.interval(0, n))
                .dup('c')
                .reshape(n * outputs()));
    if (bias.isPresent()) {
      vector
          .get(NDArrayIndex.interval(bias.getAsLong(), bias.getAsLong() + outputs()))
          .assign(matrix.getColumn(n));
    }
  }
}
