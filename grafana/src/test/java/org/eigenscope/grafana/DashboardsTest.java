package org.eigenscope.grafana;

import static java.util.stream.Collectors.toSet;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The rules of ours that dashboards keep; Grafana's are those of {@link GrafanaSchemaTest}. What a
 * query returns is tested in {@link DashboardQueriesTest}.
 */
class DashboardsTest {
  /** The first schema of Grafana 10.0. */
  private static final int OLDEST_SCHEMA = 38;

  private static final int COLUMNS = 24;

  private static final Set<String> PANELS =
      Set.of("timeseries", "heatmap", "stat", "table", "state-timeline");

  /** Identifiers of Grafana's units. */
  private static final Set<String> UNITS =
      Set.of("none", "short", "sishort", "locale", "percentunit", "s");

  private static final Pattern LEGEND_LABEL = Pattern.compile("\\{\\{(\\w+)}}");

  /** Values that make a query of any dashboard one that can be parsed. */
  private static final Map<String, String> ANY =
      Map.of(
          "run", "a",
          "model", "m",
          "operator", "hessian",
          "normalization", "none",
          "layer", "all",
          "arm", "none",
          "reference", "batch");

  @TempDir Path directory;

  static List<Dashboard> dashboards() {
    return ShippedFiles.dashboards();
  }

  @Test
  void thereAreSixWithAddressesOfTheirOwn() {
    assertThat(dashboards())
        .extracting(dashboard -> dashboard.body().path("uid").textValue())
        .containsExactlyInAnyOrder(
            "eigenscope-spectrum",
            "eigenscope-gradient",
            "eigenscope-normalization",
            "eigenscope-structure",
            "eigenscope-runs",
            "eigenscope-health");
    assertThat(dashboards())
        .extracting(dashboard -> dashboard.body().path("title").textValue())
        .doesNotHaveDuplicates()
        .allMatch(title -> title.startsWith("Eigenscope / "));
  }

  @ParameterizedTest
  @MethodSource("dashboards")
  void aDashboardCanBeImportedAndFound(Dashboard dashboard) {
    JsonNode body = dashboard.body();

    assertThat(body.path("schemaVersion").intValue()).isGreaterThanOrEqualTo(OLDEST_SCHEMA);
    // A number of its own would be that of somebody else's dashboard.
    assertThat(body.has("id")).isFalse();
    assertThat(body.path("tags")).extracting(JsonNode::textValue).containsExactly("eigenscope");
    assertThat(body.path("description").textValue()).endsWith(".");
    assertThat(body.path("links").path(0).path("includeVars").booleanValue()).isTrue();
  }

  @ParameterizedTest
  @MethodSource("dashboards")
  void variablesAreDeclaredAndUsed(Dashboard dashboard) {
    List<String> declared =
        dashboard.variables().stream().map(variable -> variable.path("name").textValue()).toList();
    Set<String> used = new TreeSet<>(Set.of("datasource"));
    Stream.concat(
            dashboard.queries().stream().map(Dashboard.Query::expression),
            Stream.concat(
                dashboard.annotationQueries().stream(),
                dashboard.labelValues().stream().map(Dashboard.LabelValues::selector)))
        .forEach(text -> used.addAll(Dashboard.variablesOf(text)));

    assertThat(declared).startsWith("datasource", "run", "model").doesNotHaveDuplicates();
    assertThat(declared).containsExactlyInAnyOrderElementsOf(used);
    assertThat(dashboard.variables().get(0).path("type").textValue()).isEqualTo("datasource");
    // A variable is called what the label is.
    assertThat(dashboard.labelValues())
        .allSatisfy(values -> assertThat(values.label()).isEqualTo(values.variable()));
  }

  @ParameterizedTest
  @MethodSource("dashboards")
  void everyPanelSaysWhatItShowsAndInWhichUnit(Dashboard dashboard) {
    assertThat(dashboard.panels()).isNotEmpty();
    assertThat(dashboard.panels()).extracting(panel -> panel.path("id")).doesNotHaveDuplicates();
    assertThat(dashboard.panels())
        .extracting(panel -> panel.path("title").textValue())
        .doesNotHaveDuplicates()
        .noneMatch(String::isBlank);
    assertThat(dashboard.panels())
        .allSatisfy(
            panel -> {
              assertThat(panel.path("type").textValue()).isIn(PANELS);
              assertThat(panel.path("description").textValue())
                  .hasSizeGreaterThan(20)
                  .endsWith(".");
              assertThat(panel.path("fieldConfig").path("defaults").path("unit").textValue())
                  .isIn(UNITS);
              assertThat(panel.path("options").isObject()).isTrue();
              for (JsonNode override : panel.path("fieldConfig").path("overrides")) {
                for (JsonNode property : override.path("properties")) {
                  if (property.path("id").textValue().equals("unit")) {
                    assertThat(property.path("value").textValue()).isIn(UNITS);
                  }
                }
              }
            });
  }

  @ParameterizedTest
  @MethodSource("dashboards")
  void everyPanelAsksTheChosenDataSource(Dashboard dashboard) {
    for (JsonNode panel : dashboard.panels()) {
      assertThat(panel.path("datasource").path("uid").textValue()).isEqualTo("${datasource}");
      assertThat(panel.path("targets")).isNotEmpty();
      Set<String> references = new HashSet<>();
      for (JsonNode target : panel.path("targets")) {
        assertThat(target.path("datasource")).isEqualTo(panel.path("datasource"));
        assertThat(references.add(target.path("refId").textValue())).isTrue();
        assertThat(target.path("instant").booleanValue())
            .isNotEqualTo(target.path("range").booleanValue());
        String format = target.path("format").asText("time_series");
        switch (panel.path("type").textValue()) {
          case "heatmap" -> {
            assertThat(format).isEqualTo("heatmap");
            assertThat(target.path("legendFormat").textValue()).isEqualTo("{{le}}");
            // A state, not a count of events; and one histogram at a time.
            assertThat(target.path("expr").textValue())
                .startsWith("sum by (le) (")
                .doesNotContain("rate(");
            assertThat(panel.path("options").path("calculate").booleanValue()).isFalse();
          }
          case "table" -> {
            assertThat(format).isEqualTo("table");
            assertThat(target.path("instant").booleanValue()).isTrue();
          }
          default -> assertThat(format).isEqualTo("time_series");
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("dashboards")
  void panelsShareTheGridWithoutOverlap(Dashboard dashboard) {
    Set<List<Integer>> taken = new HashSet<>();
    for (JsonNode panel : dashboard.panels()) {
      JsonNode place = panel.path("gridPos");
      int left = place.path("x").intValue();
      int top = place.path("y").intValue();
      assertThat(left + place.path("w").intValue()).isLessThanOrEqualTo(COLUMNS);
      for (int x = left; x < left + place.path("w").intValue(); x++) {
        for (int y = top; y < top + place.path("h").intValue(); y++) {
          assertThat(taken.add(List.of(x, y)))
              .as("%s at %d, %d", panel.path("title"), x, y)
              .isTrue();
        }
      }
    }
  }

  /** An override of a name that no query has changes nothing, silently. */
  @ParameterizedTest
  @MethodSource("dashboards")
  void overridesReferToWhatThePanelShows(Dashboard dashboard) {
    for (JsonNode panel : dashboard.panels()) {
      Set<String> names =
          ShippedFiles.stream(panel.path("targets"))
              .flatMap(target -> Stream.of("refId", "legendFormat").map(target::path))
              .map(JsonNode::textValue)
              .collect(toSet());
      for (JsonNode transformation : panel.path("transformations")) {
        transformation.path("options").path("renameByName").forEach(n -> names.add(n.textValue()));
      }
      for (JsonNode override : panel.path("fieldConfig").path("overrides")) {
        assertThat(names).contains(override.path("matcher").path("options").textValue());
        for (JsonNode property : override.path("properties")) {
          if (property.path("id").textValue().equals("custom.fillBelowTo")) {
            assertThat(names).contains(property.path("value").textValue());
          }
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("dashboards")
  void queriesReadSeriesThatExist(Dashboard dashboard) {
    Set<String> known = new TreeSet<>(SeriesNames.recorded());
    SeriesNames.exported().values().forEach(known::addAll);
    for (Dashboard.Query query : dashboard.queries()) {
      assertThat(known).as(query.panel()).containsAll(SeriesNames.usedIn(query.expression()));
    }
    for (Dashboard.LabelValues values : dashboard.labelValues()) {
      assertThat(known).as(values.variable()).containsAll(SeriesNames.usedIn(values.selector()));
    }
  }

  @Test
  void everyMeterIsShownSomewhere() {
    Set<String> shown = new TreeSet<>();
    for (Dashboard dashboard : dashboards()) {
      dashboard.queries().forEach(query -> shown.addAll(SeriesNames.usedIn(query.expression())));
    }
    assertThat(SeriesNames.exported()).hasSizeGreaterThan(20);
    assertThat(SeriesNames.exported())
        .allSatisfy((meter, series) -> assertThat(shown).as(meter).containsAnyElementsOf(series));
  }

  @Test
  void legendsNameLabelsThatMetersHave() {
    String reference =
        ShippedFiles.text(ShippedFiles.REPOSITORY.resolve("docs/reference/metrics.md"));
    Set<String> known = new TreeSet<>(Set.of("instance", "signal", "le"));
    Pattern.compile("[a-z]+").matcher(reference).results().forEach(word -> known.add(word.group()));
    Set<String> used =
        dashboards().stream()
            .flatMap(dashboard -> dashboard.panels().stream())
            .flatMap(panel -> ShippedFiles.stream(panel.path("targets")))
            .flatMap(
                target -> LEGEND_LABEL.matcher(target.path("legendFormat").textValue()).results())
            .map(result -> result.group(1))
            .collect(Collectors.toCollection(TreeSet::new));

    assertThat(known).containsAll(used);
  }

  @Test
  void promtoolParsesEveryQuery() throws Exception {
    Program promtool = Program.promtool();
    StringBuilder rules = new StringBuilder("groups:\n- name: queries\n  rules:\n");
    int queries = 0;
    for (Dashboard dashboard : dashboards()) {
      List<String> expressions =
          Stream.concat(
                  dashboard.queries().stream().map(Dashboard.Query::expression),
                  dashboard.annotationQueries().stream())
              .toList();
      for (String expression : expressions) {
        queries++;
        rules
            .append("  - record: query:%d\n    expr: |\n      ".formatted(queries))
            .append(Dashboard.interpolate(expression, ANY).replace("\n", "\n      "))
            .append('\n');
      }
    }
    Path file = Files.writeString(directory.resolve("queries.yaml"), rules);

    assertThat(promtool.run(List.of("check", "rules", file.toString())))
        .contains("SUCCESS: " + queries + " rules found");
  }
}
