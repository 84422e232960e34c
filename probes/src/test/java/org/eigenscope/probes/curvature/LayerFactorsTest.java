package org.eigenscope.probes.curvature;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.eigenscope.probes.curvature.Networks.curvature;
import static org.eigenscope.probes.curvature.Networks.error;
import static org.eigenscope.probes.curvature.Networks.labels;
import static org.eigenscope.probes.curvature.Networks.network;
import static org.eigenscope.probes.curvature.Networks.normal;
import static org.eigenscope.probes.curvature.Networks.randomised;
import static org.eigenscope.probes.curvature.Networks.softmax;

import java.util.List;
import java.util.stream.Stream;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

class LayerFactorsTest {
  private static final int EXAMPLES = 6;
  private static final int CLASSES = 3;
  private static final int OUTPUTS = 4;

  private static DenseLayer dense(int outputs, Activation activation) {
    return new DenseLayer.Builder().nOut(outputs).activation(activation).build();
  }

  /**
   * What stands behind a first layer of which the inputs are unit vectors, one for each example and
   * position: its weights are its outputs, so that the block of its weights is all of their
   * Hessian.
   */
  @SuppressWarnings("ImmutableEnumChecker") // the layers are cloned before use
  enum Behind {
    NOTHING(1, false),
    RECTIFIERS(1, false, dense(5, Activation.RELU)),
    SIGMOIDS(1, false, dense(5, Activation.SIGMOID)),
    NORMALIZATION(
        1,
        true,
        new BatchNormalization.Builder().build(),
        new ActivationLayer.Builder().activation(Activation.RELU).build(),
        dense(5, Activation.TANH)),
    IMAGES(
        4,
        false,
        new ActivationLayer.Builder().activation(Activation.SOFTPLUS).build(),
        new SubsamplingLayer.Builder(SubsamplingLayer.PoolingType.MAX)
            .kernelSize(2, 1)
            .stride(2, 1)
            .build()),
    RECTIFIED_IMAGES(
        4,
        false,
        new ActivationLayer.Builder().activation(Activation.LEAKYRELU).build(),
        new ConvolutionLayer.Builder(2, 2).nOut(3).build()),
    NORMALIZED_IMAGES(
        4,
        true,
        new BatchNormalization.Builder().build(),
        new ActivationLayer.Builder().activation(Activation.TANH).build());

    private final int positions;
    private final boolean coupled;
    private final Layer[] layers;

    Behind(int positions, boolean coupled, Layer... layers) {
      this.positions = positions;
      this.coupled = coupled;
      this.layers = layers;
    }

    MultiLayerNetwork network() {
      Layer[] all = new Layer[layers.length + 2];
      int places = EXAMPLES * positions;
      all[0] =
          positions == 1
              ? dense(OUTPUTS, Activation.IDENTITY)
              : new ConvolutionLayer.Builder(1, 1).nOut(OUTPUTS).build();
      for (int i = 0; i < layers.length; i++) {
        all[i + 1] = layers[i].clone();
      }
      all[layers.length + 1] = softmax(CLASSES);
      InputType input =
          positions == 1
              ? InputType.feedForward(places)
              : InputType.convolutional(2, positions / 2, places);
      return randomised(Networks.network(input, all), 3);
    }

    DataBatches data() {
      int places = EXAMPLES * positions;
      INDArray unit = Nd4j.eye(places).castTo(DataType.DOUBLE);
      INDArray features =
          positions == 1
              ? unit
              : unit.reshape('c', EXAMPLES, positions, places)
                  .permute(0, 2, 1)
                  .dup('c')
                  .reshape('c', EXAMPLES, places, 2, positions / 2);
      return Networks.batches(features, labels(4, EXAMPLES, CLASSES));
    }

    /**
     * Returns the sum over places of the diagonal blocks of the weights' matrix, over positions.
     */
    INDArray expected(INDArray weights) {
      int places = EXAMPLES * positions;
      INDArray sum = Nd4j.create(DataType.DOUBLE, OUTPUTS, OUTPUTS);
      for (int a = 0; a < OUTPUTS; a++) {
        for (int b = 0; b < OUTPUTS; b++) {
          double total = 0;
          for (int place = 0; place < places; place++) {
            total += weights.getDouble(a * places + place, b * places + place);
          }
          sum.putScalar(a, b, total / positions);
        }
      }
      return sum;
    }
  }

  static Stream<Object[]> cases() {
    return Stream.of(Behind.values())
        .flatMap(
            behind ->
                Stream.of(BatchNormMode.BATCH, BatchNormMode.FROZEN, BatchNormMode.POPULATION)
                    .filter(mode -> behind.coupled || mode == BatchNormMode.BATCH)
                    .flatMap(
                        mode ->
                            Stream.of(CurvatureMatrix.HESSIAN, CurvatureMatrix.GAUSS_NEWTON)
                                .map(matrix -> new Object[] {behind, mode, matrix})));
  }

  @ParameterizedTest(name = "{0} {1} {2}")
  @MethodSource("cases")
  void outputHessianIsTheMeanOfTheDiagonalBlocks(
      Behind behind, BatchNormMode mode, CurvatureMatrix matrix) {
    MultiLayerNetwork network = behind.network();
    DataBatches data = behind.data();
    if (mode == BatchNormMode.BATCH && behind.coupled) {
      data = data.rebatched(EXAMPLES / 2);
    }
    try (Curvature curvature = curvature(network, data, mode, Engine.TANGENT)) {
      WeightLayer layer = curvature.weightLayers().get(0);
      INDArray weights = Networks.dense(curvature.layer(layer.weights()).operator(matrix));

      LayerFactors factors =
          curvature.layerFactors(matrix, List.of(layer), OutputProbing.defaults()).get(0);

      assertThat(factors.outputHessian().draws()).isZero();
      assertThat(factors.outputHessian().standardError()).isZero();
      assertThat(error(factors.outputHessian().matrix(), behind.expected(weights)))
          .isLessThan(1e-12);
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = Behind.class,
      names = {"IMAGES", "NORMALIZATION", "NORMALIZED_IMAGES"})
  void randomSignsFindItWithinTheirStandardError(Behind behind) {
    try (Curvature curvature =
        curvature(behind.network(), behind.data(), BatchNormMode.BATCH, Engine.TANGENT)) {
      WeightLayer layer = curvature.weightLayers().get(0);
      CurvatureMatrix matrix = CurvatureMatrix.HESSIAN;
      INDArray exact =
          curvature
              .layerFactors(matrix, List.of(layer), OutputProbing.defaults())
              .get(0)
              .outputHessian()
              .matrix();

      double sum = 0;
      int seeds = 20;
      for (int seed = 0; seed < seeds; seed++) {
        OutputHessian drawn =
            curvature
                .layerFactors(
                    matrix,
                    List.of(layer),
                    OutputProbing.defaults().withExactWork(0).withDraws(20).withSeed(seed))
                .get(0)
                .outputHessian();
        assertThat(drawn.draws()).isEqualTo(20);
        double distance = drawn.matrix().sub(exact).norm2Number().doubleValue();
        sum += Math.pow(distance / drawn.standardError(), 2);
      }
      // The squared distance has the squared standard error as its mean, and at most the variance
      // of a square of one normal number, 2.
      assertThat(sum / seeds).isCloseTo(1, within(3 * Math.sqrt(2.0 / seeds)));
    }
  }

  @Test
  void outputHessiansOfAllLayersAreTheBlocksOfTheirBiases() {
    MultiLayerNetwork network =
        randomised(
            network(
                InputType.feedForward(3),
                dense(4, Activation.RELU),
                dense(5, Activation.TANH),
                dense(4, Activation.RELU),
                softmax(CLASSES)),
            7);
    DataBatches data = Networks.batches(normal(8, 9, 3), labels(9, 9, CLASSES));
    try (Curvature curvature = curvature(network, data)) {
      for (CurvatureMatrix matrix :
          List.of(CurvatureMatrix.HESSIAN, CurvatureMatrix.GAUSS_NEWTON)) {
        for (LayerFactors factors :
            curvature.layerFactors(matrix, curvature.weightLayers(), OutputProbing.defaults())) {
          INDArray bias =
              Networks.dense(curvature.layer(factors.layer().name() + "/b").operator(matrix));
          assertThat(error(factors.outputHessian().matrix(), bias)).isLessThan(1e-12);
        }
      }
    }
  }

  @Test
  void indefiniteLossesAreProbed() {
    MultiLayerNetwork network =
        randomised(
            network(
                InputType.feedForward(3),
                dense(4, Activation.RELU),
                new OutputLayer.Builder(LossFunction.MSE)
                    .nOut(CLASSES)
                    .activation(Activation.SOFTMAX)
                    .build()),
            7);
    DataBatches data = Networks.batches(normal(8, 9, 3), labels(9, 9, CLASSES));
    try (Curvature curvature = curvature(network, data, BatchNormMode.BATCH, Engine.TANGENT)) {
      for (LayerFactors factors :
          curvature.layerFactors(
              CurvatureMatrix.GAUSS_NEWTON, curvature.weightLayers(), OutputProbing.defaults())) {
        INDArray bias =
            Networks.dense(curvature.layer(factors.layer().name() + "/b").gaussNewton());
        assertThat(error(factors.outputHessian().matrix(), bias)).isLessThan(1e-12);
      }
    }
  }

  @Test
  void momentsOfDenseInputsAreThoseOfTheData() {
    INDArray features = normal(5, 7, 3);
    MultiLayerNetwork network = network(InputType.feedForward(3), softmax(2));
    DataBatches data = Networks.batches(features, labels(6, 7, 2)).rebatched(3);
    try (Curvature curvature = curvature(network, data)) {
      LayerFactors factors =
          curvature
              .layerFactors(
                  CurvatureMatrix.HESSIAN, curvature.weightLayers(), OutputProbing.defaults())
              .get(0);
      assertThat(factors.layer()).isEqualTo(new WeightLayer("layer0", "W", 3, 2, 1));
      assertThat(error(factors.autocorrelation(), features.transpose().mmul(features).divi(7)))
          .isLessThan(1e-14);
      assertThat(error(factors.meanInput(), features.mean(0).reshape(1, 3))).isLessThan(1e-14);
    }
  }

  /** The patches written out with loops, zeros around the image, against the layer's own. */
  @Test
  void patchesOfConvolutionsAreInTheOrderOfTheFilters() {
    int channels = 2;
    int height = 5;
    int width = 4;
    int[] kernel = {3, 2};
    int[] stride = {2, 1};
    int[] padding = {1, 0};
    int[] dilation = {1, 2};
    MultiLayerNetwork network =
        network(
            InputType.convolutional(height, width, channels),
            new ConvolutionLayer.Builder(kernel, stride, padding)
                .dilation(dilation)
                .convolutionMode(ConvolutionMode.Truncate)
                .nOut(3)
                .build(),
            softmax(2));
    INDArray features = normal(5, 4, channels, height, width);
    int outHeight = (height + 2 - 3) / 2 + 1;
    int outWidth = width - 3 + 1;
    int n = channels * 6;
    long positions = (long) outHeight * outWidth;
    INDArray second = Nd4j.create(DataType.DOUBLE, n, n);
    INDArray mean = Nd4j.create(DataType.DOUBLE, positions, n);
    for (int example = 0; example < 4; example++) {
      for (int oy = 0; oy < outHeight; oy++) {
        for (int ox = 0; ox < outWidth; ox++) {
          INDArray patch = Nd4j.create(DataType.DOUBLE, n);
          for (int c = 0; c < channels; c++) {
            for (int ky = 0; ky < 3; ky++) {
              for (int kx = 0; kx < 2; kx++) {
                int y = oy * 2 - 1 + ky;
                int x = ox + 2 * kx;
                if (y >= 0 && y < height) {
                  patch.putScalar((c * 3 + ky) * 2 + kx, features.getDouble(example, c, y, x));
                }
              }
            }
          }
          INDArray row = patch.reshape(1, n);
          second.addi(row.transpose().mmul(row).divi(4));
          mean.getRow(oy * outWidth + ox).addi(patch.div(4));
        }
      }
    }
    try (Curvature curvature =
        curvature(
            network,
            Networks.batches(features, labels(6, 4, 2)),
            BatchNormMode.BATCH,
            Engine.TANGENT)) {
      WeightLayer layer = curvature.weightLayers().get(0);
      LayerFactors factors =
          curvature
              .layerFactors(CurvatureMatrix.HESSIAN, List.of(layer), OutputProbing.defaults())
              .get(0);
      assertThat(layer).isEqualTo(new WeightLayer("layer0", "W", n, 3, positions));
      assertThat(error(factors.autocorrelation(), second)).isLessThan(1e-14);
      assertThat(error(factors.meanInput(), mean)).isLessThan(1e-14);
    }
  }

  @Test
  void floatsAgreeToRounding() {
    MultiLayerNetwork network = Behind.NORMALIZED_IMAGES.network();
    DataBatches data = Behind.NORMALIZED_IMAGES.data();
    CurvatureOptions options = CurvatureOptions.defaults();
    try (Curvature exact = Curvature.of(Network.of(network), data, options);
        Curvature rounded =
            Curvature.of(Network.of(network), data, options.withPrecision(Precision.FLOAT))) {
      List<LayerFactors> expected =
          exact.layerFactors(
              CurvatureMatrix.HESSIAN, exact.weightLayers(), OutputProbing.defaults());
      List<LayerFactors> actual =
          rounded.layerFactors(
              CurvatureMatrix.HESSIAN, rounded.weightLayers(), OutputProbing.defaults());
      for (int i = 0; i < expected.size(); i++) {
        assertThat(
                error(
                    actual.get(i).outputHessian().matrix(),
                    expected.get(i).outputHessian().matrix()))
            .isLessThan(1e-5);
        assertThat(error(actual.get(i).autocorrelation(), expected.get(i).autocorrelation()))
            .isLessThan(1e-5);
      }
    }
  }

  @Test
  void leavesProductsAsTheyWere() {
    MultiLayerNetwork network = Behind.NORMALIZATION.network();
    try (Curvature curvature = curvature(network, Behind.NORMALIZATION.data())) {
      INDArray block = normal(2, 3, curvature.activeParameters());
      INDArray before = curvature.hessian().apply(block);
      curvature.layerFactors(
          CurvatureMatrix.HESSIAN, curvature.weightLayers(), OutputProbing.defaults());
      assertThat(curvature.hessian().apply(block)).isEqualTo(before);
    }
  }

  @Test
  void saysWhatItCannotDo() {
    MultiLayerNetwork network = Behind.RECTIFIERS.network();
    DataBatches data = Behind.RECTIFIERS.data();
    try (Curvature difference = curvature(network, data, BatchNormMode.BATCH, Engine.DIFFERENCE)) {
      assertThatThrownBy(difference::weightLayers)
          .isInstanceOf(UnsupportedOperationException.class)
          .hasMessageContaining("difference");
    }
    try (Curvature curvature = curvature(network, data)) {
      List<WeightLayer> layers = curvature.weightLayers();
      assertThat(curvature.layer("layer1").weightLayers()).containsExactly(layers.get(1));
      assertThatThrownBy(
              () ->
                  curvature.layerFactors(
                      CurvatureMatrix.RESIDUAL, layers, OutputProbing.defaults()))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("residual");
    }
    try (Curvature penalised =
        Curvature.of(
            Network.of(network), data, CurvatureOptions.defaults().withRegularization(true))) {
      assertThatThrownBy(
              () ->
                  penalised.layerFactors(
                      CurvatureMatrix.HESSIAN, penalised.weightLayers(), OutputProbing.defaults()))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("regularization");
    }
  }
}
