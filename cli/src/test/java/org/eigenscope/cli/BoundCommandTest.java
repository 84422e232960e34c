package org.eigenscope.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.eigenscope.probes.structure.PacBayesBound;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import picocli.CommandLine;

class BoundCommandTest {
  private static final int EXAMPLES = 90;

  @TempDir Path directory;

  private final Shell shell = new Shell();
  private Path model;
  private Path initial;
  private Path features;
  private Path labels;

  @BeforeEach
  void saveModelsAndData() {
    double[] x = new double[4 * EXAMPLES];
    long[] y = new long[EXAMPLES];
    double[][] rows = new double[EXAMPLES][4];
    double[][] hot = new double[EXAMPLES][3];
    for (int i = 0; i < EXAMPLES; i++) {
      y[i] = i % 3;
      hot[i][i % 3] = 1;
      for (int j = 0; j < 4; j++) {
        rows[i][j] = Math.sin(i * i + j) + (j == y[i] ? 3 : 0);
        x[4 * i + j] = rows[i][j];
      }
    }
    MultiLayerNetwork network = Models.mlp();
    initial = Models.save(network, directory.resolve("initial.zip"));
    for (int i = 0; i < 100; i++) {
      network.fit(new DataSet(Nd4j.createFromArray(rows), Nd4j.createFromArray(hot)));
    }
    model = Models.save(network, directory.resolve("model.zip"));
    features = Npy.doubles(directory.resolve("x.npy"), x, EXAMPLES, 4);
    labels = Npy.longs(directory.resolve("y.npy"), y);
  }

  private int bound(Object... more) {
    List<Object> args =
        new ArrayList<>(
            List.of(
                "bound",
                "--model",
                model,
                "--features",
                features,
                "--labels",
                labels,
                "--epochs",
                3,
                "--batch-size",
                30,
                "--draws",
                20));
    args.addAll(List.of(more));
    return shell.run(args.toArray());
  }

  private JsonNode result(Object... more) throws IOException {
    assertThat(bound(more)).as(shell.err()).isZero();
    assertThat(shell.err()).isEmpty();
    return new ObjectMapper().readTree(shell.out());
  }

  @ParameterizedTest
  @ValueSource(strings = {"base", "appr", "iter", "iter-m"})
  void writesTheBoundAndItsParts(String basis) throws IOException {
    JsonNode json = result("--initial", initial, "--basis", basis, "--renew-every", 1);

    assertThat(json.get("basis").asText()).isEqualTo(basis);
    assertThat(json.get("examples").asInt()).isEqualTo(EXAMPLES);
    assertThat(json.get("parameters").asInt()).isEqualTo(5 * 3 + 4 * 3);
    assertThat(json.get("confidence").asDouble()).isCloseTo(0.965, within(1e-12));
    assertThat(json.get("bound").asDouble())
        .isEqualTo(
            PacBayesBound.defaults()
                .bound(
                    json.get("divergence").asDouble(),
                    json.get("errorBound").asDouble(),
                    json.get("priorLogDeviation").asDouble(),
                    EXAMPLES));
    assertThat(json.get("error").asDouble()).isBetween(0.0, json.get("errorBound").asDouble());
    assertThat(json.get("divergence").asDouble()).isPositive();
  }

  @Test
  void theErrorOfTheTrainedModelIsCounted() throws IOException {
    MultiLayerNetwork wrong = Models.mlp();
    // All biases of the output but that of class 2 are low, and no weight counts.
    wrong.params().assign(0);
    wrong.setParam("1_b", Nd4j.createFromArray(new float[] {-5, -5, 5}).reshape(1, 3));
    model = Models.save(wrong, directory.resolve("wrong.zip"));

    // A third of the examples are of class 2.
    assertThat(result("--initial", initial).get("trainedError").asDouble())
        .isCloseTo(2.0 / 3, within(1e-12));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--renew-every | 0 | epochs between bases must be at least 1, got 0",
        "--learning-rate | -1 | learning rate must be above 0 and finite, got -1.0",
        "--basis | kfac | must be one of base, appr, iter, iter-m, got 'kfac'",
      })
  void refusesWhatMeansNothing(String option, String value, String message) {
    assertThat(bound("--initial", initial, option, value)).isEqualTo(CommandLine.ExitCode.USAGE);
    assertThat(shell.err()).contains(message);
    assertThat(shell.out()).isEmpty();
  }

  @Test
  void refusesAPriorOfAnotherNetwork() {
    Path other = Models.save(Models.normalized(), directory.resolve("other.zip"));

    assertThat(bound("--initial", other)).isEqualTo(CommandLine.ExitCode.SOFTWARE);
    assertThat(shell.err())
        .startsWith(
            "eigenscope: trained and initial network must have the same arrays of parameters, got")
        .hasLineCount(1);
  }

  @Test
  void needsAPrior() {
    assertThat(bound()).isEqualTo(CommandLine.ExitCode.USAGE);
    assertThat(shell.err()).contains("--initial=FILE");
  }
}
