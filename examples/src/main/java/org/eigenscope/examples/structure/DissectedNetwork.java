package org.eigenscope.examples.structure;

import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration.ListBuilder;
import org.deeplearning4j.nn.conf.inputs.InputType;
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
 * The networks that are taken apart: those of Wu et al. (arXiv 2010.04261, appendix), with
 * rectifiers, and on request batch normalization without affine parameters behind each.
 */
enum DissectedNetwork {
  /** F-200²: two hidden layers of 200. */
  MLP("F-200²", false),
  /** F-200²-BN. */
  MLP_BN("F-200²-BN", true),
  /** LeNet-5. */
  LENET("LeNet-5", false),
  /** LeNet-5-BN. */
  LENET_BN("LeNet-5-BN", true);

  private final String title;
  private final boolean normalized;

  DissectedNetwork(String title, boolean normalized) {
    this.title = title;
    this.normalized = normalized;
  }

  /** Returns its name in the paper. */
  String title() {
    return title;
  }

  /**
   * Returns a network with random weights (Glorot and Bengio 2010) and plain gradient descent.
   *
   * @param seed not 0, which Deeplearning4j takes for "choose one"
   */
  MultiLayerNetwork create(long seed, double learningRate) {
    ListBuilder layers =
        new NeuralNetConfiguration.Builder()
            .seed(seed)
            .updater(new Sgd(learningRate))
            .weightInit(WeightInit.XAVIER)
            .activation(Activation.RELU)
            .list();
    switch (this) {
      case MLP, MLP_BN -> {
        hidden(layers, dense("fc1", 200));
        hidden(layers, dense("fc2", 200));
      }
      case LENET, LENET_BN -> {
        hidden(layers, convolution("conv1", 6));
        layers.layer(halve());
        hidden(layers, convolution("conv2", 16));
        layers.layer(halve());
        hidden(layers, dense("fc1", 120));
        hidden(layers, dense("fc2", 84));
      }
    }
    layers
        .layer(
            new OutputLayer.Builder(LossFunction.MCXENT)
                .name("out")
                .nOut(LabelledImages.CLASSES)
                .activation(Activation.SOFTMAX)
                .build())
        .setInputType(InputType.convolutional(LabelledImages.SIDE, LabelledImages.SIDE, 1));
    MultiLayerNetwork network = new MultiLayerNetwork(layers.build());
    network.init();
    return network;
  }

  private void hidden(ListBuilder layers, Layer weights) {
    layers.layer(weights);
    if (normalized) {
      layers.layer(new BatchNormalization.Builder().lockGammaBeta(true).build());
    }
  }

  private static Layer dense(String name, int outputs) {
    return new DenseLayer.Builder().name(name).nOut(outputs).build();
  }

  private static Layer convolution(String name, int channels) {
    return new ConvolutionLayer.Builder(5, 5).name(name).nOut(channels).build();
  }

  private static Layer halve() {
    return new SubsamplingLayer.Builder(
            SubsamplingLayer.PoolingType.MAX, new int[] {2, 2}, new int[] {2, 2})
        .build();
  }
}
