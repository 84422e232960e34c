package org.eigenscope.probes.curvature;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.eigenscope.probes.curvature.Networks.batches;
import static org.eigenscope.probes.curvature.Networks.curvature;
import static org.eigenscope.probes.curvature.Networks.dense;
import static org.eigenscope.probes.curvature.Networks.error;
import static org.eigenscope.probes.curvature.Networks.labels;
import static org.eigenscope.probes.curvature.Networks.network;
import static org.eigenscope.probes.curvature.Networks.normal;
import static org.eigenscope.probes.curvature.Networks.randomised;
import static org.eigenscope.probes.curvature.Networks.softmax;

import java.util.function.UnaryOperator;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.graph.ElementWiseVertex;
import org.deeplearning4j.nn.conf.graph.MergeVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.MultiDataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

class CurvatureTest {
  private static final int EXAMPLES = 6;

  @ParameterizedTest
  @EnumSource(names = {"TANH", "RELU", "SIGMOID", "SOFTPLUS"})
  void multilayerPerceptronMatchesCalculus(Activation activation) {
    MultiLayerNetwork network =
        randomised(
            network(
                InputType.feedForward(4),
                new DenseLayer.Builder().nOut(5).activation(activation).build(),
                new DenseLayer.Builder().nOut(4).activation(activation).build(),
                softmax(3)),
            1);
    INDArray x = normal(2, EXAMPLES, 4);
    INDArray y = labels(3, EXAMPLES, 3);
    UnaryOperator<Jet> function =
        switch (activation) {
          case TANH -> Jet::tanh;
          case RELU -> Jet::relu;
          case SIGMOID -> Jet::sigmoid;
          default -> Jet::softplus;
        };
    Reference reference = Reference.of(network);
    Jet loss = reference.constant(0);
    double[][] gaussNewton = new double[reference.size()][reference.size()];
    for (int i = 0; i < EXAMPLES; i++) {
      Jet[] h = Reference.map(reference.dense("0", reference.input(x.getRow(i))), function);
      h = Reference.map(reference.dense("1", h), function);
      Jet[] z = reference.dense("2", h);
      loss = loss.plus(reference.crossEntropy(z, y.getRow(i)).times(1.0 / EXAMPLES));
      reference.addGaussNewton(gaussNewton, z, 1.0 / EXAMPLES);
    }
    matches(network, batches(x, y), BatchNormMode.BATCH, reference, loss, gaussNewton);
  }

  @ParameterizedTest
  @CsvSource({"false,2,2", "true,2,2", "false,3,1", "true,3,1"})
  void convolutionWithMaxPoolingMatchesCalculus(boolean onKinks, int kernel, int stride) {
    MultiLayerNetwork network =
        network(
            InputType.convolutional(7, 7, 1),
            new ConvolutionLayer.Builder(3, 3).nOut(2).activation(Activation.RELU).build(),
            new SubsamplingLayer.Builder(SubsamplingLayer.PoolingType.MAX)
                .kernelSize(kernel, kernel)
                .stride(stride, stride)
                .build(),
            new ConvolutionLayer.Builder(2, 2).nOut(2).activation(Activation.RELU).build(),
            softmax(3));
    INDArray x = normal(2, EXAMPLES, 1, 7, 7);
    if (onKinks) {
      // Zero biases on blank patches: rectifiers and windows sit exactly on their kinks.
      x = Nd4j.create(x.dataType(), EXAMPLES, 1, 7, 7);
      for (int i = 0; i < EXAMPLES; i++) {
        x.putScalar(new long[] {i, 0, i % 3, 1 + i % 2}, 1 + i);
        x.putScalar(new long[] {i, 0, 1 + i % 3, 2 + i % 2}, 2 - i);
      }
    } else {
      randomised(network, 5);
    }
    INDArray y = labels(3, EXAMPLES, 3);
    Reference reference = Reference.of(network);
    Jet loss = reference.constant(0);
    double[][] gaussNewton = new double[reference.size()][reference.size()];
    for (int i = 0; i < EXAMPLES; i++) {
      Jet[][][] image = Reference.image(reference.input(x.slice(i)), 1, 7, 7);
      image = Reference.map(reference.convolution("0", image), Jet::relu);
      image = Reference.maxPool(image, kernel, stride);
      image = Reference.map(reference.convolution("2", image), Jet::relu);
      Jet[] z = reference.dense("3", Reference.flat(image));
      loss = loss.plus(reference.crossEntropy(z, y.getRow(i)).times(1.0 / EXAMPLES));
      reference.addGaussNewton(gaussNewton, z, 1.0 / EXAMPLES);
    }
    matches(network, batches(x, y), BatchNormMode.BATCH, reference, loss, gaussNewton);
  }

  @ParameterizedTest
  @EnumSource(BatchNormMode.class)
  void batchNormalizationMatchesCalculus(BatchNormMode mode) {
    MultiLayerNetwork network =
        randomised(
            network(
                InputType.feedForward(4),
                new DenseLayer.Builder().nOut(3).build(),
                new BatchNormalization(),
                new ActivationLayer(Activation.TANH),
                softmax(3)),
            1);
    INDArray x = normal(2, 9, 4);
    INDArray y = labels(3, 9, 3);
    DataBatches data = batches(x, y).rebatched(5);
    assertThat(data.batches()).hasSize(2);
    Reference reference = Reference.of(network);
    Jet loss = reference.constant(0);
    double[][] gaussNewton = new double[reference.size()][reference.size()];
    int[] starts = mode == BatchNormMode.BATCH ? new int[] {0, 5, 9} : new int[] {0, 9};
    for (int b = 0; b + 1 < starts.length; b++) {
      Jet[][] h = new Jet[starts[b + 1] - starts[b]][];
      for (int i = 0; i < h.length; i++) {
        h[i] = reference.dense("0", reference.input(x.getRow(starts[b] + i)));
      }
      h = reference.normalised("1", h, mode == BatchNormMode.FROZEN);
      for (int i = 0; i < h.length; i++) {
        Jet[] z = reference.dense("3", Reference.map(h[i], Jet::tanh));
        INDArray label = y.getRow(starts[b] + i);
        loss = loss.plus(reference.crossEntropy(z, label).times(1.0 / 9));
        reference.addGaussNewton(gaussNewton, z, 1.0 / 9);
      }
    }
    matches(network, data, mode, reference, loss, gaussNewton);
  }

  @Test
  void residualGraphWithTwoInputsAndOutputsMatchesCalculus() {
    ComputationGraph graph =
        new ComputationGraph(
            new NeuralNetConfiguration.Builder()
                .seed(3)
                .dataType(DataType.DOUBLE)
                .graphBuilder()
                .addInputs("first", "second")
                .setInputTypes(InputType.feedForward(3), InputType.feedForward(2))
                // Named so that the flat order is not the alphabetical one.
                .addLayer(
                    "z",
                    new DenseLayer.Builder().nOut(3).activation(Activation.TANH).build(),
                    "first")
                .addVertex("sum", new ElementWiseVertex(ElementWiseVertex.Op.Add), "z", "first")
                .addVertex("both", new MergeVertex(), "sum", "second")
                .addLayer("class", softmax(3), "both")
                .addLayer(
                    "a",
                    new OutputLayer.Builder(LossFunction.MSE)
                        .nOut(2)
                        .activation(Activation.IDENTITY)
                        .build(),
                    "sum")
                .setOutputs("class", "a")
                .build());
    graph.init();
    graph.setParams(normal(9, graph.params().length()).mul(0.4));
    INDArray first = normal(2, EXAMPLES, 3);
    INDArray second = normal(3, EXAMPLES, 2);
    INDArray classes = labels(3, EXAMPLES, 3);
    INDArray values = normal(4, EXAMPLES, 2);
    Reference reference = Reference.of(graph);
    Jet loss = reference.constant(0);
    double[][] gaussNewton = new double[reference.size()][reference.size()];
    for (int i = 0; i < EXAMPLES; i++) {
      Jet[] x = reference.input(first.getRow(i));
      Jet[] h = Reference.map(reference.dense("z", x), Jet::tanh);
      for (int j = 0; j < h.length; j++) {
        h[j] = h[j].plus(x[j]);
      }
      Jet[] z = reference.dense("class", Reference.joined(h, reference.input(second.getRow(i))));
      Jet[] v = reference.dense("a", h);
      loss = loss.plus(reference.crossEntropy(z, classes.getRow(i)).times(1.0 / EXAMPLES));
      // Deeplearning4j's MSE divides by the number of outputs.
      loss = loss.plus(reference.squares(v, values.getRow(i)).times(0.5 / EXAMPLES));
      reference.addGaussNewton(gaussNewton, z, 1.0 / EXAMPLES);
      reference.addSquares(gaussNewton, v, 1.0 / EXAMPLES);
    }
    DataBatches data =
        DataBatches.of(
            new MultiDataSet(new INDArray[] {first, second}, new INDArray[] {classes, values}));
    matches(graph, data, BatchNormMode.BATCH, reference, loss, gaussNewton);
  }

  @Test
  void maskedSequencesMatchCalculus() {
    int steps = 3;
    MultiLayerNetwork network =
        randomised(
            network(
                InputType.recurrent(2, steps),
                new LSTM.Builder().nOut(2).activation(Activation.TANH).build(),
                new RnnOutputLayer.Builder(LossFunction.MCXENT)
                    .nOut(2)
                    .activation(Activation.SOFTMAX)
                    .build()),
            4);
    INDArray x = normal(2, 3, 2, steps);
    INDArray y = labels(3, 3 * steps, 2).reshape('c', 3, steps, 2).permute(0, 2, 1).dup('c');
    INDArray mask = Nd4j.createFromArray(new double[][] {{1, 1, 1}, {1, 1, 0}, {1, 0, 0}});
    Reference reference = Reference.of(network);
    Jet loss = reference.constant(0);
    double[][] gaussNewton = new double[reference.size()][reference.size()];
    for (int i = 0; i < 3; i++) {
      Jet[][] h = reference.lstm("0", x.slice(i), 3 - i);
      for (int t = 0; t < h.length; t++) {
        Jet[] z = reference.dense("1", h[t]);
        INDArray label = y.slice(i).getColumn(t).dup();
        // A sequence is one example, however long.
        loss = loss.plus(reference.crossEntropy(z, label).times(1.0 / 3));
        reference.addGaussNewton(gaussNewton, z, 1.0 / 3);
      }
    }
    DataBatches data = DataBatches.of(new DataSet(x, y, mask, mask));
    matches(network, data, BatchNormMode.BATCH, reference, loss, gaussNewton);
  }

  /** Compares what AUTO takes, and the difference engine, with the exact derivatives. */
  private static void matches(
      Model model,
      DataBatches data,
      BatchNormMode mode,
      Reference reference,
      Jet loss,
      double[][] gaussNewton) {
    matches(curvature(model, data, mode, Engine.AUTO), reference, loss, gaussNewton);
    matches(curvature(model, data, mode, Engine.DIFFERENCE), reference, loss, gaussNewton);
  }

  private static void matches(
      Curvature curvature, Reference reference, Jet loss, double[][] gaussNewton) {
    assertThat(curvature.loss()).isCloseTo(loss.value, within(1e-12));
    assertThat(error(curvature.gradient(), reference.gradient(loss))).isLessThan(1e-12);
    INDArray hessian = reference.hessian(loss);
    INDArray expected = reference.active(gaussNewton);
    assertThat(error(dense(curvature.hessian()), hessian)).isLessThan(tolerance(curvature));
    assertThat(error(dense(curvature.gaussNewton()), expected)).isLessThan(tolerance(curvature));
    INDArray some = normal(6, 3, curvature.activeParameters());
    assertThat(error(curvature.residual().apply(some), some.mmul(hessian.sub(expected))))
        .isLessThan(tolerance(curvature));
  }

  /** Rounding for tangents; for differences of a step of 1e-5 a hundred times their 1e-10. */
  private static double tolerance(Curvature curvature) {
    return curvature.engine() == Engine.TANGENT ? 1e-12 : 1e-8;
  }
}
