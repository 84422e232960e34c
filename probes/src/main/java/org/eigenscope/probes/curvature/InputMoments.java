package org.eigenscope.probes.curvature;

import java.util.ArrayList;
import java.util.List;
import org.eigenscope.probes.linalg.FreeMemory;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * First and second moments of what a layer multiplies its weights with, summed up over the data.
 *
 * @param second mean over examples of the sum over positions of xxᵀ, DOUBLE [inputs, inputs]
 * @param first mean over examples of x by position, DOUBLE [positions, inputs]
 */
record InputMoments(INDArray second, INDArray first) {

  private static InputMoments zeros(WeightLayer layer) {
    return new InputMoments(
        Nd4j.create(DataType.DOUBLE, new long[] {layer.inputs(), layer.inputs()}, 'f'),
        Nd4j.create(DataType.DOUBLE, layer.positions(), layer.inputs()));
  }

  /**
   * Returns the moments of layers, in the order of the list.
   *
   * @throws IllegalStateException if they do not fit into the memory
   */
  static List<InputMoments> of(CurvatureEngine engine, List<WeightLayer> layers) {
    requireMemory(layers);
    List<InputMoments> sums = layers.stream().map(InputMoments::zeros).toList();
    long[] examples = new long[layers.size()];
    engine.visitInputs(
        layers,
        (layer, rows) -> {
          int index = layers.indexOf(layer);
          sums.get(index).add(rows);
          examples[index] += rows.size(0) / layer.positions();
        });
    List<InputMoments> moments = new ArrayList<>();
    for (int i = 0; i < examples.length; i++) {
      InputMoments sum = sums.get(i);
      moments.add(
          new InputMoments(sum.second().div(examples[i]).dup('c'), sum.first().divi(examples[i])));
    }
    return moments;
  }

  private static void requireMemory(List<WeightLayer> layers) {
    long bytes = 0;
    for (WeightLayer layer : layers) {
      bytes += Double.BYTES * layer.inputs() * (layer.inputs() + layer.positions());
    }
    // Twice: the sums, and the copies that leave.
    long usable = FreeMemory.usable(2 * bytes, Long.MAX_VALUE);
    if (2 * bytes > usable) {
      throw new IllegalStateException(
          "autocorrelations of the inputs of %d layers need %s, but %s may be used; name fewer layers"
              .formatted(layers.size(), FreeMemory.format(2 * bytes), FreeMemory.format(usable)));
    }
  }

  /** Adds rows, position by position, example after example. */
  private void add(INDArray rows) {
    Nd4j.gemm(rows, rows, second, true, false, 1, 1);
    long examples = rows.size(0) / first.size(0);
    // A product rather than a reduction of ND4J's, whose last bits vary.
    INDArray ones = Nd4j.ones(DataType.DOUBLE, 1, examples);
    INDArray sum = ones.mmul(rows.reshape('c', examples, first.length()));
    first.addi(sum.reshape('c', first.shape()));
  }
}
