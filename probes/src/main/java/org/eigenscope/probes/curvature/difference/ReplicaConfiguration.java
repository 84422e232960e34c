package org.eigenscope.probes.curvature.difference;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.graph.ElementWiseVertex;
import org.deeplearning4j.nn.conf.graph.FrozenVertex;
import org.deeplearning4j.nn.conf.graph.GraphVertex;
import org.deeplearning4j.nn.conf.graph.LayerVertex;
import org.deeplearning4j.nn.conf.layers.AbstractLSTM;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.BaseLayer;
import org.deeplearning4j.nn.conf.layers.BaseOutputLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.CenterLossOutputLayer;
import org.deeplearning4j.nn.conf.layers.Cnn3DLossLayer;
import org.deeplearning4j.nn.conf.layers.CnnLossLayer;
import org.deeplearning4j.nn.conf.layers.Convolution3D;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.LossLayer;
import org.deeplearning4j.nn.conf.layers.PReLULayer;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.conf.layers.RnnLossLayer;
import org.deeplearning4j.nn.conf.layers.Subsampling3DLayer;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.conf.layers.misc.FrozenLayer;
import org.deeplearning4j.nn.conf.layers.misc.FrozenLayerWithBackprop;
import org.deeplearning4j.nn.conf.layers.recurrent.Bidirectional;
import org.deeplearning4j.nn.conf.layers.samediff.AbstractSameDiffLayer;
import org.deeplearning4j.nn.conf.layers.wrapper.BaseWrapperLayer;
import org.deeplearning4j.nn.layers.feedforward.PReLU;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.lossfunctions.ILossFunction;
import org.nd4j.linalg.lossfunctions.impl.LossFMeasure;
import org.nd4j.linalg.lossfunctions.impl.LossHinge;
import org.nd4j.linalg.lossfunctions.impl.LossL1;
import org.nd4j.linalg.lossfunctions.impl.LossMAPE;

/**
 * Turns the configuration of a copied model into that of a replica: nothing random, units that can
 * be held, loss functions that can be tapped.
 */
final class ReplicaConfiguration {
  private static final String BUILT_IN = "org.nd4j.linalg.activations.impl.";

  private final boolean fixedStatistics;
  private final Regions regions = new Regions();
  private final Map<String, LossTap> taps = new LinkedHashMap<>();
  private final Set<String> silenced = new TreeSet<>();
  private final Set<String> unwatched = new LinkedHashSet<>();
  private final Set<String> untapped = new LinkedHashSet<>();
  private final Map<String, HeldPooling> poolings = new LinkedHashMap<>();
  private final Set<String> notes = new LinkedHashSet<>();
  private boolean plainLosses = true;
  private boolean forwardReachesTaps = true;

  ReplicaConfiguration(boolean fixedStatistics) {
    this.fixedStatistics = fixedStatistics;
  }

  /**
   * Where a layer is.
   *
   * @param name name of the layer or vertex
   * @param output whether its loss is part of the network's
   * @param aboveFree whether parameters that learn lie below, which errors have to reach
   * @param testMode whether it is frozen and therefore runs in test mode
   */
  private record Place(String name, boolean output, boolean aboveFree, boolean testMode) {
    Place frozen() {
      return new Place(name, output, aboveFree, true);
    }

    Place inside() {
      return new Place(name, false, aboveFree, testMode);
    }
  }

  void prepareAll(MultiLayerConfiguration configuration) {
    List<NeuralNetConfiguration> confs = configuration.getConfs();
    boolean free = false;
    for (int i = 0; i < confs.size(); i++) {
      NeuralNetConfiguration conf = confs.get(i);
      boolean aboveFree = free;
      free |= learns(conf.getLayer());
      String name = conf.getLayer().getLayerName();
      prepare(
          conf,
          new Place(name == null ? "layer" + i : name, i == confs.size() - 1, aboveFree, false));
    }
    prepareTaps();
  }

  void prepareAll(ComputationGraphConfiguration configuration) {
    Map<String, Boolean> aboveFree = new HashMap<>();
    configuration.getVertices().keySet().forEach(v -> aboveFree(v, configuration, aboveFree));
    for (Map.Entry<String, GraphVertex> entry : configuration.getVertices().entrySet()) {
      String name = entry.getKey();
      GraphVertex vertex = entry.getValue();
      boolean above = aboveFree.getOrDefault(name, false);
      if (vertex instanceof FrozenVertex frozen && above) {
        vertex = frozen.getUnderlying();
        entry.setValue(vertex);
      }
      if (vertex instanceof LayerVertex layerVertex) {
        boolean output = configuration.getNetworkOutputs().contains(name);
        prepare(layerVertex.getLayerConf(), new Place(name, output, above, false));
      } else if (vertex instanceof ElementWiseVertex elementWise
          && elementWise.getOp() == ElementWiseVertex.Op.Max) {
        entry.setValue(new HeldMaximum(regions));
      } else if (!vertex.getClass().getName().startsWith("org.deeplearning4j.nn.conf.graph.")) {
        unwatched.add(name + " (" + vertex.getClass().getSimpleName() + ")");
      }
    }
    for (String output : configuration.getNetworkOutputs()) {
      LossTap tap = taps.remove(output);
      if (tap != null) {
        taps.put(output, tap);
      }
    }
    prepareTaps();
  }

  private static boolean aboveFree(
      String vertex, ComputationGraphConfiguration configuration, Map<String, Boolean> known) {
    Boolean answer = known.get(vertex);
    if (answer == null) {
      answer = false;
      for (String input : configuration.getVertexInputs().getOrDefault(vertex, List.of())) {
        GraphVertex below = configuration.getVertices().get(input);
        answer |= below != null && (learns(below) || aboveFree(input, configuration, known));
      }
      known.put(vertex, answer);
    }
    return answer;
  }

  private static boolean learns(GraphVertex vertex) {
    return vertex instanceof LayerVertex layer
        ? learns(layer.getLayerConf().getLayer())
        : !(vertex instanceof FrozenVertex) && vertex.numParams(true) > 0;
  }

  private static boolean learns(Layer layer) {
    return !(layer instanceof FrozenLayer)
        && !(layer instanceof FrozenLayerWithBackprop)
        && layer.initializer().numParams(layer) > 0;
  }

  private void prepareTaps() {
    for (LossTap tap : taps.values()) {
      if (plainLosses) {
        tap.stopScoring();
      }
      if (!forwardReachesTaps) {
        tap.stopHearingScores();
      }
    }
  }

  private void prepare(NeuralNetConfiguration conf, Place place) {
    if (!conf.isMiniBatch()) {
      notes.add(
          "the model is configured with miniBatch(false), which sums over a batch; the loss"
              + " measured is the mean over examples");
      conf.setMiniBatch(true);
    }
    conf.setLayer(prepared(conf.getLayer(), place));
  }

  /** Prepares a layer and those inside it; returns the layer to put in its place. */
  private Layer prepared(Layer layer, Place place) {
    String name = place.name();
    if (layer.getIDropout() != null) {
      silenced.add(name + " (" + layer.getIDropout().getClass().getSimpleName() + ")");
      layer.setIDropout(null);
    }
    if (layer instanceof FrozenLayer frozen) {
      // Without free layers below it is constant all through and sends no error back.
      return place.aboveFree()
          ? new FrozenLayerWithBackprop(prepared(frozen.getLayer(), place.frozen()))
          : frozen;
    }
    if (layer instanceof BaseWrapperLayer wrapper) {
      Place inside = wrapper instanceof FrozenLayerWithBackprop ? place.frozen() : place;
      wrapper.setUnderlying(prepared(wrapper.getUnderlying(), inside));
      return wrapper;
    }
    if (layer instanceof Bidirectional both) {
      both.setFwd(prepared(both.getFwd(), place.inside()));
      both.setBwd(prepared(both.getBwd(), place.inside()));
      return both;
    }
    if (layer instanceof BaseLayer base && base.getWeightNoise() != null) {
      silenced.add(name + " (" + base.getWeightNoise().getClass().getSimpleName() + ")");
      base.setWeightNoise(null);
    }
    if (place.output()) {
      tap(layer, name);
    }
    holdActivations(layer, name);
    return substituted(layer, place);
  }

  @SuppressWarnings("deprecation") // GravesBidirectionalLSTM lives on in saved models
  private void holdActivations(Layer layer, String name) {
    if (layer instanceof BaseLayer base && base.getActivationFn() != null) {
      base.setActivationFn(held(base.getActivationFn(), name));
    }
    if (layer instanceof ActivationLayer activation) {
      activation.setActivationFn(held(activation.getActivationFn(), name));
    }
    if (layer instanceof AbstractLSTM lstm) {
      lstm.setGateActivationFn(held(lstm.getGateActivationFn(), name));
    }
    if (layer instanceof org.deeplearning4j.nn.conf.layers.GravesBidirectionalLSTM lstm) {
      lstm.setGateActivationFn(held(lstm.getGateActivationFn(), name));
    }
    if (layer instanceof AbstractSameDiffLayer) {
      unwatched.add(name + " (" + layer.getClass().getSimpleName() + ")");
    }
  }

  private IActivation held(IActivation activation, String name) {
    PiecewiseFunction function = PiecewiseFunction.of(activation);
    if (function == null && !activation.getClass().getName().startsWith(BUILT_IN)) {
      unwatched.add(name + " (" + activation.getClass().getSimpleName() + ")");
    }
    return function == null ? activation : new HeldActivation(function, regions);
  }

  private Layer substituted(Layer layer, Place place) {
    String name = place.name();
    if (layer instanceof BatchNormalization normalization) {
      if (normalization.isLockGammaBeta() && normalization.getBeta() == 0) {
        // Deeplearning4j's forward pass then forgets gamma, its backward pass does not.
        normalization.setGamma(1);
      }
      return fixedStatistics || place.testMode()
          ? new Substitute(layer, this::withFixedStatistics)
          : layer;
    }
    if (layer instanceof PReLULayer) {
      return new Substitute(layer, object -> new HeldPRelu((PReLU) object, regions));
    }
    if (layer instanceof SubsamplingLayer pooling && pooling.getPoolingType() == PoolingType.MAX) {
      return pooling(layer, name, turns(pooling));
    }
    if (layer instanceof Subsampling3DLayer pooling
        && pooling.getPoolingType() == PoolingType.MAX) {
      return pooling(layer, name, turns(pooling));
    }
    if (layer instanceof GlobalPoolingLayer pooling
        && pooling.getPoolingType() == PoolingType.MAX) {
      return pooling(layer, name, new int[0]);
    }
    return layer;
  }

  private Layer pooling(Layer layer, String name, int[] turns) {
    UnaryOperator<org.deeplearning4j.nn.api.Layer> substitution =
        object -> {
          HeldPooling pooling = new HeldPooling(object, turns, regions);
          poolings.put(name, pooling);
          return pooling;
        };
    return new Substitute(layer, substitution);
  }

  private org.deeplearning4j.nn.api.Layer withFixedStatistics(
      org.deeplearning4j.nn.api.Layer layer) {
    return new FixedStatistics(
        (org.deeplearning4j.nn.layers.normalization.BatchNormalization) layer);
  }

  private static int[] turns(SubsamplingLayer pooling) {
    int[] t = turns(pooling.getKernelSize(), pooling.getStride(), pooling.getDilation());
    return pooling.getCnn2dDataFormat() == CNN2DFormat.NCHW
        ? new int[] {1, 1, t[0], t[t.length - 1]}
        : new int[] {1, t[0], Math.max(t[0], t[t.length - 1]), t[t.length - 1]};
  }

  private static int[] turns(Subsampling3DLayer pooling) {
    int[] t = turns(pooling.getKernelSize(), pooling.getStride(), pooling.getDilation());
    return pooling.getDataFormat() == Convolution3D.DataFormat.NCDHW
        ? new int[] {1, 1, t[0], t[1], t[2]}
        : new int[] {1, t[0], t[1], t[2]};
  }

  /** Returns along how many windows each element is shared. */
  private static int[] turns(int[] kernel, int[] stride, int[] dilation) {
    int[] turns = new int[kernel.length];
    for (int i = 0; i < turns.length; i++) {
      int extent = (kernel[i] - 1) * dilation[i] + 1;
      turns[i] = (extent + stride[i] - 1) / stride[i];
    }
    return turns;
  }

  private void tap(Layer layer, String name) {
    if (layer instanceof CenterLossOutputLayer center) {
      // Otherwise the "gradients" of the centres are updates of their own.
      center.setGradientCheck(true);
      center.setAlpha(1);
      plainLosses = false;
      untapped.add(name + " (CenterLossOutputLayer)");
    } else if (layer instanceof BaseOutputLayer base
        && base.getClass().getName().startsWith("org.deeplearning4j.nn.conf.layers.")) {
      base.setLossFn(tap(base.getLossFn(), name));
    } else if (layer instanceof LossLayer base) {
      base.setLossFn(tap(base.getLossFn(), name));
    } else if (layer instanceof RnnLossLayer base) {
      base.setLossFn(tap(base.getLossFn(), name));
    } else if (layer instanceof CnnLossLayer base) {
      forwardReachesTaps = false;
      base.setLossFn(tap(base.getLossFn(), name));
    } else if (layer instanceof Cnn3DLossLayer base) {
      forwardReachesTaps = false;
      base.setLossFn(tap(base.getLossFn(), name));
    } else {
      plainLosses = false;
      untapped.add(name + " (" + layer.getClass().getSimpleName() + ")");
      unwatched.add(name + " (" + layer.getClass().getSimpleName() + ")");
    }
  }

  private LossTap tap(ILossFunction loss, String name) {
    if (loss instanceof LossL1
        || loss instanceof LossMAPE
        || loss instanceof LossHinge
        || loss instanceof LossFMeasure) {
      unwatched.add(name + " (" + loss.getClass().getSimpleName() + ")");
    }
    LossTap tap = new LossTap(loss, regions);
    taps.put(name, tap);
    return tap;
  }

  void noteTruncation() {
    notes.add(
        "the model trains with truncated back-propagation through time; gradients here go through"
            + " whole sequences");
  }

  Regions regions() {
    return regions;
  }

  /** Returns the loss functions, in the order of the network's outputs. */
  List<LossTap> taps() {
    return List.copyOf(taps.values());
  }

  /** Returns whether the loss is the sum of what the taps hear. */
  boolean plainLosses() {
    return plainLosses;
  }

  /** Returns whether a forward pass shows the taps what a backward pass shows them. */
  boolean forwardReachesTaps() {
    return forwardReachesTaps;
  }

  /** Returns the output layers whose loss is more than a function of their own values, or null. */
  @Nullable String untapped() {
    return untapped.isEmpty() ? null : String.join(", ", untapped);
  }

  /** Returns the parts of the network that may have kinks which nobody watches. */
  List<String> unwatched() {
    List<String> all = new ArrayList<>(unwatched);
    poolings.forEach(
        (name, pooling) -> {
          if (pooling.unheld()) {
            all.add(name + " (masked max pooling)");
          }
        });
    return all;
  }

  /** Returns what was changed in words. */
  List<String> notes() {
    List<String> all = new ArrayList<>(notes);
    if (!silenced.isEmpty()) {
      all.add("dropout and noise are switched off in " + String.join(", ", silenced));
    }
    List<String> loose = unwatched();
    if (!loose.isEmpty()) {
      all.add(
          "kinks are not watched in "
              + String.join(", ", loose)
              + ": products are exact only where none lies within the step");
    }
    return all;
  }
}
