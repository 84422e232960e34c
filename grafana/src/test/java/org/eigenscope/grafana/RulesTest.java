package org.eigenscope.grafana;

import static java.util.stream.Collectors.toSet;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.eigenscope.grafana.ShippedFiles.Rule;
import org.junit.jupiter.api.Test;

/** The recording rules and the alerts. */
class RulesTest {
  private static final List<Rule> ALERTS = ShippedFiles.alerts();

  @Test
  void promtoolReadsRulesAndConfiguration() throws Exception {
    Program promtool = Program.promtool();

    assertThat(promtool.run(arguments("check", "rules", ShippedFiles.rules())))
        .contains("SUCCESS")
        .doesNotContain("FAILED");
    assertThat(promtool.run(List.of("check", "config", ShippedFiles.PROMETHEUS.toString())))
        .contains(ShippedFiles.rules().size() + " rule files found");
  }

  @Test
  void alertsFireAndResolveAsTheirTestsSay() throws Exception {
    String said = Program.promtool().run(arguments("test", "rules", ShippedFiles.ruleTests()));

    assertThat(said.lines().filter(line -> line.contains("SUCCESS")))
        .hasSameSizeAs(ShippedFiles.ruleTests());
  }

  /** That it fires, that it does not before, and that it stops. */
  @Test
  void everyAlertIsTestedFiringSilentAndResolving() {
    for (Rule alert : ALERTS) {
      List<String> histories = new ArrayList<>();
      for (Path file : ShippedFiles.ruleTests()) {
        for (JsonNode test : ShippedFiles.yaml(file).path("tests")) {
          StringBuilder history = new StringBuilder();
          for (JsonNode moment : test.path("alert_rule_test")) {
            if (moment.path("alertname").textValue().equals(alert.name())) {
              history.append(moment.path("exp_alerts").isEmpty() ? 's' : 'F');
            }
          }
          histories.add(history.toString());
        }
      }
      assertThat(histories).as(alert.name()).anyMatch(history -> history.matches("s+F+.*s"));
    }
  }

  @Test
  void everyAlertHasASeverityASummaryAndARunbookSection() {
    Set<String> sections =
        ShippedFiles.text(ShippedFiles.REPOSITORY.resolve("docs/runbook.md"))
            .lines()
            .filter(line -> line.startsWith("## "))
            .map(line -> line.substring(3).strip())
            .collect(toSet());
    for (Rule alert : ALERTS) {
      JsonNode annotations = alert.body().path("annotations");
      assertThat(alert.body().path("labels").path("severity").textValue())
          .as(alert.name())
          .isIn("critical", "warning", "info");
      assertThat(annotations.path("summary").textValue())
          .as(alert.name())
          .contains("Run {{ $labels.run }}, model {{ $labels.model }}", "$value");
      assertThat(annotations.path("runbook").textValue())
          .isEqualTo("docs/runbook.md#" + alert.name().toLowerCase(Locale.ROOT));
      assertThat(sections).contains(alert.name());
    }
    assertThat(sections.stream().filter(section -> section.startsWith("Eigenscope")))
        .hasSameSizeAs(ALERTS);
  }

  @Test
  void rulesReadSeriesThatExist() {
    Set<String> known = new TreeSet<>(SeriesNames.recorded());
    SeriesNames.exported().values().forEach(known::addAll);
    for (Rule rule : ShippedFiles.allRules()) {
      assertThat(known).as(rule.name()).containsAll(SeriesNames.usedIn(rule.expression()));
    }
  }

  /**
   * Groups are evaluated at moments of their own: a rule that remembers, and reads another group,
   * would pair a new reading with an old value.
   */
  @Test
  void groupsThatRememberReadTheirOwnSeries() {
    Set<String> remembering =
        ShippedFiles.allRules().stream()
            .filter(rule -> rule.expression().contains("last_over_time("))
            .map(Rule::group)
            .collect(toSet());
    assertThat(remembering).containsExactlyInAnyOrder("eigenscope-signals", "eigenscope-probes");
    for (String group : remembering) {
      Set<String> own = new TreeSet<>(Set.of("eigenscope:limit"));
      Set<String> read = new TreeSet<>();
      for (Rule rule : ShippedFiles.allRules()) {
        if (rule.group().equals(group)) {
          own.add(rule.name());
          read.addAll(SeriesNames.usedIn(rule.expression()));
        }
      }
      read.retainAll(SeriesNames.recorded());
      assertThat(own).as(group).containsAll(read);
    }
  }

  /** A rule nobody reads would rot. */
  @Test
  void everythingRecordedIsRead() {
    Set<String> read = new TreeSet<>();
    Stream.concat(
            ShippedFiles.allRules().stream().map(Rule::expression),
            ShippedFiles.dashboards().stream()
                .flatMap(dashboard -> dashboard.queries().stream())
                .map(Dashboard.Query::expression))
        .forEach(query -> read.addAll(SeriesNames.usedIn(query)));

    assertThat(read).containsAll(SeriesNames.recorded());
  }

  private static List<String> arguments(String command, String what, List<Path> files) {
    return Stream.concat(Stream.of(command, what), files.stream().map(Path::toString)).toList();
  }
}
