package org.eigenscope.listeners.normalization;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.layers.FrozenLayer;
import org.deeplearning4j.nn.layers.FrozenLayerWithBackprop;
import org.deeplearning4j.nn.layers.wrapper.BaseWrapperLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.eigenscope.probes.curvature.DataBatches;
import org.eigenscope.probes.curvature.Network;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.api.MultiDataSet;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Sets the statistics of a model's {@link PopulationNormalization} layers to those of a fixed set
 * of examples, every few iterations.
 *
 * <p><b>Definition.</b> A layer's mean and (biased) variance are those of its input over all
 * examples of the set and, in images, all pixels, at the model's parameters, where every layer
 * before it has its new statistics already: together they are what one forward pass of batch
 * normalization would find with the set as its batch. Dropout and noise are off, masks of features
 * are applied as in inference but count no less in the means. Frozen layers keep what they have.
 *
 * <p><b>Cost.</b> Inference on the set: once if it is one batch; otherwise once for each layer of
 * batch normalization, since each needs the statistics of those before it over all batches. A
 * replica of the model is kept for it.
 *
 * <p>Nothing but means and variances of the model is changed, and no random generator is read or
 * advanced.
 *
 * <p><b>Threading.</b> On the thread that trains the model, between iterations.
 */
public final class PopulationStatistics {
  /** Iterations between updates unless said otherwise. */
  public static final int DEFAULT_INTERVAL = 10;

  private final Model model;
  private final Model replica;
  private final List<MultiDataSet> batches;
  private final int interval;

  private PopulationStatistics(Model model, Model replica, DataBatches data, int interval) {
    this.model = model;
    this.replica = replica;
    this.batches = data.batches();
    this.interval = interval;
  }

  /**
   * Returns statistics that are updated every {@link #DEFAULT_INTERVAL} iterations.
   *
   * @see #of(Model, DataBatches, int)
   */
  public static PopulationStatistics of(Model model, DataBatches population) {
    return of(model, population, DEFAULT_INTERVAL);
  }

  /**
   * Returns the statistics of a model; nothing is computed yet.
   *
   * @param model an initialised MultiLayerNetwork or ComputationGraph; kept, and changed by the
   *     methods below alone
   * @param population the set of examples; labels do not matter
   * @param interval iterations between updates, at least 1
   * @throws IllegalArgumentException if the model has no {@link PopulationNormalization} that is
   *     not frozen, or {@code interval} is less than 1
   */
  public static PopulationStatistics of(Model model, DataBatches population, int interval) {
    if (interval < 1) {
      throw new IllegalArgumentException("interval must be at least 1, got " + interval);
    }
    Model replica = Network.of(model).replica().model();
    if (layers(replica).isEmpty()) {
      throw new IllegalArgumentException(
          "model must have a PopulationNormalization that is not frozen, got none; PopulationTwin"
              + " makes them of batch normalization");
    }
    return new PopulationStatistics(model, replica, population, interval);
  }

  /** Returns the number of iterations between updates. */
  public int interval() {
    return interval;
  }

  /**
   * Updates the statistics if an iteration calls for it: every {@link #interval}-th, from 0.
   *
   * @param iteration the iteration that is about to begin, as Deeplearning4j counts (from 0)
   * @return whether they were updated
   */
  public boolean beforeIteration(int iteration) {
    boolean due = iteration % interval == 0;
    if (due) {
      update();
    }
    return due;
  }

  /** Updates the statistics now. */
  @SuppressWarnings("try") // the scope itself is the use
  public void update() {
    try (MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
      replica.params().assign(model.params());
      List<PopulationNormalizationLayer> gathering = layers(replica);
      if (batches.size() == 1) {
        gather(gathering);
      } else {
        gathering.forEach(layer -> gather(List.of(layer)));
      }
      List<PopulationNormalizationLayer> trained = layers(model);
      IntStream.range(0, trained.size()).forEach(i -> copy(gathering.get(i), trained.get(i)));
    }
  }

  private void gather(List<PopulationNormalizationLayer> layers) {
    layers.forEach(PopulationNormalizationLayer::startGathering);
    try {
      batches.forEach(this::infer);
    } finally {
      layers.forEach(PopulationNormalizationLayer::stopGathering);
    }
  }

  private void infer(MultiDataSet batch) {
    INDArray @Nullable [] masks = batch.getFeaturesMaskArrays();
    if (replica instanceof MultiLayerNetwork network) {
      network.output(batch.getFeatures(0), false, masks == null ? null : masks[0], null);
    } else {
      ((ComputationGraph) replica).output(false, batch.getFeatures(), masks, null);
    }
  }

  private static void copy(PopulationNormalizationLayer from, PopulationNormalizationLayer to) {
    for (Map.Entry<String, INDArray> entry : to.paramTable().entrySet()) {
      if (!to.updaterDivideByMinibatch(entry.getKey())) {
        entry.getValue().assign(from.getParam(entry.getKey()));
      }
    }
  }

  /** Returns the layers to update, each after those that it depends on. */
  private static List<PopulationNormalizationLayer> layers(Model model) {
    List<PopulationNormalizationLayer> found = new ArrayList<>();
    if (model instanceof MultiLayerNetwork network) {
      for (Layer layer : network.getLayers()) {
        addTo(found, layer);
      }
    } else {
      ComputationGraph graph = (ComputationGraph) model;
      for (int index : graph.topologicalSortOrder()) {
        if (graph.getVertices()[index].hasLayer()) {
          addTo(found, graph.getVertices()[index].getLayer());
        }
      }
    }
    return found;
  }

  private static void addTo(List<PopulationNormalizationLayer> found, Layer layer) {
    Layer inner = layer;
    while (inner instanceof BaseWrapperLayer wrapper
        && !(inner instanceof FrozenLayer)
        && !(inner instanceof FrozenLayerWithBackprop)) {
      inner = wrapper.getUnderlying();
    }
    if (inner instanceof PopulationNormalizationLayer population) {
      found.add(population);
    }
  }
}
