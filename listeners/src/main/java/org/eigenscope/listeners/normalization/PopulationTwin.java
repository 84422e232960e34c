package org.eigenscope.listeners.normalization;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.graph.LayerVertex;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.misc.FrozenLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.graph.vertex.GraphVertex;
import org.deeplearning4j.nn.layers.wrapper.BaseWrapperLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.updater.BaseMultiLayerUpdater;
import org.eigenscope.probes.curvature.Network;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.shade.jackson.databind.JsonNode;
import org.nd4j.shade.jackson.databind.node.ObjectNode;

/**
 * Makes a model's twin whose batch normalization trains with population statistics.
 *
 * <p>Every layer of batch normalization becomes a {@link PopulationNormalization} of the same
 * settings. Everything else is as in the model: the rest of the configuration, all parameters in
 * their places, what the updater remembers, iteration and epoch counts. A twin has no listeners and
 * can be trained, saved and restored as any other model; the model is not changed and shares
 * nothing with it, and no random generator is read, advanced or seeded.
 *
 * <p>The twin starts with the model's running statistics: 0 and 1 in a new model. {@link
 * PopulationStatistics} replaces them, before the first iteration and then every few.
 *
 * <p><b>Threading.</b> Call this on the thread that trains the model, or while none does.
 */
public final class PopulationTwin {
  private static final String CLASS = "@class";

  private PopulationTwin() {}

  /**
   * Returns a model's twin.
   *
   * @param model an initialised MultiLayerNetwork or ComputationGraph, not of a subclass; not
   *     modified
   * @return the twin, independent of the model
   * @throws IllegalArgumentException if the model is of another class, is not initialised, has no
   *     batch normalization, or some of a subclass of Deeplearning4j's, which the message names; or
   *     if its configuration can't be read from its own JSON
   */
  @SuppressWarnings({"try", "unchecked"}) // the scope is the use; a twin has its model's class
  public static <M extends Model> M of(M model) {
    Network.of(model);
    try (MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
      Model twin;
      if (model.getClass() == MultiLayerNetwork.class) {
        twin = twin((MultiLayerNetwork) model);
      } else if (model.getClass() == ComputationGraph.class) {
        twin = twin((ComputationGraph) model);
      } else {
        throw new IllegalArgumentException(
            "model must be a MultiLayerNetwork or a ComputationGraph and of no subclass, got "
                + model.getClass().getName());
      }
      requireConverted(twin);
      copyUpdaterState(model, twin);
      return (M) twin;
    }
  }

  private static Model twin(MultiLayerNetwork model) {
    MultiLayerConfiguration configuration =
        read(model.getLayerWiseConfigurations().toJson(), MultiLayerConfiguration::fromJson);
    for (int i = 0; i < model.getnLayers(); i++) {
      if (model.getLayer(i) instanceof org.deeplearning4j.nn.layers.FrozenLayer) {
        freeze(configuration.getConf(i));
      }
    }
    MultiLayerNetwork twin = new MultiLayerNetwork(configuration);
    // With parameters given, no random generator is seeded or read.
    twin.init(row(model), false);
    return twin;
  }

  private static Model twin(ComputationGraph model) {
    ComputationGraphConfiguration configuration =
        read(model.getConfiguration().toJson(), ComputationGraphConfiguration::fromJson);
    configuration
        .getVertices()
        .forEach(
            (name, vertex) -> {
              if (vertex instanceof LayerVertex layerVertex
                  && model.getLayer(name) instanceof org.deeplearning4j.nn.layers.FrozenLayer) {
                freeze(layerVertex.getLayerConf());
              }
            });
    ComputationGraph twin = new ComputationGraph(configuration);
    twin.init(row(model), false);
    return twin;
  }

  private static INDArray row(Model model) {
    return model.params().dup().reshape(1, model.params().length());
  }

  private interface Reader<C> {
    C read(String json);
  }

  private static <C> C read(String json, Reader<C> reader) {
    try {
      JsonNode root = NeuralNetConfiguration.mapper().readTree(json);
      for (JsonNode typed : root.findParents(CLASS)) {
        if (typed.get(CLASS).asText().equals(BatchNormalization.class.getName())) {
          ((ObjectNode) typed).put(CLASS, PopulationNormalization.class.getName());
        }
      }
      return reader.read(NeuralNetConfiguration.mapper().writeValueAsString(root));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (RuntimeException e) {
      throw new IllegalArgumentException(
          "configuration must be readable from its JSON, as for saving the model, got: " + e, e);
    }
  }

  /** Says in the configuration that a layer is frozen, which a live network may leave out. */
  private static void freeze(NeuralNetConfiguration conf) {
    if (!(conf.getLayer() instanceof FrozenLayer)) {
      FrozenLayer frozen = new FrozenLayer(conf.getLayer());
      frozen.setLayerName(conf.getLayer().getLayerName());
      conf.setLayer(frozen);
    }
  }

  private static void requireConverted(Model twin) {
    List<String> strange = new ArrayList<>();
    boolean any = false;
    if (twin instanceof MultiLayerNetwork network) {
      for (Layer layer : network.getLayers()) {
        String name = layer.conf().getLayer().getLayerName();
        any |= converted(name == null ? "layer" + layer.getIndex() : name, layer, strange);
      }
    } else {
      for (GraphVertex vertex : ((ComputationGraph) twin).getVertices()) {
        any |= vertex.hasLayer() && converted(vertex.getVertexName(), vertex.getLayer(), strange);
      }
    }
    if (!strange.isEmpty()) {
      throw new IllegalArgumentException(
          "batch normalization must be Deeplearning4j's own to take population statistics, got "
              + String.join(", ", strange));
    }
    if (!any) {
      throw new IllegalArgumentException(
          "model must have a layer of batch normalization, got none");
    }
  }

  /** Returns whether a layer normalises; adds its name to others' if it is not converted. */
  private static boolean converted(String name, Layer layer, List<String> strange) {
    Layer inner = layer;
    while (inner instanceof BaseWrapperLayer wrapper) {
      inner = wrapper.getUnderlying();
    }
    if (!(inner instanceof org.deeplearning4j.nn.layers.normalization.BatchNormalization)) {
      return false;
    }
    if (!(inner instanceof PopulationNormalizationLayer)) {
      strange.add("%s (%s)".formatted(name, inner.conf().getLayer().getClass().getName()));
    }
    return true;
  }

  /** Copies what the updater remembers; makes nothing where it does not exist yet. */
  private static void copyUpdaterState(Model from, Model to) {
    BaseMultiLayerUpdater<?> updater = updater(from, false);
    if (updater != null && updater.getUpdaterStateViewArray() != null) {
      requireNonNull(updater(to, true))
          .getUpdaterStateViewArray()
          .assign(updater.getUpdaterStateViewArray());
    }
  }

  private static @Nullable BaseMultiLayerUpdater<?> updater(Model model, boolean make) {
    return model instanceof MultiLayerNetwork network
        ? (BaseMultiLayerUpdater<?>) network.getUpdater(make)
        : ((ComputationGraph) model).getUpdater(make);
  }
}
