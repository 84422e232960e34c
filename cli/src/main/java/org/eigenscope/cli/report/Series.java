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
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import org.eigenscope.probes.Measurement;
import org.eigenscope.probes.Provenance;
import org.eigenscope.probes.Spectrum;

/** What readings tell of one matrix in one training: scalars by iteration, and some spectra. */
final class Series {
  private final SeriesName name;
  private final NavigableSet<Integer> iterations = new TreeSet<>();
  private final Map<Meter, NavigableMap<Integer, Double>> scalars = new LinkedHashMap<>();
  private final Map<String, SomeSpectra> spectra = new LinkedHashMap<>();
  private final Map<String, Integer> lastOfProbes = new HashMap<>();
  private Instant lastTime = Instant.MIN;
  private int lastIteration = Integer.MIN_VALUE;
  private long repeated;
  private long undrawable;

  Series(SeriesName name) {
    this.name = name;
  }

  /** Spectra by iteration; when there are too many, every second is forgotten. */
  private static final class SomeSpectra {
    private static final int MAX_SIZE = 96;

    private final NavigableMap<Integer, Spectrum> kept = new TreeMap<>();
    private int every = 1;
    private int seen;

    void put(int iteration, Spectrum spectrum) {
      // The last one is kept until the next one comes.
      if (seen > 0 && (seen - 1) % every != 0) {
        kept.pollLastEntry();
      }
      seen++;
      kept.put(iteration, spectrum);
      if (kept.size() > MAX_SIZE) {
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
  void add(int iteration, Measurement measurement) {
    if (Double.isFinite(measurement.value())) {
      scalars
          .computeIfAbsent(Meter.of(measurement), meter -> new TreeMap<>())
          .put(iteration, measurement.value());
    }
  }

  /** Takes a spectrum, if it can be drawn. */
  void add(int iteration, Spectrum spectrum) {
    if (SpectrumScale.canDraw(spectrum)) {
      spectra.computeIfAbsent(spectrum.name(), key -> new SomeSpectra()).put(iteration, spectrum);
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

  /** Returns the names of the spectra. */
  List<String> spectra() {
    return List.copyOf(spectra.keySet());
  }

  /** Returns some of the spectra of a name, evenly chosen, the first and the last among them. */
  SortedMap<Integer, Spectrum> spectra(String spectrum) {
    SomeSpectra some = spectra.get(spectrum);
    return some == null
        ? Collections.emptySortedMap()
        : Collections.unmodifiableSortedMap(some.kept);
  }

  /** Returns how many spectra of a name there were. */
  int spectraSeen(String spectrum) {
    SomeSpectra some = spectra.get(spectrum);
    return some == null ? 0 : some.seen;
  }
}
