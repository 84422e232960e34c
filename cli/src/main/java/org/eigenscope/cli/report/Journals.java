package org.eigenscope.cli.report;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.eigenscope.listeners.journal.JournalReader;
import org.eigenscope.listeners.journal.JournalReader.OnCorruptLine;
import org.eigenscope.listeners.journal.JournalReader.SkippedLine;
import org.eigenscope.probes.Measurement;
import org.eigenscope.probes.Provenance;
import org.eigenscope.probes.Reading;
import org.eigenscope.probes.Spectrum;

/** What journals hold: series, where they come from, and what to know before believing them. */
final class Journals {
  /** A probe for each layer of a deep network, with room to spare. */
  static final int MAX_SERIES = 64;

  /** Trainings, or arms of them, that structure probes have measured. */
  static final int MAX_STRUCTURES = 16;

  private final List<Journal> journals = new ArrayList<>();
  private final Shelf matrices = new Shelf(MAX_SERIES, "series", Series.MANY_SPECTRA);
  private final Shelf structures = new Shelf(MAX_STRUCTURES, "structures", Series.TWO_SPECTRA);
  private final Sources sources = new Sources();
  private final Warnings warnings = new Warnings();

  /**
   * A journal.
   *
   * @param name what the page calls it
   * @param readings how many it has
   * @param runs names of its runs, in the order of their first readings
   * @param iterations of all its readings, at least one
   * @param begin time of the earliest snapshot
   * @param end time of the latest
   */
  record Journal(
      String name,
      long readings,
      Set<String> runs,
      TreeSet<Integer> iterations,
      Instant begin,
      Instant end) {}

  private Journals() {}

  /**
   * Reads journals from begin to end.
   *
   * @param paths at least one, all different
   * @throws IOException if one has no reading; the message names it
   * @throws java.io.UncheckedIOException if one cannot be read or is no journal; the message names
   *     it
   */
  static Journals read(List<Path> paths) throws IOException {
    Journals all = new Journals();
    List<String> names = names(paths);
    for (int i = 0; i < paths.size(); i++) {
      all.read(paths.get(i), names.get(i));
    }
    all.series().forEach(all.warnings::addThose);
    all.structures().forEach(all.warnings::addThose);
    return all;
  }

  /** Returns file names, or paths where these do not tell the files apart. */
  private static List<String> names(List<Path> paths) {
    List<String> names = paths.stream().map(path -> path.getFileName().toString()).toList();
    return Set.copyOf(names).size() == names.size()
        ? names
        : paths.stream().map(Path::toString).toList();
  }

  List<Journal> journals() {
    return List.copyOf(journals);
  }

  /** Returns one for each matrix in each training. */
  List<Series> series() {
    return List.copyOf(matrices.series.values());
  }

  /** Returns one for each training, or arm of one, whose structure was measured. */
  List<Series> structures() {
    return List.copyOf(structures.series.values());
  }

  Sources sources() {
    return sources;
  }

  Warnings warnings() {
    return warnings;
  }

  private void read(Path path, String name) throws IOException {
    refuseOtherFiles(path);
    long readings = 0;
    Set<String> runs = new LinkedHashSet<>();
    TreeSet<Integer> iterations = new TreeSet<>();
    TreeSet<Instant> times = new TreeSet<>();
    try (JournalReader reader = JournalReader.open(path, OnCorruptLine.SKIP)) {
      while (reader.hasNext()) {
        Reading reading = reader.next();
        accept(reading, name);
        readings++;
        runs.add(reading.provenance().run());
        iterations.add(reading.provenance().iteration());
        times.add(reading.provenance().time());
      }
      List<SkippedLine> skipped = reader.skipped();
      if (readings == 0) {
        throw new IOException("the journal %s has no readings%s".formatted(path, reason(skipped)));
      }
      warnings.addSkipped(name, skipped);
    }
    journals.add(new Journal(name, readings, runs, iterations, times.first(), times.last()));
  }

  private static String reason(List<SkippedLine> skipped) {
    return skipped.isEmpty()
        ? " yet"
        : ": line %d: %s".formatted(skipped.get(0).number(), skipped.get(0).reason());
  }

  /** Fails where the first line that is neither blank nor torn is no reading. */
  private static void refuseOtherFiles(Path path) {
    try (JournalReader reader = JournalReader.open(path, OnCorruptLine.FAIL)) {
      if (reader.hasNext()) {
        reader.next();
      }
    }
  }

  private void accept(Reading reading, String journal) {
    Provenance provenance = reading.provenance();
    int iteration = provenance.iteration();
    sources.add(journal, provenance);
    warnings.addNotes(journal, reading);
    for (Measurement measurement : reading.measurements()) {
      seriesOf(measurement.name(), measurement.tags(), journal, provenance)
          .add(iteration, meterOf(measurement.name(), measurement.tags()), measurement.value());
    }
    for (Spectrum spectrum : reading.spectra()) {
      seriesOf(spectrum.name(), spectrum.tags(), journal, provenance)
          .add(iteration, meterOf(spectrum.name(), spectrum.tags()), spectrum);
    }
    matrices.end(provenance);
    structures.end(provenance);
  }

  private Series seriesOf(
      String name, Map<String, String> tags, String journal, Provenance provenance) {
    return StructureMeters.isKnown(name)
        ? structures.of(SeriesName.ofStructure(journal, provenance, tags), provenance)
        : matrices.of(SeriesName.of(journal, provenance, tags), provenance);
  }

  private static Meter meterOf(String name, Map<String, String> tags) {
    return StructureMeters.isKnown(name)
        ? StructureMeters.meter(name, tags)
        : Meter.ofMatrix(name, tags);
  }

  /** Series of one kind. */
  private final class Shelf {
    private final int most;
    private final String what;
    private final int mostSpectra;
    private final Map<SeriesName, Series> series = new LinkedHashMap<>();
    private final Map<SeriesName, Integer> starts = new LinkedHashMap<>();

    /** Those that the reading at hand has something of. */
    private final Map<SeriesName, Series> touched = new LinkedHashMap<>();

    /**
     * Returns an empty one.
     *
     * @param most series
     * @param what they are, for the reader
     * @param mostSpectra of each kind in a series
     */
    Shelf(int most, String what, int mostSpectra) {
      this.most = most;
      this.what = what;
      this.mostSpectra = mostSpectra;
    }

    /** Returns the series that a reading goes on with, or begins. */
    Series of(SeriesName name, Provenance provenance) {
      return touched.computeIfAbsent(name, key -> current(key, provenance));
    }

    /** Ends a reading. */
    void end(Provenance provenance) {
      touched.values().forEach(each -> each.add(provenance));
      touched.clear();
    }

    private Series current(SeriesName name, Provenance provenance) {
      int start = starts.getOrDefault(name, 1);
      Series current = series.get(name.withStart(start));
      if (current != null && current.isLeftBehindBy(provenance)) {
        warnings.addRestart(name, current.lastIteration(), provenance.iteration());
        start++;
        starts.put(name, start);
        current = null;
      }
      if (current == null) {
        current = new Series(name.withStart(start), mostSpectra);
        if (series.size() < most) {
          series.put(current.name(), current);
        } else {
          warnings.addLeftOut(most, what);
        }
      }
      return current;
    }
  }
}
