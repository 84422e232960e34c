package org.eigenscope.cli.report;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.eigenscope.probes.Provenance;

/** Where readings come from: one row for all that were measured in the same way. */
final class Sources {
  /** More are not listed; a probe has one for each of its settings. */
  private static final int MAX_SIZE = 100;

  private final Map<Source, Cost> costs = new LinkedHashMap<>();
  private long leftOut;

  private record Source(
      String journal,
      String run,
      String model,
      String probe,
      long examples,
      long seed,
      Map<String, String> settings,
      Map<String, String> versions) {}

  private static final class Cost {
    private final TreeSet<Integer> iterations = new TreeSet<>();
    private long readings;
    private long matvecs;
    private double seconds;
  }

  void add(String journal, Provenance provenance) {
    Source source =
        new Source(
            journal,
            provenance.run(),
            provenance.model(),
            provenance.probe(),
            provenance.examples(),
            provenance.seed(),
            provenance.settings(),
            provenance.versions());
    if (costs.size() == MAX_SIZE && !costs.containsKey(source)) {
      leftOut++;
      return;
    }
    Cost cost = costs.computeIfAbsent(source, key -> new Cost());
    cost.iterations.add(provenance.iteration());
    cost.readings++;
    cost.matvecs += provenance.matvecs();
    cost.seconds += provenance.seconds();
  }

  NumberTable table() {
    List<List<String>> rows = new ArrayList<>();
    costs.forEach(
        (source, cost) ->
            rows.add(
                List.of(
                    source.run,
                    source.journal,
                    source.model,
                    source.probe,
                    Numbers.span(cost.iterations.first(), cost.iterations.last()),
                    Long.toString(cost.readings),
                    Long.toString(cost.matvecs),
                    Numbers.text(cost.seconds),
                    Long.toString(source.examples),
                    Long.toString(source.seed),
                    text(source.settings),
                    text(source.versions))));
    return new NumberTable(
        "One row for all readings that were measured in the same way; matvecs and seconds are sums"
            + " over them"
            + (leftOut > 0 ? ". Readings of further ways: %d".formatted(leftOut) : ""),
        List.of(
            "run",
            "journal",
            "model",
            "probe",
            "iterations",
            "readings",
            "matvecs",
            "seconds",
            "examples",
            "seed",
            "settings",
            "versions"),
        rows);
  }

  private static String text(Map<String, String> values) {
    return values.entrySet().stream()
        .map(entry -> entry.getKey() + " " + entry.getValue())
        .collect(Collectors.joining(", "));
  }
}
