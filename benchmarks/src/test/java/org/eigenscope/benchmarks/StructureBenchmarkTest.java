package org.eigenscope.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
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

  @Test
  void writesWhatAStructureTook() throws IOException {
    Path json = directory.resolve("structure.json");
    int status =
        run(
            "--json",
            json.toString(),
            "--network",
            "mlp",
            "--precision",
            "float",
            "--examples",
            "2");

    assertThat(status).as(err.toString()).isZero();
    JsonNode figures = new ObjectMapper().readTree(json.toFile()).get("cases");
    assertThat(figures).hasSize(1);
    JsonNode figure = figures.get(0);
    assertThat(figure.get("network").textValue()).isEqualTo("mlp");
    assertThat(figure.get("classes").intValue()).isEqualTo(10);
    assertThat(figure.get("examplesPerClass").intValue()).isEqualTo(2);
    assertThat(figure.get("parameters").longValue()).isEqualTo(535_818);
    assertThat(figure.get("engine").textValue()).isEqualTo("tangent");
    // Cross-class means of both decompositions and the trace, for each of ten classes.
    assertThat(figure.get("products").longValue()).isEqualTo(10 * (10 + 10 + 10));
    assertThat(figure.get("seconds").doubleValue()).isPositive();
    assertThat(figure.get("peakBytes").longValue()).isGreaterThan(2 * 100 * 4 * 535_818L);
    assertThat(figure.get("traceError").doubleValue()).isZero();
    assertThat(out.toString()).contains("| mlp | float | 10 × 2 | 300 | ");
  }

  @Test
  void refusesClassesWithoutExamples() {
    String json = directory.resolve("structure.json").toString();

    assertThat(run("--json", json, "--examples", "0")).isEqualTo(2);
    assertThat(err.toString()).startsWith("--examples must be at least 1, got 0");
  }
}
