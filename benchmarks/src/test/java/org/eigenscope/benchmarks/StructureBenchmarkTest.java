package org.eigenscope.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class StructureBenchmarkTest {
  @TempDir private Path directory;

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private int run(String... arguments) {
    CommandLine commandLine = Benchmark.commandLine(new StructureBenchmark());
    commandLine.setOut(new PrintWriter(out)).setErr(new PrintWriter(err, true));
    return commandLine.execute(arguments);
  }

  private JsonNode cases(int examples, String... arguments) throws IOException {
    Path json = directory.resolve("structure.json");
    List<String> all = new ArrayList<>(List.of("--json", json.toString(), "--precision", "float"));
    all.addAll(List.of("--examples", Integer.toString(examples)));
    all.addAll(List.of(arguments));
    assertThat(run(all.toArray(String[]::new))).as(err.toString()).isZero();
    return new ObjectMapper().readTree(json.toFile()).get("cases");
  }

  @Test
  void writesWhatAReadingTook() throws IOException {
    JsonNode figures = cases(2, "--network", "mlp", "--probe", "classes");

    assertThat(figures).hasSize(1);
    JsonNode figure = figures.get(0);
    assertThat(figure.fieldNames())
        .toIterable()
        .containsExactly(
            "network",
            "probe",
            "classes",
            "examplesPerClass",
            "parameters",
            "precision",
            "normalization",
            "engine",
            "products",
            "seconds",
            "peakBytes");
    assertThat(figure.get("network").textValue()).isEqualTo("mlp");
    assertThat(figure.get("probe").textValue()).isEqualTo("classes");
    assertThat(figure.get("classes").intValue()).isEqualTo(10);
    assertThat(figure.get("examplesPerClass").intValue()).isEqualTo(2);
    assertThat(figure.get("parameters").longValue()).isEqualTo(535_818);
    assertThat(figure.get("precision").textValue()).isEqualTo("float");
    assertThat(figure.get("normalization").textValue()).isEqualTo("none");
    assertThat(figure.get("engine").textValue()).isEqualTo("tangent");
    // Cross-class means of both decompositions and the trace, for each of ten classes.
    assertThat(figure.get("products").longValue()).isEqualTo(10 * (10 + 10 + 10));
    assertThat(figure.get("seconds").doubleValue()).isPositive();
    assertThat(figure.get("peakBytes").longValue()).isGreaterThan(2 * 100 * 4 * 535_818L);
    assertThat(out.toString()).contains("| mlp | classes | float | 10 × 2 | 300 | ");
  }

  @Tag("slow")
  @Test
  void readsEveryProbeUnlessSomeAreNamed() throws IOException {
    JsonNode figures = cases(1, "--network", "mlp", "--layers", "layer2");

    assertThat(figures.findValuesAsText("probe"))
        .containsExactly("classes", "knockouts", "layers", "decomposition", "comparison");
    long classes = figures.get(0).get("products").longValue();
    assertThat(figures.get(1).get("products").longValue()).isGreaterThan(classes);
    // Three matrices: 90 steps each, and as many eigenpairs as are asked for.
    assertThat(figures.get(3).get("products").longValue()).isGreaterThan(3 * (90 + 10));
    for (JsonNode figure : figures) {
      assertThat(figure.get("engine").textValue()).isEqualTo("tangent");
      assertThat(figure.get("products").longValue()).isPositive();
      assertThat(figure.get("peakBytes").longValue()).isPositive();
    }
  }

  @Tag("slow")
  @Test
  void freezesStatisticsForClassesAlone() throws IOException {
    JsonNode figures =
        cases(1, "--network", "resnet20", "--probe", "classes,layers", "--layers", "out");

    assertThat(figures.findValuesAsText("normalization")).containsExactly("frozen", "batch");
    assertThat(figures.get(0).get("products").longValue()).isEqualTo(10 * (10 + 10 + 10));
  }

  @Test
  void saysWhichLayersThereAre() {
    String json = directory.resolve("structure.json").toString();

    assertThat(
            run(
                "--json",
                json,
                "--network",
                "mlp",
                "--probe",
                "comparison",
                "--layers",
                "dense",
                "--examples",
                "1"))
        .isEqualTo(1);
    assertThat(err.toString()).contains("layer must be one of layer0, layer1, layer2");
  }

  @Test
  void refusesClassesWithoutExamples() {
    String json = directory.resolve("structure.json").toString();

    assertThat(run("--json", json, "--examples", "0")).isEqualTo(2);
    assertThat(err.toString()).startsWith("--examples must be at least 1, got 0");
  }
}
