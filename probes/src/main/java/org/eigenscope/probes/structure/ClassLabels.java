package org.eigenscope.probes.structure;

import java.util.Arrays;
import java.util.Set;
import java.util.stream.IntStream;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.layers.BaseOutputLayer;
import org.deeplearning4j.nn.conf.layers.CenterLossOutputLayer;
import org.deeplearning4j.nn.conf.layers.FeedForwardLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.LossLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.eigenscope.probes.curvature.DataBatches;
import org.eigenscope.probes.curvature.Network;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.activations.impl.ActivationSoftmax;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.api.MultiDataSet;
import org.nd4j.linalg.lossfunctions.ILossFunction;
import org.nd4j.linalg.lossfunctions.impl.LossMCXENT;
import org.nd4j.linalg.lossfunctions.impl.LossNegativeLogLikelihood;
import org.nd4j.linalg.lossfunctions.impl.LossSparseMCXENT;

/** The classes of a classifier's examples. */
final class ClassLabels {
  private static final Set<Class<?>> KNOWN =
      Set.of(LossMCXENT.class, LossNegativeLogLikelihood.class, LossSparseMCXENT.class);

  private final int classes;
  private final int[] labels;

  private ClassLabels(int classes, int[] labels) {
    this.classes = classes;
    this.labels = labels;
  }

  /**
   * Returns the classes of examples.
   *
   * @throws IllegalArgumentException if the network's loss is not that of one softmax, or the
   *     labels are not one class for each example
   */
  static ClassLabels of(Network network, DataBatches data) {
    LossMCXENT loss = softmaxLoss(network);
    data.batches().forEach(ClassLabels::checkShape);
    int classes = classes(network, data, loss);
    int[] labels = new int[Math.toIntExact(data.examples())];
    int first = 0;
    for (MultiDataSet batch : data.batches()) {
      INDArray array = batch.getLabels(0);
      for (int i = 0; i < array.size(0); i++) {
        labels[first + i] =
            loss instanceof LossSparseMCXENT
                ? number(array, i, first + i, classes)
                : hot(array, i, first + i, classes);
      }
      first += Math.toIntExact(array.size(0));
    }
    return new ClassLabels(classes, labels);
  }

  /** Returns the loss of a network with one output. */
  private static LossMCXENT softmaxLoss(Network network) {
    Layer output = outputLayer(network.model());
    ILossFunction loss = null;
    IActivation activation = null;
    if (output instanceof BaseOutputLayer layer && !(output instanceof CenterLossOutputLayer)) {
      loss = layer.getLossFn();
      activation = layer.getActivationFn();
    } else if (output instanceof LossLayer layer) {
      loss = layer.getLossFn();
      activation = layer.getActivationFn();
    }
    if (!(loss instanceof LossMCXENT softmax
        && KNOWN.contains(loss.getClass())
        && activation instanceof ActivationSoftmax)) {
      throw new IllegalArgumentException(
          "class structure needs one output layer with softmax and cross-entropy, got %s"
              .formatted(described(network.model(), output, loss, activation)));
    }
    if (softmax.getWeights() != null) {
      throw new IllegalArgumentException(
          "class structure needs a cross-entropy whose classes weigh the same, got weights "
              + Arrays.toString(softmax.getWeights().toDoubleVector()));
    }
    return softmax;
  }

  private static @Nullable Layer outputLayer(Model model) {
    if (model instanceof ComputationGraph graph) {
      return graph.getNumOutputArrays() == 1 && graph.getOutputLayer(0) != null
          ? graph.getOutputLayer(0).conf().getLayer()
          : null;
    }
    return ((MultiLayerNetwork) model).getOutputLayer().conf().getLayer();
  }

  private static String described(
      Model model,
      @Nullable Layer output,
      @Nullable ILossFunction loss,
      @Nullable IActivation activation) {
    if (output == null) {
      return "%d outputs".formatted(((ComputationGraph) model).getNumOutputArrays());
    }
    String name = output.getClass().getSimpleName();
    return loss == null ? name : "%s with %s and %s".formatted(name, activation, loss);
  }

  private static int classes(Network network, DataBatches data, LossMCXENT loss) {
    long columns;
    if (loss instanceof LossSparseMCXENT) {
      columns =
          outputLayer(network.model()) instanceof FeedForwardLayer layer ? layer.getNOut() : 0;
    } else {
      columns = data.batches().get(0).getLabels(0).size(1);
    }
    if (columns < 2) {
      throw new IllegalArgumentException(
          "class structure needs at least two classes, got " + columns);
    }
    return Math.toIntExact(columns);
  }

  private static void checkShape(MultiDataSet batch) {
    INDArray[] masks = batch.getLabelsMaskArrays();
    if (masks != null && masks[0] != null && masks[0].minNumber().doubleValue() != 1) {
      throw new IllegalArgumentException(
          "class structure needs labels without a mask, got one of shape "
              + Arrays.toString(masks[0].shape()));
    }
    INDArray array = batch.getLabels(0);
    if (array.rank() != 2) {
      throw new IllegalArgumentException(
          "class structure needs one class for each example, got labels of shape "
              + Arrays.toString(array.shape()));
    }
  }

  private static int hot(INDArray labels, int row, int example, int classes) {
    int found = -1;
    for (int c = 0; c < classes; c++) {
      double value = labels.getDouble(row, c);
      if (value != 0 && (value != 1 || found >= 0)) {
        found = classes;
      } else if (value == 1) {
        found = c;
      }
    }
    if (found < 0 || found == classes) {
      throw new IllegalArgumentException(
          "class structure needs one class for each example, a 1 among zeros, got %s for example %d"
              .formatted(labels.getRow(row).toStringFull(), example));
    }
    return found;
  }

  private static int number(INDArray labels, int row, int example, int classes) {
    double value = labels.getDouble(row, 0);
    if (labels.size(1) != 1 || value != Math.rint(value) || value < 0 || value >= classes) {
      throw new IllegalArgumentException(
          "class structure needs a class from 0 to %d for each example, got %s for example %d"
              .formatted(classes - 1, labels.getRow(row).toStringFull(), example));
    }
    return (int) value;
  }

  /** Returns C. */
  int classes() {
    return classes;
  }

  /** Returns N. */
  int examples() {
    return labels.length;
  }

  /** Returns the numbers of the examples of a class, ascending; may be empty. */
  int[] examplesOf(int c) {
    return IntStream.range(0, labels.length).filter(i -> labels[i] == c).toArray();
  }

  /** Returns the number of examples of each class. */
  int[] sizes() {
    int[] sizes = new int[classes];
    for (int label : labels) {
      sizes[label]++;
    }
    return sizes;
  }

  /** Returns whether all classes have equally many examples. */
  boolean balanced() {
    int[] sizes = sizes();
    return Arrays.stream(sizes).allMatch(size -> size == sizes[0]);
  }
}
