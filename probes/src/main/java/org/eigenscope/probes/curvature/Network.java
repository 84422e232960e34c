package org.eigenscope.probes.curvature;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.api.Trainable;
import org.deeplearning4j.nn.api.TrainingConfig;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.graph.vertex.GraphVertex;
import org.deeplearning4j.nn.layers.FrozenLayer;
import org.deeplearning4j.nn.layers.FrozenLayerWithBackprop;
import org.deeplearning4j.nn.layers.normalization.BatchNormalization;
import org.deeplearning4j.nn.layers.wrapper.BaseWrapperLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.config.Nesterovs;
import org.nd4j.linalg.learning.config.NoOp;
import org.nd4j.linalg.learning.config.Sgd;

/**
 * A Deeplearning4j model, seen through one face whether it is a {@link MultiLayerNetwork} or a
 * {@link ComputationGraph}.
 *
 * <p>A network is a view: it shares the model it was made {@linkplain #of from}. {@link #replica}
 * makes the copies that probes work on.
 *
 * <p><b>Threading.</b> As safe as the model behind it.
 */
public final class Network {
  private final Model model;

  private Network(Model model) {
    this.model = model;
  }

  /**
   * Returns a view of a model.
   *
   * @param model an initialised MultiLayerNetwork or ComputationGraph; shared
   * @throws IllegalArgumentException if the model is of another class or has no parameters yet
   */
  public static Network of(Model model) {
    if (!(model instanceof MultiLayerNetwork) && !(model instanceof ComputationGraph)) {
      throw new IllegalArgumentException(
          "model must be a MultiLayerNetwork or a ComputationGraph, got "
              + model.getClass().getName());
    }
    if (model.params() == null || model.params().length() == 0) {
      throw new IllegalArgumentException(
          "model must be initialised and have parameters, got none; call init() first");
    }
    return new Network(model);
  }

  /**
   * Returns a copy of the network in the model's own floating-point type: same configuration and
   * parameters, without listeners and updater state, sharing no memory.
   *
   * <p>Deeplearning4j's {@code ComputationGraph.clone()} shares the list of listeners with the
   * original, so this does not use it. No random generator is read or advanced.
   */
  public Network replica() {
    return replica(model.params().dataType());
  }

  /**
   * Returns a copy as {@link #replica()} does, converted to a floating-point type.
   *
   * @param dataType FLOAT or DOUBLE
   */
  @SuppressWarnings("try") // the scope itself is the use
  public Network replica(DataType dataType) {
    try (MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
      INDArray parameters = model.params();
      // castTo returns the array itself when there is nothing to convert.
      INDArray copy =
          parameters.dataType() == dataType ? parameters.dup() : parameters.castTo(dataType);
      return new Network(
          model instanceof MultiLayerNetwork network
              ? copyOf(network, copy)
              : copyOf((ComputationGraph) model, copy));
    }
  }

  private static MultiLayerNetwork copyOf(MultiLayerNetwork original, INDArray parameters) {
    MultiLayerConfiguration configuration = original.getLayerWiseConfigurations().clone();
    configuration.setDataType(parameters.dataType());
    MultiLayerNetwork copy = new MultiLayerNetwork(configuration);
    copy.init(parameters.reshape(1, parameters.length()), false);
    Layer[] layers = copy.getLayers();
    for (int i = 0; i < layers.length; i++) {
      if (original.getLayer(i) instanceof FrozenLayer && !(layers[i] instanceof FrozenLayer)) {
        layers[i] = new FrozenLayer(layers[i]);
      }
    }
    copy.setLayers(layers);
    return copy;
  }

  private static ComputationGraph copyOf(ComputationGraph original, INDArray parameters) {
    ComputationGraphConfiguration configuration = original.getConfiguration().clone();
    configuration.setDataType(parameters.dataType());
    ComputationGraph copy = new ComputationGraph(configuration);
    copy.init(parameters.reshape(1, parameters.length()), false);
    for (GraphVertex vertex : original.getVertices()) {
      GraphVertex twin = copy.getVertex(vertex.getVertexName());
      if (vertex.hasLayer()
          && vertex.getLayer() instanceof FrozenLayer
          && !(twin.getLayer() instanceof FrozenLayer)) {
        twin.setLayerAsFrozen();
      }
    }
    return copy;
  }

  /** Returns the model behind this view. */
  public Model model() {
    return model;
  }

  /** Returns the length of the flat parameter vector, batch normalization statistics included. */
  public long parameters() {
    return model.params().length();
  }

  /** Returns the number of coordinates of the loss: the lengths of all active arrays. */
  public long activeParameters() {
    return arrays().stream().filter(ParameterArray::active).mapToLong(ParameterArray::length).sum();
  }

  /**
   * Returns the names of the layers that have active parameters, in the order of the flat vector.
   */
  public List<String> layers() {
    return arrays().stream()
        .filter(ParameterArray::active)
        .map(ParameterArray::layer)
        .distinct()
        .toList();
  }

  /**
   * Returns all parameter arrays, in the order of the flat vector, which they cover without gaps.
   */
  public List<ParameterArray> arrays() {
    List<ParameterArray> arrays = new ArrayList<>();
    if (model instanceof MultiLayerNetwork network) {
      for (Layer layer : network.getLayers()) {
        addArrays(nameOf(layer), layer, isFrozen(layer), arrays);
      }
    } else {
      for (GraphVertex vertex : ((ComputationGraph) model).getVertices()) {
        boolean frozen = vertex.hasLayer() && isFrozen(vertex.getLayer());
        addArrays(vertex.getVertexName(), vertex, frozen, arrays);
      }
    }
    // A graph lists its vertices in no order that the flat vector follows.
    arrays.sort(Comparator.comparingLong(ParameterArray::offset));
    return List.copyOf(arrays);
  }

  private void addArrays(String name, Trainable owner, boolean frozen, List<ParameterArray> to) {
    Map<String, INDArray> table = owner.paramTable(false);
    if (table == null) {
      return;
    }
    long start = model.params().offset();
    table.forEach(
        (key, view) -> {
          boolean active = !frozen && owner.updaterDivideByMinibatch(key);
          to.add(new ParameterArray(name, key, view.offset() - start, view.length(), active));
        });
  }

  private static String nameOf(Layer layer) {
    String name = layer.conf().getLayer().getLayerName();
    return name == null ? "layer" + layer.getIndex() : name;
  }

  private static boolean isFrozen(Layer layer) {
    return layer instanceof FrozenLayer || layer instanceof FrozenLayerWithBackprop;
  }

  /** Returns whether some layer normalises batches. */
  public boolean hasBatchNormalization() {
    return layerObjects().stream()
        .anyMatch(layer -> unwrapped(layer) instanceof BatchNormalization);
  }

  /** Returns whether some layer normalises with statistics that {@link BatchNormMode} decides. */
  public boolean hasBatchStatistics() {
    return layerObjects().stream()
        .anyMatch(
            layer ->
                unwrapped(layer) instanceof BatchNormalization && !hasConstantStatistics(layer));
  }

  /**
   * Returns the names of the layers of batch normalization whose statistics are constants whatever
   * {@link BatchNormMode} says: frozen ones, and those marked {@link ConstantStatistics}.
   */
  List<String> layersWithConstantStatistics() {
    List<String> names = new ArrayList<>();
    namedLayers()
        .forEach(
            (name, layer) -> {
              if (unwrapped(layer) instanceof BatchNormalization && hasConstantStatistics(layer)) {
                names.add(name);
              }
            });
    return names;
  }

  private Map<String, Layer> namedLayers() {
    Map<String, Layer> named = new LinkedHashMap<>();
    if (model instanceof MultiLayerNetwork network) {
      for (Layer layer : network.getLayers()) {
        named.put(nameOf(layer), layer);
      }
    } else {
      for (GraphVertex vertex : ((ComputationGraph) model).getVertices()) {
        if (vertex.hasLayer()) {
          named.put(vertex.getVertexName(), vertex.getLayer());
        }
      }
    }
    return named;
  }

  private static boolean hasConstantStatistics(Layer layer) {
    return isFrozen(layer) || unwrapped(layer).conf().getLayer() instanceof ConstantStatistics;
  }

  /** Returns the model's layer objects, in no particular order. */
  List<Layer> layerObjects() {
    Layer[] layers =
        model instanceof MultiLayerNetwork network
            ? network.getLayers()
            : ((ComputationGraph) model).getLayers();
    return List.of(layers);
  }

  private static Layer unwrapped(Layer layer) {
    Layer inner = layer;
    while (inner instanceof BaseWrapperLayer wrapper) {
      inner = wrapper.getUnderlying();
    }
    return inner;
  }

  /**
   * Returns the largest eigenvalue of the Hessian at which the optimiser's steps stay stable on a
   * quadratic.
   *
   * <p><b>Definition.</b> With learning rate η: 2/η for gradient descent, (2 + 2β)/(η (1 + 2β)) for
   * Deeplearning4j's momentum, which is Nesterov's, with coefficient β (Cohen et al. 2021,
   * "Gradient Descent on Neural Networks Typically Occurs at the Edge of Stability", appendix B,
   * arXiv 2103.00065). Gradient clipping is not accounted for.
   *
   * @param iteration iteration at which schedules are evaluated, at least 0
   * @param epoch epoch at which schedules are evaluated, at least 0
   * @return the limit, positive; NaN where none is known: adaptive updaters, a learning rate of 0,
   *     or parameters with different limits
   */
  public double stabilityLimit(int iteration, int epoch) {
    double common = Double.NaN;
    boolean first = true;
    for (IUpdater updater : activeUpdaters()) {
      double limit = stabilityLimit(updater, iteration, epoch);
      if (!first && limit != common) {
        return Double.NaN;
      }
      common = limit;
      first = false;
    }
    return common;
  }

  private static double stabilityLimit(IUpdater updater, int iteration, int epoch) {
    double limit = Double.NaN;
    if (updater instanceof Sgd sgd) {
      limit = 2 / sgd.getLearningRate(iteration, epoch);
    } else if (updater instanceof Nesterovs nesterovs) {
      double eta = nesterovs.getLearningRate(iteration, epoch);
      double beta = nesterovs.currentMomentum(iteration, epoch);
      limit = (2 + 2 * beta) / (eta * (1 + 2 * beta));
    }
    return Double.isFinite(limit) ? limit : Double.NaN;
  }

  private List<IUpdater> activeUpdaters() {
    List<IUpdater> updaters = new ArrayList<>();
    for (ParameterArray array : arrays()) {
      if (array.active()) {
        IUpdater updater = updaterOf(array);
        if (!(updater instanceof NoOp)) {
          updaters.add(updater);
        }
      }
    }
    return updaters;
  }

  private IUpdater updaterOf(ParameterArray array) {
    return configurationOf(array).getUpdaterByParam(array.key());
  }

  /** Returns the configuration of the layer or vertex that an array belongs to. */
  TrainingConfig configurationOf(ParameterArray array) {
    Trainable owner =
        model instanceof MultiLayerNetwork network
            ? layerNamed(network, array.layer())
            : ((ComputationGraph) model).getVertex(array.layer());
    return owner.getConfig();
  }

  private static Layer layerNamed(MultiLayerNetwork network, String name) {
    for (Layer layer : network.getLayers()) {
      if (nameOf(layer).equals(name)) {
        return layer;
      }
    }
    throw new AssertionError("no layer " + name);
  }
}
