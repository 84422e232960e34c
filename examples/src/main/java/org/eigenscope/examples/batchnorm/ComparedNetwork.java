package org.eigenscope.examples.batchnorm;

import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration.ListBuilder;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.weights.WeightInit;
import org.eigenscope.digits.LabelledImages;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/**
 * The networks of the comparison, with batch normalization between weights and activation of every
 * hidden layer. Both see the images halved to 14 x 14, so that a comparison takes minutes.
 */
enum ComparedNetwork {
  /** Four hidden layers of 64 rectifiers. */
  MLP("MLP, 4 x 64") {
    @Override
    void addHidden(ListBuilder layers) {
      for (int i = 0; i < 4; i++) {
        addNormalized(layers, new DenseLayer.Builder().nOut(64).hasBias(false).build());
      }
    }
  },
  /** Four 3 x 3 convolutions, every other with stride 2. */
  CNN("CNN, 4 convolutions") {
    @Override
    void addHidden(ListBuilder layers) {
      addNormalized(layers, convolution(8, 1));
      addNormalized(layers, convolution(8, 2));
      addNormalized(layers, convolution(16, 1));
      addNormalized(layers, convolution(16, 2));
    }

    private ConvolutionLayer convolution(int channels, int stride) {
      return new ConvolutionLayer.Builder(3, 3)
          .stride(stride, stride)
          .convolutionMode(ConvolutionMode.Same)
          .nOut(channels)
          .hasBias(false)
          .build();
    }
  };

  private static final int[] HALVE = {2, 2};

  private final String title;

  ComparedNetwork(String title) {
    this.title = title;
  }

  /** Adds the hidden layers. */
  abstract void addHidden(ListBuilder layers);

  /** Returns what it is, in a few words. */
  String title() {
    return title;
  }

  /**
   * Returns a network with random weights (He et al. 2015) and plain gradient descent.
   *
   * @param seed not 0, which Deeplearning4j takes for "choose one"
   */
  MultiLayerNetwork create(long seed, double learningRate) {
    ListBuilder layers =
        new NeuralNetConfiguration.Builder()
            .seed(seed)
            .updater(new Sgd(learningRate))
            .weightInit(WeightInit.RELU)
            .activation(Activation.IDENTITY)
            .list()
            .layer(
                new SubsamplingLayer.Builder(SubsamplingLayer.PoolingType.AVG, HALVE, HALVE)
                    .build());
    addHidden(layers);
    layers
        .layer(
            new OutputLayer.Builder(LossFunction.MCXENT)
                .nOut(LabelledImages.CLASSES)
                .weightInit(WeightInit.XAVIER)
                .activation(Activation.SOFTMAX)
                .build())
        .setInputType(InputType.convolutional(LabelledImages.SIDE, LabelledImages.SIDE, 1));
    MultiLayerNetwork network = new MultiLayerNetwork(layers.build());
    network.init();
    return network;
  }

  private static void addNormalized(ListBuilder layers, Layer weights) {
    layers
        .layer(weights)
        .layer(new BatchNormalization())
        .layer(new ActivationLayer(Activation.RELU));
  }
}
