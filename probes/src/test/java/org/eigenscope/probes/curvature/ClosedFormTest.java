package org.eigenscope.probes.curvature;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.eigenscope.probes.curvature.Networks.batches;
import static org.eigenscope.probes.curvature.Networks.curvature;
import static org.eigenscope.probes.curvature.Networks.dense;
import static org.eigenscope.probes.curvature.Networks.error;
import static org.eigenscope.probes.curvature.Networks.labels;
import static org.eigenscope.probes.curvature.Networks.largest;
import static org.eigenscope.probes.curvature.Networks.network;
import static org.eigenscope.probes.curvature.Networks.normal;
import static org.eigenscope.probes.curvature.Networks.randomised;
import static org.eigenscope.probes.curvature.Networks.softmax;

import java.util.Arrays;
import java.util.stream.Stream;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.eigenscope.probes.linalg.LinearOperator;
import org.hipparchus.linear.EigenDecompositionSymmetric;
import org.hipparchus.linear.MatrixUtils;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;
import org.nd4j.linalg.ops.transforms.Transforms;

/** Matrices with known answers, and identities that hold exactly. */
class ClosedFormTest {
  private static final int EXAMPLES = 8;
  private static final INDArray X = normal(2, EXAMPLES, 4);
  private static final INDArray Y = labels(3, EXAMPLES, 3);

  private static DenseLayer relu(int outputs) {
    return new DenseLayer.Builder().nOut(outputs).activation(Activation.RELU).build();
  }

  private static INDArray times(LinearOperator operator, INDArray vector) {
    return operator.apply(vector.reshape(1, vector.length())).reshape(vector.length());
  }

  private static double[] eigenvalues(INDArray matrix) {
    double[] values =
        new EigenDecompositionSymmetric(
                MatrixUtils.createRealMatrix(
                    matrix.add(matrix.transpose()).mul(0.5).toDoubleMatrix()))
            .getEigenvalues();
    Arrays.sort(values);
    return values;
  }

  private static double trace(INDArray matrix) {
    return Nd4j.diag(matrix).sumNumber().doubleValue();
  }

  /** H = mean (diag(p) − p pᵀ) ⊗ x xᵀ. */
  @Test
  void softmaxRegressionHasItsHessian() {
    MultiLayerNetwork network = randomised(network(InputType.feedForward(4), softmax(3)), 1);
    INDArray p = network.output(X);
    INDArray expected = Nd4j.zeros(X.dataType(), 15, 15);
    for (int i = 0; i < EXAMPLES; i++) {
      INDArray a = Nd4j.diag(p.getRow(i)).sub(outer(p.getRow(i), p.getRow(i)));
      INDArray x = Nd4j.concat(0, X.getRow(i), Nd4j.ones(X.dataType(), 1));
      expected.addi(kronecker(a, outer(x, x)).divi(EXAMPLES));
    }
    // Deeplearning4j stores weights by columns, one class after the other, then all biases.
    int[] order = new int[15];
    for (int c = 0; c < 3; c++) {
      for (int j = 0; j < 5; j++) {
        order[j < 4 ? 4 * c + j : 12 + c] = 5 * c + j;
      }
    }
    INDArray permuted = expected.ulike();
    for (int i = 0; i < 15; i++) {
      for (int j = 0; j < 15; j++) {
        permuted.putScalar(i, j, expected.getDouble(order[i], order[j]));
      }
    }
    Curvature curvature = curvature(network, batches(X, Y));
    assertThat(error(dense(curvature.hessian()), permuted)).isLessThan(1e-9);
    assertThat(error(dense(curvature.gaussNewton()), permuted)).isLessThan(1e-9);
    assertThat(largest(dense(curvature.residual()))).isLessThan(1e-9 * largest(permuted));
  }

  private static INDArray outer(INDArray a, INDArray b) {
    return a.reshape(a.length(), 1).mmul(b.reshape(1, b.length()));
  }

  private static INDArray kronecker(INDArray a, INDArray b) {
    INDArray product = Nd4j.create(a.dataType(), a.size(0) * b.size(0), a.size(1) * b.size(1));
    for (int i = 0; i < a.rows(); i++) {
      for (int j = 0; j < a.columns(); j++) {
        product
            .get(
                NDArrayIndex.interval(i * b.rows(), (i + 1) * b.rows()),
                NDArrayIndex.interval(j * b.columns(), (j + 1) * b.columns()))
            .assign(b.mul(a.getDouble(i, j)));
      }
    }
    return product;
  }

  /** Papyan-like data t e_c ± √D e_j at W = 0: three eigenvalues with known multiplicities. */
  @Test
  void softmaxRegressionOnSpikesHasItsSpectrum() {
    int classes = 3;
    int dimension = 5;
    double t = 2;
    int examples = classes * dimension * 2;
    INDArray x = Nd4j.create(X.dataType(), examples, dimension);
    INDArray y = Nd4j.create(X.dataType(), examples, classes);
    for (int i = 0; i < examples; i++) {
      int c = i / (2 * dimension);
      int j = i / 2 % dimension;
      x.putScalar(i, c, t);
      x.putScalar(i, j, x.getDouble(i, j) + (i % 2 == 0 ? 1 : -1) * Math.sqrt(dimension));
      y.putScalar(i, c, 1);
    }
    MultiLayerNetwork network =
        network(
            InputType.feedForward(dimension),
            new OutputLayer.Builder(LossFunction.MCXENT)
                .nOut(classes)
                .hasBias(false)
                .activation(Activation.SOFTMAX)
                .build());
    network.setParams(network.params().mul(0));
    Curvature curvature = curvature(network, batches(x, y));
    assertThat(curvature.loss()).isCloseTo(Math.log(classes), within(1e-12));
    double[] values = eigenvalues(dense(curvature.hessian()));
    for (int i = 0; i < values.length; i++) {
      // 0 for the shift of all classes, then 1/C, then the classes' own directions.
      double expected =
          i < dimension
              ? 0
              : i < dimension + (dimension - classes) * (classes - 1)
                  ? 1.0 / classes
                  : (1 + t * t / classes) / classes;
      assertThat(values[i]).isCloseTo(expected, within(1e-9));
    }
  }

  /** H = 2 XᵀX / (N outputs) in Deeplearning4j's MSE, whatever the parameters. */
  @Test
  void linearRegressionHasTheHessianOfItsData() {
    MultiLayerNetwork network =
        randomised(
            network(
                InputType.feedForward(4),
                new OutputLayer.Builder(LossFunction.MSE)
                    .nOut(1)
                    .hasBias(false)
                    .activation(Activation.IDENTITY)
                    .build()),
            1);
    INDArray expected = X.transpose().mmul(X).mul(2.0 / EXAMPLES);
    Curvature curvature = curvature(network, batches(X, normal(4, EXAMPLES, 1)));
    assertThat(error(dense(curvature.hessian()), expected)).isLessThan(1e-9);
    assertThat(error(dense(curvature.gaussNewton()), expected)).isLessThan(1e-9);
    assertThat(largest(dense(curvature.residual()))).isLessThan(1e-9 * largest(expected));
  }

  @Test
  void classWeightsScaleTheMatrices() {
    INDArray weights = Nd4j.createFromArray(new double[][] {{2, 2, 2}});
    MultiLayerNetwork plain = randomised(network(InputType.feedForward(4), relu(5), softmax(3)), 1);
    MultiLayerNetwork weighted =
        network(
            InputType.feedForward(4),
            relu(5),
            new OutputLayer.Builder(new org.nd4j.linalg.lossfunctions.impl.LossMCXENT(weights))
                .nOut(3)
                .activation(Activation.SOFTMAX)
                .build());
    weighted.setParams(plain.params());
    Curvature once = curvature(plain, batches(X, Y));
    Curvature twice = curvature(weighted, batches(X, Y));
    assertThat(twice.loss()).isCloseTo(2 * once.loss(), within(1e-12));
    assertThat(error(dense(twice.hessian()), dense(once.hessian()).mul(2))).isLessThan(1e-9);
    assertThat(error(dense(twice.gaussNewton()), dense(once.gaussNewton()).mul(2)))
        .isLessThan(1e-9);
  }

  /** G is the Fisher information: positive semidefinite, of rank at most N (C − 1). */
  @Test
  void gaussNewtonMatrixIsPositiveOfLowRank() {
    MultiLayerNetwork network =
        randomised(network(InputType.feedForward(4), relu(5), softmax(3)), 1);
    int few = 3;
    INDArray x = X.get(NDArrayIndex.interval(0, few), NDArrayIndex.all()).dup();
    INDArray y = Y.get(NDArrayIndex.interval(0, few), NDArrayIndex.all()).dup();
    double[] values = eigenvalues(dense(curvature(network, batches(x, y)).gaussNewton()));
    double scale = values[values.length - 1];
    assertThat(values[0]).isGreaterThan(-1e-9 * scale);
    assertThat(Arrays.stream(values).filter(v -> v > 1e-9 * scale).count()).isBetween(1L, few * 2L);
  }

  /** Adding one vector to the weights of all classes changes no probability. */
  @Test
  void shiftingAllClassesIsInTheNullSpace() {
    MultiLayerNetwork network =
        randomised(network(InputType.feedForward(4), relu(5), softmax(3)), 1);
    Curvature last = curvature(network, batches(X, Y)).layer("layer1");
    double[] values = eigenvalues(dense(last.hessian()));
    double scale = values[values.length - 1];
    assertThat(Arrays.stream(values).filter(v -> Math.abs(v) < 1e-9 * scale).count())
        .isGreaterThanOrEqualTo(6);
  }

  @Test
  void residualOfRectifiersHasNoTraceAndNoBlocks() {
    MultiLayerNetwork network =
        randomised(
            network(
                InputType.convolutional(5, 5, 1),
                new ConvolutionLayer.Builder(2, 2).nOut(2).activation(Activation.RELU).build(),
                new SubsamplingLayer.Builder(SubsamplingLayer.PoolingType.MAX)
                    .kernelSize(2, 2)
                    .stride(2, 2)
                    .build(),
                relu(3),
                softmax(3)),
            1);
    Curvature curvature = curvature(network, batches(normal(2, EXAMPLES, 1, 5, 5), Y));
    double scale = largest(dense(curvature.hessian()));
    assertThat(trace(dense(curvature.residual()))).isCloseTo(0, within(1e-8 * scale));
    assertThat(trace(dense(curvature.hessian())))
        .isCloseTo(trace(dense(curvature.gaussNewton())), within(1e-8 * scale));
    for (String layer : Network.of(network).layers()) {
      assertThat(largest(dense(curvature.layer(layer).residual()))).isLessThan(1e-8 * scale);
    }
  }

  @Test
  void residualOfOneHiddenLayerIsSymmetricAboutZero() {
    MultiLayerNetwork network =
        randomised(network(InputType.feedForward(4), relu(5), softmax(3)), 1);
    double[] values = eigenvalues(dense(curvature(network, batches(X, Y)).residual()));
    double scale = values[values.length - 1];
    assertThat(scale).isPositive();
    for (int i = 0; i < values.length; i++) {
      assertThat(values[i]).isCloseTo(-values[values.length - 1 - i], within(1e-8 * scale));
    }
  }

  /** Without biases a network of depth l is homogeneous: R θ = (l − 1) ∇L. */
  @Test
  void homogeneousNetworkObeysEuler() {
    MultiLayerNetwork network =
        randomised(
            network(
                InputType.feedForward(4),
                new DenseLayer.Builder().nOut(5).hasBias(false).activation(Activation.RELU).build(),
                new DenseLayer.Builder().nOut(4).hasBias(false).activation(Activation.RELU).build(),
                new OutputLayer.Builder(LossFunction.MCXENT)
                    .nOut(3)
                    .hasBias(false)
                    .activation(Activation.SOFTMAX)
                    .build()),
            1);
    Curvature curvature = curvature(network, batches(X, Y));
    INDArray residual = times(curvature.residual(), network.params());
    assertThat(error(residual, curvature.gradient().mul(2))).isLessThan(1e-8);
  }

  /** Scaling a unit's input weights up and its output weights down changes nothing. */
  @Test
  void rescalingARectifierLeavesTheLoss() {
    MultiLayerNetwork network =
        randomised(network(InputType.feedForward(4), relu(5), softmax(3)), 1);
    Curvature curvature = curvature(network, batches(X, Y));
    INDArray gradient = curvature.gradient();
    INDArray direction = network.params().mul(0);
    INDArray expected = direction.dup();
    // Flat order: W0 (4 x 5, by columns), b0, W1 (5 x 3, by columns), b1. Unit 2 of the first.
    for (int i = 0; i < 4; i++) {
      put(direction, expected, network.params(), gradient, 8 + i, 1);
    }
    put(direction, expected, network.params(), gradient, 22, 1);
    for (int c = 0; c < 3; c++) {
      put(direction, expected, network.params(), gradient, 25 + 5 * c + 2, -1);
    }
    assertThat(direction.mul(gradient).sumNumber().doubleValue()).isCloseTo(0, within(1e-14));
    assertThat(times(curvature.hessian(), direction).sub(expected).amaxNumber().doubleValue())
        .isLessThan(1e-9);
  }

  private static void put(
      INDArray direction, INDArray expected, INDArray theta, INDArray gradient, int at, int sign) {
    direction.putScalar(at, sign * theta.getDouble(at));
    expected.putScalar(at, -sign * gradient.getDouble(at));
  }

  @Test
  void inputThatIsAlwaysZeroHasZeroRows() {
    MultiLayerNetwork network =
        randomised(network(InputType.feedForward(4), relu(5), softmax(3)), 1);
    INDArray x = X.dup();
    x.getColumn(1).assign(0);
    INDArray hessian = dense(curvature(network, batches(x, Y)).hessian());
    for (int unit = 0; unit < 5; unit++) {
      assertThat(largest(hessian.getRow(4 * unit + 1))).isZero();
      assertThat(largest(hessian.getColumn(4 * unit + 1))).isZero();
    }
  }

  private static MultiLayerNetwork normalising(double eps) {
    return randomised(
        network(
            InputType.feedForward(4),
            new DenseLayer.Builder().nOut(3).build(),
            new BatchNormalization.Builder().eps(eps).build(),
            new ActivationLayer(Activation.TANH),
            softmax(3)),
        1);
  }

  /** T-BN1: before batch normalization only the direction of weights matters. */
  @ParameterizedTest
  @CsvSource({"TANGENT,BATCH", "TANGENT,POPULATION", "DIFFERENCE,BATCH", "DIFFERENCE,POPULATION"})
  void batchNormalizationForgetsTheScaleOfWeights(Engine engine, BatchNormMode mode) {
    MultiLayerNetwork network = normalising(1e-12);
    Curvature curvature = curvature(network, batches(X, Y).rebatched(4), mode, engine);
    INDArray gradient = curvature.gradient();
    INDArray direction = gradient.mul(0);
    INDArray expected = direction.dup();
    for (int i = 0; i < 15; i++) {
      direction.putScalar(i, network.params().getDouble(i));
      expected.putScalar(i, -gradient.getDouble(i));
    }
    double scale = largest(gradient);
    assertThat(direction.mul(gradient).sumNumber().doubleValue())
        .isCloseTo(0, within(1e-9 * scale));
    assertThat(largest(times(curvature.hessian(), direction).sub(expected)))
        .isLessThan(1e-8 * scale);
  }

  /** T-BN2: where the mean is that of the examples, a bias before it changes nothing. */
  @ParameterizedTest
  @MethodSource("enginesAndModes")
  void onlyFrozenStatisticsKnowTheBias(Engine engine, BatchNormMode mode) {
    MultiLayerNetwork network = normalising(1e-5);
    DataBatches data = batches(X, Y).rebatched(4);
    Curvature bias = curvature(network, data, mode, engine).layer("layer0/b");
    double size = largest(dense(bias.hessian()));
    if (mode == BatchNormMode.FROZEN) {
      assertThat(size).isGreaterThan(1e-3);
    } else {
      assertThat(size).isLessThan(1e-9);
    }
  }

  static Stream<Arguments> enginesAndModes() {
    return Stream.of(Engine.TANGENT, Engine.DIFFERENCE)
        .flatMap(
            engine -> Stream.of(BatchNormMode.values()).map(mode -> Arguments.of(engine, mode)));
  }

  /** T-BN3, T-R1: frozen statistics make batch normalization an affine map. */
  @ParameterizedTest
  @EnumSource(names = {"TANGENT", "DIFFERENCE"})
  void frozenStatisticsKeepTheIdentitiesOfRectifiers(Engine engine) {
    MultiLayerNetwork network =
        randomised(
            network(
                InputType.feedForward(4),
                new DenseLayer.Builder().nOut(3).build(),
                new BatchNormalization(),
                new ActivationLayer(Activation.RELU),
                softmax(3)),
            1);
    DataBatches data = batches(X, Y);
    Curvature frozen = curvature(network, data, BatchNormMode.FROZEN, engine);
    double scale = largest(dense(frozen.hessian()));
    assertThat(trace(dense(frozen.residual()))).isCloseTo(0, within(1e-8 * scale));
    assertThat(frozen.loss())
        .isCloseTo(network.score(new org.nd4j.linalg.dataset.DataSet(X, Y), false), within(1e-12));
    Curvature batch = curvature(network, data, BatchNormMode.BATCH, engine);
    assertThat(Math.abs(trace(dense(batch.residual())))).isGreaterThan(1e-4 * scale);
  }

  /** T-BN3. */
  @ParameterizedTest
  @EnumSource(names = {"TANGENT", "DIFFERENCE"})
  void populationStatisticsAreThoseOfOneBatch(Engine engine) {
    MultiLayerNetwork network = normalising(1e-5);
    DataBatches one = batches(X, Y);
    Curvature population = curvature(network, one.rebatched(3), BatchNormMode.POPULATION, engine);
    Curvature batch = curvature(network, one, BatchNormMode.BATCH, engine);
    assertThat(population.loss()).isEqualTo(batch.loss());
    assertThat(dense(population.hessian())).isEqualTo(dense(batch.hessian()));
    assertThat(batch.notes()).anyMatch(note -> note.contains("coincide"));
    assertThat(population.notes()).anyMatch(note -> note.contains("all 8 examples"));
    assertThat(curvature(network, one, BatchNormMode.POPULATION, engine).notes())
        .anyMatch(note -> note.contains("coincide"));
    INDArray different = dense(curvature(network, one.rebatched(4)).hessian());
    assertThat(Transforms.abs(different.sub(dense(batch.hessian()))).maxNumber().doubleValue())
        .isGreaterThan(1e-3);
  }
}
