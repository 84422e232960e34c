package org.eigenscope.listeners;

import java.io.Serializable;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.LongSupplier;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.optimize.api.BaseTrainingListener;
import org.eigenscope.listeners.normalization.PopulationStatistics;
import org.eigenscope.probes.SpectrumProbe;
import org.eigenscope.probes.curvature.DataBatches;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.api.MultiDataSet;

/**
 * Trains twins of a model, with and without batch normalization, in step with it, and measures all
 * of them at the same iterations. Attach it with {@code model.addListeners(listener)}; it watches
 * one training of a {@link org.deeplearning4j.nn.multilayer.MultiLayerNetwork} or {@link
 * org.deeplearning4j.nn.graph.ComputationGraph}.
 *
 * <p><b>Arms.</b> The model itself is one, {@code batch} if it has batch normalization and {@code
 * none} if it has not; its {@linkplain org.eigenscope.listeners.normalization.NormalizationTwin
 * twin} is another. The third, {@code population}, has {@linkplain
 * org.eigenscope.listeners.normalization.PopulationTwin batch normalization with population
 * statistics}: those of all probe data, taken anew every {@linkplain Builder#statisticsEvery few}
 * iterations, constant in between and in the gradient. All start with the weights that the model
 * has when the training begins, and see the same minibatches in the same order. Dropout draws the
 * same numbers for all (but in the very first iteration under {@code fit(DataSet)}, whose beginning
 * no listener is told). Each arm is measured with the same settings, data, test vectors and seeds;
 * arms differ in their tag {@code normalization}.
 *
 * <p><b>Differences from the paper.</b> Ghorbani, Krishnan and Xiao 2019 (arXiv 1901.10159, section
 * 4) normalise with statistics of the training set; here they are those of the probe data, and up
 * to {@code r − 1} iterations old.
 *
 * <p><b>The model is untouched.</b> Its parameters, updater state, batch normalization statistics
 * and ND4J's random generators are bit for bit those of a training without the listener.
 *
 * <p><b>Threads.</b> By default twins train on the training thread, which waits. {@linkplain
 * Builder#asynchronous Asynchronous} ones train on one background thread, a bounded number of
 * minibatches behind; nothing is skipped, so the training waits when that number is reached.
 *
 * <p>A twin that can't be made, or whose training throws, ends the comparison: under {@link
 * FailurePolicy#LOG_AND_COUNT} the model trains on alone. Truncated backpropagation through time
 * and ParallelWrapper are not supported.
 */
public final class NormalizationComparisonListener extends BaseTrainingListener
    implements AutoCloseable, Serializable {
  private static final long serialVersionUID = 1L;

  /** Null in a listener that was deserialised. */
  private final transient @Nullable ComparisonSession session;

  private NormalizationComparisonListener(ComparisonSession session) {
    this.session = session;
  }

  /** Returns a builder without data, schedule or sinks. */
  public static Builder builder() {
    return new Builder();
  }

  /** Returns how often what has happened so far; nothing is ever skipped. */
  public ProbeListener.Counts counts() {
    return session == null ? new ProbeListener.Counts(0, 0, 0, 0) : session.counts();
  }

  @Override
  public void onEpochStart(Model model) {
    if (session != null) {
      session.epochStarts();
    }
  }

  @Override
  public void onForwardPass(Model model, List<INDArray> activations) {
    if (session != null) {
      session.trainingGoesOn();
    }
  }

  @Override
  public void onBackwardPass(Model model) {
    if (session != null) {
      session.backwardPassDone(model);
    }
  }

  @Override
  public void iterationDone(Model model, int iteration, int epoch) {
    if (session != null) {
      session.iterationDone(model, iteration, epoch);
    }
  }

  /**
   * Stops training twins and measuring. Waits for what is under way on the background thread, up to
   * the {@linkplain Builder#closeTimeout timeout}. Sinks are the caller's to close. Closing again
   * has no effect.
   *
   * @throws ProbeFailedException under {@link FailurePolicy#RETHROW}, if something failed on the
   *     background thread and the training thread doesn't know yet
   * @throws StopTrainingException if a sink stopped the training on another thread and the training
   *     thread doesn't know yet
   */
  @Override
  public void close() {
    if (session != null) {
      session.close();
    }
  }

  /** Settings of a {@link NormalizationComparisonListener}. A builder builds one listener. */
  public static final class Builder {
    private SpectrumProbe probe = SpectrumProbe.defaults();
    private @Nullable ProbeSchedule schedule;
    private @Nullable DataBatches data;
    private final List<ReadingSink> sinks = new ArrayList<>();
    private boolean population = true;
    private int statisticsEvery = PopulationStatistics.DEFAULT_INTERVAL;
    private @Nullable Integer k;
    private int lag;
    private FailurePolicy failurePolicy = FailurePolicy.LOG_AND_COUNT;
    private String run = "default";
    private String model = "model";
    private Duration closeTimeout = Duration.ofMinutes(1);
    private Clock clock = Clock.systemUTC();
    private LongSupplier nanoTime = System::nanoTime;

    private Builder() {}

    /**
     * Sets what is measured of each arm; default {@link SpectrumProbe#defaults()}. Its batch
     * normalization mode is set for each arm: BATCH for the arm that trains with the statistics of
     * its minibatches.
     *
     * @param settings not used itself
     */
    public Builder probe(SpectrumProbe settings) {
      probe = Objects.requireNonNull(settings, "settings");
      return this;
    }

    /** Sets when all arms are measured. Needed; ends of epochs are not asked for. */
    public Builder schedule(ProbeSchedule value) {
      schedule = Objects.requireNonNull(value, "value");
      return this;
    }

    /** Sets the examples that arms are measured on: one batch, copied now. Needed. */
    public Builder data(DataSet batch) {
      return data(DataBatches.of(batch));
    }

    /** Sets the examples that arms are measured on: one batch, copied now. Needed. */
    public Builder data(MultiDataSet batch) {
      return data(DataBatches.of(batch));
    }

    /** Sets the examples that arms are measured on. Needed. */
    public Builder data(DataBatches batches) {
      data = Objects.requireNonNull(batches, "batches");
      return this;
    }

    /** Adds a sink. At least one is needed; the caller closes it, after the listener. */
    public Builder sink(ReadingSink sink) {
      sinks.add(Objects.requireNonNull(sink, "sink"));
      return this;
    }

    /** Leaves out the arm with population statistics. */
    public Builder withoutPopulation() {
      population = false;
      return this;
    }

    /**
     * Sets r: the arm with population statistics takes them anew before every r-th iteration;
     * default {@value
     * org.eigenscope.listeners.normalization.PopulationStatistics#DEFAULT_INTERVAL}.
     *
     * @throws IllegalArgumentException if {@code iterations} is less than 1
     */
    public Builder statisticsEvery(int iterations) {
      statisticsEvery = positive("iterations between population statistics", iterations);
      return this;
    }

    /**
     * Sets the k of the {@linkplain org.eigenscope.probes.Contrast contrasts}; default the number
     * of classes where that is between 2 and the number of largest eigenvalues, that number
     * otherwise.
     */
    public Builder k(int value) {
      k = positive("k", value);
      return this;
    }

    /**
     * Moves twins and measurements to a background thread.
     *
     * @param minibatches how many minibatches it may be behind, at least 1; so many copies of a
     *     minibatch, and of the model at iterations that are measured, are in memory
     * @throws IllegalArgumentException if {@code minibatches} is less than 1
     */
    public Builder asynchronous(int minibatches) {
      lag = positive("minibatches behind", minibatches);
      return this;
    }

    /** Sets what happens when something fails; default {@link FailurePolicy#LOG_AND_COUNT}. */
    public Builder failurePolicy(FailurePolicy policy) {
      failurePolicy = Objects.requireNonNull(policy, "policy");
      return this;
    }

    /** As {@link ProbeListener.Builder#run}. */
    public Builder run(String name) {
      run = ProbeListener.Builder.requireLabel("run", name);
      return this;
    }

    /** As {@link ProbeListener.Builder#model}. */
    public Builder model(String name) {
      model = ProbeListener.Builder.requireLabel("model", name);
      return this;
    }

    /** As {@link ProbeListener.Builder#closeTimeout}. */
    public Builder closeTimeout(Duration timeout) {
      closeTimeout = ProbeListener.Builder.requireCloseTimeout(timeout);
      return this;
    }

    /** Sets where time comes from. */
    Builder time(Clock wallClock, LongSupplier monotonicNanos) {
      clock = wallClock;
      nanoTime = monotonicNanos;
      return this;
    }

    private static int positive(String what, int value) {
      if (value < 1) {
        throw new IllegalArgumentException("%s must be at least 1, got %d".formatted(what, value));
      }
      return value;
    }

    /**
     * Builds the listener.
     *
     * @throws IllegalArgumentException if there is no schedule, no data or no sink
     */
    public NormalizationComparisonListener build() {
      if (schedule == null || data == null || sinks.isEmpty()) {
        throw new IllegalArgumentException(
            "a comparison needs a schedule, data and at least one sink, got %s, %s and %d sinks"
                .formatted(
                    schedule == null ? "no schedule" : "a schedule",
                    data == null ? "no data" : "data",
                    sinks.size()));
      }
      return new NormalizationComparisonListener(
          new ComparisonSession(
              new ComparisonSession.Settings(
                  probe,
                  schedule,
                  data,
                  List.copyOf(sinks),
                  population,
                  statisticsEvery,
                  k,
                  lag,
                  failurePolicy,
                  run,
                  model,
                  closeTimeout,
                  clock,
                  nanoTime)));
    }
  }
}
