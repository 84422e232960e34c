package org.eigenscope.listeners;

import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.toList;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.eigenscope.probes.Measurement;
import org.eigenscope.probes.Provenance;
import org.eigenscope.probes.Reading;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes each reading to the log as one line at INFO: loss, largest eigenvalue, outliers, and trace
 * with its standard error, where a reading has them; the first scalars of any other reading.
 *
 * <p><b>Threading.</b> Thread-safe.
 */
public final class LogSink implements ReadingSink {
  private static final String PREFIX = "eigenscope.";
  private static final String STANDARD_ERROR = ".standard.error";
  private static final List<String> HEADLINES =
      List.of(
          "eigenscope.loss", "eigenscope.eigenvalue", "eigenscope.outliers", "eigenscope.trace");

  /** Scalars of a reading that has none of the headlines. */
  private static final int OTHERS = 6;

  private final Logger log;

  LogSink(Logger log) {
    this.log = log;
  }

  /** Returns a sink that logs under this class's name. */
  public static LogSink create() {
    return new LogSink(LoggerFactory.getLogger(LogSink.class));
  }

  @Override
  public void accept(Reading reading) {
    if (log.isInfoEnabled()) {
      log.info(line(reading));
    }
  }

  private static String line(Reading reading) {
    Map<String, List<Measurement>> byName =
        reading.measurements().stream()
            .collect(groupingBy(Measurement::name, LinkedHashMap::new, toList()));
    List<String> names = HEADLINES.stream().filter(byName::containsKey).toList();
    if (names.isEmpty()) {
      names =
          byName.keySet().stream()
              .filter(name -> !name.endsWith(STANDARD_ERROR))
              .limit(OTHERS)
              .toList();
    }
    List<String> parts = new ArrayList<>();
    for (String name : names) {
      String text = rendered(byName.getOrDefault(name, List.of()));
      List<Measurement> errors = byName.getOrDefault(name + STANDARD_ERROR, List.of());
      parts.add(errors.isEmpty() ? text : text + " ± " + number(errors.get(0).value()));
    }
    Provenance provenance = reading.provenance();
    parts.add(number(provenance.seconds()) + " s");
    parts.addAll(reading.notes());
    return "%s of %s/%s, iteration %d, epoch %d: %s"
        .formatted(
            provenance.probe(),
            provenance.run(),
            provenance.model(),
            provenance.iteration(),
            provenance.epoch(),
            String.join("; ", parts));
  }

  /** Renders the first of the measurements of one name, with the tags that tell it from others. */
  private static String rendered(List<Measurement> alike) {
    Measurement first = alike.get(0);
    Map<String, String> tags = new TreeMap<>(first.tags());
    tags.entrySet().removeIf(tag -> alike.stream().allMatch(m -> has(m, tag)));
    return label(first.name()) + (tags.isEmpty() ? "" : tags) + " " + number(first.value());
  }

  private static boolean has(Measurement measurement, Map.Entry<String, String> tag) {
    return tag.getValue().equals(measurement.tags().get(tag.getKey()));
  }

  private static String label(String name) {
    return (name.startsWith(PREFIX) ? name.substring(PREFIX.length()) : name).replace('.', ' ');
  }

  private static String number(double value) {
    // Counts as they are, the rest to four digits.
    return value == Math.rint(value) && Math.abs(value) < 1e6
        ? Long.toString((long) value)
        : String.format(Locale.ROOT, "%.4g", value);
  }
}
