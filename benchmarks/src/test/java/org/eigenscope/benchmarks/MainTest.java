package org.eigenscope.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.deeplearning4j.nn.api.Model;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.linalg.api.buffer.DataType;
import picocli.CommandLine;

class MainTest {
  @TempDir private Path directory;

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private int run(String... arguments) {
    CommandLine commandLine = Benchmark.commandLine(new Main());
    commandLine.setOut(new PrintWriter(out)).setErr(new PrintWriter(err, true));
    return commandLine.execute(arguments);
  }

  /**
   * Weights and biases, counted by hand; batch normalization has four numbers a channel. ResNet-20:
   * convolutions 432 + 6 · 2304 + 4608 + 5 · 9216 + 18432 + 5 · 36864, shortcuts 512 + 2048,
   * normalization 4 · (7 · 16 + 7 · 32 + 7 · 64), output 650.
   */
  @ParameterizedTest
  @CsvSource({"MLP, 535818", "LENET, 431080", "RESNET20, 274042"})
  void networksHaveTheirParameters(BenchmarkNetwork network, long parameters) {
    Model model = network.build(DataType.FLOAT);
    assertThat(model.numParams()).isEqualTo(parameters);
    assertThat(network.data(DataType.FLOAT).getFeatures().shape()).isEqualTo(network.inputShape());
  }

  @Test
  void writesWhatItMeasured() throws IOException {
    Path json = directory.resolve("figures.json");
    Path table = directory.resolve("figures.md");
    int status =
        run(
            "--json",
            json.toString(),
            "--markdown",
            table.toString(),
            "--network",
            "mlp",
            "--precision",
            "float",
            "--repetitions",
            "7",
            "--no-spectrum");

    assertThat(err.toString()).isEqualToNormalizingNewlines("mlp FLOAT ...\n");
    assertThat(status).isZero();
    JsonNode report = new ObjectMapper().readTree(json.toFile());
    assertThat(report.get("machine").textValue()).isNotBlank();
    assertThat(report.get("cases")).hasSize(1);
    JsonNode one = report.get("cases").get(0);
    assertThat(one.fieldNames())
        .toIterable()
        .startsWith(
            "network",
            "batch",
            "parameters",
            "precision",
            "engine",
            "dl4jGradientMs",
            "gradientMs",
            "hvpMs",
            "hvpPerVectorBlock8Ms",
            "gaussNewtonMs",
            "peakBytes",
            "spectrum90x10Seconds")
        .endsWith("activationBytes", "peakPerVectorOverActivations", "floorMs", "peakGflops");
    assertThat(one.get("engine").textValue()).isEqualTo("tangent");
    assertThat(one.get("precision").textValue()).isEqualTo("float");
    assertThat(one.get("hvpMs").doubleValue()).isPositive();
    assertThat(one.get("spectrum90x10Seconds").isNull()).isTrue();
    // At least the block and its products.
    assertThat(one.get("peakBytes").longValue()).isGreaterThan(2 * 8 * 535818 * 4);
    assertThat(one.get("activationBytes").longValue()).isEqualTo(256 * 778 * 4);
    assertThat(one.get("peakPerVectorOverActivations").doubleValue())
        .isEqualTo(one.get("peakBytes").doubleValue() / (8 * 256 * 778 * 4));
    assertThat(one.get("floorMs").doubleValue() * one.get("peakGflops").doubleValue())
        .isCloseTo(2e-6 * 256 * 1604608, within(1e-9));
    assertThat(table).hasContent(out.toString());
    assertThat(out.toString()).contains("| floor |").contains("| mlp | float | tangent |");
    try (var files = Files.list(directory)) {
      assertThat(files).containsExactlyInAnyOrder(json, table);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "--network, alexnet, alexnet",
    "--precision, half, half",
    "--repetitions, 6, 'repetitions must be at least 7, got 6'",
    "--threads, 0, 'threads must be at least 1, got 0'"
  })
  void refusesWhatItCannotMeasure(String option, String value, String message) {
    int status = run("--json", directory.resolve("f.json").toString(), option, value);

    assertThat(status).isEqualTo(2);
    assertThat(err.toString().lines()).hasSize(1).first().asString().contains(message);
    assertThat(directory).isEmptyDirectory();
  }

  @Test
  void refusesADirectoryThatIsNotThere() {
    int status = run("--json", directory.resolve("not/there.json").toString());

    assertThat(status).isEqualTo(2);
    assertThat(err.toString()).contains("the directory of --json must exist");
  }

  @Test
  void mediansAreInTheMiddle() {
    assertThat(Stopwatch.median(new double[] {3, 1, 2})).isEqualTo(2);
    assertThat(Stopwatch.median(new double[] {4, 1, 3, 2})).isEqualTo(2.5);
  }
}
