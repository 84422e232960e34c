package org.eigenscope.listeners.metrics;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;
import org.eigenscope.listeners.Announcement;
import org.eigenscope.listeners.ProbeEvent;
import org.eigenscope.listeners.ReadingSink;
import org.eigenscope.listeners.metrics.SeriesLedger.Kind;
import org.eigenscope.probes.Measurement;
import org.eigenscope.probes.Provenance;
import org.eigenscope.probes.Quantity;
import org.eigenscope.probes.Reading;
import org.eigenscope.probes.Spectrum;
import org.eigenscope.probes.linalg.NonFiniteValueException;
import org.jspecify.annotations.Nullable;

/**
 * Shows readings of any probe as Micrometer meters, in any number of registries.
 *
 * <p>Each scalar of a reading is a gauge of the measurement's name, with its tags and the tags
 * {@code run} and {@code model}. Announced quantities are there, as NaN, before the first reading;
 * others appear with the reading that brings them. A gauge shows the last reading of a probe and
 * nothing else: a scalar that this reading lacks is NaN, and while measurements fail the values
 * stay and {@code eigenscope.probe.failures} moves. A scalar that several probes of a run and model
 * report is one gauge, which shows the newest of their last readings that knows it, and of readings
 * of one iteration the first. Spectra are not meters; {@link SpectrumCollector} exports them.
 * Besides, for each probe (tags {@code run}, {@code model}, {@code probe}):
 *
 * <ul>
 *   <li>{@code eigenscope.probe.iteration} and {@code eigenscope.probe.timestamp}, gauges: what the
 *       values belong to, and since when (seconds since the epoch);
 *   <li>{@code eigenscope.probe.duration}, a timer with the tag {@code outcome}: success or
 *       failure;
 *   <li>{@code eigenscope.probe.matvecs}, {@code .failures}, {@code .nonfinite} and {@code
 *       .skipped}, counters, from the moment a registry is bound; {@code .nonfinite} counts those
 *       failures that a {@link NonFiniteValueException} caused;
 *   <li>{@code eigenscope.overhead.ratio}, a gauge without the tag {@code probe}: the share of wall
 *       time that the training thread gave to probes.
 * </ul>
 *
 * <p><b>Bounds.</b> The number of series is limited, {@value #DEFAULT_MAXIMUM_SERIES} unless said
 * otherwise; a spectrum counts for {@value #SERIES_PER_SPECTRUM}. A name keeps the tag keys it was
 * first used with, and a spectrum belongs to the probe that first reported it. What would break
 * these rules is not shown; it is logged once, and every such value counts in {@code
 * eigenscope.series.refused}.
 *
 * <p><b>Threading.</b> Thread-safe. A reading is published through one volatile reference: reading
 * a gauge never waits, and {@link #consistently} gives a scrape one reading of each probe
 * throughout. Micrometer holds gauges' objects weakly; these hold their values strongly, so nothing
 * else needs to keep this object alive.
 */
public final class EigenscopeMetrics implements MeterBinder, ReadingSink {

  /**
   * The number of series allowed by default: some ninety layers with ten eigenvalues and a spectrum
   * each, about a megabyte of text.
   */
  public static final int DEFAULT_MAXIMUM_SERIES = 10_000;

  /** Buckets of the finest grid, the one without an upper bound, and two totals. */
  static final int SERIES_PER_SPECTRUM = 2 * SpectrumGrid.MAXIMUM_BOUNDS_PER_SIDE + 1 + 1 + 2;

  private static final String SUCCESS = "success";
  private static final String FAILURE = "failure";
  private static final String UNANNOUNCED = "A value of a probe's readings";
  private static final double NANOS_PER_SECOND = 1e9;

  /** A share of time for a run and model; one writer at a time, any number of readers. */
  private static final class Overhead {
    private volatile double ratio = Double.NaN;
  }

  private record RunAndModel(String run, String model) {}

  /** What the scrape that runs on this thread has seen so far. */
  private static final ThreadLocal<@Nullable Map<Board, Board.State>> scrape = new ThreadLocal<>();

  private final Object lock = new Object();
  private final SeriesLedger ledger;
  private final List<MeterRegistry> registries = new ArrayList<>();
  private final Map<RunAndModel, Overhead> overheads = new ConcurrentHashMap<>();
  private final Map<ProbeKey, Board> boards = new ConcurrentHashMap<>();
  private final Map<List<Object>, Series> gauges = new LinkedHashMap<>();
  private long readings;

  private EigenscopeMetrics(int maximumSeries) {
    if (maximumSeries < 1) {
      throw new IllegalArgumentException("maximumSeries must be at least 1, got " + maximumSeries);
    }
    ledger = new SeriesLedger(maximumSeries);
  }

  /** Returns metrics with at most {@value #DEFAULT_MAXIMUM_SERIES} series, not bound yet. */
  public static EigenscopeMetrics create() {
    return create(DEFAULT_MAXIMUM_SERIES);
  }

  /**
   * Returns metrics with a limit of their own, not bound yet.
   *
   * @param maximumSeries how many series may exist in each registry, at least 1
   */
  public static EigenscopeMetrics create(int maximumSeries) {
    return new EigenscopeMetrics(maximumSeries);
  }

  /** Adds all meters to a registry, those of now and those to come. */
  @Override
  public void bindTo(MeterRegistry registry) {
    synchronized (lock) {
      registries.removeIf(MeterRegistry::isClosed);
      if (registries.contains(registry)) {
        return;
      }
      registries.add(registry);
      FunctionCounter.builder(OwnMeter.SERIES_REFUSED.meter(), ledger, SeriesLedger::refused)
          .description(OwnMeter.SERIES_REFUSED.description())
          .register(registry);
      for (Map.Entry<RunAndModel, Overhead> entry : overheads.entrySet()) {
        registerOverhead(registry, entry.getKey(), entry.getValue());
      }
      for (Board board : boards.values()) {
        registerOwn(registry, board);
      }
      for (Series series : gauges.values()) {
        registerGauge(registry, series);
      }
    }
  }

  @Override
  public void announce(Announcement announcement) {
    synchronized (lock) {
      Board board = board(ProbeKey.of(announcement));
      if (board == null) {
        return;
      }
      for (Quantity quantity : announcement.quantities()) {
        slot(board, quantity.name(), quantity.tags(), quantity.description());
      }
    }
  }

  @Override
  public void accept(Reading reading) {
    Provenance provenance = reading.provenance();
    List<Measurement> measurements = reading.measurements();
    List<Spectrum> spectra = reading.spectra();
    synchronized (lock) {
      Board board = board(ProbeKey.of(provenance));
      if (board == null) {
        return;
      }
      List<Board.@Nullable Slot> slots = new ArrayList<>(measurements.size());
      for (Measurement measurement : measurements) {
        slots.add(slot(board, measurement.name(), measurement.tags(), UNANNOUNCED));
      }
      double[] values = board.unknownValues();
      for (int i = 0; i < slots.size(); i++) {
        Board.Slot slot = slots.get(i);
        if (slot != null) {
          values[slot.index()] = measurements.get(i).value();
        }
      }
      // By what tells them apart: of two alike the later one counts, as it does for scalars.
      Map<List<Object>, Spectrum> exported = new LinkedHashMap<>();
      for (Spectrum spectrum : spectra) {
        if (mayExport(board, spectrum)) {
          exported.put(List.of(spectrum.name(), spectrum.tags()), spectrum);
        }
      }
      readings++;
      board.publish(
          new Board.State(
              readings,
              provenance.iteration(),
              secondsSinceEpoch(provenance.time()),
              values,
              List.copyOf(exported.values())));
    }
  }

  @Override
  public void report(ProbeEvent event) {
    synchronized (lock) {
      Board board = board(ProbeKey.of(event));
      if (board == null) {
        return;
      }
      if (event instanceof ProbeEvent.Completed completed) {
        Overhead overhead = overheads.get(new RunAndModel(event.run(), event.model()));
        if (overhead != null) {
          overhead.ratio = completed.overheadRatio();
        }
      }
      for (MeterRegistry registry : registries) {
        if (event instanceof ProbeEvent.Completed completed) {
          timer(registry, board, SUCCESS).record(completed.elapsedNanos(), TimeUnit.NANOSECONDS);
          counter(registry, board, OwnMeter.MATVECS).increment((double) completed.matvecs());
        } else if (event instanceof ProbeEvent.Failed failed) {
          timer(registry, board, FAILURE).record(failed.elapsedNanos(), TimeUnit.NANOSECONDS);
          counter(registry, board, OwnMeter.FAILURES).increment();
          if (failed.isNonFinite()) {
            counter(registry, board, OwnMeter.NONFINITE).increment();
          }
        } else if (event instanceof ProbeEvent.Skipped) {
          counter(registry, board, OwnMeter.SKIPPED).increment();
        }
      }
    }
  }

  /**
   * Runs a scrape during which all values of a probe come from one reading, though newer ones
   * arrive.
   *
   * <p>Meters are read one by one, so that a reading that arrives in the middle of a scrape would
   * split it. {@link PrometheusEndpoint} does this for its own scrapes; for a registry of your own
   * write {@code EigenscopeMetrics.consistently(registry::scrape)}.
   *
   * @param task reads meters, on the calling thread
   * @return what the task returns
   */
  public static <T> T consistently(Supplier<T> task) {
    if (scrape.get() != null) {
      return task.get();
    }
    scrape.set(new IdentityHashMap<>());
    try {
      return task.get();
    } finally {
      scrape.remove();
    }
  }

  /** Returns what each probe shows; belongs into {@link #consistently} to go with the gauges. */
  Collection<Board> boards() {
    return boards.values();
  }

  /** Returns the state of a board that the scrape on this thread works with. */
  static Board.State state(Board board) {
    Map<Board, Board.State> states = scrape.get();
    return states == null ? board.state() : states.computeIfAbsent(board, Board::state);
  }

  private @Nullable Board board(ProbeKey key) {
    Board known = boards.get(key);
    if (known != null) {
      return known;
    }
    RunAndModel runAndModel = new RunAndModel(key.run(), key.model());
    Overhead knownOverhead = overheads.get(runAndModel);
    if (!ledger.claimOwn(key, OwnMeter.SERIES_PER_PROBE + (knownOverhead == null ? 1 : 0))) {
      return null;
    }
    if (knownOverhead == null) {
      Overhead overhead = new Overhead();
      overheads.put(runAndModel, overhead);
      for (MeterRegistry registry : registries) {
        registerOverhead(registry, runAndModel, overhead);
      }
    }
    Board board = new Board(key);
    boards.put(key, board);
    for (MeterRegistry registry : registries) {
      registerOwn(registry, board);
    }
    return board;
  }

  private Board.@Nullable Slot slot(
      Board board, String name, Map<String, String> tags, String description) {
    Board.Slot known = board.slot(name, tags);
    if (known != null) {
      return known;
    }
    Map<String, String> all = board.key().tagsWith(tags);
    if (!ledger.claim(board.key(), Kind.GAUGE, name, all, description, 1)) {
      return null;
    }
    Board.Slot slot = board.addSlot(name, tags);
    Series series = gauges.get(List.<Object>of(name, all));
    if (series == null) {
      series = new Series(name, all);
      gauges.put(List.of(name, all), series);
      for (MeterRegistry registry : registries) {
        registerGauge(registry, series);
      }
    }
    series.add(board, slot);
    return slot;
  }

  private boolean mayExport(Board board, Spectrum spectrum) {
    if (board.exports(spectrum)) {
      return true;
    }
    ProbeKey key = board.key();
    boolean claimed =
        ledger.claim(
            key,
            Kind.HISTOGRAM,
            spectrum.name(),
            key.tagsWith(spectrum.tags()),
            UNANNOUNCED,
            SERIES_PER_SPECTRUM);
    if (claimed) {
      board.addSpectrum(spectrum);
    }
    return claimed;
  }

  private void registerGauge(MeterRegistry registry, Series series) {
    try {
      Gauge.builder(series.name(), series, Series::value)
          .description(ledger.description(series.name()))
          .tags(micrometerTags(series.tags()))
          .strongReference(true)
          .register(registry);
    } catch (IllegalArgumentException e) {
      // Somebody else's meter of that name; the other registries and meters must not suffer.
      ledger.refuse(series.name(), String.valueOf(e.getMessage()));
    }
  }

  private static void registerOwn(MeterRegistry registry, Board board) {
    for (OwnMeter meter : List.of(OwnMeter.ITERATION, OwnMeter.TIMESTAMP)) {
      ToDoubleFunction<Board.State> value =
          meter == OwnMeter.ITERATION ? Board.State::iteration : Board.State::timestamp;
      Gauge.builder(meter.meter(), board, b -> value.applyAsDouble(state(b)))
          .description(meter.description())
          .tags(ownTags(board))
          .strongReference(true)
          .register(registry);
    }
    timer(registry, board, SUCCESS);
    timer(registry, board, FAILURE);
    counter(registry, board, OwnMeter.MATVECS);
    counter(registry, board, OwnMeter.FAILURES);
    counter(registry, board, OwnMeter.NONFINITE);
    counter(registry, board, OwnMeter.SKIPPED);
  }

  private static void registerOverhead(MeterRegistry registry, RunAndModel of, Overhead overhead) {
    Gauge.builder(OwnMeter.OVERHEAD_RATIO.meter(), overhead, o -> o.ratio)
        .description(OwnMeter.OVERHEAD_RATIO.description())
        .tags("run", of.run(), "model", of.model())
        .strongReference(true)
        .register(registry);
  }

  private static Timer timer(MeterRegistry registry, Board board, String outcome) {
    return Timer.builder(OwnMeter.DURATION.meter())
        .description(OwnMeter.DURATION.description())
        .tags(ownTags(board).and("outcome", outcome))
        .register(registry);
  }

  private static Counter counter(MeterRegistry registry, Board board, OwnMeter meter) {
    return Counter.builder(meter.meter())
        .description(meter.description())
        .tags(ownTags(board))
        .register(registry);
  }

  private static Tags ownTags(Board board) {
    ProbeKey key = board.key();
    return Tags.of("run", key.run(), "model", key.model(), "probe", key.probe());
  }

  private static List<Tag> micrometerTags(Map<String, String> tags) {
    List<Tag> all = new ArrayList<>(tags.size());
    tags.forEach((key, value) -> all.add(Tag.of(key, value)));
    return all;
  }

  private static double secondsSinceEpoch(Instant time) {
    return time.getEpochSecond() + time.getNano() / NANOS_PER_SECOND;
  }
}
