package org.eigenscope.cli.report;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.eigenscope.listeners.journal.JournalReader.SkippedLine;
import org.eigenscope.probes.Provenance;
import org.eigenscope.probes.Reading;

/** What a reader should know before believing a figure. */
final class Warnings {
  /** Notes that differ in numbers alone are one; a hundred different ones nobody reads. */
  private static final int MAX_NOTES = 100;

  private static final int SKIPPED_SHOWN = 3;

  /** As a part of the largest absolute eigenvalue: ten times what counts as converged in FLOAT. */
  private static final double LARGE_RESIDUAL = 1e-3;

  private final List<Warning> warnings = new ArrayList<>();
  private final Map<NoteKey, Note> notes = new LinkedHashMap<>();
  private long notesLeftOut;

  /**
   * One thing to know.
   *
   * @param text what it is
   * @param where what it is about: journal and series, or iterations
   */
  record Warning(String text, String where) {}

  private record NoteKey(String journal, String run, String model, String probe, String pattern) {}

  private record Note(String text, List<Integer> iterations) {}

  void addNotes(String journal, Reading reading) {
    Provenance from = reading.provenance();
    for (String text : reading.notes()) {
      String pattern = text.replaceAll("[0-9]+", "#");
      NoteKey key = new NoteKey(journal, from.run(), from.model(), from.probe(), pattern);
      if (notes.size() < MAX_NOTES || notes.containsKey(key)) {
        notes
            .computeIfAbsent(key, k -> new Note(text, new ArrayList<>()))
            .iterations
            .add(from.iteration());
      } else {
        notesLeftOut++;
      }
    }
  }

  /** Adds the lines of a journal that are no readings. */
  void addSkipped(String journal, List<SkippedLine> skipped) {
    for (SkippedLine line : skipped.subList(0, Math.min(SKIPPED_SHOWN, skipped.size()))) {
      add(journal, "Line %d was passed over: %s.".formatted(line.number(), line.reason()));
    }
    if (skipped.size() > SKIPPED_SHOWN) {
      int more = skipped.size() - SKIPPED_SHOWN;
      add(journal, "Further lines that were passed over: %d.".formatted(more));
    }
  }

  /** Adds that iterations went back. */
  void addRestart(SeriesName name, int from, int to) {
    add(
        where(name),
        "Iterations go back from %d to %d: what follows is shown as another start."
            .formatted(from, to));
  }

  /**
   * Adds, once, that of something there is one too many.
   *
   * @param what they are
   */
  void addLeftOut(int most, String what) {
    Warning warning =
        new Warning("More than %d %s: the others are not shown.".formatted(most, what), "");
    if (!warnings.contains(warning)) {
      warnings.add(warning);
    }
  }

  /** Adds what is wrong with a series as a whole. */
  void addThose(Series series) {
    String where = where(series.name());
    addLargestResidual(series, where);
    if (series.repeated() > 0) {
      add(
          where,
          "Readings of an iteration that the same probe had read before: %d. The last values are"
                  .formatted(series.repeated())
              + " shown.");
    }
    if (series.undrawable() > 0) {
      add(where, "Spectra too large or too small to be drawn: %d.".formatted(series.undrawable()));
    }
  }

  private void addLargestResidual(Series series, String where) {
    List<Meter> eigenvalues = series.meters(Meter.EIGENVALUE, Map.of());
    Map<Integer, Double> scales = new LinkedHashMap<>();
    for (Meter meter : eigenvalues) {
      series
          .values(meter)
          .forEach((iteration, value) -> scales.merge(iteration, Math.abs(value), Math::max));
    }
    double largest = LARGE_RESIDUAL;
    String text = "";
    for (Meter meter : eigenvalues) {
      for (var residual : series.values(meter.doubt()).entrySet()) {
        double part = residual.getValue() / scales.getOrDefault(residual.getKey(), Double.NaN);
        if (part > largest) {
          largest = part;
          text =
              "Not converged: the residual of %s is up to %s of the largest absolute eigenvalue, most at iteration %d."
                  .formatted(
                      meter.tags().get("end") + " " + meter.label(),
                      Numbers.percent(part),
                      residual.getKey());
        }
      }
    }
    if (!text.isEmpty()) {
      add(where, text);
    }
  }

  private void add(String where, String text) {
    warnings.add(new Warning(text, where));
  }

  private static String where(SeriesName name) {
    return "%s, %s".formatted(name.journal(), name.label(List.of(name)));
  }

  /** Returns what is wrong with journals and series. */
  List<Warning> warnings() {
    return List.copyOf(warnings);
  }

  /** Returns what the probes said of their readings. */
  List<Warning> notes() {
    List<Warning> all = new ArrayList<>();
    notes.forEach(
        (key, note) -> {
          TreeSet<Integer> at = new TreeSet<>(note.iterations);
          String iterations = Numbers.iterations(at.first(), at.last());
          int readings = note.iterations.size();
          all.add(
              new Warning(
                  note.text,
                  "%s, %s, %s".formatted(key.journal, key.run, iterations)
                      + (readings > 1 ? ", %d readings".formatted(readings) : "")));
        });
    if (notesLeftOut > 0) {
      all.add(new Warning("Further notes: %d.".formatted(notesLeftOut), ""));
    }
    return all;
  }
}
