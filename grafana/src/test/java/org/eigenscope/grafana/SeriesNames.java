package org.eigenscope.grafana;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** The names of series that exist: those of the reference's table of meters, and recorded ones. */
final class SeriesNames {
  private static final Pattern METER_ROW =
      Pattern.compile(
          "^\\|([^|]*)\\| (gauge|counter|timer|gauge histogram) \\|", Pattern.MULTILINE);
  private static final Pattern METER = Pattern.compile("`(eigenscope\\.[a-z.]+)`");
  private static final Pattern USED = Pattern.compile("\\beigenscope[_:][a-z_:]+");

  private SeriesNames() {}

  /** Returns what the listeners export, as Prometheus sees it: the series of each meter. */
  static Map<String, List<String>> exported() {
    Map<String, List<String>> all = new LinkedHashMap<>();
    Matcher rows =
        METER_ROW.matcher(
            ShippedFiles.text(ShippedFiles.REPOSITORY.resolve("docs/reference/metrics.md")));
    while (rows.find()) {
      Matcher meters = METER.matcher(rows.group(1));
      while (meters.find()) {
        String name = meters.group(1).replace('.', '_');
        all.put(
            meters.group(1),
            switch (rows.group(2)) {
              case "counter" -> List.of(name + "_total");
              case "timer" ->
                  List.of(name + "_seconds_count", name + "_seconds_sum", name + "_seconds_max");
              case "gauge histogram" -> List.of(name + "_bucket", name + "_gcount", name + "_gsum");
              default -> List.of(name);
            });
      }
    }
    return all;
  }

  /** Returns what the rules record. */
  static Set<String> recorded() {
    return ShippedFiles.allRules().stream()
        .filter(rule -> !rule.isAlert())
        .map(ShippedFiles.Rule::name)
        .collect(Collectors.toCollection(TreeSet::new));
  }

  /** Returns the names in a query that are this project's. */
  static Set<String> usedIn(String query) {
    return USED.matcher(query)
        .results()
        .map(result -> result.group())
        .collect(Collectors.toCollection(TreeSet::new));
  }
}
