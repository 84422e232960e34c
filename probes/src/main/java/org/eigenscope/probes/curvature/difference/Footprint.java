package org.eigenscope.probes.curvature.difference;

import java.util.List;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.CacheMode;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.memory.MemoryReport;
import org.deeplearning4j.nn.conf.memory.MemoryUseMode;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.api.MultiDataSet;

/** How many bytes a replica and its products take. */
final class Footprint {
  /** Parameters, their origin, gradients, and the directions and differences of one product. */
  private static final int VECTORS = 8;

  private Footprint() {}

  /**
   * Returns the bytes: vectors as long as the parameters, the data, one byte for the region of
   * every unit and example, and what Deeplearning4j reports for training in DOUBLE on the largest
   * batch, where it knows.
   *
   * @param batches the data, of any type
   */
  static long of(Model model, List<MultiDataSet> batches) {
    long bytes = VECTORS * Double.BYTES * model.params().length();
    long examples = 0;
    long largest = 0;
    for (MultiDataSet batch : batches) {
      bytes += bytes(batch.getFeatures()) + bytes(batch.getLabels());
      examples += batch.getFeatures(0).size(0);
      largest = Math.max(largest, batch.getFeatures(0).size(0));
    }
    return bytes + reported(model, batches.get(0).getFeatures(), largest, examples);
  }

  private static long reported(Model model, INDArray[] features, long largest, long examples) {
    try {
      InputType[] inputs = InputType.inferInputTypes(features);
      MemoryReport report =
          model instanceof MultiLayerNetwork network
              ? network.getLayerWiseConfigurations().getMemoryReport(inputs[0])
              : ((ComputationGraph) model).getConfiguration().getMemoryReport(inputs);
      long elements = (training(report, 2) - training(report, 1)) / Double.BYTES;
      return training(report, (int) largest) + examples * elements;
    } catch (RuntimeException unknown) {
      // Several of Deeplearning4j's layers cannot report; the rest is still worth saying.
      return 0;
    }
  }

  private static long bytes(INDArray[] arrays) {
    long bytes = 0;
    for (INDArray array : arrays) {
      bytes += Double.BYTES * array.length();
    }
    return bytes;
  }

  private static long training(MemoryReport report, int batchSize) {
    return report.getTotalMemoryBytes(
        batchSize, MemoryUseMode.TRAINING, CacheMode.NONE, DataType.DOUBLE);
  }
}
