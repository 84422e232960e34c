package org.eigenscope.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AnalyzeCommandTest {
  private static final int EXAMPLES = 12;
  private static final String SEE_HELP =
      "\nTry 'eigenscope analyze --help' for more information.\n";

  @TempDir Path directory;

  private final Shell shell = new Shell();
  private Path model;
  private Path features;
  private Path labels;

  @BeforeEach
  void saveModelAndData() {
    model = Models.save(Models.mlp(), directory.resolve("model.zip"));
    double[] x = new double[4 * EXAMPLES];
    long[] y = new long[EXAMPLES];
    for (int i = 0; i < x.length; i++) {
      x[i] = Math.sin(i * i);
      y[i / 4] = i / 4 % 3;
    }
    features = Npy.doubles(directory.resolve("x.npy"), x, EXAMPLES, 4);
    labels = Npy.longs(directory.resolve("y.npy"), y);
  }

  private int analyze(Object... more) {
    List<Object> args =
        new ArrayList<>(
            List.of("analyze", "--model", model, "--features", features, "--labels", labels));
    args.addAll(List.of(more));
    return shell.run(args.toArray());
  }

  private void assertMisuse(String message) {
    assertThat(shell.err()).isEqualTo("eigenscope: " + message + SEE_HELP);
    assertThat(shell.out()).isEmpty();
  }

  private void assertFailure(String message) {
    assertThat(shell.err()).isEqualTo("eigenscope: " + message + "\n");
    assertThat(shell.out()).isEmpty();
  }

  @Test
  void asksForWhatIsMissing() {
    assertThat(shell.run("analyze", "--model", model)).isEqualTo(2);
    assertMisuse("Missing required options: '--features=FILE', '--labels=FILE'");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--steps | 0 | --steps must be at least 1, got 0",
        "--draws | -1 | --draws must be at least 0, got -1",
        "--top | 0 | --top must be at least 1, got 0",
        "--batch-size | 0 | --batch-size must be at least 1, got 0",
        "--top | 28 | --top must be at most 27, the number of eigenvalues of the network, got 28",
        "--steps | many | Invalid value for option '--steps': 'many' is not an int",
        "--operator | fisher | Invalid value for option '--operator': must be one of hessian,"
            + " gauss-newton, residual, got 'fisher'",
        "--batch-norm | BATCH | Invalid value for option '--batch-norm': must be one of batch,"
            + " frozen, population, got 'BATCH'",
        "--engine | fast | Invalid value for option '--engine': must be one of auto, tangent,"
            + " difference, got 'fast'",
        "--precision | half | Invalid value for option '--precision': must be one of float, double,"
            + " got 'half'",
        "--layer | dense | --layer must be one of hidden, out, or one array of it as in hidden/W,"
            + " got 'dense'",
        "--layer | out/V | --layer must be one of hidden, out, or one array of it as in hidden/W,"
            + " got 'out/V'"
      })
  void showsTheRuleAndTheValueOfAWrongOption(String option, String value, String message) {
    assertThat(analyze(option, value)).isEqualTo(2);
    assertMisuse(message);
  }

  @Test
  void boundsTopByTheBlockOfALayer() {
    assertThat(analyze("--layer", "hidden/b", "--top", 4)).isEqualTo(2);
    assertMisuse("--top must be at most 3, the number of eigenvalues of layer hidden/b, got 4");
  }

  @Test
  void refusesToOverwriteAnInput() {
    assertThat(analyze("--out", features)).isEqualTo(2);
    assertMisuse("--out must not be one of the inputs, got " + features);
  }

  @Test
  void failsBeforeItBeginsWhenTheResultCannotBeWritten() {
    model = directory.resolve("missing.zip");

    assertThat(analyze("--out", directory)).isEqualTo(1);
    assertFailure("cannot write " + directory + ": it is a directory");
  }

  @Test
  void failsWithoutAModel() {
    model = directory.resolve("missing.zip");

    assertThat(analyze()).isEqualTo(1);
    assertFailure("cannot read " + model + ": no such file or directory");
  }

  @Test
  void failsWithAModelThatIsNone() {
    model = features;

    assertThat(analyze()).isEqualTo(1);
    assertFailure(
        features
            + " is not a model saved by Deeplearning4j's ModelSerializer: it is not a whole zip"
            + " file");
  }

  @Test
  void failsWithLabelsThatAreNotNumbers() {
    double[] y = new double[3 * EXAMPLES];
    y[4] = Double.NaN;
    labels = Npy.doubles(directory.resolve("nan.npy"), y, EXAMPLES, 3);

    assertThat(analyze()).isEqualTo(1);
    assertFailure(labels + ": values must be finite, got NaN at [1, 1]");
  }

  @Test
  void failsWithLabelsOfAnotherLength() {
    labels = Npy.longs(directory.resolve("short.npy"), 0, 1, 2);

    assertThat(analyze()).isEqualTo(1);
    assertFailure("%s must have as many examples as %s, 12, got 3".formatted(labels, features));
  }

  @Test
  void failsWithAFileThatIsNoArray() throws IOException {
    features = Files.writeString(directory.resolve("x.txt"), "1 2 3 4 5 6\n");

    assertThat(analyze()).isEqualTo(1);
    assertFailure(
        features
            + ": a NumPy file must start with the bytes 93 4e 55 4d 50 59, got 31 20 32 20 33 20");
  }
}
