package org.eigenscope.listeners.alerts;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.eigenscope.listeners.OnDemandSchedule;
import org.eigenscope.listeners.ProbeEvent;
import org.eigenscope.listeners.ReadingSink;
import org.eigenscope.listeners.StopTrainingException;
import org.eigenscope.listeners.alerts.Alert.State;
import org.eigenscope.probes.Provenance;
import org.eigenscope.probes.Reading;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Raises alerts on readings, for trainings without a Prometheus: the conditions of the shipped
 * rules ({@code grafana/rules}), with the same names, {@linkplain AlertLimits limits} and counting,
 * for any number of runs, models and probes at once. The runbook ({@code docs/runbook.md}) says
 * what each means and what to do.
 *
 * <pre>{@code
 * try (AlertSink alerts = AlertSink.builder().onAlert(alert -> page(alert.summary())).build();
 *     ProbeListener listener = ProbeListener.builder()
 *         .probe(SpectrumProbe.sharpness(), ProbeSchedule.everyIterations(50))
 *         .data(probeSet)
 *         .sink(alerts)
 *         .build()) {
 *   network.addListeners(listener);
 *   network.fit(trainingData, epochs);
 * }
 * }</pre>
 *
 * <p><b>Counting.</b> By readings: a signal is raised by the third in a row above its limit and
 * ends with the second in a row under 0.9 of it. What rises is compared with its own past, from the
 * sixth reading on. When the iteration of a probe goes back, its run begins again: its alerts end,
 * and what was counted is forgotten. What a reading doesn't know (NaN) is not counted. Unlike a
 * Prometheus this sees every reading, however fast they come, and forgets nothing while it runs.
 *
 * <p><b>Telling.</b> Alerts are logged (critical at ERROR, warnings at WARN, information and what
 * is resolved at INFO) and given to callbacks. An alert that comes and goes is told at most once in
 * an interval; one that lasts is told when the interval is over; no end is told without its
 * beginning. Only {@link Builder#stopTraining} ever stops a run.
 *
 * <p><b>Silence.</b> That readings are missing (and that skipping is over) is seen when time
 * passes: at each event, at {@link #check()}, and on a daemon thread that begins with the first
 * reading and ends with {@link #close()}. A training that is over falls silent, too: close the
 * sink.
 *
 * <p><b>Bounds.</b> At most {@value #DEFAULT_MAXIMUM_SERIES} series are watched unless said
 * otherwise: models of runs, their probes and their matrices. What comes beyond is not watched,
 * which is logged once and counted by {@link #refused()}.
 *
 * <p><b>Threading.</b> Thread-safe. Callbacks are called one at a time, by the thread that brought
 * the reading, or by one that was telling already; they hold no lock of the sink's, and a training
 * may wait for them: be quick.
 */
public final class AlertSink implements ReadingSink, AutoCloseable {

  /** The number of series watched by default; some kilobytes each. */
  public static final int DEFAULT_MAXIMUM_SERIES = 10_000;

  private static final Logger log = LoggerFactory.getLogger(AlertSink.class);

  private record RunAndModel(String run, String model) {}

  private final Object lock = new Object();
  private final ReentrantLock telling = new ReentrantLock();
  private final AlertLimits limits;
  private final List<Consumer<Alert>> callbacks;
  private final boolean logs;
  private final @Nullable Predicate<Alert> stops;
  private final @Nullable OnDemandSchedule deepCapture;
  private final int deepCaptureDistance;
  private final Duration checkInterval;
  private final Clock clock;
  private final SeriesBudget budget;
  private final AlertBook book;
  private final Map<RunAndModel, RunWatch> runs = new HashMap<>();
  private final Map<RunAndModel, Integer> lastCaptures = new HashMap<>();
  private @Nullable ScheduledExecutorService timer;
  private boolean callbackFailedBefore;
  private volatile boolean closed;

  private AlertSink(Builder builder) {
    limits = builder.limits;
    callbacks = List.copyOf(builder.callbacks);
    logs = builder.logs;
    stops = builder.stops;
    deepCapture = builder.deepCapture;
    deepCaptureDistance = builder.deepCaptureDistance;
    checkInterval = builder.checkInterval;
    clock = builder.clock;
    budget = new SeriesBudget(builder.maximumSeries);
    book = new AlertBook(builder.interval);
  }

  /** Returns a builder of a sink that logs, with the default limits. */
  public static Builder builder() {
    return new Builder();
  }

  /** Returns the alerts that last now: the most severe first, then the earliest raised. */
  public List<Alert> alerts() {
    synchronized (lock) {
      return book.lasting();
    }
  }

  /** Returns how many times something new was not watched, because the maximum is reached. */
  public long refused() {
    synchronized (lock) {
      return budget.refused();
    }
  }

  /**
   * Takes a reading.
   *
   * @throws StopTrainingException if it raises an alert that {@linkplain Builder#stopTraining
   *     stops} the training
   */
  @Override
  public void accept(Reading reading) {
    Provenance provenance = reading.provenance();
    Occasion occasion = new Occasion(provenance.probe(), provenance.iteration(), provenance.time());
    Instant now = clock.instant();
    List<Alert> raised = new ArrayList<>();
    boolean capture = false;
    synchronized (lock) {
      if (closed) {
        return;
      }
      RunAndModel key = new RunAndModel(provenance.run(), provenance.model());
      RunWatch known = runs.get(key);
      if (known != null && known.beginsAgain(provenance)) {
        book.endAll(key.run(), key.model(), occasion);
        known.release();
        budget.release(1);
        runs.remove(key);
        lastCaptures.remove(key);
      }
      RunWatch run = run(key);
      if (run != null) {
        RunWatch.Outcome outcome = run.read(reading, occasion, now);
        raised.addAll(note(outcome.findings(), occasion));
        capture = outcome.jumped() && mayCapture(key, occasion.iteration());
      }
      checkAll(now);
      book.forgetOld(occasion.time());
      startTimer();
    }
    if (capture && deepCapture != null) {
      deepCapture.request();
    }
    tell(occasion.time());
    stopIfAsked(raised);
  }

  /**
   * Takes note of what happened to a probe.
   *
   * @throws StopTrainingException if it raises an alert that {@linkplain Builder#stopTraining
   *     stops} the training
   */
  @Override
  public void report(ProbeEvent event) {
    Instant now = clock.instant();
    List<Alert> raised = new ArrayList<>();
    synchronized (lock) {
      if (closed) {
        return;
      }
      RunWatch run = run(new RunAndModel(event.run(), event.model()));
      if (run != null) {
        Occasion occasion = new Occasion(event.probe(), event.iteration(), now);
        raised.addAll(note(run.report(event, now), occasion));
      }
      checkAll(now);
      book.forgetOld(now);
    }
    tell(now);
    stopIfAsked(raised);
  }

  /**
   * Looks at what depends on the time alone: readings that are missing, skips that are over, alerts
   * that wait to be told. The sink's own thread does so, too, unless it was told otherwise.
   */
  public void check() {
    Instant now = clock.instant();
    synchronized (lock) {
      if (closed) {
        return;
      }
      checkAll(now);
      book.forgetOld(now);
    }
    tell(now);
  }

  /**
   * Ends the sink's thread. Readings and events mean nothing any more, and nothing is told; what
   * lasts stays in {@link #alerts()}. Closing again has no effect.
   */
  @Override
  public void close() {
    synchronized (lock) {
      closed = true;
      if (timer != null) {
        timer.shutdownNow();
      }
    }
  }

  private @Nullable RunWatch run(RunAndModel key) {
    RunWatch known = runs.get(key);
    if (known == null && budget.take("run %s, model %s".formatted(key.run(), key.model()))) {
      known = new RunWatch(key.run(), key.model(), limits, budget);
      runs.put(key, known);
    }
    return known;
  }

  /** Notes findings; returns the alerts that they raise. */
  private List<Alert> note(List<Finding> findings, Occasion occasion) {
    List<Alert> raised = new ArrayList<>();
    for (Finding finding : findings) {
      Alert alert = book.note(finding, occasion);
      if (alert != null) {
        raised.add(alert);
      }
    }
    return raised;
  }

  private void checkAll(Instant now) {
    for (RunWatch run : runs.values()) {
      for (ProbeWatch probe : run.probes()) {
        note(probe.check(now), probe.occasion(now));
      }
      for (SinkWatch sink : run.sinks()) {
        note(List.of(sink.check(now)), sink.occasion(now));
      }
    }
  }

  private boolean mayCapture(RunAndModel key, int iteration) {
    Integer last = lastCaptures.get(key);
    if (last != null && iteration - last < deepCaptureDistance) {
      return false;
    }
    lastCaptures.put(key, iteration);
    return true;
  }

  private void startTimer() {
    if (timer != null || checkInterval.isZero()) {
      return;
    }
    timer =
        Executors.newSingleThreadScheduledExecutor(
            task -> {
              Thread thread = new Thread(task, "eigenscope-alerts");
              thread.setDaemon(true);
              return thread;
            });
    long nanos = checkInterval.toNanos();
    ScheduledFuture<?> unused =
        timer.scheduleWithFixedDelay(this::checkInTime, nanos, nanos, TimeUnit.NANOSECONDS);
  }

  private void checkInTime() {
    try {
      check();
    } catch (RuntimeException e) {
      // Thrown on, it would end all further checks without a word.
      log.warn("A check of alerts failed", e);
    }
  }

  /** Tells what there is to tell, unless another thread does so already. */
  private void tell(Instant now) {
    // A callback that makes the sink tell gets its turn when it has returned.
    if (telling.isHeldByCurrentThread()) {
      return;
    }
    // Whoever adds after the last look finds the lock free, or its holder looks once more.
    while (hasNext(now) && telling.tryLock()) {
      try {
        for (Alert next = next(now); next != null; next = next(now)) {
          tell(next);
        }
      } finally {
        telling.unlock();
      }
    }
  }

  private boolean hasNext(Instant now) {
    synchronized (lock) {
      return !closed && book.hasNext(now);
    }
  }

  private @Nullable Alert next(Instant now) {
    synchronized (lock) {
      return closed ? null : book.next(now);
    }
  }

  private void tell(Alert alert) {
    if (logs) {
      logIt(alert);
    }
    for (Consumer<Alert> callback : callbacks) {
      try {
        callback.accept(alert);
      } catch (Throwable t) {
        throwIfBroken(t);
        if (callbackFailedBefore) {
          log.warn("A callback failed at alert {}: {}", alert.name(), t.toString());
        } else {
          callbackFailedBefore = true;
          log.warn("A callback failed at alert {}", alert.name(), t);
        }
      }
    }
  }

  private static void logIt(Alert alert) {
    String line = "%s: %s (%s)".formatted(alert.name(), alert.summary(), alert.runbook());
    if (alert.state() == State.RESOLVED) {
      log.info(line);
      return;
    }
    switch (alert.severity()) {
      case CRITICAL -> log.error(line);
      case WARNING -> log.warn(line);
      case INFO -> log.info(line);
    }
  }

  private void stopIfAsked(List<Alert> raised) {
    for (Alert alert : raised) {
      if (stops != null && stops.test(alert)) {
        throw new StopTrainingException(
            "alert %s stops the training at iteration %d. %s (%s)"
                .formatted(alert.name(), alert.iteration(), alert.summary(), alert.runbook()));
      }
    }
  }

  private static void throwIfBroken(Throwable thrown) {
    if (thrown instanceof VirtualMachineError error
        && !(thrown instanceof OutOfMemoryError)
        && !(thrown instanceof StackOverflowError)) {
      throw error;
    }
  }

  /** Settings of an {@link AlertSink}. */
  public static final class Builder {
    private final List<Consumer<Alert>> callbacks = new ArrayList<>();
    private AlertLimits limits = AlertLimits.defaults();
    private boolean logs = true;
    private @Nullable Predicate<Alert> stops;
    private @Nullable OnDemandSchedule deepCapture;
    private int deepCaptureDistance = 100;
    private Duration interval = Duration.ofMinutes(1);
    private Duration checkInterval = Duration.ofSeconds(30);
    private Clock clock = Clock.systemUTC();
    private int maximumSeries = DEFAULT_MAXIMUM_SERIES;

    private Builder() {}

    /** Sets what values are compared with; default {@link AlertLimits#defaults()}. */
    public Builder limits(AlertLimits limits) {
      this.limits = Objects.requireNonNull(limits, "limits");
      return this;
    }

    /**
     * Adds a callback, which is told when an alert is raised and when it is resolved. What it
     * throws is logged, and keeps nothing else from happening.
     */
    public Builder onAlert(Consumer<Alert> callback) {
      callbacks.add(Objects.requireNonNull(callback, "callback"));
      return this;
    }

    /** Leaves alerts out of the log. */
    public Builder withoutLog() {
      logs = false;
      return this;
    }

    /**
     * Lets alerts stop the run: when one is raised that the predicate takes, the training thread
     * throws a {@link StopTrainingException}; at once when probes are synchronous; when they are
     * asynchronous, at the next iteration, the next end of an epoch or when the listener is closed,
     * whichever comes first. By default no alert stops a run.
     *
     * <p>Each alert stops once, when it is raised. {@code ReadingsStale} can't: no reading brings
     * it to a training thread.
     */
    public Builder stopTraining(Predicate<Alert> predicate) {
      stops = Objects.requireNonNull(predicate, "predicate");
      return this;
    }

    /**
     * Asks for one measurement when a reading jumps: when its largest eigenvalue, outliers,
     * negative mass or loss is above what their own past allows, without waiting for a third such
     * reading. Give the same schedule to a probe of the listener, one that measures in full:
     *
     * <pre>{@code
     * OnDemandSchedule deep = OnDemandSchedule.create();
     * AlertSink alerts = AlertSink.builder().deepCapture(deep).build();
     * ProbeListener listener = ProbeListener.builder()
     *     .probe(SpectrumProbe.sharpness(), ProbeSchedule.everyIterations(10))
     *     .probe(SpectrumProbe.defaults(), deep)
     *     .data(probeSet)
     *     .sink(alerts)
     *     .build();
     * }</pre>
     *
     * <p>Any reading may jump, also of another model: where listeners share the sink, the first to
     * look measures. At most one in 100 iterations of a model, the rate of full spectra in the
     * README; see {@link #deepCaptureAtMostEvery}.
     */
    public Builder deepCapture(OnDemandSchedule schedule) {
      deepCapture = Objects.requireNonNull(schedule, "schedule");
      return this;
    }

    /**
     * Sets how many iterations lie between the jumps that ask for a deep capture; those between are
     * passed over. Default 100.
     *
     * @param iterations at least 1
     */
    public Builder deepCaptureAtMostEvery(int iterations) {
      if (iterations < 1) {
        throw new IllegalArgumentException(
            "iterations between deep captures must be at least 1, got " + iterations);
      }
      deepCaptureDistance = iterations;
      return this;
    }

    /**
     * Sets how often one alert is told at most, with its end; default one minute. It counts by the
     * time of readings.
     *
     * @param interval zero (always) or more
     */
    public Builder tellAtMostEvery(Duration interval) {
      this.interval = requireNotNegative("interval between tellings", interval);
      return this;
    }

    /**
     * Sets how often a thread of the sink's looks whether readings are missing; default thirty
     * seconds, a tenth of the shortest silence that counts.
     *
     * @param interval zero (no thread: at events and at {@link AlertSink#check()} only, as it suits
     *     a recorded run) or more
     */
    public Builder checkEvery(Duration interval) {
      checkInterval = requireNotNegative("interval between checks", interval);
      return this;
    }

    /** Sets where the time of events and silence comes from; default the system's clock. */
    public Builder clock(Clock clock) {
      this.clock = Objects.requireNonNull(clock, "clock");
      return this;
    }

    /**
     * Sets how many series are watched; default {@value AlertSink#DEFAULT_MAXIMUM_SERIES}. A model
     * of a run, a probe of it and a matrix of it (operator, normalization, layer) are one each.
     *
     * @param maximum at least 1
     */
    public Builder maximumSeries(int maximum) {
      if (maximum < 1) {
        throw new IllegalArgumentException("maximumSeries must be at least 1, got " + maximum);
      }
      maximumSeries = maximum;
      return this;
    }

    /** Builds a sink. */
    public AlertSink build() {
      return new AlertSink(this);
    }

    private static Duration requireNotNegative(String what, Duration duration) {
      if (duration.isNegative()) {
        throw new IllegalArgumentException(
            "%s must not be negative, got %s".formatted(what, duration));
      }
      return duration;
    }
  }
}
