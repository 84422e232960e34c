package org.eigenscope.probes.curvature;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import java.util.function.Consumer;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.weights.WeightInit;
import org.eigenscope.probes.linalg.LinearOperator;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/** Small networks and data for tests, and dense matrices of operators. */
final class Networks {
  private Networks() {}

  static MultiLayerNetwork network(InputType input, Layer... layers) {
    return network(input, c -> {}, layers);
  }

  static MultiLayerNetwork network(
      InputType input, Consumer<NeuralNetConfiguration.Builder> settings, Layer... layers) {
    NeuralNetConfiguration.Builder builder =
        new NeuralNetConfiguration.Builder()
            .seed(12)
            .dataType(DataType.DOUBLE)
            .weightInit(WeightInit.XAVIER)
            .activation(Activation.IDENTITY);
    settings.accept(builder);
    NeuralNetConfiguration.ListBuilder list = builder.list();
    for (Layer layer : layers) {
      list.layer(layer);
    }
    MultiLayerConfiguration configuration = list.setInputType(input).build();
    MultiLayerNetwork network = new MultiLayerNetwork(configuration);
    network.init();
    return network;
  }

  /** Fills all parameters, biases too, with numbers that no initialisation gives. */
  static MultiLayerNetwork randomised(MultiLayerNetwork network, long seed) {
    network.setParams(normal(seed, network.params().length()).mul(0.4));
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

  static OutputLayer softmax(int classes) {
    return new OutputLayer.Builder(LossFunction.MCXENT)
        .nOut(classes)
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

  /** Returns one-hot rows. */
  static INDArray labels(long seed, int examples, int classes) {
    Random random = new Random(seed);
    INDArray labels = Nd4j.create(DataType.DOUBLE, examples, classes);
    for (int i = 0; i < examples; i++) {
      labels.putScalar(i, random.nextInt(classes), 1);
    }
    return labels;
  }

  static DataBatches batches(INDArray features, INDArray labels) {
    return DataBatches.of(new DataSet(features, labels));
  }

  static Curvature curvature(
      org.deeplearning4j.nn.api.Model model, DataBatches data, BatchNormMode mode) {
    return curvature(model, data, mode, Engine.AUTO);
  }

  static Curvature curvature(
      org.deeplearning4j.nn.api.Model model, DataBatches data, BatchNormMode mode, Engine engine) {
    return Curvature.of(
        Network.of(model),
        data,
        CurvatureOptions.defaults().withBatchNorm(mode).withEngine(engine));
  }

  static Curvature curvature(org.deeplearning4j.nn.api.Model model, DataBatches data) {
    return curvature(model, data, BatchNormMode.BATCH);
  }

  static INDArray dense(LinearOperator operator) {
    return operator.apply(Nd4j.eye(operator.order()).castTo(operator.dataType()));
  }

  /** Returns the largest difference of two matrices relative to the largest entry of the second. */
  static double error(INDArray actual, INDArray expected) {
    double scale = Math.max(1e-300, expected.amaxNumber().doubleValue());
    return actual.reshape(expected.shape()).sub(expected).amaxNumber().doubleValue() / scale;
  }

  static double largest(INDArray array) {
    return array.amaxNumber().doubleValue();
  }

  /**
   * Compares what AUTO takes with the difference engine: loss, gradient, all three matrices, and
   * the derivative of the outputs.
   *
   * @return the engine that AUTO takes
   */
  static Engine requireAgreement(
      org.deeplearning4j.nn.api.Model model, DataBatches data, BatchNormMode mode) {
    try (Curvature curvature = curvature(model, data, mode);
        Curvature oracle = curvature(model, data, mode, Engine.DIFFERENCE)) {
      if (curvature.engine() == Engine.DIFFERENCE) {
        assertThat(curvature.notes()).anyMatch(note -> note.contains("does not know"));
        return Engine.DIFFERENCE;
      }
      double loss = oracle.loss();
      assertThat(curvature.loss()).isCloseTo(loss, within(1e-12 * Math.max(1, Math.abs(loss))));
      assertThat(error(curvature.gradient(), oracle.gradient())).isLessThan(1e-11);
      INDArray block = normal(11, 5, oracle.activeParameters());
      for (CurvatureMatrix matrix : CurvatureMatrix.values()) {
        INDArray expected = oracle.operator(matrix).apply(block);
        INDArray actual = curvature.operator(matrix).apply(block);
        double scale = largest(oracle.hessian().apply(block));
        assertThat(largest(actual.sub(expected)))
            .as(matrix.tag())
            .isLessThan(1e-7 * Math.max(scale, largest(expected)) + 1e-9);
      }
      Linearization exact = curvature.linearization();
      Linearization differences = oracle.linearization();
      assertThat(exact.outputs()).isEqualTo(differences.outputs());
      assertThat(error(exact.jvp(block), differences.jvp(block))).isLessThan(1e-7);
      INDArray outputs = normal(12, 3, exact.outputs());
      assertThat(error(exact.vjp(outputs), differences.vjp(outputs))).isLessThan(1e-10);
      assertThat(error(exact.values(), differences.values())).isLessThan(1e-12);
      requireSquaredNorms(exact, data);
      return Engine.TANGENT;
    }
  }

  /** Compares the examples' squared norms with those of products of one example each. */
  private static void requireSquaredNorms(Linearization exact, DataBatches data) {
    int examples = (int) data.examples();
    INDArray outputs = normal(13, 1, exact.outputs());
    INDArray norms = exact.squaredNorms(outputs);
    if (norms == null || data.batches().get(0).getLabels().length > 1) {
      return;
    }
    long width = exact.outputs() / examples;
    INDArray alone = Nd4j.create(DataType.DOUBLE, examples, exact.outputs());
    for (int i = 0; i < examples; i++) {
      for (long at = i * width; at < (i + 1) * width; at++) {
        alone.putScalar(i, at, outputs.getDouble(0, at));
      }
    }
    INDArray expected = exact.vjp(alone).norm2(1);
    assertThat(error(norms.reshape(examples), expected.mul(expected))).isLessThan(1e-12);
  }
}
