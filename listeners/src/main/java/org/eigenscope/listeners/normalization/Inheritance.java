package org.eigenscope.listeners.normalization;

import static java.util.Objects.requireNonNull;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.updater.BaseMultiLayerUpdater;
import org.deeplearning4j.nn.updater.UpdaterBlock;
import org.eigenscope.probes.curvature.Network;
import org.eigenscope.probes.curvature.ParameterArray;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** What a twin takes over from its model, for parameter arrays of the same layer name and key. */
final class Inheritance {

  private Inheritance() {}

  /** Copies parameters. */
  static void copyParameters(Model from, Model to) {
    Map<String, INDArray> source = parameters(from);
    parameters(to)
        .forEach(
            (name, array) -> {
              if (source.containsKey(name)) {
                array.assign(source.get(name));
              }
            });
  }

  /**
   * Copies what the updater remembers of an array, momentum for instance. Nothing is copied, and
   * nothing made, where the updater does not exist yet or remembers nothing.
   */
  static void copyUpdaterState(Model from, Model to) {
    BaseMultiLayerUpdater<?> updater = updater(from, false);
    if (updater == null || updater.getUpdaterStateViewArray() == null) {
      return;
    }
    Map<String, List<INDArray>> source = states(from, updater);
    states(to, requireNonNull(updater(to, true)))
        .forEach(
            (name, arrays) -> {
              if (source.containsKey(name)) {
                for (int i = 0; i < arrays.size(); i++) {
                  arrays.get(i).assign(source.get(name).get(i));
                }
              }
            });
  }

  private static Map<String, INDArray> parameters(Model model) {
    Map<String, INDArray> arrays = new HashMap<>();
    for (ParameterArray array : Network.of(model).arrays()) {
      arrays.put(array.name(), slice(model.params(), array.offset(), array.length()));
    }
    return arrays;
  }

  private static @Nullable BaseMultiLayerUpdater<?> updater(Model model, boolean make) {
    return model instanceof MultiLayerNetwork network
        ? (BaseMultiLayerUpdater<?>) network.getUpdater(make)
        : ((ComputationGraph) model).getUpdater(make);
  }

  /**
   * Returns the parts of an updater's state by parameter array.
   *
   * <p>Neighbouring arrays with equal settings form a block, whose state is a sequence of vectors
   * (for Adam the first moments, then the second) as long as the block's parameters together.
   */
  private static Map<String, List<INDArray>> states(Model model, BaseMultiLayerUpdater<?> updater) {
    Map<String, List<INDArray>> states = new HashMap<>();
    List<ParameterArray> arrays = Network.of(model).arrays();
    INDArray view = updater.getUpdaterStateViewArray();
    for (UpdaterBlock block : updater.getUpdaterBlocks()) {
      int length = block.getParamOffsetEnd() - block.getParamOffsetStart();
      for (ParameterArray array : arrays) {
        long within = array.offset() - block.getParamOffsetStart();
        if (within < 0 || within >= length) {
          continue;
        }
        List<INDArray> parts = new ArrayList<>();
        for (int vector = block.getUpdaterViewOffsetStart();
            vector < block.getUpdaterViewOffsetEnd();
            vector += length) {
          parts.add(slice(view, vector + within, array.length()));
        }
        states.put(array.name(), parts);
      }
    }
    return states;
  }

  private static INDArray slice(INDArray view, long start, long length) {
    return view.reshape(view.length()).get(NDArrayIndex.interval(start, start + length));
  }
}
