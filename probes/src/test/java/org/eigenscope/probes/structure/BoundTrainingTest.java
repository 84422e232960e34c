package org.eigenscope.probes.structure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Function;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.transferlearning.TransferLearning;
import org.deeplearning4j.nn.weights.WeightInit;
import org.eigenscope.probes.curvature.Curvature;
import org.eigenscope.probes.curvature.CurvatureMatrix;
import org.eigenscope.probes.curvature.CurvatureOptions;
import org.eigenscope.probes.curvature.DataBatches;
import org.eigenscope.probes.curvature.Network;
import org.eigenscope.probes.linalg.LinearOperator;
import org.hipparchus.linear.MatrixUtils;
import org.hipparchus.linear.QRDecomposition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

class BoundTrainingTest {
  private static final int INPUTS = 4;
  private static final int HIDDEN = 3;
  private static final int CLASSES = 2;
  private static final long PARAMETERS = (INPUTS + 1) * HIDDEN + (HIDDEN + 1) * CLASSES;

  private static MultiLayerNetwork network() {
    MultiLayerNetwork network =
        new MultiLayerNetwork(
            new NeuralNetConfiguration.Builder()
                .seed(3)
                .dataType(DataType.DOUBLE)
                .updater(new Sgd(0.5))
                .l2(0.1)
                .list()
                .layer(
                    new DenseLayer.Builder()
                        .nIn(INPUTS)
                        .nOut(HIDDEN)
                        .activation(Activation.TANH)
                        .build())
                .layer(
                    new OutputLayer.Builder(LossFunction.MCXENT)
                        .nIn(HIDDEN)
                        .nOut(CLASSES)
                        .activation(Activation.SOFTMAX)
                        .build())
                .build());
    network.init();
    return network;
  }

  /** Points of two classes on either side of a plane, with room between them. */
  private static DataSet data(int examples) {
    SplittableRandom random = new SplittableRandom(8);
    double[][] x = new double[examples][INPUTS];
    double[][] y = new double[examples][CLASSES];
    for (int i = 0; i < examples; i++) {
      for (int j = 0; j < INPUTS; j++) {
        x[i][j] = random.nextGaussian();
      }
      int label = i % 2;
      x[i][0] = (label == 0 ? -1 : 1) * (1 + Math.abs(x[i][0]));
      y[i][label] = 1;
    }
    return new DataSet(Nd4j.createFromArray(x), Nd4j.createFromArray(y));
  }

  private static BoundTraining.Options options(int epochs, int draws) {
    return new BoundTraining.Options(epochs, 50, 1e-2, 2, draws, 5, PacBayesBound.defaults());
  }

  private static INDArray orthogonal(int n, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    double[][] rows = new double[n][n];
    for (double[] row : rows) {
      for (int j = 0; j < n; j++) {
        row[j] = random.nextGaussian();
      }
    }
    return Nd4j.createFromArray(
        new QRDecomposition(MatrixUtils.createRealMatrix(rows)).getQ().getData());
  }

  private static ParameterRotation standard(Network network) {
    return ParameterRotation.none();
  }

  private static ParameterRotation rotated(Network network) {
    return rotation();
  }

  /** Returns a rotation of all four arrays. */
  private static ParameterRotation rotation() {
    INDArray left = orthogonal(HIDDEN, 1);
    INDArray last = orthogonal(CLASSES, 2);
    List<ParameterRotation.Part> parts = new ArrayList<>();
    parts.add(new ParameterRotation.Part(0, HIDDEN, INPUTS, left, orthogonal(INPUTS, 3)));
    parts.add(new ParameterRotation.Part(12, HIDDEN, 1, left, null));
    parts.add(new ParameterRotation.Part(15, CLASSES, HIDDEN, last, orthogonal(HIDDEN, 4)));
    parts.add(new ParameterRotation.Part(21, CLASSES, 1, last, null));
    return new ParameterRotation(parts);
  }

  private static final BoundTraining.Progress QUIET =
      new BoundTraining.Progress() {
        @Override
        public void epoch(int epoch, int epochs, double objective) {}

        @Override
        public void draw(int draw, int draws) {}
      };

  @Test
  void aRotationIsUndoneAndKeepsLengths() {
    INDArray vector = Nd4j.linspace(-1, 1, PARAMETERS, DataType.DOUBLE).mul(3).add(0.5);
    INDArray rotated = rotation().toRotated(vector);

    assertThat(rotation().toStandard(rotated).sub(vector).norm2Number().doubleValue())
        .isLessThan(1e-13);
    assertThat(rotated.norm2Number().doubleValue())
        .isCloseTo(vector.norm2Number().doubleValue(), within(1e-13));
    assertThat(rotated.sub(vector).norm2Number().doubleValue()).isGreaterThan(1);
  }

  @Test
  void anOuterProductOfDirectionsBecomesOneComponent() {
    INDArray left = orthogonal(HIDDEN, 1);
    INDArray right = orthogonal(INPUTS, 3);
    INDArray outer = left.getColumn(2, true).mmul(right.getColumn(1, true).transpose());
    INDArray vector = Nd4j.zeros(DataType.DOUBLE, PARAMETERS);
    vector
        .get(NDArrayIndex.interval(0, HIDDEN * INPUTS))
        .assign(outer.dup('c').reshape(HIDDEN * INPUTS));

    double[] components = rotation().toRotated(vector).toDoubleVector();

    for (int i = 0; i < components.length; i++) {
      assertThat(components[i]).isCloseTo(i == 2 * INPUTS + 1 ? 1 : 0, within(1e-14));
    }
  }

  @Test
  void theGradientIsThatOfTheObjective() {
    for (Function<Network, ParameterRotation> basis :
        List.<Function<Network, ParameterRotation>>of(
            BoundTrainingTest::standard, BoundTrainingTest::rotated)) {
      DataBatches data = DataBatches.of(data(60));
      INDArray gradient = Nd4j.create(DataType.DOUBLE, 1, 2 * PARAMETERS + 1);
      objective(basis, data, 0, 0, gradient);
      double h = 1e-5;

      for (int i = 0; i < 2 * PARAMETERS + 1; i++) {
        double difference =
            (objective(basis, data, i, h, gradient.dup())
                    - objective(basis, data, i, -h, gradient.dup()))
                / (2 * h);
        assertThat(gradient.getDouble(i))
            .as("component %d", i)
            .isCloseTo(difference, within(1e-7 * Math.max(1, Math.abs(difference))));
      }
    }
  }

  /** Returns the objective at the beginning of a training, with one number of its state moved. */
  private static double objective(
      Function<Network, ParameterRotation> basis,
      DataBatches data,
      int index,
      double step,
      INDArray gradient) {
    MultiLayerNetwork initial = network();
    MultiLayerNetwork trained = network();
    trained.params().muli(1.25).addi(0.1);
    BoundTraining training =
        new BoundTraining(
            Network.of(trained), Network.of(initial), data, options(1, 1), basis, false);
    training.state().putScalar(index, training.state().getDouble(index) + step);
    return training.objective(data, gradient);
  }

  @Test
  void aSeparableProblemGetsABoundBelowGuessing() {
    MultiLayerNetwork initial = network();
    MultiLayerNetwork trained = network();
    DataSet examples = data(2000);
    for (int i = 0; i < 100; i++) {
      trained.fit(examples);
    }
    INDArray before = trained.params().dup();

    BoundTraining.Result result =
        new BoundTraining(
                Network.of(trained),
                Network.of(initial),
                DataBatches.of(examples),
                options(10, 50),
                BoundTrainingTest::standard,
                false)
            .run(QUIET);

    assertThat(result.trainedError()).isZero();
    assertThat(result.dimensions()).isEqualTo(PARAMETERS);
    assertThat(result.certificate().divergence()).isBetween(0.0, 300.0);
    assertThat(result.certificate().errorBound()).isGreaterThan(result.error());
    assertThat(result.certificate().bound())
        .isGreaterThan(result.certificate().errorBound())
        .isLessThan(0.5);
    assertThat(trained.params()).isEqualTo(before);
  }

  @Test
  void theSameSeedGivesTheSameBound() {
    MultiLayerNetwork trained = network();
    DataSet examples = data(100);
    trained.fit(examples);
    BoundTraining.Result first = bound(trained, examples);

    assertThat(bound(trained, examples)).isEqualTo(first);
  }

  private static BoundTraining.Result bound(MultiLayerNetwork trained, DataSet examples) {
    return new BoundTraining(
            Network.of(trained),
            Network.of(network()),
            DataBatches.of(examples),
            options(3, 4),
            BoundTrainingTest::rotated,
            true)
        .run(QUIET);
  }

  @Test
  void theKroneckerBasisDiagonalisesALayerWhoseFactorsDecouple() {
    // With W = 0 all examples have the same p, so that the block is exactly E[M] ⊗ E[xxᵀ].
    MultiLayerNetwork regression =
        new MultiLayerNetwork(
            new NeuralNetConfiguration.Builder()
                .seed(3)
                .dataType(DataType.DOUBLE)
                .list()
                .layer(
                    new OutputLayer.Builder(LossFunction.MCXENT)
                        .nIn(INPUTS)
                        .nOut(CLASSES)
                        .activation(Activation.SOFTMAX)
                        .build())
                .build());
    regression.init();
    regression.params().assign(0);
    DataBatches data = DataBatches.of(data(30));
    ParameterRotation basis =
        KroneckerBasis.of(Network.of(regression), data, CurvatureMatrix.GAUSS_NEWTON);

    try (Curvature curvature =
        Curvature.of(Network.of(regression), data, CurvatureOptions.defaults())) {
      LinearOperator weights = curvature.layer("layer0/W").gaussNewton();
      long order = weights.order();
      for (int i = 0; i < order; i++) {
        INDArray unit = Nd4j.zeros(DataType.DOUBLE, order + CLASSES);
        unit.putScalar(i, 1);
        INDArray direction =
            basis.toStandard(unit).get(NDArrayIndex.interval(0, order)).reshape(1, order).dup();

        assertThat(defect(weights, direction)).as("direction %d", i).isLessThan(1e-12);
      }
    }
  }

  /** The block of a layer's biases is E[M]; with tanh behind it the two matrices' differ. */
  @ParameterizedTest
  @EnumSource(value = CurvatureMatrix.class, names = "RESIDUAL", mode = EnumSource.Mode.EXCLUDE)
  void theKroneckerBasisOfBiasesIsThatOfTheirMatrix(CurvatureMatrix matrix) {
    Network network = Network.of(network());
    DataBatches data = DataBatches.of(data(30));
    ParameterRotation basis = KroneckerBasis.of(network, data, matrix);
    long first = (long) INPUTS * HIDDEN;

    try (Curvature curvature = Curvature.of(network, data, CurvatureOptions.defaults())) {
      for (int i = 0; i < HIDDEN; i++) {
        INDArray unit = Nd4j.zeros(DataType.DOUBLE, PARAMETERS);
        unit.putScalar(first + i, 1);
        INDArray direction =
            basis
                .toStandard(unit)
                .get(NDArrayIndex.interval(first, first + HIDDEN))
                .reshape(1, HIDDEN)
                .dup();

        assertThat(defect(curvature.layer("layer0/b").operator(matrix), direction))
            .isLessThan(1e-12);
        assertThat(defect(curvature.layer("layer0/b").operator(other(matrix)), direction))
            .isGreaterThan(1e-6);
      }
    }
  }

  private static CurvatureMatrix other(CurvatureMatrix matrix) {
    return matrix == CurvatureMatrix.HESSIAN
        ? CurvatureMatrix.GAUSS_NEWTON
        : CurvatureMatrix.HESSIAN;
  }

  /** Returns the norm of A v less its part along a unit vector v. */
  private static double defect(LinearOperator operator, INDArray direction) {
    INDArray product = operator.apply(direction);
    double quotient = product.mul(direction).sumNumber().doubleValue();
    return product.sub(direction.mul(quotient)).norm2Number().doubleValue();
  }

  @Test
  void everyBasisGivesABound() {
    MultiLayerNetwork trained = network();
    DataSet examples = data(200);
    for (int i = 0; i < 50; i++) {
      trained.fit(examples);
    }
    for (BoundBasis basis : BoundBasis.values()) {
      BoundTraining.Result result =
          BoundTraining.of(
                  Network.of(trained),
                  Network.of(network()),
                  DataBatches.of(examples),
                  basis,
                  options(4, 20))
              .run(QUIET);

      assertThat(result.certificate().bound()).as("%s", basis).isBetween(result.error(), 1.0);
      assertThat(result.certificate().divergence()).as("%s", basis).isPositive();
    }
  }

  @Test
  void refusesAnotherNetworkThanTheTrainedOne() {
    assertThatThrownBy(
            () ->
                BoundTraining.of(
                    Network.of(network()),
                    Network.of(
                        new TransferLearning.Builder(network())
                            .nOutReplace(0, HIDDEN + 1, WeightInit.XAVIER)
                            .build()),
                    DataBatches.of(data(10)),
                    BoundBasis.BASE,
                    options(1, 1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith(
            "trained and initial network must have the same arrays of parameters, got layer0/W[12]");
  }

  @Test
  void refusesRatesAndCountsThatMeanNothing() {
    assertThatThrownBy(
            () -> new BoundTraining.Options(0, 1, 1e-3, 1, 1, 1, PacBayesBound.defaults()))
        .hasMessage("epochs must be at least 1, got 0");
    assertThatThrownBy(
            () -> new BoundTraining.Options(1, 1, Double.NaN, 1, 1, 1, PacBayesBound.defaults()))
        .hasMessage("learning rate must be above 0 and finite, got NaN");
  }
}
