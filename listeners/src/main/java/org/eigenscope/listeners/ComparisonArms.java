package org.eigenscope.listeners;

import java.lang.ref.WeakReference;
import java.util.LinkedHashMap;
import java.util.Map;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.BackpropType;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.eigenscope.listeners.normalization.NormalizationTwin;
import org.eigenscope.listeners.normalization.PopulationStatistics;
import org.eigenscope.listeners.normalization.PopulationTwin;
import org.eigenscope.probes.NormalizationComparison;
import org.eigenscope.probes.NormalizationReading;
import org.eigenscope.probes.Probe;
import org.eigenscope.probes.Snapshot;
import org.eigenscope.probes.curvature.DataBatches;
import org.eigenscope.probes.curvature.Network;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.api.MultiDataSet;

/**
 * A model in training and the twins that follow it, by what they normalise with; the model is the
 * first.
 *
 * <p><b>Threading.</b> {@link #requireSame} belongs to the training thread, the rest to the thread
 * that trains the twins.
 */
final class ComparisonArms {
  /** Name of the probe in readings and metrics. */
  static final String PROBE = "normalization-comparison";

  private final WeakReference<Model> model;
  private final String label;
  private final Map<String, Model> twins;
  private final @Nullable PopulationStatistics statistics;
  private final NormalizationComparison comparison;

  /**
   * @param statistics of the twin with population statistics, or null if there is none
   */
  private ComparisonArms(
      Model model,
      String label,
      Map<String, Model> twins,
      @Nullable PopulationStatistics statistics,
      NormalizationComparison comparison) {
    this.model = new WeakReference<>(model);
    this.label = label;
    this.twins = twins;
    this.statistics = statistics;
    this.comparison = comparison;
  }

  /**
   * Makes the twins of a model with the weights it has now.
   *
   * @throws IllegalArgumentException if there is no twin of it
   */
  static ComparisonArms of(Model model, ComparisonSession.Settings settings) {
    if (backpropagationOf(model) == BackpropType.TruncatedBPTT) {
      throw new IllegalArgumentException(
          "a comparison needs whole minibatches, got truncated backpropagation through time");
    }
    Map<String, Model> twins = new LinkedHashMap<>();
    boolean normalized = Network.of(model).hasBatchNormalization();
    Model other = normalized ? NormalizationTwin.without(model) : NormalizationTwin.with(model);
    twins.put(normalized ? "none" : "batch", other);
    PopulationStatistics statistics = null;
    if (settings.population()) {
      Model third = PopulationTwin.of(normalized ? model : other);
      twins.put("population", third);
      statistics = PopulationStatistics.of(third, settings.data(), settings.statisticsEvery());
    }
    return new ComparisonArms(
        model,
        normalized ? "batch" : "none",
        twins,
        statistics,
        new NormalizationComparison(PROBE, settings.probe(), settings.k()));
  }

  private static BackpropType backpropagationOf(Model model) {
    return model instanceof MultiLayerNetwork network
        ? network.getLayerWiseConfigurations().getBackpropType()
        : ((ComputationGraph) model).getConfiguration().getBackpropType();
  }

  /**
   * Checks that a model is the one the twins follow.
   *
   * @throws IllegalStateException if it is another
   */
  void requireSame(Model reported) {
    if (model.get() != reported) {
      throw new IllegalStateException(
          "a comparison follows one model, and another one reports to its listener; "
              + "attach a listener of its own, and none in a ParallelWrapper");
    }
  }

  /** Trains the twins on a minibatch, as iteration and epoch of the model. */
  void train(DataBatches minibatch, @Nullable RandomState random, int iteration, int epoch) {
    MultiDataSet batch = minibatch.batches().get(0);
    if (statistics != null) {
      statistics.beforeIteration(iteration);
    }
    for (Model twin : twins.values()) {
      if (random != null) {
        // Dropout draws for each twin what it drew for the model.
        random.restore();
      }
      fit(twin, batch, iteration, epoch);
    }
  }

  private static void fit(Model twin, MultiDataSet batch, int iteration, int epoch) {
    if (twin instanceof MultiLayerNetwork network) {
      network.getLayerWiseConfigurations().setIterationCount(iteration);
      network.getLayerWiseConfigurations().setEpochCount(epoch);
      network.fit(
          new DataSet(
              batch.getFeatures(0),
              batch.getLabels(0),
              first(batch.getFeaturesMaskArrays()),
              first(batch.getLabelsMaskArrays())));
    } else {
      ComputationGraph graph = (ComputationGraph) twin;
      graph.getConfiguration().setIterationCount(iteration);
      graph.getConfiguration().setEpochCount(epoch);
      graph.fit(batch);
    }
  }

  private static @Nullable INDArray first(INDArray @Nullable [] masks) {
    return masks == null ? null : masks[0];
  }

  /** Measures all arms, the model by its snapshot. */
  NormalizationReading measure(Snapshot snapshot) {
    return comparison.measure(snapshots(snapshot));
  }

  /** Says what measuring all arms will cost and give. */
  Probe.Examination examine(Snapshot snapshot) {
    return comparison.examine(snapshots(snapshot));
  }

  private Map<String, Snapshot> snapshots(Snapshot own) {
    Map<String, Snapshot> all = new LinkedHashMap<>();
    all.put(label, own);
    twins.forEach(
        (name, twin) ->
            all.put(
                name,
                new Snapshot(
                    Network.of(twin).replica(),
                    own.data(),
                    own.run(),
                    own.model(),
                    own.iteration(),
                    own.epoch(),
                    own.time())));
    return all;
  }
}
