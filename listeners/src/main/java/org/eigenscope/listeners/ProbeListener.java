package org.eigenscope.listeners;

import java.io.Serializable;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongSupplier;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.optimize.api.BaseTrainingListener;
import org.eigenscope.probes.Probe;
import org.eigenscope.probes.curvature.DataBatches;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.api.DataSet;
import org.nd4j.linalg.dataset.api.MultiDataSet;
import org.nd4j.linalg.dataset.api.iterator.DataSetIterator;
import org.nd4j.linalg.dataset.api.iterator.MultiDataSetIterator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets probes measure a model while it trains, each on its schedule, and hands the readings to
 * sinks. Attach it with {@code model.addListeners(listener)}; it watches one training of a {@link
 * org.deeplearning4j.nn.multilayer.MultiLayerNetwork} or {@link
 * org.deeplearning4j.nn.graph.ComputationGraph}.
 *
 * <p><b>What is measured.</b> The parameters after the update of the iteration that is due (before
 * constraints, which Deeplearning4j applies after its listeners), in a {@link
 * org.eigenscope.probes.Snapshot}: a replica that shares nothing with the model. Probes that are
 * due together share one snapshot. A probe measures an iteration at most once, also when both the
 * iteration and the end of its epoch are due.
 *
 * <p><b>Training is untouched.</b> Parameters, updater state, batch normalization statistics and
 * ND4J's random generators are bit for bit those of a training without the listener.
 *
 * <p><b>Before the first reading</b> of each probe, its {@linkplain Probe#examine examination} is
 * logged and its quantities are announced to the sinks. A failing examination is a failure of the
 * probe, and is made again when the probe is due next.
 *
 * <p><b>Threads.</b> By default probes run on the training thread, which waits for them: the same
 * seeds give the same readings. {@linkplain Builder#asynchronous() Asynchronous} probes run on one
 * background thread; what is due while it works is skipped and counted.
 *
 * <p>Under Deeplearning4j's ParallelWrapper workers report concurrently, each with its own replica
 * and with the same iteration numbers. A due iteration is measured once, for the first worker that
 * reports it, on that worker's parameters before averaging; the other workers go on. Should one of
 * them reach a due iteration while the first is still measuring, that is skipped and counted.
 * Training by averaging is untouched where it repeats bit for bit without the listener, too: not
 * with dropout, nor when a worker copies the network while the first one trains it already.
 *
 * <p>Iteration numbers that go back begin another training: schedules are asked anew. Layer-wise
 * pretraining is not measured.
 *
 * <p><b>Saving.</b> A model that carries the listener can be cloned, saved and serialised; the
 * listener stays with the original. A listener that was itself deserialised is detached: it does
 * nothing, and says so once in the log.
 */
public final class ProbeListener extends BaseTrainingListener
    implements AutoCloseable, Serializable {
  private static final long serialVersionUID = 1L;
  private static final Logger log = LoggerFactory.getLogger(ProbeListener.class);

  /** Null in a listener that was deserialised. */
  private final transient @Nullable ProbeSession session;

  private final String run;
  private final String model;
  private final AtomicBoolean saidDetached = new AtomicBoolean();

  private ProbeListener(ProbeSession session, String run, String model) {
    this.session = session;
    this.run = run;
    this.model = model;
  }

  /** Returns a builder without probes, data or sinks. */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * How often what happened, over all probes.
   *
   * @param completed readings measured and delivered
   * @param failed probes that threw
   * @param skipped due probes passed over because a measurement was running
   * @param sinkFailures calls of sinks that threw
   */
  public record Counts(long completed, long failed, long skipped, long sinkFailures) {}

  /** Returns how often what has happened so far. */
  public Counts counts() {
    return session == null ? new Counts(0, 0, 0, 0) : session.counts();
  }

  @Override
  public void onEpochStart(Model model) {
    if (session != null) {
      session.trainingGoesOn();
    }
  }

  @Override
  public void onForwardPass(Model model, List<INDArray> activations) {
    if (session != null) {
      session.trainingGoesOn();
    }
  }

  @Override
  public void onForwardPass(Model model, Map<String, INDArray> activations) {
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
    } else if (saidDetached.compareAndSet(false, true)) {
      log.warn(
          "The probe listener of run {}, model {} was deserialised without its probes and sinks "
              + "and does nothing; attach a new one",
          run,
          this.model);
    }
  }

  @Override
  public void onEpochEnd(Model model) {
    if (session != null) {
      session.epochEnded(model);
    }
  }

  /**
   * Stops measuring. Waits for a measurement that is running, up to the {@linkplain
   * Builder#closeTimeout timeout}, then interrupts the background thread and drops its reading; a
   * training thread is never interrupted. The listener may stay attached and does nothing more.
   * Sinks are the caller's to close. Closing again has no effect.
   *
   * @throws ProbeFailedException under {@link FailurePolicy#RETHROW}, if an asynchronous probe
   *     failed and the training thread doesn't know yet
   * @throws StopTrainingException if a sink stopped the training on another thread and the training
   *     thread doesn't know yet
   */
  @Override
  public void close() {
    if (session != null) {
      session.close();
    }
  }

  /** Settings of a {@link ProbeListener}. A builder builds one listener. */
  public static final class Builder {
    private static final int LABEL_LENGTH = 64;

    private final List<ScheduledProbe> probes = new ArrayList<>();
    private final List<ReadingSink> sinks = new ArrayList<>();
    private @Nullable DataBatches data;
    private boolean currentMinibatch;
    private boolean asynchronous;
    private FailurePolicy failurePolicy = FailurePolicy.LOG_AND_COUNT;
    private String run = "default";
    private String model = "model";
    private Duration closeTimeout = Duration.ofMinutes(1);
    private Clock clock = Clock.systemUTC();
    private LongSupplier nanoTime = System::nanoTime;
    private boolean built;

    private Builder() {}

    /**
     * Adds a probe with its schedule. At least one is needed.
     *
     * @param probe not in use by another listener; its name is a label, like {@link #run}
     * @param schedule when it measures
     * @throws IllegalArgumentException if this probe was added already
     */
    public Builder probe(Probe<?> probe, ProbeSchedule schedule) {
      if (probes.stream().anyMatch(other -> other.probe() == probe)) {
        throw new IllegalArgumentException(
            "probe '%s' was added already; combine schedules with or(...)".formatted(probe.name()));
      }
      requireLabel("a probe's name", probe.name());
      probes.add(new ScheduledProbe(probe, Objects.requireNonNull(schedule, "schedule")));
      return this;
    }

    /**
     * Sets the examples that probes measure on: one batch, copied now. Exactly one kind of data is
     * needed.
     */
    public Builder data(DataSet batch) {
      return data(DataBatches.of(batch));
    }

    /** Sets the examples that probes measure on: one batch, copied now. */
    public Builder data(MultiDataSet batch) {
      return data(DataBatches.of(batch));
    }

    /**
     * Sets the examples that probes measure on: all that an iterator gives, read now and once, and
     * kept in memory. The iterator is reset afterwards where it can be.
     */
    public Builder data(DataSetIterator iterator) {
      return data(DataBatches.from(iterator));
    }

    /**
     * Sets the examples that probes measure on: all that an iterator gives, read now and once, and
     * kept in memory. The iterator is reset afterwards where it can be.
     */
    public Builder data(MultiDataSetIterator iterator) {
      return data(DataBatches.from(iterator));
    }

    /** Sets the examples that probes measure on. */
    public Builder data(DataBatches batches) {
      requireNoData();
      data = batches;
      return this;
    }

    /**
     * Lets probes measure on the minibatch (with truncated backpropagation through time, the
     * segment) of the iteration that is due, copied during its backward pass. For schedules that
     * wait for ends of epochs, every minibatch of such an epoch is copied: any may be its last.
     *
     * <p>Masks are copied with it. A MultiLayerNetwork keeps a features mask only in layers that
     * use it; where none does it has no effect and is left out, and where it can't be restored the
     * probe fails with a message.
     */
    public Builder currentMinibatch() {
      requireNoData();
      currentMinibatch = true;
      return this;
    }

    private void requireNoData() {
      if (data != null || currentMinibatch) {
        throw new IllegalArgumentException(
            "data must be set once: either data(...) or currentMinibatch()");
      }
    }

    /** Adds a sink. At least one is needed; the caller closes it, after the listener. */
    public Builder sink(ReadingSink sink) {
      sinks.add(Objects.requireNonNull(sink, "sink"));
      return this;
    }

    /**
     * Moves probes to a background thread. The training thread then spends only the time to copy
     * the parameters; a probe that is due while another measures is skipped and counted.
     */
    public Builder asynchronous() {
      asynchronous = true;
      return this;
    }

    /** Sets what happens when a probe throws; default {@link FailurePolicy#LOG_AND_COUNT}. */
    public Builder failurePolicy(FailurePolicy policy) {
      failurePolicy = Objects.requireNonNull(policy, "policy");
      return this;
    }

    /**
     * Sets the name of the training run, which tags all readings; default {@code default}, so that
     * dashboards and alerts outlive a restart. Set it to tell runs apart.
     *
     * @param name 1 to 64 characters, no control characters
     */
    public Builder run(String name) {
      run = requireLabel("run", name);
      return this;
    }

    /**
     * Sets the name of the model within the run; default {@code model}. Set it where several models
     * train, each with its own listener.
     *
     * @param name 1 to 64 characters, no control characters
     */
    public Builder model(String name) {
      model = requireLabel("model", name);
      return this;
    }

    /**
     * Sets how long {@link ProbeListener#close()} waits for a measurement that is running; default
     * one minute, several times what a reading should take.
     *
     * @param timeout zero (not at all) or more
     */
    public Builder closeTimeout(Duration timeout) {
      closeTimeout = requireCloseTimeout(timeout);
      return this;
    }

    /** Sets where time comes from. */
    Builder time(Clock wallClock, LongSupplier monotonicNanos) {
      clock = wallClock;
      nanoTime = monotonicNanos;
      return this;
    }

    /**
     * Builds the listener.
     *
     * @throws IllegalArgumentException if there is no probe, no data or no sink, or this builder
     *     built a listener before
     */
    public ProbeListener build() {
      if (probes.isEmpty()) {
        throw new IllegalArgumentException(
            "a listener needs at least one probe, got none; add one with probe(...)");
      }
      if (data == null && !currentMinibatch) {
        throw new IllegalArgumentException(
            "a listener needs data for its probes, got none; "
                + "add it with data(...) or currentMinibatch()");
      }
      if (sinks.isEmpty()) {
        throw new IllegalArgumentException(
            "a listener needs at least one sink, got none; add one with sink(...)");
      }
      if (built) {
        throw new IllegalArgumentException(
            "a builder builds one listener: probes belong to one; use another builder");
      }
      built = true;
      ProbeSession.Settings settings =
          new ProbeSession.Settings(
              List.copyOf(probes),
              data,
              List.copyOf(sinks),
              asynchronous,
              failurePolicy,
              run,
              model,
              closeTimeout,
              clock,
              nanoTime);
      return new ProbeListener(new ProbeSession(settings), run, model);
    }

    static Duration requireCloseTimeout(Duration timeout) {
      if (timeout.isNegative()) {
        throw new IllegalArgumentException("close timeout must not be negative, got " + timeout);
      }
      return timeout;
    }

    static String requireLabel(String what, String label) {
      if (label.isBlank()
          || label.length() > LABEL_LENGTH
          || label.chars().anyMatch(Character::isISOControl)) {
        throw new IllegalArgumentException(
            "%s must be 1 to %d characters, not blank, without control characters, got '%s'"
                .formatted(what, LABEL_LENGTH, label));
      }
      return label;
    }
  }
}
