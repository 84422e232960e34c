package org.eigenscope.listeners;

import java.util.Arrays;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.api.layers.IOutputLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.layers.FrozenLayerWithBackprop;
import org.deeplearning4j.nn.layers.recurrent.RnnOutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.util.TimeSeriesUtils;
import org.eigenscope.probes.curvature.DataBatches;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.MultiDataSet;

/** What a listener reads from a model in training, whatever the model's class. */
interface TrainedModel {

  /** Returns the number of the iteration that is under way, or comes next. */
  int iteration();

  /** Returns the number of the epoch that is under way. */
  int epoch();

  /**
   * Returns a copy of the minibatch, with its masks. Of use between the backward pass and the
   * update: a graph's output layers hold their labels no longer.
   *
   * @throws IllegalStateException if the model doesn't show its minibatch
   */
  DataBatches minibatch();

  /** Returns a view of a model, or null when it is a single layer (in pretraining). */
  static @Nullable TrainedModel of(Model model) {
    if (model instanceof MultiLayerNetwork network) {
      return new Layers(network);
    }
    return model instanceof ComputationGraph graph ? new Graph(graph) : null;
  }

  /** A MultiLayerNetwork. */
  record Layers(MultiLayerNetwork network) implements TrainedModel {
    @Override
    public int iteration() {
      return network.getIterationCount();
    }

    @Override
    public int epoch() {
      return network.getEpochCount();
    }

    @Override
    public DataBatches minibatch() {
      INDArray features = network.getInput();
      INDArray labels = network.getLabels();
      if (features == null || labels == null) {
        throw new IllegalStateException(
            "the network must hold features and labels during an iteration, got none; "
                + "give the probes fixed data with data(...)");
      }
      return DataBatches.of(
          new MultiDataSet(
              new INDArray[] {features},
              new INDArray[] {labels},
              arrayOf(featuresMask(features)),
              arrayOf(labelsMask(features.size(0)))));
    }

    /**
     * Returns the features mask from the first layer that keeps it: the network itself doesn't. A
     * mask that no layer keeps (as of recurrent layers in one direction) has no effect.
     */
    private @Nullable INDArray featuresMask(INDArray features) {
      Layer[] layers = network.getLayers();
      // The last layer keeps the labels mask.
      for (int i = 0; i < layers.length - 1; i++) {
        INDArray mask = layers[i].getMaskArray();
        if (mask != null) {
          return asFed(mask, features);
        }
      }
      return null;
    }

    /** Undoes what may have happened to a mask on its way to a layer. */
    private static INDArray asFed(INDArray mask, INDArray features) {
      long examples = features.size(0);
      if (features.rank() == 3) {
        long steps = mask.length() / examples;
        if (mask.length() == examples * steps
            && (steps == features.size(2) || steps == features.size(1))) {
          // Feed-forward layers of sequences keep time steps as rows, as RnnOutputLayer does.
          return mask.size(0) == examples ? mask : mask.reshape('f', examples, steps);
        }
      } else if (mask.size(0) == examples && broadcasts(mask, features)) {
        return mask;
      }
      throw new IllegalStateException(
          ("the features mask must reach a layer as it was fed, got shape %s for features %s; "
                  + "give the probes fixed data with data(...)")
              .formatted(Arrays.toString(mask.shape()), Arrays.toString(features.shape())));
    }

    private static boolean broadcasts(INDArray mask, INDArray features) {
      for (int axis = 1; axis < mask.rank(); axis++) {
        boolean equal = axis < features.rank() && mask.size(axis) == features.size(axis);
        if (mask.size(axis) != 1 && !equal) {
          return false;
        }
      }
      return true;
    }

    private @Nullable INDArray labelsMask(long examples) {
      Layer output = network.getOutputLayer();
      INDArray mask = output.getMaskArray();
      if (mask == null) {
        return null;
      }
      if (output instanceof RnnOutputLayer) {
        // It keeps time steps as rows.
        return mask.size(1) == 1
            ? TimeSeriesUtils.reshapeVectorToTimeSeriesMask(mask, (int) examples)
            : TimeSeriesUtils.reshape2dTo3d(mask, (int) examples);
      }
      // A features mask that came through a reshaping acts by itself again when it is fed again.
      return mask.size(0) == examples ? mask : null;
    }

    private static INDArray @Nullable [] arrayOf(@Nullable INDArray array) {
      return array == null ? null : new INDArray[] {array};
    }
  }

  /** A ComputationGraph. */
  record Graph(ComputationGraph graph) implements TrainedModel {
    @Override
    public int iteration() {
      return graph.getIterationCount();
    }

    @Override
    public int epoch() {
      return graph.getEpochCount();
    }

    @Override
    public DataBatches minibatch() {
      INDArray[] labels =
          graph.getConfiguration().getNetworkOutputs().stream()
              .map(this::labelsOf)
              .toArray(INDArray[]::new);
      return DataBatches.of(
          new MultiDataSet(
              graph.getInputs(), labels, graph.getInputMaskArrays(), graph.getLabelMaskArrays()));
    }

    private INDArray labelsOf(String output) {
      Layer layer = graph.getLayer(output);
      if (layer instanceof FrozenLayerWithBackprop frozen) {
        layer = frozen.getInsideLayer();
      }
      INDArray labels = layer instanceof IOutputLayer outputLayer ? outputLayer.getLabels() : null;
      if (labels == null) {
        throw new IllegalStateException(
            "output '%s' must be an output layer that holds labels, got none; ".formatted(output)
                + "give the probes fixed data with data(...)");
      }
      return labels;
    }
  }
}
