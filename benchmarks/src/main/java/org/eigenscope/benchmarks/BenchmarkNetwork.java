package org.eigenscope.benchmarks;

import java.util.Locale;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
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
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.weights.WeightInit;
import org.eigenscope.probes.linalg.RandomVectors;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/** The networks that are measured, the same as in the PyTorch peers. */
enum BenchmarkNetwork {
  /** 784-512-256-10, ReLU. */
  MLP(256) {
    @Override
    Model build(DataType type, long seed) {
      MultiLayerNetwork network =
          new MultiLayerNetwork(
              configuration(type, seed)
                  .list()
                  .layer(dense(512))
                  .layer(dense(256))
                  .layer(output())
                  .setInputType(InputType.feedForward(784))
                  .build());
      network.init();
      return network;
    }

    @Override
    long[] inputShape() {
      return new long[] {batch(), 784};
    }
  },
  /** Two 5 × 5 convolutions with max-pooling, then 500 and 10 units, ReLU. */
  LENET(128) {
    @Override
    Model build(DataType type, long seed) {
      MultiLayerNetwork network =
          new MultiLayerNetwork(
              configuration(type, seed)
                  .list()
                  .layer(convolution(20))
                  .layer(maxPooling())
                  .layer(convolution(50))
                  .layer(maxPooling())
                  .layer(dense(500))
                  .layer(output())
                  .setInputType(InputType.convolutional(28, 28, 1))
                  .build());
      network.init();
      return network;
    }

    private ConvolutionLayer convolution(int channels) {
      return new ConvolutionLayer.Builder(5, 5).nOut(channels).activation(Activation.RELU).build();
    }

    private SubsamplingLayer maxPooling() {
      return new SubsamplingLayer.Builder(SubsamplingLayer.PoolingType.MAX)
          .kernelSize(2, 2)
          .stride(2, 2)
          .build();
    }

    @Override
    long[] inputShape() {
      return new long[] {batch(), 1, 28, 28};
    }
  },
  /**
   * Three stages of three residual blocks, with batch normalization (He et al. 2016, section 4.2).
   */
  RESNET20(128) {
    @Override
    Model build(DataType type, long seed) {
      ComputationGraphConfiguration.GraphBuilder graph =
          configuration(type, seed).graphBuilder().addInputs("in");
      graph.setInputTypes(InputType.convolutional(32, 32, 3));
      String last = normalized(graph, "stem", "in", 16, 3, 1, true);
      int[] widths = {16, 32, 64};
      for (int stage = 0; stage < widths.length; stage++) {
        for (int block = 0; block < 3; block++) {
          String name = "s%db%d".formatted(stage + 1, block + 1);
          int stride = stage > 0 && block == 0 ? 2 : 1;
          String first = normalized(graph, name + "c1", last, widths[stage], 3, stride, true);
          String second = normalized(graph, name + "c2", first, widths[stage], 3, 1, false);
          String shortcut =
              stride == 1
                  ? last
                  : normalized(graph, name + "p", last, widths[stage], 1, stride, false);
          graph.addVertex(
              name + "add", new ElementWiseVertex(ElementWiseVertex.Op.Add), second, shortcut);
          graph.addLayer(name, new ActivationLayer(Activation.RELU), name + "add");
          last = name;
        }
      }
      graph.addLayer("pool", new GlobalPoolingLayer(PoolingType.AVG), last);
      graph.addLayer("out", output(), "pool");
      ComputationGraph network = new ComputationGraph(graph.setOutputs("out").build());
      network.init();
      return network;
    }

    private String normalized(
        ComputationGraphConfiguration.GraphBuilder graph,
        String name,
        String from,
        int channels,
        int kernel,
        int stride,
        boolean rectified) {
      graph.addLayer(
          name,
          new ConvolutionLayer.Builder(kernel, kernel)
              .nOut(channels)
              .stride(stride, stride)
              .padding(kernel / 2, kernel / 2)
              .convolutionMode(ConvolutionMode.Truncate)
              .hasBias(false)
              .activation(Activation.IDENTITY)
              .build(),
          from);
      graph.addLayer(name + "bn", new BatchNormalization(), name);
      if (!rectified) {
        return name + "bn";
      }
      graph.addLayer(name + "relu", new ActivationLayer(Activation.RELU), name + "bn");
      return name + "relu";
    }

    @Override
    long[] inputShape() {
      return new long[] {batch(), 3, 32, 32};
    }
  };

  /** Seed of parameters, inputs and labels. */
  static final long SEED = 42;

  static final int CLASSES = 10;

  private final int batch;

  BenchmarkNetwork(int batch) {
    this.batch = batch;
  }

  /** Returns a new model with He-initialised weights. */
  final Model build(DataType type) {
    return build(type, SEED);
  }

  /** Returns a new model with He-initialised weights of a seed's. */
  abstract Model build(DataType type, long seed);

  abstract long[] inputShape();

  int batch() {
    return batch;
  }

  /** Returns its name on the command line and in results. */
  String tag() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Returns normal inputs, each as long as its elements are many, and uniform labels. */
  DataSet data(DataType type) {
    java.util.SplittableRandom random = new java.util.SplittableRandom(SEED);
    INDArray labels = Nd4j.zeros(type, batch, CLASSES);
    for (int i = 0; i < batch; i++) {
      labels.putScalar(i, random.nextInt(CLASSES), 1);
    }
    return new DataSet(inputs(type, batch), labels);
  }

  /** Returns such inputs with as many examples of each class, in turns. */
  DataSet balanced(DataType type, int examplesPerClass) {
    int examples = CLASSES * examplesPerClass;
    INDArray labels = Nd4j.zeros(type, examples, CLASSES);
    for (int i = 0; i < examples; i++) {
      labels.putScalar(i, i % CLASSES, 1);
    }
    return new DataSet(inputs(type, examples), labels);
  }

  private INDArray inputs(DataType type, int examples) {
    long[] shape = inputShape();
    long width = 1;
    for (int i = 1; i < shape.length; i++) {
      width *= shape[i];
    }
    shape[0] = examples;
    return new RandomVectors(RandomVectors.Distribution.GAUSSIAN, SEED)
        .next(examples, width, type)
        .muli(Math.sqrt((double) width))
        .reshape('c', shape);
  }

  private static NeuralNetConfiguration.Builder configuration(DataType type, long seed) {
    return new NeuralNetConfiguration.Builder()
        .seed(seed)
        .dataType(type)
        .updater(new Sgd(0.01))
        .weightInit(WeightInit.RELU);
  }

  private static DenseLayer dense(int units) {
    return new DenseLayer.Builder().nOut(units).activation(Activation.RELU).build();
  }

  private static OutputLayer output() {
    return new OutputLayer.Builder(LossFunction.MCXENT)
        .nOut(CLASSES)
        .activation(Activation.SOFTMAX)
        .build();
  }
}
