package org.eigenscope.grafana;

import static java.util.stream.Collectors.toMap;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.eigenscope.grafana.ShippedFiles.Rule;
import org.eigenscope.listeners.alerts.Alert;
import org.eigenscope.listeners.alerts.AlertLimits;
import org.eigenscope.listeners.alerts.AlertSink;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Alerts in process are those of the rules: same limits, same tests, same words. */
class AlertsInProcessTest {
  private static final String PREFIX = "Eigenscope";
  private static final Pattern LIMIT = Pattern.compile("vector\\((.*)\\)");

  /** Labels that alerts in process don't have, or not as tags. */
  private static final Set<String> NOT_TAGS =
      Set.of("severity", "job", "instance", "run", "model", "probe", "signal");

  @Test
  void limitsAreThoseOfTheRules() {
    Map<String, Double> shipped = new TreeMap<>();
    for (Rule rule : ShippedFiles.allRules()) {
      Matcher limit = LIMIT.matcher(rule.expression());
      if (rule.name().equals("eigenscope:limit") && limit.matches()) {
        shipped.put(
            rule.body().path("labels").path("signal").textValue(), Double.valueOf(limit.group(1)));
      }
    }
    AlertLimits limits = AlertLimits.defaults();

    assertThat(shipped)
        .isEqualTo(
            Map.of(
                "stability", limits.stability(),
                "gradient", limits.gradient(),
                "residual", limits.residual(),
                "overhead", limits.overhead(),
                "sharpness", limits.sharpness(),
                "outliers", limits.outliers(),
                "negative_mass", limits.negativeMass()));
  }

  static Stream<Arguments> tests() {
    return ShippedFiles.ruleTests().stream()
        .flatMap(file -> ShippedFiles.stream(ShippedFiles.yaml(file).path("tests")))
        .map(test -> Arguments.of(test.path("name").textValue(), test));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("tests")
  void alertsAreThoseThatTheTestsOfTheRulesExpect(String name, JsonNode test) {
    Playback playback = new Playback(test);
    Set<String> told = new HashSet<>();
    try (AlertSink sink =
        AlertSink.builder()
            .clock(playback.clock())
            .checkEvery(Duration.ZERO)
            .tellAtMostEvery(Duration.ZERO)
            .withoutLog()
            .onAlert(alert -> note(told, alert))
            .build()) {
      for (JsonNode moment : test.path("alert_rule_test")) {
        playback.playUntil(moment.path("eval_time").textValue(), sink, sink::check);
        String alertName = moment.path("alertname").textValue().substring(PREFIX.length());

        List<String> lasting = new ArrayList<>();
        for (Alert alert : sink.alerts()) {
          if (alert.name().equals(alertName) && !playback.over().contains(alert.run())) {
            lasting.add(rendered(alert));
          }
        }
        assertThat(lasting)
            .as("%s at %s", alertName, moment.path("eval_time").textValue())
            .containsExactlyInAnyOrderElementsOf(expected(moment));
        assertThat(told)
            .hasSameSizeAs(sink.alerts())
            .containsAll(sink.alerts().stream().map(AlertsInProcessTest::subject).toList());
      }
    }
  }

  /** Each test above compares one alert; together they are all. */
  @Test
  void testsExpectEveryAlert() {
    Set<String> expected = new TreeSet<>();
    tests()
        .map(arguments -> (JsonNode) arguments.get()[1])
        .flatMap(test -> ShippedFiles.stream(test.path("alert_rule_test")))
        .filter(moment -> !moment.path("exp_alerts").isEmpty())
        .forEach(moment -> expected.add(moment.path("alertname").textValue()));

    assertThat(expected)
        .containsExactlyInAnyOrderElementsOf(
            ShippedFiles.alerts().stream().map(Rule::name).toList());
  }

  private static void note(Set<String> told, Alert alert) {
    boolean changes =
        alert.state() == Alert.State.RAISED
            ? told.add(subject(alert))
            : told.remove(subject(alert));
    assertThat(changes).as("%s", alert).isTrue();
  }

  private static String subject(Alert alert) {
    // The probe is part of it only where the summary names it.
    return alert.name() + alert.run() + alert.model() + alert.tags();
  }

  private static List<String> expected(JsonNode moment) {
    return ShippedFiles.stream(moment.path("exp_alerts"))
        .map(
            alert -> {
              JsonNode labels = alert.path("exp_labels");
              Map<String, String> tags =
                  labels.properties().stream()
                      .filter(label -> !NOT_TAGS.contains(label.getKey()))
                      .collect(toMap(Map.Entry::getKey, label -> label.getValue().asText()));
              return rendered(
                  labels.path("severity").textValue(),
                  labels.path("run").textValue(),
                  labels.path("model").textValue(),
                  tags,
                  alert.path("exp_annotations").path("summary").textValue(),
                  alert.path("exp_annotations").path("runbook").textValue());
            })
        .toList();
  }

  private static String rendered(Alert alert) {
    return rendered(
        alert.severity().name().toLowerCase(Locale.ROOT),
        alert.run(),
        alert.model(),
        alert.tags(),
        alert.summary(),
        alert.runbook());
  }

  private static String rendered(
      String severity,
      String run,
      String model,
      Map<String, String> tags,
      String summary,
      String runbook) {
    return String.join(
        "\n", severity, run, model, new TreeMap<>(tags).toString(), summary, runbook);
  }
}
