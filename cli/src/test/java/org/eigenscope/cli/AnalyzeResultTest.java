package org.eigenscope.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.hipparchus.linear.EigenDecompositionSymmetric;
import org.hipparchus.linear.MatrixUtils;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;
import picocli.CommandLine;

/** Runs analyze on softmax regression, whose Hessian has a closed form. */
class AnalyzeResultTest {
  private static final int EXAMPLES = 20;
  private static final int INPUTS = 4;
  private static final int CLASSES = 3;
  private static final int ORDER = (INPUTS + 1) * CLASSES;

  @TempDir Path directory;

  private final MultiLayerNetwork network =
      Models.single(LossFunction.MCXENT, Activation.SOFTMAX, CLASSES);
  private final double[] x = new double[EXAMPLES * INPUTS];
  private final long[] y = new long[EXAMPLES];
  private Path model;
  private Path features;
  private Path labels;

  @BeforeEach
  void saveModelAndData() {
    Random random = new Random(5);
    Arrays.setAll(x, i -> random.nextGaussian());
    Arrays.setAll(y, i -> random.nextInt(CLASSES));
    model = Models.save(network, directory.resolve("model.zip"));
    features = Npy.doubles(directory.resolve("x.npy"), x, EXAMPLES, INPUTS);
    labels = Npy.longs(directory.resolve("y.npy"), y);
  }

  private JsonNode analyze(Object... more) throws IOException {
    List<Object> args =
        new ArrayList<>(
            List.of("analyze", "--model", model, "--features", features, "--labels", labels));
    args.addAll(List.of(more));
    Shell shell = new Shell();
    assertThat(shell.run(args.toArray())).as(shell.err()).isZero();
    assertThat(shell.err()).isEmpty();
    return new ObjectMapper().readTree(shell.out());
  }

  /** Returns softmax probabilities [examples][classes]. */
  private double[][] probabilities() {
    INDArray weights = network.getParam("0_W");
    INDArray bias = network.getParam("0_b");
    double[][] p = new double[EXAMPLES][CLASSES];
    for (int i = 0; i < EXAMPLES; i++) {
      double sum = 0;
      for (int c = 0; c < CLASSES; c++) {
        double z = bias.getDouble(c);
        for (int j = 0; j < INPUTS; j++) {
          z += x[i * INPUTS + j] * weights.getDouble(j, c);
        }
        p[i][c] = Math.exp(z);
        sum += p[i][c];
      }
      for (int c = 0; c < CLASSES; c++) {
        p[i][c] /= sum;
      }
    }
    return p;
  }

  private double input(int example, int j) {
    return j == INPUTS ? 1 : x[example * INPUTS + j];
  }

  /**
   * Returns the eigenvalues of mean (diag(p) − p pᵀ) ⊗ x xᵀ, x with a 1 for the bias, descending.
   */
  private double[] eigenvalues() {
    double[][] p = probabilities();
    double[][] hessian = new double[ORDER][ORDER];
    for (int i = 0; i < EXAMPLES; i++) {
      for (int a = 0; a < ORDER; a++) {
        for (int b = 0; b < ORDER; b++) {
          int c = a / (INPUTS + 1);
          int d = b / (INPUTS + 1);
          double outer = input(i, a % (INPUTS + 1)) * input(i, b % (INPUTS + 1));
          hessian[a][b] += p[i][c] * ((c == d ? 1 : 0) - p[i][d]) * outer / EXAMPLES;
        }
      }
    }
    return new EigenDecompositionSymmetric(MatrixUtils.createRealMatrix(hessian)).getEigenvalues();
  }

  @Test
  void findsTheEigenvaluesAtBothEnds() throws IOException {
    JsonNode result = analyze();
    double[] expected = eigenvalues();

    assertThat(result.get("largest")).hasSize(10);
    assertThat(result.get("smallest")).hasSize(10);
    for (int i = 0; i < 10; i++) {
      JsonNode largest = result.get("largest").get(i);
      JsonNode smallest = result.get("smallest").get(i);
      assertThat(largest.get("value").doubleValue()).isCloseTo(expected[i], within(1e-8));
      assertThat(smallest.get("value").doubleValue())
          .isCloseTo(expected[ORDER - 1 - i], within(1e-8));
      assertThat(largest.get("residual").doubleValue()).isBetween(0.0, 1e-6 * expected[0]);
      assertThat(smallest.get("residual").doubleValue()).isBetween(0.0, 1e-6 * expected[0]);
    }
  }

  @Test
  void findsLossGradientAndTrace() throws IOException {
    JsonNode result = analyze();
    double[][] p = probabilities();
    double loss = 0;
    double[] gradient = new double[ORDER];
    for (int i = 0; i < EXAMPLES; i++) {
      loss -= Math.log(p[i][(int) y[i]]) / EXAMPLES;
      for (int a = 0; a < ORDER; a++) {
        int c = a / (INPUTS + 1);
        gradient[a] += (p[i][c] - (y[i] == c ? 1 : 0)) * input(i, a % (INPUTS + 1)) / EXAMPLES;
      }
    }
    double squares = Arrays.stream(gradient).map(g -> g * g).sum();

    assertThat(result.get("loss").doubleValue()).isCloseTo(loss, within(1e-9));
    assertThat(result.get("gradientNorm").doubleValue())
        .isCloseTo(Math.sqrt(squares), within(1e-9));
    JsonNode trace = result.get("trace");
    assertThat(trace.get("estimate").doubleValue())
        .isCloseTo(
            Arrays.stream(eigenvalues()).sum(),
            within(4 * trace.get("standardError").doubleValue()));
    assertThat(result.get("negativeMass").doubleValue()).isBetween(0.0, 1e-6);
    assertThat(result.get("parameters").longValue()).isEqualTo(ORDER);
    assertThat(result.get("activeParameters").longValue()).isEqualTo(ORDER);
    assertThat(result.get("examples").longValue()).isEqualTo(EXAMPLES);
  }

  @Test
  void givesTheGradientFractionOfEveryTopEigenspace() throws IOException {
    JsonNode fractions = analyze("--top", ORDER).get("gradientFraction");

    assertThat(fractions).hasSize(ORDER);
    double last = 0;
    for (int i = 0; i < ORDER; i++) {
      assertThat(fractions.get(i).get("k").intValue()).isEqualTo(i + 1);
      double fraction = fractions.get(i).get("fraction").doubleValue();
      assertThat(fraction).isBetween(last, 1 + 1e-9);
      last = fraction;
    }
    assertThat(last).isCloseTo(1, within(1e-6));
  }

  /**
   * Softmax regression has an eigenvalue zero for each input, which the gradient has no part in.
   */
  @Test
  void givesTheGradientsMeasureOverTheEigenvalues() throws IOException {
    JsonNode result = analyze("--top", ORDER);
    JsonNode nodes = result.get("gradientMeasure").get("nodes");
    JsonNode weights = result.get("gradientMeasure").get("weights");
    double[] expected = eigenvalues();
    double[] fractions = new double[ORDER];
    for (int i = 0; i < ORDER; i++) {
      fractions[i] = result.get("gradientFraction").get(i).get("fraction").doubleValue();
    }

    // The gradient's part on the i-th largest eigenvector is the i-th rise of the fraction.
    for (int i = 0; i < ORDER - INPUTS - 1; i++) {
      double weight = 0;
      for (int j = 0; j < nodes.size(); j++) {
        weight +=
            Math.abs(nodes.get(j).doubleValue() - expected[i]) < 1e-9
                ? weights.get(j).doubleValue()
                : 0;
      }
      assertThat(weight).isCloseTo(fractions[i] - (i == 0 ? 0 : fractions[i - 1]), within(1e-6));
    }
    double sum = 0;
    for (JsonNode weight : weights) {
      sum += weight.doubleValue();
    }
    assertThat(sum).isCloseTo(1, within(1e-9));
  }

  @Test
  void keepsTheDraws() throws IOException {
    JsonNode draws = analyze("--draws", 3, "--steps", 4).get("draws");

    assertThat(draws).hasSize(3);
    for (JsonNode draw : draws) {
      assertThat(draw.get("nodes")).hasSize(4);
      assertThat(draw.get("weights")).hasSize(4);
    }
  }

  @Test
  void withoutDrawsTheRestIsTheSameAndTheDrawsFieldsAreEmpty() throws IOException {
    JsonNode full = analyze();
    JsonNode cheap = analyze("--draws", 0);

    for (String field :
        List.of("loss", "gradientNorm", "largest", "smallest", "gradientFraction", "outliers")) {
      assertThat(cheap.get(field)).as(field).isEqualTo(full.get(field));
    }
    assertThat(cheap.get("trace").get("estimate").isNull()).isTrue();
    assertThat(cheap.get("trace").get("standardError").isNull()).isTrue();
    assertThat(cheap.get("negativeMass").isNull()).isTrue();
    assertThat(cheap.get("draws").isArray()).isTrue();
    assertThat(cheap.get("draws")).isEmpty();
    assertThat(cheap.get("density").get("grid")).isEmpty();
    assertThat(cheap.get("density").get("values")).isEmpty();
    assertThat(cheap.get("density").get("variance").isNull()).isTrue();
    assertThat(cheap.get("gradientMeasure").isNull()).isTrue();
    assertThat(cheap.fieldNames()).toIterable().containsExactlyElementsOf(full::fieldNames);
    long steps = full.get("gradientMeasure").get("nodes").size();
    for (JsonNode draw : full.get("draws")) {
      steps += draw.get("nodes").size();
    }
    assertThat(full.get("matvecs").longValue() - cheap.get("matvecs").longValue()).isEqualTo(steps);
  }

  @Test
  void saysWhatWasAskedFor() throws IOException {
    JsonNode result =
        analyze(
            "--operator",
            "gauss-newton",
            "--layer",
            "layer0/b",
            "--batch-norm",
            "frozen",
            "--engine",
            "difference",
            "--precision",
            "float",
            "--seed",
            99,
            "--draws",
            2);

    assertThat(result.get("operator").textValue()).isEqualTo("gauss-newton");
    assertThat(result.get("layer").textValue()).isEqualTo("layer0/b");
    assertThat(result.get("batchNorm").textValue()).isEqualTo("frozen");
    assertThat(result.get("engine").textValue()).isEqualTo("difference");
    assertThat(result.get("precision").textValue()).isEqualTo("float");
    assertThat(result.get("seed").longValue()).isEqualTo(99);
    assertThat(result.get("draws")).hasSize(2);
    assertThat(result.get("largest")).hasSize(CLASSES);
    assertThat(result.get("activeParameters").longValue()).isEqualTo(CLASSES);
    assertThat(result.get("parameters").longValue()).isEqualTo(ORDER);
    assertThat(result.get("matvecs").longValue()).isPositive();
    assertThat(result.get("seconds").doubleValue()).isPositive();
  }

  @Test
  void saysWhetherBatchAndPopulationStatisticsCoincide() throws IOException {
    Models.save(Models.normalized(), model);

    String oneBatch =
        "the data are one batch: batch normalization in batch and population mode coincide";
    JsonNode batch = analyze("--batch-norm", "batch", "--draws", 1);
    JsonNode population = analyze("--batch-norm", "population", "--draws", 1);
    assertThat(texts(batch.get("notes"))).contains(oneBatch);
    assertThat(texts(population.get("notes"))).contains(oneBatch);
    assertThat(population.get("largest")).isEqualTo(batch.get("largest"));

    JsonNode batches = analyze("--batch-norm", "batch", "--draws", 1, "--batch-size", 10);
    JsonNode whole = analyze("--batch-norm", "population", "--draws", 1, "--batch-size", 10);
    assertThat(texts(batches.get("notes")))
        .contains("batch normalization uses each batch's own statistics, over 2 batches");
    assertThat(texts(whole.get("notes")))
        .contains("batch normalization uses the statistics of all 20 examples");
    assertThat(whole.get("largest")).isEqualTo(population.get("largest"));
    assertThat(batches.get("largest")).isNotEqualTo(population.get("largest"));
  }

  private static List<String> texts(JsonNode array) {
    List<String> texts = new ArrayList<>();
    array.forEach(text -> texts.add(text.textValue()));
    return texts;
  }

  @Test
  void writesTheSameForTheSameSeed() throws IOException {
    ObjectNode first = (ObjectNode) analyze("--seed", 3);
    ObjectNode second = (ObjectNode) analyze("--seed", 3);
    first.remove("seconds");
    second.remove("seconds");

    assertThat(first).isEqualTo(second);
    assertThat(analyze("--seed", 4).get("draws")).isNotEqualTo(first.get("draws"));
  }

  @ParameterizedTest
  @ValueSource(ints = {7, 20, 1024})
  void batchesDoNotChangeTheMean(int batchSize) throws IOException {
    assertThat(analyze("--batch-size", batchSize).get("largest").get(0).get("value").doubleValue())
        .isCloseTo(eigenvalues()[0], within(1e-8));
  }

  @Test
  void aLossOfClassNumbersGivesTheSame() throws IOException {
    MultiLayerNetwork sparse =
        Models.single(LossFunction.SPARSE_MCXENT, Activation.SOFTMAX, CLASSES);
    sparse.setParams(network.params());
    Models.save(sparse, model);

    assertThat(analyze("--draws", 2).get("largest").get(0).get("value").doubleValue())
        .isCloseTo(eigenvalues()[0], within(1e-8));
  }

  @Test
  void writesToAFile() throws IOException {
    Path file = directory.resolve("result.json");
    Shell shell = new Shell();
    int status =
        shell.run(
            "analyze",
            "--model",
            model,
            "--features",
            features,
            "--labels",
            labels,
            "--draws",
            2,
            "--out",
            file);

    assertThat(status).as(shell.err()).isZero();
    assertThat(shell.out()).isEmpty();
    assertThat(new ObjectMapper().readTree(file.toFile()).get("loss").isDouble()).isTrue();
  }

  @Test
  void tellsWhoeverWaitsBeforehandWhatIsMeasuredAndItsCost() throws IOException {
    CommandLine commandLine = Main.commandLine();
    AnalyzeCommand command = commandLine.getSubcommands().get("analyze").getCommand();
    command.announce(true);
    Shell shell = new Shell(commandLine);

    assertThat(shell.run("analyze", "--model", model, "--features", features, "--labels", labels))
        .isZero();

    // 15 steps of each of 10 draws and of the gradient's measure, 6 products for each of the 15
    // eigenpairs there are.
    assertThat(shell.err())
        .matches(
            "eigenscope: spectrum of the hessian of the whole network, on %d examples,"
                    .formatted(EXAMPLES)
                + " 15 of 15 parameters; about 255 products, \\d+ s\n");
    assertThat(withoutSeconds(new ObjectMapper().readTree(shell.out())))
        .isEqualTo(withoutSeconds(analyze()));
  }

  private static JsonNode withoutSeconds(JsonNode result) {
    return ((ObjectNode) result).without("seconds");
  }

  @Test
  void failsOnAModelWhoseLossIsNotANumber() {
    network.params().putScalar(0, Double.NaN);
    Models.save(network, model);
    Shell shell = new Shell();

    assertThat(shell.run("analyze", "--model", model, "--features", features, "--labels", labels))
        .isEqualTo(1);
    assertThat(shell.out()).isEmpty();
    assertThat(shell.err().lines()).hasSize(1);
    assertThat(shell.err().strip()).isEqualTo("eigenscope: loss must be finite, got NaN");
  }

  @Test
  void bothEnginesGiveTheSameSpectrum() throws IOException {
    JsonNode exact = analyze("--engine", "tangent");
    JsonNode differences = analyze("--engine", "difference");

    assertThat(exact.get("engine").textValue()).isEqualTo("tangent");
    assertThat(differences.get("engine").textValue()).isEqualTo("difference");
    double largest = exact.get("largest").get(0).get("value").doubleValue();
    // The difference engine's 1e-10, and residuals of 1e-6 in both, which enter squared.
    assertThat(differences.get("largest").get(0).get("value").doubleValue())
        .isCloseTo(largest, within(1e-9 * largest));
    assertThat(analyze().get("engine").textValue()).isEqualTo("tangent");
  }

  @Test
  void aListOfSizesAddsSpectraOfSoManyOfEachClass() throws IOException {
    JsonNode json = analyze("--per-class", "2,3", "--draws", 2, "--steps", 5);

    assertThat(json.get("examples").asInt()).isEqualTo(EXAMPLES);
    assertThat(json.get("perClass")).hasSize(2);
    for (int size = 2; size <= 3; size++) {
      JsonNode part = json.get("perClass").get(size - 2);
      assertThat(part.get("examplesPerClass").asInt()).isEqualTo(size);
      assertThat(part.get("examples").asInt()).isEqualTo(size * CLASSES);
      assertThat(part.get("draws")).hasSize(2);
      assertThat(part.get("loss").asDouble()).isCloseTo(meanLoss(size), within(1e-6));
    }
  }

  /** Returns the mean of -ln p over the first examples of each class. */
  private double meanLoss(int perClass) {
    double[][] p = probabilities();
    int[] seen = new int[CLASSES];
    double sum = 0;
    for (int i = 0; i < EXAMPLES; i++) {
      if (seen[(int) y[i]]++ < perClass) {
        sum -= Math.log(p[i][(int) y[i]]);
      }
    }
    return sum / (perClass * CLASSES);
  }

  @Test
  void refusesMoreOfAClassThanThereAre() {
    Shell shell = new Shell();

    assertThat(
            shell.run(
                "analyze",
                "--model",
                model,
                "--features",
                features,
                "--labels",
                labels,
                "--per-class",
                "2,15"))
        .isEqualTo(CommandLine.ExitCode.SOFTWARE);
    assertThat(shell.err())
        .matches(
            "eigenscope: examples per class must be between 1 and \\d+, as many as class \\d has,"
                + " got 15\n");
    assertThat(shell.out()).isEmpty();
  }
}
