package org.eigenscope.probes.structure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.assertj.core.data.Offset;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.eigenscope.probes.curvature.BatchNormMode;
import org.eigenscope.probes.curvature.Curvature;
import org.eigenscope.probes.curvature.CurvatureMatrix;
import org.eigenscope.probes.curvature.CurvatureOptions;
import org.eigenscope.probes.curvature.DataBatches;
import org.eigenscope.probes.curvature.LayerFactors;
import org.eigenscope.probes.curvature.Network;
import org.eigenscope.probes.curvature.OutputProbing;
import org.eigenscope.probes.curvature.Precision;
import org.hipparchus.linear.Array2DRowRealMatrix;
import org.hipparchus.linear.EigenDecompositionSymmetric;
import org.hipparchus.linear.RealMatrix;
import org.hipparchus.linear.RealVector;
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
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

class LayerStructureTest {
  private static final int EXAMPLES = 11;
  private static final int INPUTS = 5;
  private static final int CLASSES = 3;
  private static final int TOP = 6;
  private static final LayerStructureOptions OPTIONS =
      LayerStructureOptions.defaults().withTop(TOP);

  static MultiLayerNetwork network(InputType input, Layer... layers) {
    NeuralNetConfiguration.ListBuilder list =
        new NeuralNetConfiguration.Builder().seed(5).dataType(DataType.DOUBLE).list();
    for (Layer layer : layers) {
      list.layer(layer);
    }
    MultiLayerNetwork network = new MultiLayerNetwork(list.setInputType(input).build());
    network.init();
    network.setParams(normal(9, 1, network.params().length()).mul(0.6));
    network
        .paramTable()
        .forEach(
            (key, view) -> {
              if (key.endsWith("_log10stdev")) {
                view.assign(0.1);
              }
            });
    return network;
  }

  private static Layer dense(int outputs, Activation activation) {
    return new DenseLayer.Builder().nOut(outputs).activation(activation).build();
  }

  private static Layer softmax() {
    return new OutputLayer.Builder(LossFunction.MCXENT)
        .nOut(CLASSES)
        .activation(Activation.SOFTMAX)
        .build();
  }

  static INDArray normal(long seed, long... shape) {
    Random random = new Random(seed);
    INDArray array = Nd4j.create(DataType.DOUBLE, shape);
    for (long i = 0; i < array.length(); i++) {
      array.putScalar(i, random.nextGaussian());
    }
    return array;
  }

  static INDArray labels(int examples) {
    INDArray labels = Nd4j.create(DataType.DOUBLE, examples, CLASSES);
    for (int i = 0; i < examples; i++) {
      labels.putScalar(i, (i * 7 + 1) % CLASSES, 1);
    }
    return labels;
  }

  private static Curvature curvature(
      MultiLayerNetwork network, INDArray features, INDArray labels, CurvatureOptions options) {
    return Curvature.of(
        Network.of(network), DataBatches.of(new DataSet(features, labels)), options);
  }

  private static RealMatrix zeros(int n) {
    return new Array2DRowRealMatrix(n, n);
  }

  /**
   * The network written out: dense layers of one activation and a softmax, the second derivative of
   * each example's loss with respect to each layer's z by the recursion M = D Wᵀ M Wᵀ' D + diag(f″
   * e), and blocks as sums over examples of M ⊗ xxᵀ, row by row.
   */
  private static final class Reference {
    final RealMatrix[] blocks;
    final RealMatrix[] outputHessians;
    final RealMatrix[] autocorrelations;
    final RealVector[] means;

    Reference(MultiLayerNetwork network, INDArray features, INDArray labels, boolean gaussNewton) {
      int depth = network.getnLayers();
      RealMatrix[] w = new RealMatrix[depth];
      blocks = new RealMatrix[depth];
      outputHessians = new RealMatrix[depth];
      autocorrelations = new RealMatrix[depth];
      means = new RealVector[depth];
      for (int l = 0; l < depth; l++) {
        INDArray view = network.getLayer(l).getParam("W");
        w[l] = new Array2DRowRealMatrix(view.transpose().dup('c').toDoubleMatrix());
        int m = w[l].getRowDimension();
        int n = w[l].getColumnDimension();
        blocks[l] = zeros(m * n);
        outputHessians[l] = zeros(m);
        autocorrelations[l] = zeros(n);
        means[l] = new Array2DRowRealMatrix(n, 1).getColumnVector(0);
      }
      boolean tanh =
          ((DenseLayer) network.getLayer(0).conf().getLayer())
              .getActivationFn()
              .toString()
              .equals("tanh");
      for (int example = 0; example < features.rows(); example++) {
        RealVector[] x = new RealVector[depth];
        RealVector[] z = new RealVector[depth];
        x[0] = vector(features.getRow(example));
        for (int l = 0; l < depth; l++) {
          z[l] = w[l].operate(x[l]).add(vector(network.getLayer(l).getParam("b")));
          if (l + 1 < depth) {
            x[l + 1] = z[l].map(v -> tanh ? Math.tanh(v) : Math.max(0, v));
          }
        }
        RealVector p = z[depth - 1].map(Math::exp);
        p = p.mapDivide(p.getL1Norm());
        RealVector error = p.subtract(vector(labels.getRow(example)));
        RealMatrix hessian = p.outerProduct(p).scalarMultiply(-1);
        for (int i = 0; i < CLASSES; i++) {
          hessian.addToEntry(i, i, p.getEntry(i));
        }
        for (int l = depth - 1; l >= 0; l--) {
          add(l, hessian, x[l], features.rows());
          if (l > 0) {
            RealMatrix back = w[l].transpose().multiply(hessian).multiply(w[l]);
            RealVector e = w[l].preMultiply(error);
            RealVector slope =
                z[l - 1].map(v -> tanh ? 1 - Math.tanh(v) * Math.tanh(v) : v > 0 ? 1 : 0);
            hessian = zeros(slope.getDimension());
            for (int i = 0; i < slope.getDimension(); i++) {
              for (int j = 0; j < slope.getDimension(); j++) {
                hessian.setEntry(i, j, back.getEntry(i, j) * slope.getEntry(i) * slope.getEntry(j));
              }
              double bend = tanh ? -2 * Math.tanh(z[l - 1].getEntry(i)) * slope.getEntry(i) : 0;
              hessian.addToEntry(i, i, gaussNewton ? 0 : bend * e.getEntry(i));
            }
            error = e.ebeMultiply(slope);
          }
        }
      }
    }

    private void add(int l, RealMatrix hessian, RealVector x, int examples) {
      RealMatrix square = x.outerProduct(x);
      double share = 1.0 / examples;
      outputHessians[l] = outputHessians[l].add(hessian.scalarMultiply(share));
      autocorrelations[l] = autocorrelations[l].add(square.scalarMultiply(share));
      means[l] = means[l].add(x.mapMultiply(share));
      blocks[l] = blocks[l].add(kronecker(hessian, square).scalarMultiply(share));
    }

    static RealVector vector(INDArray row) {
      return new Array2DRowRealMatrix(row.dup().toDoubleVector()).getColumnVector(0);
    }

    static RealMatrix kronecker(RealMatrix a, RealMatrix b) {
      int n = b.getRowDimension();
      RealMatrix product = zeros(a.getRowDimension() * n);
      for (int i = 0; i < product.getRowDimension(); i++) {
        for (int j = 0; j < product.getRowDimension(); j++) {
          product.setEntry(i, j, a.getEntry(i / n, j / n) * b.getEntry(i % n, j % n));
        }
      }
      return product;
    }
  }

  static Stream<Object[]> cases() {
    return Stream.of(Activation.RELU, Activation.TANH)
        .flatMap(
            activation ->
                Stream.of(CurvatureMatrix.HESSIAN, CurvatureMatrix.GAUSS_NEWTON)
                    .flatMap(
                        matrix ->
                            Stream.of(Precision.DOUBLE, Precision.FLOAT)
                                .map(precision -> new Object[] {activation, matrix, precision})));
  }

  @ParameterizedTest(name = "{0} {1} {2}")
  @MethodSource("cases")
  void everyFieldAgreesWithMatricesWrittenOut(
      Activation activation, CurvatureMatrix matrix, Precision precision) {
    MultiLayerNetwork network =
        network(
            InputType.feedForward(INPUTS), dense(4, activation), dense(6, activation), softmax());
    INDArray features = normal(2, EXAMPLES, INPUTS).addi(0.5);
    Reference reference =
        new Reference(network, features, labels(EXAMPLES), matrix == CurvatureMatrix.GAUSS_NEWTON);
    double tolerance = precision == Precision.DOUBLE ? 1e-10 : 2e-4;
    try (Curvature curvature =
        curvature(
            network,
            features,
            labels(EXAMPLES),
            CurvatureOptions.defaults().withPrecision(precision))) {
      List<LayerStructure> layers = LayerStructure.of(curvature, matrix, OPTIONS);

      assertThat(layers)
          .extracting(LayerStructure::layer)
          .containsExactly("layer0", "layer1", "layer2");
      for (int l = 0; l < layers.size(); l++) {
        compare(layers.get(l), reference, l, tolerance);
      }
    }
  }

  private static void compare(LayerStructure layer, Reference reference, int l, double tolerance) {
    int m = reference.outputHessians[l].getRowDimension();
    int n = reference.autocorrelations[l].getRowDimension();
    assertThat(layer.outputs()).isEqualTo(m);
    assertThat(layer.inputs()).isEqualTo(n);
    EigenDecompositionSymmetric block = new EigenDecompositionSymmetric(reference.blocks[l]);
    EigenDecompositionSymmetric outputs =
        new EigenDecompositionSymmetric(reference.outputHessians[l]);
    EigenDecompositionSymmetric inputs =
        new EigenDecompositionSymmetric(reference.autocorrelations[l]);
    RealMatrix product =
        Reference.kronecker(reference.outputHessians[l], reference.autocorrelations[l]);
    EigenDecompositionSymmetric kronecker = new EigenDecompositionSymmetric(product);
    double scale = block.getEigenvalue(0);
    Offset<Double> close = within(tolerance * scale);
    for (int i = 0; i < TOP; i++) {
      assertThat(layer.largest().get(i)).isCloseTo(block.getEigenvalue(i), close);
      assertThat(layer.largestResiduals().get(i)).isLessThan(tolerance * scale);
      assertThat(layer.kronecker().get(i)).isCloseTo(kronecker.getEigenvalue(i), close);
    }
    assertSpectrum(layer.outputHessian(), outputs, tolerance);
    assertSpectrum(layer.autocorrelation(), inputs, tolerance);
    assertThat(layer.outputHessianError()).isZero();

    RealMatrix difference = product.subtract(reference.blocks[l]);
    EigenDecompositionSymmetric apart = new EigenDecompositionSymmetric(difference);
    double norm = spectralNorm(apart) / spectralNorm(block);
    assertThat(layer.decouplingError().spectral().value()).isCloseTo(norm, within(tolerance));
    assertThat(layer.decouplingError().frobenius().value())
        .isCloseTo(
            difference.getFrobeniusNorm() / reference.blocks[l].getFrobeniusNorm(),
            within(tolerance));
    assertThat(layer.decouplingError().frobenius().standardError()).isZero();

    for (int k = 1; k <= TOP; k++) {
      if (gap(block, k) && gap(kronecker, k)) {
        double sum = 0;
        for (int i = 0; i < k; i++) {
          for (int j = 0; j < k; j++) {
            double cosine = block.getEigenvector(i).dotProduct(kronecker.getEigenvector(j));
            sum += cosine * cosine / k;
          }
        }
        assertThat(layer.overlap().get(k - 1)).isCloseTo(sum, within(100 * tolerance));
      }
      if (gap(block, k) && gap(block, k - 1)) {
        RealMatrix matrix = new Array2DRowRealMatrix(m, n);
        for (int i = 0; i < m * n; i++) {
          matrix.setEntry(i / n, i % n, block.getEigenvector(k - 1).getEntry(i));
        }
        double spectral =
            Math.sqrt(
                new EigenDecompositionSymmetric(matrix.multiply(matrix.transpose()))
                    .getEigenvalue(0));
        assertThat(layer.rankOneRatio().get(k - 1)).isCloseTo(spectral, within(100 * tolerance));
        double[] along = matrix.operate(inputs.getEigenvector(0)).toArray();
        assertThat(layer.inputCorrespondence().get(0).get(k - 1))
            .isCloseTo(squares(along), within(100 * tolerance));
        double[] across = matrix.preMultiply(outputs.getEigenvector(0)).toArray();
        assertThat(layer.outputCorrespondence().get(0).get(k - 1))
            .isCloseTo(squares(across), within(100 * tolerance));
      }
    }
    RealVector mean = reference.means[l];
    double cosine = inputs.getEigenvector(0).dotProduct(mean) / mean.getNorm();
    assertThat(layer.meanInputAlignment()).isCloseTo(cosine * cosine, within(10 * tolerance));
    double ratio = inputs.getEigenvalue(0) / inputs.getEigenvalue(1);
    assertThat(layer.autocorrelationRatio()).isCloseTo(ratio, within(10 * tolerance * ratio));
  }

  /** Of the symmetric part: products are symmetric to rounding. */
  private static EigenDecompositionSymmetric eigen(RealMatrix matrix) {
    return new EigenDecompositionSymmetric(matrix.add(matrix.transpose()).scalarMultiply(0.5));
  }

  private static double squares(double[] values) {
    double sum = 0;
    for (double value : values) {
      sum += value * value;
    }
    return sum;
  }

  private static boolean gap(EigenDecompositionSymmetric eigen, int k) {
    return k == 0
        || eigen.getEigenvalue(k - 1) - eigen.getEigenvalue(k) > 0.02 * eigen.getEigenvalue(0);
  }

  private static double spectralNorm(EigenDecompositionSymmetric eigen) {
    int last = eigen.getEigenvalues().length - 1;
    return Math.max(Math.abs(eigen.getEigenvalue(0)), Math.abs(eigen.getEigenvalue(last)));
  }

  private static void assertSpectrum(
      List<Double> actual, EigenDecompositionSymmetric expected, double tolerance) {
    assertThat(actual).hasSize(expected.getEigenvalues().length);
    for (int i = 0; i < actual.size(); i++) {
      assertThat(actual.get(i))
          .isCloseTo(expected.getEigenvalue(i), within(tolerance * expected.getEigenvalue(0)));
    }
  }

  @ParameterizedTest
  @EnumSource(Precision.class)
  void largeBlocksAgreeWithinTheirDoubts(Precision precision) {
    MultiLayerNetwork network =
        network(InputType.feedForward(INPUTS), dense(7, Activation.TANH), softmax());
    INDArray features = normal(2, EXAMPLES, INPUTS).addi(0.5);
    try (Curvature curvature =
        curvature(
            network,
            features,
            labels(EXAMPLES),
            CurvatureOptions.defaults().withPrecision(precision))) {
      // As many directions as are known exactly leave some to the random ones.
      LayerStructureOptions options = OPTIONS.withTop(4);
      List<LayerStructure> exact = LayerStructure.of(curvature, CurvatureMatrix.HESSIAN, options);
      List<LayerStructure> drawn =
          LayerStructure.of(curvature, CurvatureMatrix.HESSIAN, options.withDenseOrder(0));
      for (int l = 0; l < exact.size(); l++) {
        LayerStructure one = exact.get(l);
        LayerStructure other = drawn.get(l);
        for (int i = 0; i < 4; i++) {
          assertThat(other.largest().get(i))
              .isCloseTo(one.largest().get(i), within(1e-4 * one.largest().get(0)));
          assertThat(other.overlap().get(i)).isCloseTo(one.overlap().get(i), within(1e-3));
        }
        Estimate spectral = other.decouplingError().spectral();
        assertThat(spectral.standardError()).isPositive().isLessThan(3e-3);
        assertThat(spectral.value())
            .isCloseTo(one.decouplingError().spectral().value(), within(3e-3));
        Estimate frobenius = other.decouplingError().frobenius();
        assertThat(frobenius.standardError()).isPositive().isLessThan(0.05);
        assertThat(frobenius.value())
            .isCloseTo(
                one.decouplingError().frobenius().value(), within(4 * frobenius.standardError()));
      }
    }
  }

  /** H = (2/C) WᵀW ⊗ E[xxᵀ] exactly, when the network is linear and the loss a square. */
  @Test
  void linearNetworksDecouple() {
    MultiLayerNetwork network =
        network(
            InputType.feedForward(4),
            dense(2, Activation.IDENTITY),
            new OutputLayer.Builder(LossFunction.MSE)
                .nOut(CLASSES)
                .activation(Activation.IDENTITY)
                .build());
    try (Curvature curvature =
        curvature(network, normal(3, 9, 4), labels(9), CurvatureOptions.defaults())) {
      LayerStructure layer = LayerStructure.of(curvature, CurvatureMatrix.HESSIAN, OPTIONS).get(0);
      assertThat(layer.decouplingError().spectral().value()).isLessThan(1e-12);
      assertThat(layer.decouplingError().frobenius().value()).isLessThan(1e-12);
      assertThat(layer.overlap()).allSatisfy(k -> assertThat(k).isCloseTo(1, within(1e-10)));
      assertThat(layer.rankOneRatio()).allSatisfy(r -> assertThat(r).isCloseTo(1, within(1e-10)));
      INDArray w = network.getLayer(1).getParam("W");
      double trace = 2.0 / CLASSES * squares(w.dup().data().asDouble());
      assertThat(layer.outputHessian().stream().mapToDouble(v -> v).sum())
          .isCloseTo(trace, within(1e-12 * trace));
      assertThat(layer.kronecker().get(0))
          .isCloseTo(layer.outputHessian().get(0) * layer.autocorrelation().get(0), within(1e-12));
    }
  }

  @Test
  void oneExampleDecouples() {
    MultiLayerNetwork network =
        network(InputType.feedForward(4), dense(5, Activation.TANH), softmax());
    try (Curvature curvature =
        curvature(network, normal(3, 1, 4), labels(1), CurvatureOptions.defaults())) {
      for (LayerStructure layer : LayerStructure.of(curvature, CurvatureMatrix.HESSIAN, OPTIONS)) {
        assertThat(layer.decouplingError().spectral().value()).isLessThan(1e-12);
        assertThat(layer.meanInputAlignment()).isCloseTo(1, within(1e-12));
        assertThat(layer.autocorrelationRatio()).isNaN();
      }
    }
  }

  /** ‖Mat(h)‖²_F = 1, and the eigenvectors h of a block are a basis of all m × n matrices. */
  @Test
  void correspondencesAddUp() {
    MultiLayerNetwork network =
        network(InputType.feedForward(4), dense(3, Activation.TANH), softmax());
    try (Curvature curvature =
        curvature(network, normal(3, 8, 4), labels(8), CurvatureOptions.defaults())) {
      for (LayerStructure layer :
          LayerStructure.of(curvature, CurvatureMatrix.HESSIAN, OPTIONS.withTop(50))) {
        sums(layer.inputCorrespondence(), layer.outputs());
        sums(layer.outputCorrespondence(), layer.inputs());
      }
    }
  }

  private static void sums(List<List<Double>> table, long ofRows) {
    for (List<Double> row : table) {
      assertThat(row.stream().mapToDouble(v -> v).sum()).isCloseTo((double) ofRows, within(1e-10));
    }
    for (int j = 0; j < table.get(0).size(); j++) {
      int column = j;
      assertThat(table.stream().mapToDouble(row -> row.get(column)).sum())
          .isCloseTo(1, within(1e-10));
    }
  }

  /** The last layer's output Hessian diag(p) − ppᵀ knows nothing of a shift of all outputs. */
  @Test
  void lastLayerHasOneZeroLess() {
    MultiLayerNetwork network =
        network(InputType.feedForward(4), dense(5, Activation.RELU), softmax());
    try (Curvature curvature =
        curvature(network, normal(3, 12, 4), labels(12), CurvatureOptions.defaults())) {
      List<Double> values =
          LayerStructure.of(curvature, CurvatureMatrix.HESSIAN, OPTIONS).get(1).outputHessian();
      assertThat(values).hasSize(CLASSES);
      assertThat(values.get(CLASSES - 1)).isCloseTo(0, within(1e-15));
      assertThat(values.get(CLASSES - 2)).isGreaterThan(1e-3);
    }
  }

  static Stream<Object[]> images() {
    return Stream.of(BatchNormMode.BATCH, BatchNormMode.FROZEN)
        .flatMap(
            mode ->
                Stream.of(CurvatureMatrix.HESSIAN, CurvatureMatrix.GAUSS_NEWTON)
                    .map(matrix -> new Object[] {mode, matrix}));
  }

  @ParameterizedTest(name = "{0} {1}")
  @MethodSource("images")
  void convolutionsAgreeWithTheirDenseBlocks(BatchNormMode mode, CurvatureMatrix matrix) {
    MultiLayerNetwork network =
        network(
            InputType.convolutional(4, 5, 2),
            new ConvolutionLayer.Builder(2, 2)
                .nOut(3)
                .hasBias(false)
                .activation(Activation.IDENTITY)
                .build(),
            new BatchNormalization.Builder().build(),
            new ActivationLayer.Builder().activation(Activation.TANH).build(),
            new ConvolutionLayer.Builder(2, 2).nOut(2).activation(Activation.RELU).build(),
            softmax());
    try (Curvature curvature =
        curvature(
            network,
            normal(3, 8, 2, 4, 5),
            labels(8),
            CurvatureOptions.defaults().withBatchNorm(mode))) {
      List<LayerStructure> layers = LayerStructure.of(curvature, matrix, OPTIONS);
      List<LayerFactors> factors =
          curvature.layerFactors(matrix, curvature.weightLayers(), OutputProbing.defaults());

      assertThat(layers)
          .extracting(LayerStructure::layer)
          .containsExactly("layer0", "layer3", "layer4");
      assertThat(layers).extracting(LayerStructure::positions).containsExactly(12L, 6L, 1L);
      for (int l = 0; l < layers.size(); l++) {
        LayerFactors each = factors.get(l);
        long order = each.layer().inputs() * each.layer().outputs();
        INDArray block =
            curvature
                .layer(each.layer().weights())
                .operator(matrix)
                .apply(Nd4j.eye(order).castTo(DataType.DOUBLE));
        RealMatrix expected = new Array2DRowRealMatrix(block.toDoubleMatrix());
        RealMatrix product =
            Reference.kronecker(
                new Array2DRowRealMatrix(each.outputHessian().matrix().toDoubleMatrix()),
                new Array2DRowRealMatrix(each.autocorrelation().toDoubleMatrix()));
        double norm = expected.getFrobeniusNorm();
        assertThat(layers.get(l).decouplingError().frobenius().value())
            .isCloseTo(product.subtract(expected).getFrobeniusNorm() / norm, within(1e-10));
        EigenDecompositionSymmetric eigen = eigen(expected);
        EigenDecompositionSymmetric products = eigen(product);
        for (int i = 0; i < TOP; i++) {
          assertThat(layers.get(l).largest().get(i))
              .isCloseTo(eigen.getEigenvalue(i), within(1e-10 * norm));
          assertThat(layers.get(l).kronecker().get(i))
              .isCloseTo(products.getEigenvalue(i), within(1e-10 * norm));
        }
      }
    }
  }

  /** At zero weights the Hessian of softmax regression is (I − 11ᵀ/C)/C ⊗ E[x̃x̃ᵀ]. */
  @Test
  void wholeSoftmaxRegressionIsAKroneckerProduct() {
    MultiLayerNetwork network = network(InputType.feedForward(4), softmax());
    network.params().assign(0);
    INDArray features = normal(3, 12, 4).addi(1);
    try (Curvature curvature =
        curvature(network, features, labels(12), CurvatureOptions.defaults())) {
      LayerwiseStructure structure =
          LayerwiseStructure.of(curvature, CurvatureMatrix.HESSIAN, OPTIONS);

      INDArray withOne = Nd4j.hstack(features, Nd4j.ones(DataType.DOUBLE, 12, 1));
      EigenDecompositionSymmetric inputs =
          eigen(
              new Array2DRowRealMatrix(
                  withOne.transpose().mmul(withOne).divi(12).dup('c').toDoubleMatrix()));
      FullApproximation full = structure.full();
      assertThat(full).isNotNull();
      for (int i = 0; i < TOP; i++) {
        double expected = inputs.getEigenvalue(i / (CLASSES - 1)) / CLASSES;
        assertThat(full.layerByLayer().largest().get(i)).isCloseTo(expected, within(1e-12));
        assertThat(full.largest().get(i)).isCloseTo(expected, within(1e-6));
        if (i % (CLASSES - 1) == CLASSES - 2) {
          assertThat(full.layerByLayer().overlap().get(i)).isCloseTo(1, within(1e-6));
        }
      }
      assertThat(structure.matvecs()).isGreaterThanOrEqualTo(12);
    }
  }

  /** One example's Gauss–Newton matrix is J'AJ, where J is ∂z_out/∂z_p ⊗ x̃_p for each layer. */
  @ParameterizedTest
  @MethodSource("networksOfOnePatch")
  void anExampleOfOnePatchIsWhatTheLayersMeanInputsMakeOfIt(
      InputType input, List<Layer> layers, INDArray features) {
    try (Curvature curvature =
        curvature(
            network(input, layers.toArray(Layer[]::new)),
            features,
            labels(1),
            CurvatureOptions.defaults())) {
      FullApproximation full =
          LayerwiseStructure.of(
                  curvature, CurvatureMatrix.GAUSS_NEWTON, OPTIONS.withTop(CLASSES - 1))
              .full();

      assertThat(full).isNotNull();
      FullApproximation.Approximation across = full.acrossLayers();
      assertThat(across).isNotNull();
      for (int i = 0; i < CLASSES - 1; i++) {
        assertThat(across.largest().get(i))
            .isCloseTo(full.largest().get(i), within(1e-6 * full.largest().get(0)));
        assertThat(across.overlap().get(i)).isCloseTo(1, within(1e-6));
      }
    }
  }

  static Stream<Arguments> networksOfOnePatch() {
    return Stream.of(
        Arguments.of(
            InputType.feedForward(INPUTS),
            List.of(dense(4, Activation.TANH), dense(6, Activation.RELU), softmax()),
            normal(3, 1, INPUTS)),
        // A constant picture has the same patch everywhere.
        Arguments.of(
            InputType.convolutional(4, 5, 2),
            List.of(
                new ConvolutionLayer.Builder(2, 2).nOut(3).activation(Activation.TANH).build(),
                softmax()),
            Nd4j.valueArrayOf(new long[] {1, 2, 4, 5}, 0.7, DataType.DOUBLE)));
  }

  @Test
  void putsLayersTogetherByTheirBiasesAndMeanInputs() {
    MultiLayerNetwork network =
        network(
            InputType.feedForward(INPUTS),
            dense(4, Activation.TANH),
            dense(3, Activation.TANH),
            softmax());
    INDArray features = normal(3, EXAMPLES, INPUTS).addi(0.5);
    List<INDArray> inputs = network.feedForward(features, false);
    try (Curvature curvature =
        curvature(network, features, labels(EXAMPLES), CurvatureOptions.defaults())) {
      FullApproximation full =
          LayerwiseStructure.of(curvature, CurvatureMatrix.HESSIAN, OPTIONS).full();

      int order = (int) curvature.activeParameters();
      RealMatrix hessian =
          new Array2DRowRealMatrix(
              curvature.hessian().apply(Nd4j.eye(order).castTo(DataType.DOUBLE)).toDoubleMatrix());
      int[] outputs = {4, 3, CLASSES};
      RealMatrix lift = new Array2DRowRealMatrix(order, 4 + 3 + CLASSES);
      int[] biases = new int[4 + 3 + CLASSES];
      int start = 0;
      int column = 0;
      for (int layer = 0; layer < outputs.length; layer++) {
        double[] mean = inputs.get(layer).mean(0).toDoubleVector();
        int bias = start + outputs[layer] * mean.length;
        for (int i = 0; i < outputs[layer]; i++, column++) {
          for (int j = 0; j < mean.length; j++) {
            lift.setEntry(start + i * mean.length + j, column, mean[j]);
          }
          lift.setEntry(bias + i, column, 1);
          biases[column] = bias + i;
        }
        start = bias + outputs[layer];
      }
      RealMatrix expected =
          lift.multiply(hessian.getSubMatrix(biases, biases)).multiply(lift.transpose());
      EigenDecompositionSymmetric eigen = eigen(expected);
      EigenDecompositionSymmetric exact = eigen(hessian);
      assertThat(full).isNotNull();
      FullApproximation.Approximation across = full.acrossLayers();
      assertThat(across).isNotNull();
      // Of the ten outputs' directions, three curve upwards; behind them lies the null space.
      assertThat(across.largest()).hasSize(3);
      assertThat(eigen.getEigenvalue(3)).isCloseTo(0, within(1e-12));
      for (int k = 0; k < 3; k++) {
        assertThat(across.largest().get(k)).isCloseTo(eigen.getEigenvalue(k), within(1e-9));
        double overlap = 0;
        for (int i = 0; i <= k; i++) {
          for (int j = 0; j <= k; j++) {
            double product = eigen.getEigenvector(i).dotProduct(exact.getEigenvector(j));
            overlap += product * product / (k + 1);
          }
        }
        assertThat(across.overlap().get(k)).isCloseTo(overlap, within(1e-6));
      }
    }
  }

  @Test
  void layersWithoutBiasesAreNotPutTogetherAcrossLayers() {
    MultiLayerNetwork network =
        network(
            InputType.feedForward(4),
            new DenseLayer.Builder().nOut(3).hasBias(false).activation(Activation.RELU).build(),
            softmax());
    try (Curvature curvature =
        curvature(network, normal(3, 8, 4), labels(8), CurvatureOptions.defaults())) {
      FullApproximation full =
          LayerwiseStructure.of(curvature, CurvatureMatrix.GAUSS_NEWTON, OPTIONS).full();

      assertThat(full).isNotNull();
      assertThat(full.acrossLayers()).isNull();
      assertThat(full.layerByLayer().largest()).hasSize(TOP);
    }
  }

  @Test
  void showsLayersThatAreAskedFor() {
    MultiLayerNetwork network =
        network(InputType.feedForward(4), dense(3, Activation.RELU), softmax());
    try (Curvature curvature =
        curvature(network, normal(3, 8, 4), labels(8), CurvatureOptions.defaults())) {
      LayerwiseStructure structure =
          LayerwiseStructure.of(
              curvature, CurvatureMatrix.GAUSS_NEWTON, OPTIONS.withLayers(List.of("layer1")));
      assertThat(structure.layers()).extracting(LayerStructure::layer).containsExactly("layer1");
      assertThat(structure.full()).isNull();
      assertThatThrownBy(
              () ->
                  LayerStructure.of(
                      curvature, CurvatureMatrix.HESSIAN, OPTIONS.withLayers(List.of("layer7"))))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("layer0, layer1")
          .hasMessageContaining("'layer7'");
    }
  }

  @Test
  void directionsThatAreNotThereAreNotNumbers() {
    MultiLayerNetwork network = network(InputType.feedForward(1), softmax());
    try (Curvature curvature =
        curvature(
            network,
            Nd4j.createFromArray(new double[][] {{1}, {-1}}),
            labels(2),
            CurvatureOptions.defaults())) {
      LayerStructure layer = LayerStructure.of(curvature, CurvatureMatrix.HESSIAN, OPTIONS).get(0);
      assertThat(layer.meanInputAlignment()).isNaN();
      assertThat(layer.autocorrelationRatio()).isNaN();
      assertThat(layer.largest()).hasSize(CLASSES);
    }
  }

  @Test
  void rejectsOptionsOutOfRange() {
    assertThatThrownBy(() -> OPTIONS.withTop(0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("top");
    assertThatThrownBy(() -> OPTIONS.withDraws(1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("draws");
    assertThatThrownBy(() -> OPTIONS.withDenseOrder(-1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("denseOrder");
  }
}
