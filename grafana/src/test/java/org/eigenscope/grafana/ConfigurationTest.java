package org.eigenscope.grafana;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** That the files of this directory fit together. */
class ConfigurationTest {
  private static final JsonNode PROMETHEUS = ShippedFiles.yaml(ShippedFiles.PROMETHEUS);
  private static final JsonNode COMPOSE = ShippedFiles.yaml(ShippedFiles.COMPOSE);

  @Test
  void amtoolReadsTheAlertmanagerExample() throws Exception {
    Program amtool = Program.onPath("amtool", "prometheus-alertmanager");

    assertThat(amtool.run(List.of("check-config", ShippedFiles.ALERTMANAGER.toString())))
        .contains("SUCCESS")
        .contains("2 inhibit rules");
  }

  /** The label by which dashboards know the scrapes. */
  @Test
  void prometheusScrapesTheDefaultPortOfTheEndpoint() {
    JsonNode job = PROMETHEUS.path("scrape_configs").path(0);

    assertThat(job.path("job_name").textValue()).isEqualTo("eigenscope");
    assertThat(job.path("static_configs").path(0).path("targets").path(0).textValue())
        .isEqualTo("localhost:9464");
  }

  @Test
  void theContainersSeeWhatTheirConfigurationNames() {
    for (JsonNode service : COMPOSE.path("services")) {
      Map<String, String> mounts = mounts(service);
      for (JsonNode argument : service.path("command")) {
        if (argument.textValue().startsWith("--config.file=")) {
          assertThat(mounts).containsKey(argument.textValue().replaceAll(".*=", ""));
        }
      }
      mounts.forEach(
          (inside, outside) -> {
            if (outside.startsWith("./") && !outside.equals("./runs")) {
              assertThat(ShippedFiles.DIRECTORY.resolve(outside)).exists();
            }
          });
    }
    JsonNode grafana = COMPOSE.path("services").path("grafana");
    String dashboards = grafana.path("environment").path("EIGENSCOPE_DASHBOARDS").textValue();
    assertThat(mounts(grafana)).containsEntry(dashboards, "./dashboards");
    assertThat(mounts(grafana)).containsEntry("/etc/grafana/provisioning", "./provisioning");
    // Relative paths of prometheus.yaml lead to the same files.
    assertThat(mounts(COMPOSE.path("services").path("prometheus")))
        .containsEntry("/etc/eigenscope/rules", "./rules")
        .containsEntry("/etc/eigenscope/runs", "./runs");
  }

  @Test
  void imagesArePinnedAndListenOnTheLoopbackAddressOnly() {
    assertThat(COMPOSE.path("services")).hasSize(3);
    for (JsonNode service : COMPOSE.path("services")) {
      assertThat(service.path("image").textValue()).matches("[a-z/]+:v?\\d+\\.\\d+\\.\\d+");
      String settings = service.path("command") + " " + service.path("environment");
      assertThat(settings)
          .containsPattern("(--web.listen-address=|GF_SERVER_HTTP_ADDR\":\")127\\.0\\.0\\.1");
      assertThat(service.path("network_mode").textValue()).isEqualTo("host");
    }
  }

  @Test
  void grafanaFindsPrometheusAndTheDashboards() {
    JsonNode source = provisioned("datasources/eigenscope.yaml").path("datasources").path(0);
    JsonNode provider = provisioned("dashboards/eigenscope.yaml").path("providers").path(0);

    assertThat(source.path("type").textValue()).isEqualTo("prometheus");
    assertThat(COMPOSE.path("services").path("prometheus").path("command").toString())
        .contains(
            "--web.listen-address="
                + source.path("url").textValue().replaceAll("http://localhost", "127.0.0.1"));
    assertThat(source.path("jsonData").path("timeInterval"))
        .isEqualTo(PROMETHEUS.path("global").path("scrape_interval"));
    assertThat(provider.path("options").path("path").textValue())
        .isEqualTo("$EIGENSCOPE_DASHBOARDS");
  }

  @Test
  void theExampleOfAlertmanagerListensWherePrometheusSends() {
    String target =
        PROMETHEUS
            .path("alerting")
            .path("alertmanagers")
            .path(0)
            .path("static_configs")
            .path(0)
            .path("targets")
            .path(0)
            .textValue();

    assertThat(COMPOSE.path("services").path("alertmanager").path("command").toString())
        .contains("--web.listen-address=" + target.replace("localhost", "127.0.0.1"));
  }

  /** An inhibition of an alert that does not exist would never be noticed. */
  @Test
  void inhibitionsNameAlertsThatExist() {
    List<String> alerts = ShippedFiles.alerts().stream().map(ShippedFiles.Rule::name).toList();
    String rules = ShippedFiles.yaml(ShippedFiles.ALERTMANAGER).path("inhibit_rules").toString();
    List<String> named =
        Pattern.compile("Eigenscope\\w+").matcher(rules).results().map(MatchResult::group).toList();

    assertThat(named).hasSizeGreaterThanOrEqualTo(4);
    assertThat(alerts).containsAll(named);
  }

  private static JsonNode provisioned(String file) {
    Path path = ShippedFiles.DIRECTORY.resolve("provisioning").resolve(file);
    assertThat(Files.exists(path)).isTrue();
    return ShippedFiles.yaml(path);
  }

  /** Returns the mounts of a container: outside, by inside. */
  private static Map<String, String> mounts(JsonNode service) {
    Map<String, String> mounts = new TreeMap<>();
    for (JsonNode volume : service.path("volumes")) {
      String[] parts = volume.textValue().split(":", -1);
      mounts.put(parts[1], parts[0]);
    }
    return mounts;
  }
}
