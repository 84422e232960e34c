package org.eigenscope.listeners;

import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongSupplier;
import org.deeplearning4j.nn.api.Model;
import org.eigenscope.listeners.ProbeSchedule.Moment;
import org.eigenscope.probes.Probe;
import org.eigenscope.probes.Reading;
import org.eigenscope.probes.Snapshot;
import org.eigenscope.probes.curvature.DataBatches;
import org.eigenscope.probes.curvature.Network;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.factory.Nd4j;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The working part of a {@link ProbeListener}: from an event of the training to readings in sinks.
 *
 * <p>One permit, {@code idle}, stands for the right to measure. Whoever reports a due iteration
 * takes it or passes the iteration over; nobody waits for it but {@link #close}.
 *
 * <p><b>Threading.</b> Thread-safe: every training thread may report events.
 */
final class ProbeSession {
  private static final Logger log = LoggerFactory.getLogger(ProbeListener.class);

  /** How a session works, as its builder was told. */
  record Settings(
      List<ScheduledProbe> probes,
      @Nullable DataBatches data,
      List<ReadingSink> sinks,
      boolean asynchronous,
      FailurePolicy failurePolicy,
      String run,
      String model,
      Duration closeTimeout,
      Clock clock,
      LongSupplier nanoTime) {}

  private final Settings settings;
  private final @Nullable ExecutorService background;
  private final Outcomes outcomes;
  private final Overhead overhead;
  private final Minibatches minibatches = new Minibatches();
  private final TrainingProgress progress = new TrainingProgress();
  private final Semaphore idle = new Semaphore(1);
  private final AtomicReference<@Nullable Thread> measuring = new AtomicReference<>();
  private final AtomicBoolean closed = new AtomicBoolean();

  ProbeSession(Settings settings) {
    this.settings = settings;
    this.background =
        settings.asynchronous()
            ? BackgroundThread.named("eigenscope-probes-" + settings.run())
            : null;
    this.outcomes =
        new Outcomes(settings.run(), settings.model(), settings.sinks(), settings.failurePolicy());
    this.overhead = new Overhead(settings.nanoTime());
  }

  /** Takes note that the training does something. */
  void trainingGoesOn() {
    overhead.event();
  }

  void backwardPassDone(Model model) {
    long start = overhead.event();
    TrainedModel view = settings.data() == null ? TrainedModel.of(model) : null;
    if (view == null || ignoresEvents() || !mayBeDue(view.iteration(), view.epoch())) {
      return;
    }
    minibatches.capture(model, view);
    overhead.spentSince(start);
  }

  void iterationDone(Model model, int iteration, int epoch) {
    long start = overhead.event();
    if (ignoresEvents() || TrainedModel.of(model) == null) {
      return;
    }
    rethrowFromBackground();
    TrainingProgress.Report report;
    synchronized (progress) {
      report = progress.iterationDone(model, Thread.currentThread(), iteration);
      if (report == TrainingProgress.Report.RESTARTED) {
        log.debug("Another training begins with iteration {}", iteration);
        settings.probes().forEach(ScheduledProbe::restart);
      }
    }
    if (report != TrainingProgress.Report.REPEATED) {
      probe(model, new Moment(iteration, epoch, false), start);
    }
  }

  void epochEnded(Model model) {
    long start = overhead.event();
    TrainedModel view = TrainedModel.of(model);
    if (view == null || ignoresEvents()) {
      return;
    }
    rethrowFromBackground();
    int iteration = view.iteration() - 1;
    boolean first;
    synchronized (progress) {
      first = progress.epochEnded(iteration);
    }
    if (first) {
      probe(model, new Moment(iteration, view.epoch(), true), start);
    }
  }

  /** Returns whether events mean nothing: after closing, and when a probe causes them. */
  private boolean ignoresEvents() {
    return closed.get() || measuring.get() == Thread.currentThread();
  }

  private boolean mayBeDue(int iteration, int epoch) {
    for (ScheduledProbe scheduled : settings.probes()) {
      try {
        if (scheduled.mayBeDue(iteration, epoch)) {
          return true;
        }
      } catch (RuntimeException e) {
        // It counts as a failure when the iteration is done.
        log.debug("The schedule of probe {} threw", scheduled.name(), e);
      }
    }
    return false;
  }

  private void probe(Model model, Moment moment, long start) {
    List<ScheduledProbe> due = new ArrayList<>();
    for (ScheduledProbe scheduled : settings.probes()) {
      try {
        if (scheduled.isDue(moment)) {
          if (!scheduled.waits(moment)) {
            scheduled.claim(moment.iteration());
          }
          due.add(scheduled);
        }
      } catch (Throwable t) {
        fail(scheduled, moment.iteration(), 0, t);
      }
    }
    if (!due.isEmpty()) {
      measureOrSkip(model, moment, due, start);
      overhead.spentSince(start);
    }
    if (background == null) {
      outcomes.rethrow();
    }
  }

  private void measureOrSkip(Model model, Moment moment, List<ScheduledProbe> due, long start) {
    if (!idle.tryAcquire()) {
      if (!closed.get()) {
        due.stream()
            .filter(scheduled -> scheduled.isClaimed(moment.iteration()))
            .forEach(scheduled -> outcomes.skipped(scheduled.name(), moment.iteration()));
      }
      return;
    }
    boolean handedOver = false;
    long snapshotStart = settings.nanoTime().getAsLong();
    // What waits for a minibatch stays due.
    if (settings.data() == null && !minibatches.holds(model, moment.iteration())) {
      due.removeIf(scheduled -> !scheduled.isClaimed(moment.iteration()));
    }
    try {
      due.removeIf(scheduled -> !scheduled.take(moment));
      if (due.isEmpty()) {
        return;
      }
      Snapshot snapshot = snapshot(model, moment);
      if (background == null) {
        measureAll(due, snapshot, start);
      } else {
        background.execute(() -> measureInBackground(due, snapshot));
        handedOver = true;
      }
    } catch (Throwable t) {
      // Of the snapshot or the hand-over: what a probe throws is dealt with where it measures.
      long elapsed = settings.nanoTime().getAsLong() - snapshotStart;
      due.forEach(scheduled -> fail(scheduled, moment.iteration(), elapsed, t));
    } finally {
      if (!handedOver) {
        idle.release();
      }
    }
  }

  /** Returns one snapshot for all probes that are due. */
  @SuppressWarnings("try") // the kept state itself is the use
  private Snapshot snapshot(Model model, Moment moment) {
    try (KeptThreadState kept = new KeptThreadState()) {
      DataBatches data = settings.data();
      Snapshot snapshot =
          new Snapshot(
              Network.of(model).replica(),
              data != null ? data : minibatches.at(model, moment.iteration()),
              settings.run(),
              settings.model(),
              moment.iteration(),
              moment.epoch(),
              settings.clock().instant());
      // Devices work behind their threads; another thread may look at the arrays next.
      Nd4j.getExecutioner().commit();
      return snapshot;
    }
  }

  private void measureInBackground(List<ScheduledProbe> due, Snapshot snapshot) {
    try {
      measureAll(due, snapshot, null);
    } finally {
      idle.release();
    }
  }

  @SuppressWarnings("try") // the kept state itself is the use
  private void measureAll(
      List<ScheduledProbe> due, Snapshot snapshot, @Nullable Long trainingWaitsSince) {
    measuring.set(Thread.currentThread());
    try (KeptThreadState kept = new KeptThreadState()) {
      for (ScheduledProbe scheduled : due) {
        measure(scheduled, snapshot, trainingWaitsSince);
      }
    } finally {
      measuring.set(null);
    }
  }

  private void measure(
      ScheduledProbe scheduled, Snapshot snapshot, @Nullable Long trainingWaitsSince) {
    long start = settings.nanoTime().getAsLong();
    Reading reading;
    long matvecs;
    try {
      if (!scheduled.isExamined()) {
        examine(scheduled, snapshot);
        start = settings.nanoTime().getAsLong();
      }
      reading = Objects.requireNonNull(scheduled.probe().measure(snapshot), "reading");
      matvecs = reading.provenance().matvecs();
    } catch (Throwable t) {
      fail(scheduled, snapshot.iteration(), settings.nanoTime().getAsLong() - start, t);
      return;
    }
    outcomes.completed(
        scheduled.name(),
        snapshot.iteration(),
        reading,
        settings.nanoTime().getAsLong() - start,
        matvecs,
        overhead.ratio(trainingWaitsSince));
  }

  private void examine(ScheduledProbe scheduled, Snapshot snapshot) {
    Probe.Examination examination =
        Objects.requireNonNull(scheduled.probe().examine(snapshot), "examination");
    scheduled.examined();
    for (String finding : examination.findings()) {
      log.info("Probe {} of run {}: {}", scheduled.name(), settings.run(), finding);
    }
    outcomes.announce(scheduled.name(), examination.quantities());
  }

  private void fail(ScheduledProbe scheduled, int iteration, long elapsedNanos, Throwable cause) {
    Failures.throwIfBroken(cause);
    String message =
        "Probe %s failed at iteration %d of run %s, model %s"
            .formatted(scheduled.name(), iteration, settings.run(), settings.model());
    if (scheduled.firstFailure()) {
      log.warn(message, cause);
    } else {
      log.warn("{}: {}", message, cause.toString());
    }
    outcomes.failed(scheduled.name(), iteration, elapsedNanos, message, cause);
  }

  private void rethrowFromBackground() {
    if (background != null) {
      outcomes.rethrow();
    }
  }

  ProbeListener.Counts counts() {
    return outcomes.counts();
  }

  void close() {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    // A probe or a sink that closes its own listener doesn't wait for itself.
    boolean finished = measuring.get() == Thread.currentThread() || finishes();
    if (background != null) {
      if (finished) {
        background.shutdown();
      } else {
        background.shutdownNow();
      }
    }
    if (!finished) {
      log.warn(
          "A measurement of run {} was still running {} after close; its reading is dropped",
          settings.run(),
          settings.closeTimeout());
    }
    minibatches.clear();
    outcomes.rethrow();
  }

  /** Waits until nothing is measured or delivered, within bounds; returns whether it came so. */
  private boolean finishes() {
    long timeoutNanos = settings.closeTimeout().toNanos();
    boolean finished = false;
    try {
      finished = idle.tryAcquire(timeoutNanos, TimeUnit.NANOSECONDS);
      outcomes.close(finished ? timeoutNanos : 0);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      outcomes.drop();
    }
    return finished;
  }
}
