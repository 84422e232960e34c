package org.eigenscope.listeners.metrics;

import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides which time series may exist, so that no reading of any probe can break a scrape or flood
 * a monitoring system.
 *
 * <p>Names are compared as Prometheus sees them, with underscores. A name keeps the kind, the tag
 * keys and the description it was first used with; a gauge is reported by any number of probes in
 * one spelling, a histogram by the probe that first reported it; the number of series is bounded.
 *
 * <p><b>Threading.</b> Guarded by its owner's lock, except for {@link #refused()}.
 */
final class SeriesLedger {

  /** How a name is exported. */
  enum Kind {
    GAUGE("gauge"),
    HISTOGRAM("histogram");

    private final String word;

    Kind(String word) {
      this.word = word;
    }
  }

  private record Family(Kind kind, Set<String> tagKeys, String description) {}

  private record Spelling(String name, Map<String, String> tags) {}

  /** Who reports a series, the first of them first. */
  private record Reporters(Spelling spelling, Set<ProbeKey> probes) {}

  private static final Logger log = LoggerFactory.getLogger(EigenscopeMetrics.class);

  /** Names and tag keys that every monitoring system takes. */
  private static final Pattern PORTABLE = Pattern.compile("[a-zA-Z][a-zA-Z0-9_.]*");

  /** Labels that Prometheus keeps for histograms and summaries. */
  private static final Set<String> RESERVED_TAGS = new TreeSet<>(Set.of("le", "quantile"));

  private static final List<String> IMPLIED_SUFFIXES =
      List.of("_total", "_created", "_bucket", "_info");

  private static final int MAXIMUM_LOGGED = 100;

  private final int maximumSeries;
  private final Map<String, Family> families = new HashMap<>();
  private final Map<Spelling, Reporters> reporters = new HashMap<>();
  private final Set<String> logged = new HashSet<>();
  private final AtomicLong refused = new AtomicLong();
  private int used;

  SeriesLedger(int maximumSeries) {
    this.maximumSeries = maximumSeries;
  }

  /** Returns how many values were not shown. */
  long refused() {
    return refused.get();
  }

  /** Returns the description that a name is exported with. */
  String description(String name) {
    Family family = families.get(canonical(name));
    if (family == null) {
      throw new IllegalArgumentException("no series of the name '%s' was claimed".formatted(name));
    }
    return family.description();
  }

  /** Takes room for series of this package's own; returns false when there is none. */
  boolean claimOwn(String what, int series) {
    if (used + series > maximumSeries) {
      return refuse(what, exhausted());
    }
    used += series;
    return true;
  }

  /**
   * Takes a series for a probe, once; returns false when the probe must not export it.
   *
   * @param probe who asks
   * @param kind how the series will be exported
   * @param name as in the reading
   * @param tags all tags, run and model included
   * @param description for people
   * @param series how many time series it makes
   */
  boolean claim(
      ProbeKey probe,
      Kind kind,
      String name,
      Map<String, String> tags,
      String description,
      int series) {
    if (!PORTABLE.matcher(name).matches()) {
      return refuse(name, "its name must match " + PORTABLE);
    }
    String prometheusName = canonical(name);
    if (OwnMeter.reserves(prometheusName)) {
      return refuse(name, "its name is one of this library's own meters");
    }
    Map<String, String> labels = new TreeMap<>();
    for (Map.Entry<String, String> tag : tags.entrySet()) {
      String key = label(tag.getKey());
      if (!PORTABLE.matcher(tag.getKey()).matches()
          || RESERVED_TAGS.contains(key)
          || labels.put(key, tag.getValue()) != null) {
        return refuse(
            name,
            "tag keys must match %s, be distinct and not be one of %s, got %s"
                .formatted(PORTABLE, RESERVED_TAGS, tags.keySet()));
      }
    }
    Family family = families.get(prometheusName);
    if (family != null && (family.kind() != kind || !family.tagKeys().equals(labels.keySet()))) {
      return refuse(
          name,
          "it is a %s with the tags %s, but its name already stands for a %s with the tags %s"
              .formatted(kind.word, labels.keySet(), family.kind().word, family.tagKeys()));
    }
    Spelling spelling = new Spelling(name, tags);
    Spelling wanted = new Spelling(prometheusName, labels);
    Reporters known = reporters.get(wanted);
    if (known != null) {
      // Two spellings would be exported twice, by the same probe too.
      if (kind == Kind.GAUGE && known.spelling().equals(spelling) && known.probes().add(probe)) {
        return true;
      }
      return refuse(
          name,
          "%s already reports it with the tags %s"
              .formatted(known.probes().iterator().next(), labels));
    }
    if (used + series > maximumSeries) {
      return refuse(name, exhausted());
    }
    used += series;
    families.putIfAbsent(
        prometheusName, new Family(kind, new TreeSet<>(labels.keySet()), description));
    reporters.put(wanted, new Reporters(spelling, new LinkedHashSet<>(Set.of(probe))));
    return true;
  }

  /** Counts a value that is not shown, and logs the first of its kind; returns false. */
  boolean refuse(String what, String reason) {
    refused.incrementAndGet();
    if (logged.size() < MAXIMUM_LOGGED && logged.add(what)) {
      log.warn("{} is not exported (said once): {}", what, reason);
    }
    return false;
  }

  private String exhausted() {
    return "the maximum of %d series is reached; it is set by EigenscopeMetrics.create(int) and"
            .formatted(maximumSeries)
        + " PrometheusEndpoint.Builder.maximumSeries(int)";
  }

  /** Returns a meter's name as Prometheus sees it, without the suffixes that it adds by itself. */
  static String canonical(String name) {
    String underscored = label(name);
    for (String suffix : IMPLIED_SUFFIXES) {
      if (underscored.endsWith(suffix) && underscored.length() > suffix.length()) {
        return canonical(underscored.substring(0, underscored.length() - suffix.length()));
      }
    }
    return underscored;
  }

  /** Returns a tag's key as Prometheus sees it. */
  static String label(String key) {
    return key.replace('.', '_');
  }
}
