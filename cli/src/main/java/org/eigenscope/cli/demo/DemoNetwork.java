package org.eigenscope.cli.demo;

import java.util.Arrays;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer.PoolingType;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.weights.WeightInit;
import org.eigenscope.digits.LabelledImages;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/**
 * The network of the demo: LeNet's order of layers, on images halved to 14 x 14, small enough that
 * a Hessian-vector product takes a fraction of a second with Deeplearning4j's own gradients.
 */
final class DemoNetwork {
  /**
   * Rate of plain gradient descent, whose stability limit for the largest eigenvalue is 2 / rate.
   * With this one nine outliers stand a factor of two and more above the bulk from the 400th
   * minibatch on, and the largest comes up to the limit; with twice as much they hardly part.
   */
  static final double LEARNING_RATE = 0.05;

  /** Examples of a training step. */
  static final int BATCH_SIZE = 32;

  /** What it is, in a few words. */
  static final String NAME = "LeNet-like network";

  private static final int[] HALVE = {2, 2};

  private DemoNetwork() {}

  /** Returns a network with random weights. */
  static MultiLayerNetwork create(long seed) {
    MultiLayerNetwork network =
        new MultiLayerNetwork(
            new NeuralNetConfiguration.Builder()
                // Deeplearning4j takes 0 for "choose one".
                .seed(seed == 0 ? Long.MIN_VALUE : seed)
                .updater(new Sgd(LEARNING_RATE))
                .weightInit(WeightInit.XAVIER)
                .activation(Activation.RELU)
                .list()
                .layer(new SubsamplingLayer.Builder(PoolingType.AVG, HALVE, HALVE).build())
                .layer(new ConvolutionLayer.Builder(5, 5).nOut(6).build())
                .layer(new SubsamplingLayer.Builder(PoolingType.MAX, HALVE, HALVE).build())
                .layer(new ConvolutionLayer.Builder(3, 3).nOut(16).build())
                .layer(new DenseLayer.Builder().nOut(32).build())
                .layer(
                    new OutputLayer.Builder(LossFunction.MCXENT)
                        .nOut(LabelledImages.CLASSES)
                        .activation(Activation.SOFTMAX)
                        .build())
                .setInputType(InputType.convolutional(LabelledImages.SIDE, LabelledImages.SIDE, 1))
                .build());
    network.init();
    return network;
  }

  /** Returns the share of images, from 0 to 1, whose class a network gets right. */
  static double accuracy(MultiLayerNetwork network, LabelledImages images, int count) {
    int[] chosen = new int[Math.min(count, images.size())];
    Arrays.setAll(chosen, i -> i);
    DataSet batch = images.batch(chosen);
    int[] predicted = network.predict(batch.getFeatures());
    int right = 0;
    for (int i = 0; i < chosen.length; i++) {
      if (predicted[i] == images.label(i)) {
        right++;
      }
    }
    return (double) right / chosen.length;
  }
}
