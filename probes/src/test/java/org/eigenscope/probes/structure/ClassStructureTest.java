package org.eigenscope.probes.structure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.eigenscope.probes.structure.ClassComponent.A1;
import static org.eigenscope.probes.structure.ClassComponent.A2;
import static org.eigenscope.probes.structure.ClassComponent.B1;
import static org.eigenscope.probes.structure.ClassComponent.B2;
import static org.eigenscope.probes.structure.ClassComponent.G;
import static org.eigenscope.probes.structure.ClassComponent.G0;
import static org.eigenscope.probes.structure.ClassComponent.G1;
import static org.eigenscope.probes.structure.ClassComponent.G12;
import static org.eigenscope.probes.structure.ClassComponent.G2;
import static org.eigenscope.probes.structure.ClassComponent.G3;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.eigenscope.probes.curvature.BatchNormMode;
import org.eigenscope.probes.curvature.Curvature;
import org.eigenscope.probes.curvature.CurvatureOptions;
import org.eigenscope.probes.curvature.DataBatches;
import org.eigenscope.probes.curvature.Engine;
import org.eigenscope.probes.curvature.Network;
import org.eigenscope.probes.curvature.ParameterArray;
import org.eigenscope.probes.curvature.Precision;
import org.eigenscope.probes.linalg.TraceEstimate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.lossfunctions.ILossFunction;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;
import org.nd4j.linalg.lossfunctions.impl.LossMCXENT;
import org.nd4j.linalg.lossfunctions.impl.LossSparseMCXENT;
import org.nd4j.linalg.ops.transforms.Transforms;

class ClassStructureTest {
  /** Of Jacobians by central differences with a step of 1e-6, beside float64 products. */
  private static final double TOLERANCE = 1e-7;

  /** Of sums of some hundred FLOAT products. */
  private static final double FLOAT_TOLERANCE = 2e-5;

  private static final Set<ClassComponent> LISTED = EnumSet.of(A1, A2, B1, G0, G1, G2, G12);
  private static final List<Integer> BALANCED = List.of(2, 0, 1, 0, 2, 1, 1, 2, 0, 0, 1, 2);
  private static final List<Integer> UNBALANCED = List.of(2, 0, 0, 0, 2, 1, 1, 0, 0, 0, 2);
  private static final List<Integer> ONE_ABSENT = List.of(2, 0, 0, 2, 2, 0, 0, 2);

  /** A network with data, and what is to be found of them. */
  private record Case(
      String name,
      MultiLayerNetwork network,
      DataBatches data,
      List<Integer> labels,
      BatchNormMode mode) {

    CurvatureOptions options() {
      return CurvatureOptions.defaults().withBatchNorm(mode).withThreads(2);
    }

    ClassStructure structure(CurvatureOptions curvature) {
      return ClassStructure.of(
          Network.of(network), data, ClassStructureOptions.defaults().withCurvature(curvature));
    }

    DenseClasses dense() {
      return Jacobians.dense(network, data, labels, mode);
    }

    @Override
    public String toString() {
      return name;
    }
  }

  private static MultiLayerNetwork network(InputType input, Layer... layers) {
    NeuralNetConfiguration.ListBuilder list =
        new NeuralNetConfiguration.Builder().seed(5).dataType(DataType.DOUBLE).list();
    for (Layer layer : layers) {
      list.layer(layer);
    }
    MultiLayerNetwork network = new MultiLayerNetwork(list.setInputType(input).build());
    network.init();
    network.params().addi(normal(3, network.numParams()).muli(0.3));
    network
        .paramTable()
        .forEach(
            (key, view) -> {
              if (key.endsWith("_var")) {
                view.assign(view.mul(view).addi(0.5));
              }
            });
    return network;
  }

  private static INDArray normal(long seed, long... shape) {
    Random random = new Random(seed);
    INDArray array = Nd4j.create(DataType.DOUBLE, shape);
    for (long i = 0; i < array.length(); i++) {
      array.putScalar(i, random.nextGaussian());
    }
    return array;
  }

  private static DenseLayer hidden() {
    return new DenseLayer.Builder().nOut(4).activation(Activation.TANH).build();
  }

  private static OutputLayer output(Activation activation, ILossFunction loss) {
    return new OutputLayer.Builder(loss).nOut(3).activation(activation).build();
  }

  private static OutputLayer softmax() {
    return output(Activation.SOFTMAX, new LossMCXENT());
  }

  private static MultiLayerNetwork perceptron() {
    return network(InputType.feedForward(3), hidden(), softmax());
  }

  private static MultiLayerNetwork normalized() {
    return network(InputType.feedForward(3), hidden(), new BatchNormalization(), softmax());
  }

  private static INDArray oneHot(List<Integer> labels) {
    INDArray rows = Nd4j.zeros(DataType.DOUBLE, labels.size(), 3);
    for (int i = 0; i < labels.size(); i++) {
      rows.putScalar(i, labels.get(i), 1);
    }
    return rows;
  }

  private static DataBatches data(List<Integer> labels) {
    return DataBatches.of(new DataSet(normal(7, labels.size(), 3), oneHot(labels)));
  }

  private static Case dense(String name, List<Integer> labels) {
    return new Case(name, perceptron(), data(labels), labels, BatchNormMode.BATCH);
  }

  private static Case normalized(List<Integer> labels, BatchNormMode mode, int batchSize) {
    return new Case(
        "%s statistics of batches of %d".formatted(mode, batchSize),
        normalized(),
        data(labels).rebatched(batchSize),
        labels,
        mode);
  }

  private static Case convolutional() {
    MultiLayerNetwork network =
        network(
            InputType.convolutional(5, 5, 1),
            new ConvolutionLayer.Builder(2, 2).nOut(2).activation(Activation.TANH).build(),
            new SubsamplingLayer.Builder(SubsamplingLayer.PoolingType.AVG)
                .kernelSize(2, 2)
                .stride(2, 2)
                .build(),
            softmax());
    DataSet data = new DataSet(normal(9, BALANCED.size(), 1, 5, 5), oneHot(BALANCED));
    return new Case("convolution", network, DataBatches.of(data), BALANCED, BatchNormMode.BATCH);
  }

  static Stream<Case> cases() {
    return Stream.of(
        dense("balanced", BALANCED),
        dense("unbalanced", UNBALANCED),
        dense("a class without examples", ONE_ABSENT),
        convolutional(),
        normalized(BALANCED, BatchNormMode.BATCH, 12),
        normalized(UNBALANCED, BatchNormMode.BATCH, 4),
        normalized(UNBALANCED, BatchNormMode.FROZEN, 4),
        normalized(BALANCED, BatchNormMode.POPULATION, 6));
  }

  private static void requireEqual(
      ClassStructure structure, DenseClasses dense, boolean balanced, double tolerance) {
    double scale = dense.trace(G);
    for (ClassComponent component : ClassComponent.values()) {
      boolean known = balanced || !component.name().matches("G.+");
      assertThat(structure.traces().containsKey(component))
          .as(component.name())
          .isEqualTo(known && component != G12);
      assertThat(structure.eigenvalues().containsKey(component))
          .as(component.name())
          .isEqualTo(known && LISTED.contains(component));
      if (structure.traces().containsKey(component)) {
        assertThat(structure.traces().get(component))
            .as(component.name())
            .isCloseTo(dense.trace(component), within(tolerance * scale));
      }
      if (structure.eigenvalues().containsKey(component)) {
        double[] expected = dense.eigenvalues(component);
        List<Double> values = structure.eigenvalues().get(component);
        for (int i = 0; i < expected.length; i++) {
          double value = i < values.size() ? values.get(i) : 0;
          assertThat(value)
              .as("%s, %d of %d", component, i, values.size())
              .isCloseTo(expected[i], within(tolerance * expected[0]));
        }
      }
    }
  }

  private static boolean balanced(Case some) {
    return some.labels().equals(BALANCED);
  }

  @ParameterizedTest
  @MethodSource("cases")
  void equalsDenseMatrices(Case some) {
    DenseClasses dense = some.dense();
    requireEqual(some.structure(some.options()), dense, balanced(some), TOLERANCE);
    CurvatureOptions differences = some.options().withEngine(Engine.DIFFERENCE);
    ClassStructure structure = some.structure(differences);
    assertThat(structure.engine()).isEqualTo(Engine.DIFFERENCE);
    requireEqual(structure, dense, balanced(some), TOLERANCE);
  }

  @ParameterizedTest
  @MethodSource("cases")
  void floatDiffersByRounding(Case some) {
    requireEqual(
        some.structure(some.options().withPrecision(Precision.FLOAT)),
        some.dense(),
        balanced(some),
        FLOAT_TOLERANCE);
  }

  @ParameterizedTest
  @MethodSource("cases")
  void traceIsThatOfTheGaussNewtonMatrix(Case some) {
    try (Curvature curvature =
        Curvature.of(Network.of(some.network()), some.data(), some.options())) {
      long n = curvature.activeParameters();
      INDArray matrix = curvature.gaussNewton().apply(Nd4j.eye(n).castTo(DataType.DOUBLE));
      double trace = 0;
      for (int i = 0; i < n; i++) {
        trace += matrix.getDouble(i, i);
      }
      ClassStructure structure = some.structure(some.options());
      assertThat(structure.trace().estimate()).isCloseTo(trace, within(1e-12 * trace));
      assertThat(structure.trace().standardError()).isZero();
      assertThat(structure.order()).isEqualTo(n);
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"A1", "A2", "B1", "G0", "G1", "G2", "G12"})
  void factorsMakeTheComponent(ClassComponent component) {
    Case some = dense("balanced", BALANCED);
    ClassMeans means =
        ClassMeans.of(
            Network.of(some.network()),
            some.data(),
            ClassStructureOptions.defaults().withCurvature(some.options()));
    INDArray rows = means.factor(component);
    INDArray expected = some.dense().matrix(component);
    assertThat(rows.transpose().mmul(rows).sub(expected).amaxNumber().doubleValue())
        .isLessThan(TOLERANCE * expected.amaxNumber().doubleValue());
    assertThat(means.factor(B2)).isNull();
  }

  @Test
  void componentsAddUpToTheMatrix() {
    DenseClasses dense = dense("balanced", BALANCED).dense();
    INDArray matrix = dense.matrix(G);
    double tolerance = 1e-14 * dense.trace(G);
    assertThat(sum(dense, A1, A2, B1, B2).sub(matrix).amaxNumber().doubleValue())
        .isLessThan(tolerance);
    assertThat(sum(dense, G0, G1, G2, G3).sub(matrix).amaxNumber().doubleValue())
        .isLessThan(tolerance);
    assertThat(sum(dense, G0, G1, G2).sub(dense.matrix(G12)).amaxNumber().doubleValue())
        .isLessThan(tolerance);
  }

  private static INDArray sum(DenseClasses dense, ClassComponent... components) {
    INDArray sum = dense.matrix(components[0]);
    for (int i = 1; i < components.length; i++) {
      sum.addi(dense.matrix(components[i]));
    }
    return sum;
  }

  @Test
  void ranksAreThoseOfTheDefinitions() {
    ClassStructure structure = dense("balanced", BALANCED).structure(CurvatureOptions.defaults());
    assertThat(structure.eigenvalues().get(A1)).hasSize(3);
    assertThat(structure.eigenvalues().get(A2)).hasSize(3);
    assertThat(structure.eigenvalues().get(B1)).hasSize(3);
    assertThat(structure.eigenvalues().get(G2)).hasSize(3);
    structure
        .eigenvalues()
        .values()
        .forEach(
            values -> {
              assertThat(values).isSortedAccordingTo(java.util.Comparator.reverseOrder());
              assertThat(values).allMatch(value -> value > 0);
            });
    assertThat(structure.eigenvalues().get(G12).get(2))
        .isGreaterThanOrEqualTo(structure.eigenvalues().get(G1).get(2));
  }

  @Test
  void trueClassIsCollinearWithTheClassMean() {
    Case some = dense("unbalanced", UNBALANCED);
    ClassMeans means =
        ClassMeans.of(
            Network.of(some.network()),
            some.data(),
            ClassStructureOptions.defaults().withCurvature(some.options()));
    INDArray classMeans = means.factor(A1);
    INDArray trueClasses = means.factor(A2);
    for (int c = 0; c < 3; c++) {
      double factor = -Math.sqrt(means.othersWeight(c) / means.weight(c, c));
      INDArray expected = classMeans.getRow(c).mul(factor);
      assertThat(trueClasses.getRow(c).sub(expected).amaxNumber().doubleValue()).isLessThan(1e-14);
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void classMeansAloneAreThoseOfAllMeans(Case some) {
    ClassStructureOptions options = ClassStructureOptions.defaults().withCurvature(some.options());
    ClassStructure all = ClassStructure.of(Network.of(some.network()), some.data(), options);
    ClassStructure few =
        ClassStructure.of(Network.of(some.network()), some.data(), options.withMostCrossClasses(2));
    Set<ClassComponent> known = balanced(some) ? EnumSet.of(A1, A2, G0, G1) : EnumSet.of(A1, A2);
    assertThat(few.eigenvalues()).containsOnlyKeys(known);
    for (ClassComponent component : known) {
      List<Double> expected = all.eigenvalues().get(component);
      assertThat(few.eigenvalues().get(component)).hasSameSizeAs(expected);
      for (int i = 0; i < expected.size(); i++) {
        assertThat(few.eigenvalues().get(component).get(i))
            .isCloseTo(expected.get(i), within(1e-12 * expected.get(0)));
      }
    }
    known.add(G);
    assertThat(few.traces()).containsOnlyKeys(known);
    assertThat(few.notes()).anyMatch(note -> note.startsWith("class means alone: 3 classes"));
  }

  static Stream<Arguments> estimated() {
    return Stream.of(
        Arguments.of(dense("unbalanced", UNBALANCED), Engine.DIFFERENCE),
        Arguments.of(normalized(UNBALANCED, BatchNormMode.BATCH, 4), Engine.TANGENT));
  }

  @ParameterizedTest
  @MethodSource("estimated")
  void estimatedTraceIsWithinItsError(Case some, Engine engine) {
    ClassStructureOptions options =
        ClassStructureOptions.defaults().withCurvature(some.options().withEngine(engine));
    double exact =
        ClassStructure.of(Network.of(some.network()), some.data(), options).trace().estimate();
    for (long seed = 1; seed <= 3; seed++) {
      TraceEstimate trace =
          ClassStructure.of(
                  Network.of(some.network()),
                  some.data(),
                  options.withExactProducts(0).withDraws(100).withSeed(seed))
              .trace();
      assertThat(trace.draws()).isEqualTo(100);
      assertThat(trace.standardError()).isBetween(1e-4 * exact, 0.2 * exact);
      assertThat(trace.estimate()).isCloseTo(exact, within(4 * trace.standardError()));
    }
  }

  @Test
  void mapKeepsDistancesThatLieInAPlane() {
    // Means of two classes alone lie on a line.
    Case some = dense("a class without examples", ONE_ABSENT);
    ClassStructureOptions options =
        ClassStructureOptions.defaults().withCurvature(some.options()).withMostCrossClasses(0);
    ClassMeans means = ClassMeans.of(Network.of(some.network()), some.data(), options);
    List<ClassStructure.Point> map = ClassStructure.of(means).map();
    assertThat(map).extracting(ClassStructure.Point::label).containsExactly(0, 2);
    INDArray rows = means.factor(A1);
    INDArray difference =
        rows.getRow(0)
            .div(Math.sqrt(means.othersWeight(0)))
            .sub(rows.getRow(1).div(Math.sqrt(means.othersWeight(2))));
    double distance = Math.hypot(map.get(0).x() - map.get(1).x(), map.get(0).y() - map.get(1).y());
    assertThat(distance).isCloseTo(difference.norm2Number().doubleValue(), within(1e-12));
    assertThat(
            ClassStructure.of(
                    Network.of(some.network()), some.data(), ClassStructureOptions.defaults())
                .map())
        .hasSize(6);
  }

  @Test
  void takesClassNumbers() {
    MultiLayerNetwork sparse =
        network(
            InputType.feedForward(3), hidden(), output(Activation.SOFTMAX, new LossSparseMCXENT()));
    INDArray numbers =
        Nd4j.createFromArray(UNBALANCED.toArray(Integer[]::new)).castTo(DataType.DOUBLE);
    DataSet data =
        new DataSet(normal(7, UNBALANCED.size(), 3), numbers.reshape(UNBALANCED.size(), 1));
    ClassStructure structure =
        ClassStructure.of(
            Network.of(sparse), DataBatches.of(data), ClassStructureOptions.defaults());
    requireEqual(structure, dense("unbalanced", UNBALANCED).dense(), false, TOLERANCE);
  }

  @Test
  void rejectsOtherLosses() {
    MultiLayerNetwork squares =
        network(
            InputType.feedForward(3),
            output(Activation.IDENTITY, LossFunction.MSE.getILossFunction()));
    assertFails(squares, data(BALANCED))
        .hasMessage(
            "class structure needs one output layer with softmax and cross-entropy, got OutputLayer"
                + " with identity and LossMSE()");
    MultiLayerNetwork weighted =
        network(
            InputType.feedForward(3),
            output(Activation.SOFTMAX, new LossMCXENT(Nd4j.createFromArray(1.0, 2.0, 3.0))));
    assertFails(weighted, data(BALANCED))
        .hasMessage(
            "class structure needs a cross-entropy whose classes weigh the same, got weights [1.0,"
                + " 2.0, 3.0]");
  }

  @Test
  void rejectsLabelsThatAreNoClasses() {
    INDArray soft = oneHot(BALANCED);
    soft.putRow(4, Nd4j.createFromArray(0.5, 0.5, 0));
    assertFails(perceptron(), DataBatches.of(new DataSet(normal(7, BALANCED.size(), 3), soft)))
        .hasMessageStartingWith(
            "class structure needs one class for each example, a 1 among zeros, got [")
        .hasMessageEndingWith("for example 4");
    DataSet masked = new DataSet(normal(7, BALANCED.size(), 3), oneHot(BALANCED));
    INDArray mask = Nd4j.ones(DataType.DOUBLE, BALANCED.size(), 1);
    mask.putScalar(2, 0);
    masked.setLabelsMaskArray(mask);
    assertFails(perceptron(), DataBatches.of(masked))
        .hasMessage("class structure needs labels without a mask, got one of shape [12, 1]");
  }

  private static org.assertj.core.api.AbstractThrowableAssert<?, ? extends Throwable> assertFails(
      MultiLayerNetwork network, DataBatches data) {
    return assertThatThrownBy(
            () -> ClassStructure.of(Network.of(network), data, ClassStructureOptions.defaults()))
        .isInstanceOf(IllegalArgumentException.class);
  }

  /** Jacobians by central differences of what Deeplearning4j puts out. */
  private static final class Jacobians {
    private static final double STEP = 1e-6;

    private Jacobians() {}

    static DenseClasses dense(
        MultiLayerNetwork original, DataBatches data, List<Integer> labels, BatchNormMode mode) {
      MultiLayerNetwork network = original.clone();
      List<ParameterArray> arrays =
          Network.of(network).arrays().stream().filter(ParameterArray::active).toList();
      int order = arrays.stream().mapToInt(array -> (int) array.length()).sum();
      double[][] logits = logits(network, data, mode);
      double[][][] jacobians = new double[labels.size()][3][order];
      int column = 0;
      for (ParameterArray array : arrays) {
        for (long at = array.offset(); at < array.offset() + array.length(); at++, column++) {
          double value = network.params().getDouble(at);
          network.params().putScalar(at, value + STEP);
          double[][] ahead = logits(network, data, mode);
          network.params().putScalar(at, value - STEP);
          double[][] behind = logits(network, data, mode);
          network.params().putScalar(at, value);
          for (int i = 0; i < labels.size(); i++) {
            for (int k = 0; k < 3; k++) {
              jacobians[i][k][column] = (ahead[i][k] - behind[i][k]) / (2 * STEP);
            }
          }
        }
      }
      return new DenseClasses(
          jacobians, logits, labels.stream().mapToInt(Integer::intValue).toArray());
    }

    /** Returns logarithms of probabilities: logits, but for what no softmax shows. */
    private static double[][] logits(
        MultiLayerNetwork network, DataBatches data, BatchNormMode mode) {
      boolean frozen = mode == BatchNormMode.FROZEN;
      DataBatches used =
          mode == BatchNormMode.POPULATION ? data.rebatched(Integer.MAX_VALUE) : data;
      List<INDArray> rows = new ArrayList<>();
      for (var batch : used.batches()) {
        INDArray output = network.output(batch.getFeatures(0), !frozen);
        rows.add(Transforms.log(output));
      }
      return Nd4j.concat(0, rows.toArray(INDArray[]::new)).toDoubleMatrix();
    }
  }
}
