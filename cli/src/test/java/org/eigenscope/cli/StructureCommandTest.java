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
import org.deeplearning4j.nn.api.Model;
import org.eigenscope.probes.curvature.BatchNormMode;
import org.eigenscope.probes.curvature.Curvature;
import org.eigenscope.probes.curvature.CurvatureMatrix;
import org.eigenscope.probes.curvature.CurvatureOptions;
import org.eigenscope.probes.curvature.DataBatches;
import org.eigenscope.probes.curvature.Network;
import org.eigenscope.probes.structure.ClassComponent;
import org.eigenscope.probes.structure.ClassStructure;
import org.eigenscope.probes.structure.ClassStructureOptions;
import org.eigenscope.probes.structure.FullApproximation;
import org.eigenscope.probes.structure.LayerStructure;
import org.eigenscope.probes.structure.LayerStructureOptions;
import org.eigenscope.probes.structure.LayerwiseStructure;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

class StructureCommandTest {
  private static final int EXAMPLES = 12;
  private static final List<String> COMPONENTS = List.of("A1", "A2", "B1", "G0", "G1", "G2", "G12");
  private static final List<String> TRACES =
      List.of("G", "A1", "A2", "B1", "B2", "G0", "G1", "G2", "G3");

  @TempDir Path directory;

  private final Shell shell = new Shell();
  private final double[] x = new double[4 * EXAMPLES];
  private final long[] y = new long[EXAMPLES];
  private Model network = Models.mlp();
  private Path model;
  private Path features;
  private Path labels;

  @BeforeEach
  void saveModelAndData() {
    for (int i = 0; i < x.length; i++) {
      x[i] = Math.sin(i * i);
      y[i / 4] = i / 4 % 3;
    }
    save(network);
    features = Npy.doubles(directory.resolve("x.npy"), x, EXAMPLES, 4);
    labels = Npy.longs(directory.resolve("y.npy"), y);
  }

  private void save(Model saved) {
    network = saved;
    model = Models.save(saved, directory.resolve("model.zip"));
  }

  private int structure(Object... more) {
    List<Object> args =
        new ArrayList<>(
            List.of("structure", "--model", model, "--features", features, "--labels", labels));
    args.addAll(List.of(more));
    return shell.run(args.toArray());
  }

  private JsonNode result(Object... more) throws IOException {
    assertThat(structure(more)).as(shell.err()).isZero();
    assertThat(shell.err()).isEmpty();
    return new ObjectMapper().readTree(shell.out());
  }

  private DataBatches batches() {
    INDArray oneHot = Nd4j.zeros(DataType.DOUBLE, EXAMPLES, 3);
    for (int i = 0; i < EXAMPLES; i++) {
      oneHot.putScalar(i, y[i], 1);
    }
    INDArray rows = Nd4j.createFromArray(x).reshape(EXAMPLES, 4);
    return DataBatches.of(new DataSet(rows, oneHot));
  }

  private void requireClasses(JsonNode classes, BatchNormMode mode, int batchSize) {
    CurvatureOptions curvature = CurvatureOptions.defaults().withBatchNorm(mode);
    DataBatches data = batches().rebatched(batchSize);
    ClassStructure expected =
        ClassStructure.of(
            Network.of(network), data, ClassStructureOptions.defaults().withCurvature(curvature));
    for (String name : COMPONENTS) {
      List<Double> values = expected.eigenvalues().get(ClassComponent.valueOf(name));
      assertThat(classes.get(name)).as(name).hasSize(values.size());
      for (int i = 0; i < values.size(); i++) {
        assertThat(classes.get(name).get(i).doubleValue())
            .as(name)
            .isCloseTo(values.get(i), within(1e-9 * values.get(0)));
      }
    }
    for (String name : TRACES) {
      assertThat(classes.get("traces").get(name).doubleValue())
          .as(name)
          .isCloseTo(
              expected.traces().get(ClassComponent.valueOf(name)),
              within(1e-9 * expected.trace().estimate()));
    }
    try (Curvature whole = Curvature.of(Network.of(network), data, curvature)) {
      long n = whole.activeParameters();
      INDArray dense = whole.gaussNewton().apply(Nd4j.eye(n).castTo(DataType.DOUBLE));
      double trace = 0;
      for (int i = 0; i < n; i++) {
        trace += dense.getDouble(i, i);
      }
      assertThat(classes.get("traces").get("G").doubleValue())
          .isCloseTo(trace, within(1e-9 * trace));
    }
  }

  @Test
  void writesTheClassesComponents() throws IOException {
    JsonNode result = result();

    requireClasses(result.get("classes"), BatchNormMode.BATCH, EXAMPLES);
    assertThat(result.get("classes").get("examples").toString()).isEqualTo("[4,4,4]");
    assertThat(result.get("classes").get("traceStandardError").doubleValue()).isZero();
    assertThat(result.get("classes").get("map")).hasSize(9);
    assertThat(result.get("operator").textValue()).isEqualTo("hessian");
    assertThat(result.get("batchNorm").textValue()).isEqualTo("batch");
    assertThat(result.get("precision").textValue()).isEqualTo("double");
    assertThat(result.get("engine").textValue()).isEqualTo("tangent");
    assertThat(result.get("seconds").doubleValue()).isPositive();
    assertThat(result.get("seed").longValue()).isEqualTo(1);
    assertThat(result.get("examples").longValue()).isEqualTo(EXAMPLES);
  }

  @ParameterizedTest
  @CsvSource({"hessian, HESSIAN", "gauss-newton, GAUSS_NEWTON"})
  void writesTheLayers(String name, CurvatureMatrix matrix) throws IOException {
    JsonNode result = result("--operator", name, "--top", 5);
    JsonNode layers = result.get("layers");

    try (Curvature whole =
        Curvature.of(Network.of(network), batches(), CurvatureOptions.defaults())) {
      LayerwiseStructure structure =
          LayerwiseStructure.of(whole, matrix, LayerStructureOptions.defaults().withTop(5));
      requireFull(result.get("full"), structure.full());
      List<LayerStructure> expected = structure.layers();
      assertThat(layers).hasSize(2);
      for (int i = 0; i < 2; i++) {
        JsonNode layer = layers.get(i);
        LayerStructure one = expected.get(i);
        assertThat(layer.get("layer").textValue()).isEqualTo(i == 0 ? "hidden" : "out");
        assertThat(layer.get("inputs").longValue()).isEqualTo(i == 0 ? 4 : 3);
        assertThat(layer.get("outputs").longValue()).isEqualTo(3);
        requireNumbers(layer.get("largest"), one.largest());
        requireNumbers(layer.get("outputHessian"), one.outputHessian());
        requireNumbers(layer.get("autocorrelation"), one.autocorrelation());
        requireNumbers(layer.get("kronecker"), one.kronecker());
        requireNumbers(layer.get("overlap"), one.overlap());
        requireNumbers(layer.get("rankOneRatio"), one.rankOneRatio());
        requireNumbers(
            layer.get("decouplingError"),
            List.of(
                one.decouplingError().spectral().value(),
                one.decouplingError().frobenius().value(),
                one.decouplingError().spectral().standardError(),
                one.decouplingError().frobenius().standardError()));
        assertThat(layer.get("meanInputAlignment").doubleValue())
            .isCloseTo(one.meanInputAlignment(), within(1e-9));
        assertThat(layer.get("autocorrelationRatio").doubleValue())
            .isCloseTo(one.autocorrelationRatio(), within(1e-9 * one.autocorrelationRatio()));
        assertThat(layer.get("largest")).hasSize(5);
      }
    }
  }

  private static void requireFull(JsonNode full, @Nullable FullApproximation expected) {
    assertThat(expected).isNotNull();
    requireNumbers(full.get("largest"), expected.largest());
    assertThat(full.get("largestResiduals")).hasSize(5);
    JsonNode layerByLayer = full.get("layerByLayer");
    requireNumbers(layerByLayer.get("largest"), expected.layerByLayer().largest());
    requireNumbers(layerByLayer.get("overlap"), expected.layerByLayer().overlap());
    FullApproximation.Approximation across = expected.acrossLayers();
    assertThat(across).isNotNull();
    requireNumbers(full.get("acrossLayers").get("largest"), across.largest());
    requireNumbers(full.get("acrossLayers").get("overlap"), across.overlap());
  }

  private static void requireNumbers(JsonNode array, List<Double> expected) {
    assertThat(array).hasSize(expected.size());
    int i = 0;
    for (JsonNode number : array) {
      assertThat(number.doubleValue()).isCloseTo(expected.get(i), within(1e-9));
      i++;
    }
  }

  @ParameterizedTest
  @CsvSource({"batch, 1024", "batch, 6", "frozen, 6"})
  void takesTheStatisticsThatAreAskedFor(String mode, int batchSize) throws IOException {
    save(Models.normalized());

    JsonNode result = result("--batch-norm", mode, "--batch-size", batchSize);

    requireClasses(
        result.get("classes"),
        mode.equals("batch") ? BatchNormMode.BATCH : BatchNormMode.FROZEN,
        batchSize);
    assertThat(result.get("batchNorm").textValue()).isEqualTo(mode);
  }

  @Test
  void takesAGraph() throws IOException {
    save(Models.graph(1));

    JsonNode result = result();

    requireClasses(result.get("classes"), BatchNormMode.BATCH, EXAMPLES);
    assertThat(result.get("layers")).hasSize(1);
  }

  @Test
  void failsWithANetworkThatPutsOutNaN() {
    network.params().putScalar(0, Float.NaN);
    save(network);

    assertThat(structure()).isEqualTo(1);
    assertThat(shell.err()).startsWith("eigenscope: loss must be finite, got NaN");
  }

  @Test
  void hasNoBalancedComponentsOfClassesOfDifferentSizes() throws IOException {
    y[0] = 1;
    labels = Npy.longs(directory.resolve("unbalanced.npy"), y);

    JsonNode classes = result().get("classes");

    for (String name : List.of("G0", "G1", "G2", "G12")) {
      assertThat(classes.get(name).isNull()).as(name).isTrue();
    }
    for (String name : List.of("G0", "G1", "G2", "G3")) {
      assertThat(classes.get("traces").get(name).isNull()).as(name).isTrue();
    }
    double sum = 0;
    for (String name : List.of("A1", "A2", "B1", "B2")) {
      sum += classes.get("traces").get(name).doubleValue();
    }
    double trace = classes.get("traces").get("G").doubleValue();
    assertThat(sum).isCloseTo(trace, within(1e-12 * trace));
  }

  @Test
  void floatDiffersByRounding() throws IOException {
    JsonNode exact = result().get("classes");
    Path out = directory.resolve("float.json");
    assertThat(structure("--precision", "float", "--out", out)).isZero();
    JsonNode rounded = new ObjectMapper().readTree(out.toFile()).get("classes");

    for (String name : COMPONENTS) {
      assertThat(rounded.get(name)).as(name).hasSize(exact.get(name).size());
      double largest = exact.get(name).get(0).doubleValue();
      for (int i = 0; i < exact.get(name).size(); i++) {
        assertThat(rounded.get(name).get(i).doubleValue())
            .as(name)
            .isCloseTo(exact.get(name).get(i).doubleValue(), within(1e-5 * largest));
      }
    }
  }

  private void assertMisuse(String message) {
    assertThat(shell.err())
        .isEqualTo(
            "eigenscope: "
                + message
                + "\nTry 'eigenscope structure --help' for more information.\n");
    assertThat(shell.out()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--top | 0 | --top must be at least 1, got 0",
        "--batch-size | 0 | --batch-size must be at least 1, got 0",
        "--operator | residual | Invalid value for option '--operator': must be one of hessian,"
            + " gauss-newton, got 'residual'",
        "--batch-norm | population | Invalid value for option '--batch-norm': must be one of batch,"
            + " frozen, got 'population'",
        "--precision | half | Invalid value for option '--precision': must be one of float, double,"
            + " got 'half'"
      })
  void showsTheRuleAndTheValueOfAWrongOption(String option, String value, String message) {
    assertThat(structure(option, value)).isEqualTo(2);
    assertMisuse(message);
  }

  @Test
  void refusesToOverwriteAnInput() throws IOException {
    byte[] before = Files.readAllBytes(labels);

    assertThat(structure("--out", labels)).isEqualTo(2);

    assertMisuse("--out must not be one of the inputs, got " + labels);
    assertThat(Files.readAllBytes(labels)).isEqualTo(before);
  }

  @Test
  void failsWithAModelThatIsNoClassifier() {
    save(Models.single(LossFunction.MSE, Activation.IDENTITY, 3));
    labels = Npy.doubles(directory.resolve("targets.npy"), new double[3 * EXAMPLES], EXAMPLES, 3);

    assertThat(structure()).isEqualTo(1);
    assertThat(shell.err())
        .isEqualTo(
            "eigenscope: class structure needs one output layer with softmax and cross-entropy, got"
                + " OutputLayer with identity and LossMSE()\n");
  }

  @Test
  void failsWithLabelsThatAreNoClasses() {
    labels = Npy.doubles(directory.resolve("soft.npy"), new double[3 * EXAMPLES], EXAMPLES, 3);

    assertThat(structure()).isEqualTo(1);
    assertThat(shell.err())
        .startsWith(
            "eigenscope: class structure needs one class for each example, a 1 among zeros, got ")
        .endsWith("for example 0\n");
  }
}
