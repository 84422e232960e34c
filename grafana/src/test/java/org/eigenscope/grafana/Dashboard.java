package org.eigenscope.grafana;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A dashboard as Grafana reads it. */
record Dashboard(String file, JsonNode body) {
  private static final Pattern VARIABLE = Pattern.compile("\\$\\{?(\\w+)(?::\\w+)?}?");
  private static final Pattern LABEL_VALUES =
      Pattern.compile("label_values\\((.*), (\\w+)\\)", Pattern.DOTALL);

  /** One query of a panel. */
  record Query(String panel, String expression, boolean instant) {}

  /** A variable whose values Grafana asks for: those of a label of some series. */
  record LabelValues(String variable, String selector, String label) {}

  List<JsonNode> panels() {
    return ShippedFiles.stream(body.path("panels")).toList();
  }

  List<JsonNode> variables() {
    return ShippedFiles.stream(body.path("templating").path("list")).toList();
  }

  /** Returns the queries of all panels. */
  List<Query> queries() {
    List<Query> all = new ArrayList<>();
    for (JsonNode panel : panels()) {
      for (JsonNode target : panel.path("targets")) {
        all.add(
            new Query(
                "%s: %s, %s"
                    .formatted(
                        file, panel.path("title").textValue(), target.path("refId").textValue()),
                target.path("expr").textValue(),
                target.path("instant").booleanValue()));
      }
    }
    return all;
  }

  /** Returns the queries of annotations, which may have nothing to show. */
  List<String> annotationQueries() {
    return ShippedFiles.stream(body.path("annotations").path("list"))
        .filter(annotation -> annotation.has("expr"))
        .map(annotation -> annotation.path("expr").textValue())
        .toList();
  }

  List<LabelValues> labelValues() {
    List<LabelValues> all = new ArrayList<>();
    for (JsonNode variable : variables()) {
      if (variable.path("type").textValue().equals("query")) {
        Matcher matcher = LABEL_VALUES.matcher(variable.path("query").path("query").textValue());
        if (!matcher.matches()) {
          throw new AssertionError("not label_values(selector, label): " + variable);
        }
        all.add(
            new LabelValues(variable.path("name").textValue(), matcher.group(1), matcher.group(2)));
      }
    }
    return all;
  }

  /** Returns the names of the variables in a text. */
  static List<String> variablesOf(String text) {
    return VARIABLE.matcher(text).results().map(result -> result.group(1)).toList();
  }

  /**
   * Returns a query as Grafana sends it.
   *
   * @throws AssertionError if a variable has no value
   */
  static String interpolate(String text, Map<String, String> values) {
    return VARIABLE
        .matcher(text)
        .replaceAll(
            result -> {
              String value = values.get(result.group(1));
              if (value == null) {
                throw new AssertionError("no value for " + result.group() + " in " + text);
              }
              return Matcher.quoteReplacement(value);
            });
  }
}
