package org.eigenscope.listeners.normalization;

import static java.util.Objects.requireNonNull;

import java.util.List;
import java.util.Set;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.BaseLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.Deconvolution2D;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.DepthwiseConvolution2D;
import org.deeplearning4j.nn.conf.layers.FeedForwardLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.SeparableConvolution2D;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.activations.impl.ActivationIdentity;
import org.nd4j.linalg.learning.config.IUpdater;

/** Puts batch normalization between weights and activations of a configuration. */
final class Insertion {
  private static final String NORMALIZATION = "-normalization";
  private static final String ACTIVATION = "-activation";

  /** Batch normalization of Deeplearning4j fails on sequences and volumes. */
  private static final Set<Class<? extends Layer>> NORMALIZABLE =
      Set.of(
          DenseLayer.class,
          ConvolutionLayer.class,
          Deconvolution2D.class,
          DepthwiseConvolution2D.class,
          SeparableConvolution2D.class);

  private final Draft draft;
  private final BatchNormalization settings;

  private Insertion(Draft draft, BatchNormalization settings) {
    this.draft = draft;
    this.settings = settings;
  }

  /**
   * Changes a draft and returns the names of the new layers of batch normalization.
   *
   * @param settings of the new layers; not modified
   */
  static List<String> of(Draft draft, BatchNormalization settings) {
    return new Insertion(draft, settings).run();
  }

  private List<String> run() {
    List<String> chosen = draft.layers().stream().filter(this::isToBeNormalized).toList();
    if (chosen.isEmpty()) {
      throw new IllegalArgumentException(
          "model must have a dense or convolution layer that is neither frozen nor followed by batch "
              + "normalization or an output, got none");
    }
    chosen.forEach(this::normalize);
    return chosen.stream().map(name -> name + NORMALIZATION).toList();
  }

  private boolean isToBeNormalized(String name) {
    Layer layer = draft.layer(name);
    if (layer == null || LayerKind.isFrozen(layer)) {
      return false;
    }
    Layer inner = LayerKind.unwrapped(layer);
    boolean weights = inner instanceof DenseLayer || inner instanceof ConvolutionLayer;
    if (!weights || draft.isOutput(name) || meetsNormalizationOrOutput(name)) {
      return false;
    }
    if (!NORMALIZABLE.contains(layer.getClass())) {
      throw new IllegalArgumentException(
          ("layer '%s' must be a dense or a two-dimensional convolution layer of Deeplearning4j to "
                  + "have batch normalization put behind it, got %s")
              .formatted(name, layer.getClass().getName()));
    }
    return true;
  }

  /** Returns whether one of these is met from a layer before any other weights, sums or merges. */
  private boolean meetsNormalizationOrOutput(String name) {
    for (String consumer : draft.consumers(name)) {
      if (LayerKind.isNormalization(draft.layer(consumer))) {
        return true;
      }
      if (LayerKind.hasNoWeights(draft, consumer)
          && draft.inputs(consumer).size() == 1
          && (draft.isOutput(consumer) || meetsNormalizationOrOutput(consumer))) {
        return true;
      }
    }
    return false;
  }

  private void normalize(String name) {
    FeedForwardLayer layer = (FeedForwardLayer) requireNonNull(draft.layer(name));
    BatchNormalization normalization = settings.clone();
    normalization.setLayerName(name + NORMALIZATION);
    normalization.setNIn(layer.getNOut());
    normalization.setNOut(layer.getNOut());
    if (layer instanceof ConvolutionLayer convolution) {
      normalization.setCnn2DFormat(convolution.getCnn2dDataFormat());
    }
    complete(normalization, layer);
    draft.insertAfter(name, normalization);

    IActivation activation = layer.getActivationFn();
    if (!(activation instanceof ActivationIdentity)) {
      layer.setActivationFn(new ActivationIdentity());
      ActivationLayer behind = new ActivationLayer(activation);
      behind.setLayerName(name + ACTIVATION);
      draft.insertAfter(normalization.getLayerName(), behind);
    }
  }

  /** Gives a new layer what it leaves open, as Deeplearning4j does from a network's settings. */
  private static void complete(BatchNormalization layer, BaseLayer from) {
    layer.setIUpdater(cloned(layer.getIUpdater(), from.getIUpdater()));
    if (layer.getGradientNormalization() == null) {
      layer.setGradientNormalization(from.getGradientNormalization());
    }
    if (Double.isNaN(layer.getGradientNormalizationThreshold())) {
      layer.setGradientNormalizationThreshold(from.getGradientNormalizationThreshold());
    }
    // What follows has no effect on batch normalization.
    layer.setBiasUpdater(cloned(layer.getBiasUpdater(), from.getBiasUpdater()));
    layer.setRegularization(from.getRegularization());
    layer.setRegularizationBias(from.getRegularizationBias());
    layer.setActivationFn(new ActivationIdentity());
    layer.setWeightInitFn(from.getWeightInitFn());
    layer.setBiasInit(from.getBiasInit());
    layer.setGainInit(from.getGainInit());
  }

  private static @Nullable IUpdater cloned(@Nullable IUpdater own, @Nullable IUpdater other) {
    IUpdater updater = own == null ? other : own;
    return updater == null ? null : updater.clone();
  }
}
