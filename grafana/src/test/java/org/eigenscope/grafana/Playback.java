package org.eigenscope.grafana;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.eigenscope.listeners.ProbeEvent;
import org.eigenscope.listeners.ReadingSink;
import org.eigenscope.probes.Measurement;
import org.eigenscope.probes.Provenance;
import org.eigenscope.probes.RecordedReading;
import org.eigenscope.probes.Spectrum;
import org.eigenscope.probes.linalg.NonFiniteValueException;
import org.eigenscope.probes.linalg.QuadratureRule;

/**
 * The series of a test of rules as the readings and events of probes that would make them.
 *
 * <p>A reading is where a probe's timestamp changes or, in tests without any, where a loss or a
 * negative mass does: what the rules count as one. It holds all values of the moment, but a
 * negative mass only if it is new: one with an old negative mass is of another probe, without
 * draws.
 */
final class Playback {
  private static final Pattern SERIES = Pattern.compile("(\\w+)\\{(.*)}");
  private static final Pattern LABEL = Pattern.compile("(\\w+)=\"([^\"]*)\"");
  private static final Pattern REPEATED =
      Pattern.compile("([-+]?(?:[0-9.]+(?:e[0-9]+)?|NaN))([-+][0-9.]+)?x([0-9]+)");
  private static final Pattern DURATION = Pattern.compile("([0-9]+)([hms])");
  private static final String PROBE = "spectrum";

  /**
   * A scraped series.
   *
   * @param values its samples; null where there is none
   * @param end the step from which on it is over
   */
  private record Series(String name, Map<String, String> labels, List<Double> values, int end) {

    boolean hasValueAt(int step) {
      return step >= 0 && step < values.size() && values.get(step) != null;
    }

    double valueAt(int step) {
      return hasValueAt(step) ? values.get(step) : Double.NaN;
    }

    /** Returns whether there is a number that was not there before. */
    boolean changesAt(int step) {
      return Double.compare(valueAt(step), valueAt(step - 1)) != 0;
    }

    /** Returns how much a counter counted since the step before; it begins with what is new. */
    int countedFromNothingAt(int step) {
      return hasValueAt(step) && !hasValueAt(step - 1) ? (int) valueAt(step) : countedAt(step);
    }

    /** Returns how much a counter counted since the step before; what it begins with is past. */
    int countedAt(int step) {
      double counted = valueAt(step) - valueAt(step - 1);
      return Double.isNaN(counted) ? 0 : (int) counted;
    }
  }

  private final Duration interval;
  private final Map<String, List<Series>> runs = new LinkedHashMap<>();
  private final Set<String> over = new TreeSet<>();
  private int step;
  private int readings;

  Playback(JsonNode test) {
    interval = duration(test.path("interval").textValue());
    for (JsonNode series : test.path("input_series")) {
      JsonNode values = series.path("values");
      // A zero and thirty more of it, 0x30, is a hexadecimal number to YAML.
      String text =
          values.isNumber() ? "0x" + Long.toHexString(values.longValue()) : values.textValue();
      Series parsed = series(series.path("series").textValue(), text);
      runs.computeIfAbsent(parsed.labels().get("run"), unused -> new ArrayList<>()).add(parsed);
    }
  }

  /** Returns a clock that shows the time of the scrape that is played. */
  Clock clock() {
    return new Clock() {
      @Override
      public ZoneId getZone() {
        return ZoneOffset.UTC;
      }

      @Override
      public Clock withZone(ZoneId zone) {
        throw new UnsupportedOperationException();
      }

      @Override
      public Instant instant() {
        return Instant.EPOCH.plus(interval.multipliedBy(step));
      }
    };
  }

  /** Returns the runs whose endpoint is gone. */
  Set<String> over() {
    return over;
  }

  /** Plays all scrapes up to a moment. */
  void playUntil(String moment, ReadingSink sink, Runnable afterEach) {
    Duration end = duration(moment);
    for (; interval.multipliedBy(step).compareTo(end) <= 0; step++) {
      runs.forEach((run, series) -> play(run, series, sink));
      afterEach.run();
    }
  }

  private void play(String run, List<Series> all, ReadingSink sink) {
    if (all.stream().anyMatch(series -> step >= series.end())) {
      over.add(run);
      return;
    }
    int nonFinite = counted(all, "eigenscope_probe_nonfinite_total");
    int failures = counted(all, "eigenscope_probe_failures_total");
    for (int i = 0; i < failures; i++) {
      Exception cause =
          i < nonFinite
              ? new IllegalStateException(new NonFiniteValueException("loss", 0, 1))
              : new IllegalStateException("on purpose");
      sink.report(new ProbeEvent.Failed(run, "m", PROBE, iteration(all), 1, cause));
    }
    for (Series series : named(all, "eigenscope_sink_missed_total")) {
      int missed = series.countedFromNothingAt(step);
      if (missed > 0) {
        sink.report(
            new ProbeEvent.Undelivered(
                run, "m", PROBE, iteration(all), series.labels().get("sink"), missed, null));
      }
    }
    // What counts with a reading came before it, to the rules.
    if (isReading(all)) {
      sink.accept(reading(run, all));
      readings++;
    }
    for (int i = counted(all, "eigenscope_probe_skipped_total"); i > 0; i--) {
      sink.report(new ProbeEvent.Skipped(run, "m", PROBE, iteration(all)));
    }
    List<Series> overhead = named(all, "eigenscope_overhead_ratio");
    int completed =
        overhead.isEmpty()
            ? counted(all, "eigenscope_probe_duration_seconds_count")
            : overhead.get(0).changesAt(step) ? 1 : 0;
    double ratio = overhead.isEmpty() ? 0 : overhead.get(0).valueAt(step);
    for (int i = 0; i < completed; i++) {
      sink.report(new ProbeEvent.Completed(run, "m", PROBE, iteration(all), 1, 1, ratio));
    }
  }

  private boolean isReading(List<Series> all) {
    List<Series> timestamps = named(all, "eigenscope_probe_timestamp");
    return timestamps.isEmpty()
        ? all.stream().anyMatch(series -> isMark(series) && series.changesAt(step))
        : timestamps.get(0).changesAt(step);
  }

  private static boolean isMark(Series series) {
    return series.name().equals("eigenscope_loss") || isNegativeMass(series);
  }

  private static boolean isNegativeMass(Series series) {
    return series.name().equals("eigenscope_negative_mass");
  }

  private RecordedReading reading(String run, List<Series> all) {
    List<Measurement> measurements = new ArrayList<>();
    List<Spectrum> spectra = new ArrayList<>();
    for (Series series : all) {
      Map<String, String> tags = new TreeMap<>(series.labels());
      tags.keySet().removeAll(Set.of("job", "instance", "run", "model"));
      boolean ofTheMatrix = tags.containsKey("operator") && series.hasValueAt(step);
      if (ofTheMatrix && (!isNegativeMass(series) || series.changesAt(step))) {
        measurements.add(
            new Measurement(series.name().replace('_', '.'), tags, series.valueAt(step)));
      }
      if (ofTheMatrix && series.name().equals("eigenscope_spectrum_gsum")) {
        spectra.add(spectrum(tags, series, all));
      }
    }
    List<Series> timestamps = named(all, "eigenscope_probe_timestamp");
    Instant time =
        timestamps.isEmpty()
            ? clock().instant()
            : Instant.ofEpochSecond((long) timestamps.get(0).valueAt(step));
    boolean withoutDraws =
        all.stream().anyMatch(series -> isNegativeMass(series) && !series.changesAt(step));
    Provenance provenance =
        new Provenance(
            withoutDraws ? "sharpness" : PROBE,
            run,
            "m",
            iteration(all),
            0,
            time,
            1,
            1,
            1,
            1,
            Map.of(),
            Map.of());
    return new RecordedReading(provenance, measurements, spectra, List.of());
  }

  /** Returns a spectrum whose trace and mean eigenvalue give its order. */
  private Spectrum spectrum(Map<String, String> tags, Series sum, List<Series> all) {
    double trace =
        named(all, "eigenscope_trace").stream()
            .filter(series -> series.labels().equals(sum.labels()))
            .findFirst()
            .orElseThrow()
            .valueAt(step);
    double mean = sum.valueAt(step) / 1e6;
    return new Spectrum(
        Spectrum.EIGENVALUES,
        tags,
        Math.round(trace / mean),
        List.of(new QuadratureRule(new double[] {mean}, new double[] {1})));
  }

  private int iteration(List<Series> all) {
    List<Series> iterations = named(all, "eigenscope_probe_iteration");
    return iterations.isEmpty() ? readings : (int) iterations.get(0).valueAt(step);
  }

  private int counted(List<Series> all, String counter) {
    return named(all, counter).stream().mapToInt(series -> series.countedAt(step)).sum();
  }

  private static List<Series> named(List<Series> all, String name) {
    return all.stream().filter(series -> series.name().equals(name)).toList();
  }

  private static Series series(String series, String values) {
    Matcher parts = SERIES.matcher(series);
    if (!parts.matches()) {
      throw new IllegalArgumentException("not a series: " + series);
    }
    Map<String, String> labels = new TreeMap<>();
    LABEL.matcher(parts.group(2)).results().forEach(m -> labels.put(m.group(1), m.group(2)));
    List<Double> samples = new ArrayList<>();
    int end = Integer.MAX_VALUE;
    for (String token : values.strip().split("\\s+", -1)) {
      Matcher repeated = REPEATED.matcher(token);
      if (repeated.matches()) {
        double first = Double.parseDouble(repeated.group(1));
        double more = repeated.group(2) == null ? 0 : Double.parseDouble(repeated.group(2));
        for (int i = 0; i <= Integer.parseInt(repeated.group(3)); i++) {
          samples.add(first + i * more);
        }
      } else if (token.startsWith("_x")) {
        samples.addAll(Collections.nCopies(Integer.parseInt(token.substring(2)), null));
      } else {
        if (token.equals("stale")) {
          end = samples.size();
        }
        samples.add(token.matches("_|stale") ? null : Double.valueOf(token));
      }
    }
    return new Series(parts.group(1), labels, samples, end);
  }

  private static Duration duration(String text) {
    Duration all = Duration.ZERO;
    Matcher parts = DURATION.matcher(text);
    while (parts.find()) {
      all =
          all.plus(Duration.parse("PT" + parts.group(1) + parts.group(2).toUpperCase(Locale.ROOT)));
    }
    return all;
  }
}
