package org.eigenscope.listeners.normalization;

import java.util.Random;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.graph.ElementWiseVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/**
 * Smooth networks with batch normalization, of parameters and statistics that nothing starts at.
 */
enum NormalizedNetworks {
  PERCEPTRON,
  CNN,
  CHANNELS_LAST,
  RESIDUAL_GRAPH;

  static final int CLASSES = 3;

  /** How a network is made. */
  record Settings(DataType type, boolean logDeviation, boolean locked, IUpdater updater) {
    static final Settings PLAIN = new Settings(DataType.DOUBLE, true, false, new Sgd(0.1));

    Settings with(IUpdater value) {
      return new Settings(type, logDeviation, locked, value);
    }

    BatchNormalization normalization() {
      BatchNormalization.Builder builder =
          new BatchNormalization.Builder().useLogStd(logDeviation).eps(1e-3);
      return (locked ? builder.lockGammaBeta(true).gamma(1.5).beta(-0.25) : builder).build();
    }

    NeuralNetConfiguration.Builder builder() {
      return new NeuralNetConfiguration.Builder()
          .seed(3)
          .dataType(type)
          .updater(updater)
          .convolutionMode(ConvolutionMode.Same)
          .activation(Activation.IDENTITY);
    }
  }

  Model build() {
    return build(Settings.PLAIN);
  }

  Model build(Settings settings) {
    Model model =
        switch (this) {
          case PERCEPTRON -> perceptron(settings);
          case CNN -> cnn(settings, CNN2DFormat.NCHW);
          case CHANNELS_LAST -> cnn(settings, CNN2DFormat.NHWC);
          case RESIDUAL_GRAPH -> residualGraph(settings);
        };
    randomise(model, settings);
    return model;
  }

  private static void randomise(Model model, Settings settings) {
    INDArray values = normal(5, model.params().length()).muli(0.4);
    model.setParams(values.castTo(settings.type()));
    model
        .paramTable()
        .forEach(
            (key, view) -> {
              if (key.endsWith("_var")) {
                view.assign(view.mul(view).addi(0.5));
              }
            });
  }

  private static DenseLayer dense(int units) {
    return new DenseLayer.Builder().nOut(units).build();
  }

  private static ConvolutionLayer convolution(int channels, CNN2DFormat format) {
    return new ConvolutionLayer.Builder(3, 3).nOut(channels).dataFormat(format).build();
  }

  private static OutputLayer softmax() {
    return new OutputLayer.Builder(LossFunction.MCXENT)
        .nOut(CLASSES)
        .activation(Activation.SOFTMAX)
        .build();
  }

  private static MultiLayerNetwork perceptron(Settings settings) {
    MultiLayerNetwork network =
        new MultiLayerNetwork(
            settings
                .builder()
                .list()
                .layer(dense(5))
                .layer(settings.normalization())
                .layer(new ActivationLayer(Activation.TANH))
                .layer(dense(4))
                .layer(settings.normalization())
                .layer(new ActivationLayer(Activation.SIGMOID))
                .layer(softmax())
                .setInputType(InputType.feedForward(4))
                .build());
    network.init();
    return network;
  }

  private static MultiLayerNetwork cnn(Settings settings, CNN2DFormat format) {
    MultiLayerNetwork network =
        new MultiLayerNetwork(
            settings
                .builder()
                .list()
                .layer(convolution(3, format))
                .layer(settings.normalization())
                .layer(new ActivationLayer(Activation.TANH))
                .layer(convolution(2, format))
                .layer(settings.normalization())
                .layer(new ActivationLayer(Activation.TANH))
                .layer(softmax())
                .setInputType(InputType.convolutional(4, 5, 2, format))
                .build());
    network.init();
    return network;
  }

  /** Batch normalization in both of two branches that meet. */
  private static ComputationGraph residualGraph(Settings settings) {
    CNN2DFormat format = CNN2DFormat.NCHW;
    ComputationGraph graph =
        new ComputationGraph(
            settings
                .builder()
                .graphBuilder()
                .addInputs("in")
                .addLayer("a", convolution(3, format), "in")
                .addLayer("aNorm", settings.normalization(), "a")
                .addLayer("aTanh", new ActivationLayer(Activation.TANH), "aNorm")
                .addLayer("b", convolution(3, format), "aTanh")
                .addLayer("bNorm", settings.normalization(), "b")
                .addLayer("c", convolution(3, format), "aTanh")
                .addLayer("cNorm", settings.normalization(), "c")
                .addVertex("sum", new ElementWiseVertex(ElementWiseVertex.Op.Add), "bNorm", "cNorm")
                .addLayer("tanh", new ActivationLayer(Activation.TANH), "sum")
                .addLayer("pool", new GlobalPoolingLayer(PoolingType.AVG), "tanh")
                .addLayer("out", softmax(), "pool")
                .setOutputs("out")
                .setInputTypes(InputType.convolutional(4, 5, 2, format))
                .build());
    graph.init();
    return graph;
  }

  DataSet data(int examples) {
    return data(examples, 7);
  }

  DataSet data(int examples, long seed) {
    long[] shape =
        switch (this) {
          case PERCEPTRON -> new long[] {examples, 4};
          case CHANNELS_LAST -> new long[] {examples, 4, 5, 2};
          default -> new long[] {examples, 2, 4, 5};
        };
    Random random = new Random(seed);
    INDArray labels = Nd4j.create(DataType.DOUBLE, examples, CLASSES);
    for (int i = 0; i < examples; i++) {
      labels.putScalar(i, random.nextInt(CLASSES), 1);
    }
    return new DataSet(normal(seed, shape).addi(0.3), labels);
  }

  static INDArray normal(long seed, long... shape) {
    Random random = new Random(seed);
    INDArray array = Nd4j.create(DataType.DOUBLE, shape);
    for (long i = 0; i < array.length(); i++) {
      array.putScalar(i, random.nextGaussian());
    }
    return array;
  }

  /** Returns what a model puts out. */
  static INDArray output(Model model, INDArray features, boolean training) {
    return model instanceof MultiLayerNetwork network
        ? network.output(features, training)
        : ((ComputationGraph) model).output(training, features)[0];
  }

  /** Returns the loss, the mean over examples. */
  static double score(Model model, DataSet data, boolean training) {
    return model instanceof MultiLayerNetwork network
        ? network.score(data, training)
        : ((ComputationGraph) model).score(data, training);
  }

  static void fit(Model model, DataSet data) {
    if (model instanceof MultiLayerNetwork network) {
      network.fit(data);
    } else {
      ((ComputationGraph) model).fit(data);
    }
  }

  /** Returns the sum of the examples' gradients, a copy. */
  static INDArray gradient(Model model, DataSet data) {
    if (model instanceof MultiLayerNetwork network) {
      network.setInput(data.getFeatures());
      network.setLabels(data.getLabels());
      network.computeGradientAndScore();
      return network.getFlattenedGradients().dup();
    }
    ComputationGraph graph = (ComputationGraph) model;
    graph.setInputs(data.getFeatures());
    graph.setLabels(data.getLabels());
    graph.computeGradientAndScore();
    return graph.getFlattenedGradients().dup();
  }
}
