package org.eigenscope.cli.report;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.eigenscope.probes.Provenance;
import org.eigenscope.probes.Spectrum;

/**
 * What readings tell of one matrix in one training, or of a training's structure: scalars by
 * iteration, and some spectra.
 */
final class Series {
  /** Of a matrix, whose densities are drawn over iterations. */
  static final int MANY_SPECTRA = 96;

  /** The first and the last. */
  static final int TWO_SPECTRA = 2;

  private final SeriesName name;
  private final int mostSpectra;
  private final NavigableSet<Integer> iterations = new TreeSet<>();
  private final Map<Meter, NavigableMap<Integer, Double>> scalars = new LinkedHashMap<>();
  private final Map<Meter, SomeSpectra> spectra = new LinkedHashMap<>();
  private final Map<String, Integer> lastOfProbes = new HashMap<>();
  private Instant lastTime = Instant.MIN;
  private int lastIteration = Integer.MIN_VALUE;
  private long repeated;
  private long undrawable;

  /**
   * Returns an empty series.
   *
   * @param mostSpectra that are kept of each kind, at least 2
   */
  Series(SeriesName name, int mostSpectra) {
    this.name = name;
    this.mostSpectra = mostSpectra;
  }

  /** Spectra by iteration; when there are too many, every second is forgotten. */
  private static final class SomeSpectra {
    private final int most;
    private final NavigableMap<Integer, Spectrum> kept = new TreeMap<>();
    private int every = 1;
    private int seen;

    SomeSpectra(int most) {
      this.most = most;
    }

    void put(int iteration, Spectrum spectrum) {
      seen++;
      // The last one is kept until a later one comes.
      if (seen > 1 && (seen - 2) % every != 0) {
        if (iteration < kept.lastKey()) {
          return;
        }
        kept.pollLastEntry();
      }
      kept.put(iteration, spectrum);
      if (kept.size() > most) {
        List<Integer> all = List.copyOf(kept.keySet());
        for (int i = 1; i < all.size(); i += 2) {
          kept.remove(all.get(i));
        }
        every *= 2;
      }
    }
  }

  /** Returns whether a reading starts the iterations again: they go back while time goes on. */
  boolean isLeftBehindBy(Provenance provenance) {
    return provenance.iteration() < lastIteration && provenance.time().isAfter(lastTime);
  }

  /** Notes that there is a reading, which may know nothing. */
  void add(Provenance provenance) {
    iterations.add(provenance.iteration());
    if (provenance.time().isAfter(lastTime)) {
      lastTime = provenance.time();
      lastIteration = provenance.iteration();
    }
    Integer last = lastOfProbes.put(provenance.probe(), provenance.iteration());
    if (last != null && last == provenance.iteration()) {
      repeated++;
    }
  }

  /** Takes a scalar, unless it is unknown; of those for one iteration the last. */
  void add(int iteration, Meter meter, double value) {
    if (Double.isFinite(value)) {
      scalars.computeIfAbsent(meter, key -> new TreeMap<>()).put(iteration, value);
    }
  }

  /** Takes a spectrum, if it can be drawn. */
  void add(int iteration, Meter meter, Spectrum spectrum) {
    if (SpectrumScale.canDraw(spectrum)) {
      spectra.computeIfAbsent(meter, key -> new SomeSpectra(mostSpectra)).put(iteration, spectrum);
    } else {
      undrawable++;
    }
  }

  SeriesName name() {
    return name;
  }

  /** Returns the iteration of the latest snapshot. */
  int lastIteration() {
    return lastIteration;
  }

  /** Returns how many readings follow one of the same probe and iteration. */
  long repeated() {
    return repeated;
  }

  /** Returns how many spectra cannot be drawn. */
  long undrawable() {
    return undrawable;
  }

  NavigableSet<Integer> iterations() {
    return Collections.unmodifiableNavigableSet(iterations);
  }

  /** Returns what is known of a scalar, by iteration. */
  NavigableMap<Integer, Double> values(Meter meter) {
    return Collections.unmodifiableNavigableMap(
        scalars.getOrDefault(meter, Collections.emptyNavigableMap()));
  }

  /** Returns a scalar at an iteration; NaN where it is not known. */
  double value(Meter meter, int iteration) {
    return values(meter).getOrDefault(iteration, Double.NaN);
  }

  /** Returns the iterations in which one of some scalars is known, or a spectrum kept. */
  NavigableSet<Integer> iterations(Predicate<Meter> wanted) {
    NavigableSet<Integer> known = new TreeSet<>();
    scalars.forEach((meter, values) -> addIf(wanted.test(meter), values.keySet(), known));
    spectra.forEach((meter, some) -> addIf(wanted.test(meter), some.kept.keySet(), known));
    return known;
  }

  private static void addIf(boolean wanted, Set<Integer> some, Set<Integer> to) {
    if (wanted) {
      to.addAll(some);
    }
  }

  /** Returns the spectrum of one kind at an iteration, if it is kept. */
  Optional<Spectrum> spectrum(Meter meter, int iteration) {
    return Optional.ofNullable(spectra(meter).get(iteration));
  }

  /** Returns the scalars, in the order of their first values. */
  List<Meter> scalars() {
    return List.copyOf(scalars.keySet());
  }

  /** Returns the names of the scalars, in the order of their first values. */
  List<String> names() {
    return scalars.keySet().stream().map(Meter::name).distinct().toList();
  }

  /** Returns the scalars of a name that have some tags, those with numbers in their order. */
  List<Meter> meters(String meterName, Map<String, String> tags) {
    List<Meter> found = new ArrayList<>();
    for (Meter meter : scalars.keySet()) {
      if (meter.name().equals(meterName) && meter.tags().entrySet().containsAll(tags.entrySet())) {
        found.add(meter);
      }
    }
    found.sort(Comparator.comparingInt(Meter::number));
    return found;
  }

  /**
   * Returns the first of the scalars and spectra of a name that have some tags; one without values
   * when there is none.
   *
   * @param tags keys and values in turn
   */
  Meter meter(String meterName, String... tags) {
    Meter wanted = Meter.of(meterName, tags);
    return Stream.concat(scalars.keySet().stream(), spectra.keySet().stream())
        .filter(meter -> meter.name().equals(meterName))
        .filter(meter -> meter.tags().entrySet().containsAll(wanted.tags().entrySet()))
        .findFirst()
        .orElse(wanted);
  }

  /** Returns what there are spectra of. */
  List<Meter> spectra() {
    return List.copyOf(spectra.keySet());
  }

  /** Returns some of the spectra of one kind, evenly chosen, the first and the last among them. */
  SortedMap<Integer, Spectrum> spectra(Meter spectrum) {
    SomeSpectra some = spectra.get(spectrum);
    return some == null
        ? Collections.emptySortedMap()
        : Collections.unmodifiableSortedMap(some.kept);
  }

  /** Returns how many spectra of one kind there were. */
  int spectraSeen(Meter spectrum) {
    SomeSpectra some = spectra.get(spectrum);
    return some == null ? 0 : some.seen;
  }
}
