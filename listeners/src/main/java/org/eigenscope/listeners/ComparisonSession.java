package org.eigenscope.listeners;

import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongSupplier;
import org.deeplearning4j.nn.api.Model;
import org.eigenscope.probes.NormalizationReading;
import org.eigenscope.probes.Probe;
import org.eigenscope.probes.Snapshot;
import org.eigenscope.probes.SpectrumProbe;
import org.eigenscope.probes.curvature.DataBatches;
import org.eigenscope.probes.curvature.Network;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.factory.Nd4j;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The working part of a {@link NormalizationComparisonListener}: from an iteration of the training
 * to the same iteration of its twins, and to readings of all.
 *
 * <p>Minibatches and what is to be measured are copied on the training thread; everything else is
 * done there too or, in the same order, on one background thread.
 *
 * <p><b>Threading.</b> One training thread reports events; {@link #close} and {@link #counts} may
 * be called by any.
 */
final class ComparisonSession {
  private static final Logger log = LoggerFactory.getLogger(NormalizationComparisonListener.class);

  /** How a session works, as its builder was told. */
  record Settings(
      SpectrumProbe probe,
      ProbeSchedule schedule,
      DataBatches data,
      List<ReadingSink> sinks,
      boolean population,
      int statisticsEvery,
      @Nullable Integer k,
      int lag,
      FailurePolicy failurePolicy,
      String run,
      String model,
      Duration closeTimeout,
      Clock clock,
      LongSupplier nanoTime) {}

  private final Settings settings;
  private final @Nullable ExecutorService background;
  private final Semaphore places;
  private final Outcomes outcomes;
  private final Overhead overhead;
  private final Minibatches minibatches = new Minibatches();
  private final AtomicBoolean closed = new AtomicBoolean();
  private volatile boolean over;
  private @Nullable ComparisonArms arms;
  private @Nullable RandomState atStart;
  private boolean announced;

  ComparisonSession(Settings settings) {
    this.settings = settings;
    this.background =
        settings.lag() > 0
            ? BackgroundThread.named("eigenscope-comparison-" + settings.run())
            : null;
    this.places = new Semaphore(Math.max(1, settings.lag()));
    this.outcomes =
        new Outcomes(settings.run(), settings.model(), settings.sinks(), settings.failurePolicy());
    this.overhead = new Overhead(settings.nanoTime());
  }

  /** Takes note that the training does something, before an iteration's forward pass. */
  void epochStarts() {
    overhead.event();
    atStart = RandomState.ofThread();
  }

  /** Takes note that the training does something. */
  void trainingGoesOn() {
    overhead.event();
  }

  /** Makes the twins, before the model's first update, and copies the minibatch. */
  @SuppressWarnings("try") // the kept state itself is the use
  void backwardPassDone(Model model) {
    long start = overhead.event();
    TrainedModel view = TrainedModel.of(model);
    if (view == null || closed.get() || over) {
      return;
    }
    try (KeptThreadState kept = new KeptThreadState()) {
      ComparisonArms known = arms;
      if (known == null) {
        known = ComparisonArms.of(model, settings);
        arms = known;
        if (atStart == null) {
          // Nothing told of the beginning of this iteration.
          atStart = RandomState.ofThread();
        }
      }
      known.requireSame(model);
      minibatches.capture(model, view);
    } catch (Throwable t) {
      end(view.iteration(), start, t);
    }
    overhead.spentSince(start);
  }

  void iterationDone(Model model, int iteration, int epoch) {
    long start = overhead.event();
    if (closed.get()) {
      return;
    }
    outcomes.rethrow();
    ComparisonArms known = arms;
    if (known != null && !over && TrainedModel.of(model) != null) {
      step(known, model, iteration, epoch, start);
    }
    atStart = RandomState.ofThread();
    overhead.spentSince(start);
    if (background == null) {
      outcomes.rethrow();
    }
  }

  @SuppressWarnings("try") // the kept state itself is the use
  private void step(ComparisonArms known, Model model, int iteration, int epoch, long start) {
    Runnable task;
    try (KeptThreadState kept = new KeptThreadState()) {
      DataBatches minibatch = minibatches.at(model, iteration);
      ProbeSchedule.Moment moment = new ProbeSchedule.Moment(iteration, epoch, false);
      boolean due = settings.schedule().isDue(moment) && settings.schedule().take(moment);
      Snapshot snapshot = due ? snapshot(Network.of(model), iteration, epoch) : null;
      // Devices work behind their threads; another thread may look at the arrays next.
      Nd4j.getExecutioner().commit();
      RandomState random = atStart;
      task = () -> follow(known, minibatch, random, snapshot, iteration, epoch);
    } catch (Throwable t) {
      end(iteration, start, t);
      return;
    }
    if (background == null) {
      try (KeptThreadState kept = new KeptThreadState()) {
        task.run();
      }
    } else {
      places.acquireUninterruptibly();
      background.execute(
          () -> {
            try (KeptThreadState kept = new KeptThreadState()) {
              task.run();
            } finally {
              places.release();
            }
          });
    }
  }

  /** Trains the twins on a minibatch, and measures all arms if there is a snapshot. */
  private void follow(
      ComparisonArms known,
      DataBatches minibatch,
      @Nullable RandomState random,
      @Nullable Snapshot snapshot,
      int iteration,
      int epoch) {
    if (over) {
      return;
    }
    long start = settings.nanoTime().getAsLong();
    try {
      known.train(minibatch, random, iteration, epoch);
    } catch (Throwable t) {
      end(iteration, start, t);
      return;
    }
    if (snapshot != null) {
      measure(known, snapshot);
    }
  }

  private Snapshot snapshot(Network network, int iteration, int epoch) {
    return new Snapshot(
        network.replica(),
        settings.data(),
        settings.run(),
        settings.model(),
        iteration,
        epoch,
        settings.clock().instant());
  }

  private void measure(ComparisonArms known, Snapshot snapshot) {
    long start = settings.nanoTime().getAsLong();
    NormalizationReading reading;
    try {
      if (!announced) {
        announce(known.examine(snapshot));
        announced = true;
        start = settings.nanoTime().getAsLong();
      }
      reading = known.measure(snapshot);
    } catch (Throwable t) {
      fail(snapshot.iteration(), start, t, "The comparison could not be measured");
      return;
    }
    outcomes.completed(
        ComparisonArms.PROBE,
        snapshot.iteration(),
        reading,
        settings.nanoTime().getAsLong() - start,
        reading.provenance().matvecs(),
        overhead.ratio(background == null ? start : null));
  }

  private void announce(Probe.Examination examination) {
    for (String finding : examination.findings()) {
      log.info("Comparison of run {}: {}", settings.run(), finding);
    }
    outcomes.announce(ComparisonArms.PROBE, examination.quantities());
  }

  /** Ends the comparison: the twins are no longer in step. */
  private void end(int iteration, long start, Throwable cause) {
    over = true;
    minibatches.clear();
    fail(iteration, start, cause, "The comparison ended, twins no longer train");
  }

  private void fail(int iteration, long start, Throwable cause, String what) {
    Failures.throwIfBroken(cause);
    String message =
        "%s: iteration %d of run %s, model %s"
            .formatted(what, iteration, settings.run(), settings.model());
    log.warn(message, cause);
    long elapsed = settings.nanoTime().getAsLong() - start;
    outcomes.failed(ComparisonArms.PROBE, iteration, elapsed, message, cause);
  }

  ProbeListener.Counts counts() {
    return outcomes.counts();
  }

  void close() {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    long timeoutNanos = settings.closeTimeout().toNanos();
    boolean finished = true;
    try {
      if (background != null) {
        background.shutdown();
        finished = background.awaitTermination(timeoutNanos, TimeUnit.NANOSECONDS);
        if (!finished) {
          background.shutdownNow();
          log.warn(
              "The comparison of run {} was still {} minibatches behind {} after close; they are dropped",
              settings.run(),
              settings.lag() - places.availablePermits(),
              settings.closeTimeout());
        }
      }
      outcomes.close(finished ? timeoutNanos : 0);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      outcomes.drop();
    }
    minibatches.clear();
    outcomes.rethrow();
  }
}
