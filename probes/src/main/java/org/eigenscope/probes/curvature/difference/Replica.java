package org.eigenscope.probes.curvature.difference;

import java.util.List;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.BackpropType;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.WorkspaceMode;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.layers.FrozenLayer;
import org.deeplearning4j.nn.layers.FrozenLayerWithBackprop;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.api.MultiDataSet;

/**
 * A DOUBLE copy of a model, without listeners, dropout and weight noise, whose parameters can be
 * moved and whose {@link Regions} can be held.
 */
final class Replica {
  /** As fast as workspaces here, and apart from those of a training in the same thread. */
  private static final WorkspaceMode WORKSPACES = WorkspaceMode.NONE;

  private final Model model;
  private final INDArray parameters;
  private final INDArray origin;
  private final ReplicaConfiguration configured;

  private Replica(Model model, ReplicaConfiguration configured) {
    this.model = model;
    this.configured = configured;
    this.parameters = model.params();
    this.origin = parameters.dup();
  }

  /**
   * Copies a model. The configuration goes through JSON, as when Deeplearning4j saves it: its own
   * clone shares the configurations of layers inside layers.
   *
   * @param original a MultiLayerNetwork or ComputationGraph; not modified
   * @param fixedStatistics whether batch normalization uses its running statistics
   */
  static Replica of(Model original, boolean fixedStatistics) {
    INDArray values = original.params();
    INDArray copy =
        values.dataType() == DataType.DOUBLE ? values.dup() : values.castTo(DataType.DOUBLE);
    INDArray row = copy.reshape(1, copy.length());
    ReplicaConfiguration configured = new ReplicaConfiguration(fixedStatistics);
    return original instanceof MultiLayerNetwork network
        ? new Replica(copyOf(network, row, configured), configured)
        : new Replica(copyOf((ComputationGraph) original, row, configured), configured);
  }

  private static Model copyOf(
      MultiLayerNetwork original, INDArray row, ReplicaConfiguration configured) {
    MultiLayerConfiguration configuration =
        MultiLayerConfiguration.fromJson(original.getLayerWiseConfigurations().toJson());
    configuration.setDataType(DataType.DOUBLE);
    configuration.setTrainingWorkspaceMode(WORKSPACES);
    configuration.setInferenceWorkspaceMode(WORKSPACES);
    if (configuration.getBackpropType() != BackpropType.Standard) {
      configured.noteTruncation();
      configuration.setBackpropType(BackpropType.Standard);
    }
    configured.prepareAll(configuration);
    MultiLayerNetwork copy = new MultiLayerNetwork(configuration);
    copy.init(row, false);
    Layer[] layers = copy.getLayers();
    for (int i = 0; i < layers.length; i++) {
      if (original.getLayer(i) instanceof FrozenLayer && !isFrozen(layers[i])) {
        layers[i] = new FrozenLayer(layers[i]);
      }
    }
    copy.setLayers(layers);
    return copy;
  }

  private static Model copyOf(
      ComputationGraph original, INDArray row, ReplicaConfiguration configured) {
    ComputationGraphConfiguration configuration =
        ComputationGraphConfiguration.fromJson(original.getConfiguration().toJson());
    configuration.setDataType(DataType.DOUBLE);
    configuration.setTrainingWorkspaceMode(WORKSPACES);
    configuration.setInferenceWorkspaceMode(WORKSPACES);
    if (configuration.getBackpropType() != BackpropType.Standard) {
      configured.noteTruncation();
      configuration.setBackpropType(BackpropType.Standard);
    }
    configured.prepareAll(configuration);
    ComputationGraph copy = new ComputationGraph(configuration);
    copy.init(row, false);
    for (var vertex : original.getVertices()) {
      var twin = copy.getVertex(vertex.getVertexName());
      if (vertex.hasLayer()
          && vertex.getLayer() instanceof FrozenLayer
          && !isFrozen(twin.getLayer())) {
        twin.setLayerAsFrozen();
      }
    }
    return copy;
  }

  private static boolean isFrozen(Layer layer) {
    return layer instanceof FrozenLayer || layer instanceof FrozenLayerWithBackprop;
  }

  /** Returns the length of the flat parameter vector. */
  long parameters() {
    return origin.length();
  }

  Regions regions() {
    return configured.regions();
  }

  List<LossTap> taps() {
    return configured.taps();
  }

  ReplicaConfiguration configuration() {
    return configured;
  }

  /** Moves the parameters to θ + step · direction. */
  void move(INDArray direction, double step) {
    parameters.assign(origin);
    parameters.addi(direction.mul(step));
  }

  /** Moves the parameters to θ, bit for bit. */
  void restore() {
    parameters.assign(origin);
  }

  /**
   * Runs a batch forward and back.
   *
   * @return the sum of the examples' gradients [P]: the model's own array, overwritten by the next
   *     pass
   */
  INDArray backpropagate(MultiDataSet batch) {
    if (model instanceof MultiLayerNetwork network) {
      network.setInput(batch.getFeatures(0));
      network.setLabels(batch.getLabels(0));
      network.setLayerMaskArrays(
          first(batch.getFeaturesMaskArrays()), first(batch.getLabelsMaskArrays()));
      network.computeGradientAndScore();
      network.clearLayerMaskArrays();
      network.clearLayersStates();
      return flat(network.getGradientsViewArray());
    }
    ComputationGraph graph = (ComputationGraph) model;
    graph.setInputs(batch.getFeatures());
    graph.setLabels(batch.getLabels());
    graph.setLayerMaskArrays(batch.getFeaturesMaskArrays(), batch.getLabelsMaskArrays());
    graph.computeGradientAndScore();
    graph.clearLayerMaskArrays();
    graph.clearLayersStates();
    return flat(graph.getGradientsViewArray());
  }

  /** Returns the data loss of the last backward pass, the mean over its batch. */
  double score(long examples) {
    if (configured.plainLosses()) {
      double sum = 0;
      for (LossTap tap : taps()) {
        sum += tap.score();
      }
      return sum / examples;
    }
    double penalty =
        model instanceof MultiLayerNetwork network
            ? network.calcRegularizationScore(true)
            : ((ComputationGraph) model).calcRegularizationScore(true);
    return model.score() - penalty;
  }

  /** Runs a batch forward, up to the loss functions' taps. */
  void forward(MultiDataSet batch) {
    if (!configured.forwardReachesTaps()) {
      backpropagate(batch);
    } else if (model instanceof MultiLayerNetwork network) {
      network.score(
          new DataSet(
              batch.getFeatures(0),
              batch.getLabels(0),
              first(batch.getFeaturesMaskArrays()),
              first(batch.getLabelsMaskArrays())),
          true);
    } else {
      ((ComputationGraph) model).score(batch, true);
    }
  }

  private static @Nullable INDArray first(INDArray @Nullable [] arrays) {
    return arrays == null ? null : arrays[0];
  }

  private static INDArray flat(INDArray gradient) {
    return gradient.reshape(gradient.length());
  }
}
