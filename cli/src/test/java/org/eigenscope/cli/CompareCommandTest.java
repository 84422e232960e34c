package org.eigenscope.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.linalg.api.ndarray.INDArray;

class CompareCommandTest {
  private static final int EXAMPLES = 12;

  @TempDir Path directory;

  private final Shell shell = new Shell();
  private Path first;
  private Path second;
  private Path features;
  private Path labels;

  @BeforeEach
  void saveModelsAndData() {
    MultiLayerNetwork network = Models.mlp();
    first = Models.save(network, directory.resolve("first.zip"));
    INDArray moved = network.params().dup();
    for (int i = 0; i < moved.length(); i++) {
      moved.putScalar(i, moved.getDouble(i) + 0.5 * Math.cos(i * i));
    }
    network.setParams(moved);
    second = Models.save(network, directory.resolve("second.zip"));
    double[] x = new double[4 * EXAMPLES];
    long[] y = new long[EXAMPLES];
    for (int i = 0; i < x.length; i++) {
      x[i] = Math.sin(i * i);
      y[i / 4] = i / 4 % 3;
    }
    features = Npy.doubles(directory.resolve("x.npy"), x, EXAMPLES, 4);
    labels = Npy.longs(directory.resolve("y.npy"), y);
  }

  private int compare(Object... more) {
    List<Object> args =
        new ArrayList<>(
            List.of("compare", first, second, "--features", features, "--labels", labels));
    args.addAll(List.of(more));
    return shell.run(args.toArray());
  }

  private JsonNode result(Object... more) throws IOException {
    assertThat(compare(more)).as(shell.err()).isZero();
    assertThat(shell.err()).isEmpty();
    return new ObjectMapper().readTree(shell.out());
  }

  @Test
  void comparesEveryLayer() throws IOException {
    JsonNode json = result();

    assertThat(json.get("layers")).hasSize(2);
    JsonNode hidden = json.get("layers").get(0);
    assertThat(hidden.get("layer").asText()).isEqualTo("hidden");
    assertThat(hidden.get("inputs").asInt()).isEqualTo(4);
    assertThat(hidden.get("outputs").asInt()).isEqualTo(3);
    assertThat(hidden.get("order").asInt()).isEqualTo(12);
    assertThat(hidden.get("overlap")).hasSize(5);
    double best = 0;
    for (JsonNode overlap : hidden.get("overlap")) {
      assertThat(overlap.asDouble()).isBetween(0.0, 1.0);
      best = Math.max(best, overlap.asDouble());
    }
    assertThat(hidden.get("peak").get("overlap").asDouble()).isEqualTo(best);
    int peak = hidden.get("peak").get("k").asInt();
    assertThat(hidden.get("overlap").get(peak - 1).asDouble()).isEqualTo(best);
    assertThat(hidden.get("peak").get("perOutput").asDouble()).isCloseTo(peak / 3.0, within(1e-15));
    assertThat(hidden.get("first")).hasSize(5);
    assertThat(hidden.get("second").get(4).get("residual").asDouble()).isLessThan(1e-6);
    assertThat(json.get("operator").asText()).isEqualTo("hessian");
    assertThat(json.get("batchNorm").asText()).isEqualTo("batch");
    assertThat(json.get("precision").asText()).isEqualTo("double");
    assertThat(json.get("examples").asInt()).isEqualTo(EXAMPLES);
    assertThat(json.get("matvecs").asLong()).isPositive();
    assertThat(json.get("seconds").asDouble()).isPositive();
    assertThat(json.get("notes")).isNotEmpty();
  }

  @Test
  void eigenvaluesAreThoseOfAnalyze() throws IOException {
    JsonNode layer = result("--layer", "out", "--top", 3).get("layers").get(0);
    Shell other = new Shell();
    assertThat(
            other.run(
                "analyze",
                "--model",
                second,
                "--features",
                features,
                "--labels",
                labels,
                "--layer",
                "out/W",
                "--top",
                3,
                "--draws",
                0))
        .isZero();
    JsonNode analyzed = new ObjectMapper().readTree(other.out());
    for (int i = 0; i < 3; i++) {
      assertThat(layer.get("second").get(i).get("value").asDouble())
          .isCloseTo(analyzed.get("largest").get(i).get("value").asDouble(), within(1e-6));
    }
  }

  @Test
  void aModelHasAllInCommonWithItselfInFloatToo() throws IOException {
    second = first;
    JsonNode json = result("--precision", "float", "--operator", "gauss-newton", "--top", 2);
    for (JsonNode layer : json.get("layers")) {
      for (JsonNode overlap : layer.get("overlap")) {
        assertThat(overlap.asDouble()).isCloseTo(1, within(1e-3));
      }
    }
  }

  @Test
  void writesAFile() throws IOException {
    Path out = directory.resolve("comparison.json");
    assertThat(compare("--out", out)).isZero();
    assertThat(shell.out()).isEmpty();
    assertThat(new ObjectMapper().readTree(Files.readString(out)).get("layers")).hasSize(2);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--top | 0 | --top must be at least 1, got 0",
        "--batch-size | 0 | --batch-size must be at least 1, got 0",
        "--operator | residual | Invalid value for option '--operator': must be one of hessian,"
            + " gauss-newton, got 'residual'",
      })
  void showsTheRuleAndTheValueOfAWrongOption(String option, String value, String message) {
    assertThat(compare(option, value)).isEqualTo(2);
    assertThat(shell.err()).startsWith("eigenscope: " + message + "\n");
  }

  @Test
  void refusesToOverwriteAnInput() {
    assertThat(compare("--out", second)).isEqualTo(2);
    assertThat(shell.err()).contains("--out must not be one of the inputs, got " + second);
  }

  @Test
  void namesALayerThatIsNotThere() {
    assertThat(compare("--layer", "dense")).isEqualTo(1);
    assertThat(shell.err())
        .isEqualTo(
            "eigenscope: layer must be one of hidden, out, which have a matrix of weights, got"
                + " 'dense'\n");
  }

  @Test
  void saysWhereModelsDiffer() {
    second = Models.save(Models.normalized(), directory.resolve("other.zip"));
    assertThat(compare()).isEqualTo(1);
    assertThat(shell.err())
        .startsWith("eigenscope: both networks must have the same layers with weights, got hidden,")
        .hasLineCount(1);
  }
}
