package org.eigenscope.grafana;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Dashboards against the types that Grafana publishes, of the pinned version and of a newer one.
 */
class GrafanaSchemaTest {
  private static final Path SCHEMA = ShippedFiles.DIRECTORY.resolve("schema");

  /** Panels of Spectrum live, of types with options of their own. */
  private static final String HEATMAP = "/panels/6";

  private static final String SERIES = "/panels/7";

  @TempDir Path directory;

  @Test
  void everyDashboardIsOneToGrafana() throws Exception {
    List<String> files =
        ShippedFiles.dashboards().stream()
            .map(dashboard -> ShippedFiles.DIRECTORY.resolve("dashboards") + "/" + dashboard.file())
            .toList();

    Program.Ended ended = validate(files);

    // Each version's dashboard, panel, field, query, and options of five types of panel at least.
    assertThat(ended.said().lines())
        .hasSize(2)
        .allMatch(line -> line.matches("grafana-\\d+\\.\\d+: 1\\d types"));
    assertThat(ended.status()).isZero();
  }

  /** One call for all: it takes seconds to read the types. */
  @Test
  void aDefectIsFound() throws Exception {
    Map<String, Consumer<ObjectNode>> defects = new LinkedHashMap<>();
    defects.put("\"refreshes\"", dashboard -> dashboard.put("refreshes", "5s"));
    defects.put("/graphTooltip", dashboard -> dashboard.put("graphTooltip", 7));
    defects.put("\"schemaVersion\"", dashboard -> dashboard.remove("schemaVersion"));
    defects.put("/templating/list", in("/templating/list/1", variable -> variable.put("hide", 9)));
    defects.put("/gridPos", in("/panels/1/gridPos", place -> place.put("x", "left")));
    defects.put("/type", in("/panels/1", panel -> panel.put("type", "graph")));
    defects.put("\"legends\"", in(SERIES + "/options", options -> options.put("legends", 1)));
    defects.put("/displayMode", in(SERIES + "/options/legend", l -> l.put("displayMode", "none")));
    defects.put("\"units\"", in(SERIES + "/fieldConfig/defaults", all -> all.put("units", "s")));
    defects.put(
        "/drawStyle", in(SERIES + "/fieldConfig/defaults/custom", all -> all.put("drawStyle", 1)));
    defects.put("\"exprs\"", in(SERIES + "/targets/0", target -> target.put("exprs", "up")));
    defects.put("/scheme", in(HEATMAP + "/options/color", color -> color.put("scheme", 1)));
    List<String> files = new ArrayList<>();
    for (Consumer<ObjectNode> defect : defects.values()) {
      ObjectNode dashboard =
          (ObjectNode)
              ShippedFiles.json(ShippedFiles.DIRECTORY.resolve("dashboards/spectrum-live.json"));
      defect.accept(dashboard);
      Path file = directory.resolve("defect-%d.json".formatted(files.size()));
      files.add(Files.writeString(file, dashboard.toString()).toString());
    }

    Program.Ended ended = validate(files);

    assertThat(ended.status()).isEqualTo(1);
    int number = 0;
    for (String finding : defects.keySet()) {
      String file = "defect-%d.json,".formatted(number++);
      assertThat(ended.said().lines().filter(line -> line.startsWith(file)))
          .as(file)
          .isNotEmpty()
          .allMatch(line -> line.contains(finding));
    }
  }

  private static Consumer<ObjectNode> in(String place, Consumer<ObjectNode> defect) {
    return dashboard -> defect.accept((ObjectNode) dashboard.at(place));
  }

  private static Program.Ended validate(List<String> files) throws Exception {
    Program node = Program.onPath("node", "nodejs");
    assumeTrue(
        Files.isDirectory(SCHEMA.resolve("node_modules")),
        "Grafana's types are not there; fetch them with npm ci in grafana/schema");
    return node.attempt(Stream.concat(Stream.of("schema/validate.mjs"), files.stream()).toList());
  }
}
