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

  private final List<Journal> journals = new ArrayList<>();
  private final Map<SeriesName, Series> series = new LinkedHashMap<>();
  private final Map<SeriesName, Integer> starts = new LinkedHashMap<>();
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
    all.series.values().forEach(all.warnings::addThose);
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

  List<Series> series() {
    return List.copyOf(series.values());
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
    Map<SeriesName, Series> touched = new LinkedHashMap<>();
    for (Measurement measurement : reading.measurements()) {
      SeriesName name = SeriesName.of(journal, provenance, measurement.tags());
      touched.computeIfAbsent(name, key -> current(key, provenance)).add(iteration, measurement);
    }
    for (Spectrum spectrum : reading.spectra()) {
      SeriesName name = SeriesName.of(journal, provenance, spectrum.tags());
      touched.computeIfAbsent(name, key -> current(key, provenance)).add(iteration, spectrum);
    }
    touched.values().forEach(s -> s.add(provenance));
  }

  /** Returns the series that a reading goes on with, or begins. */
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
      current = new Series(name.withStart(start));
      if (series.size() < MAX_SERIES) {
        series.put(current.name(), current);
      } else {
        warnings.addLeftOut();
      }
    }
    return current;
  }
}
