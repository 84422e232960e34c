package org.eigenscope.probes;

import java.time.Instant;
import java.util.SplittableRandom;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.eigenscope.probes.curvature.DataBatches;
import org.eigenscope.probes.curvature.Network;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/**
 * A small problem for probes: points of three classes, and a network in DOUBLE that learns them.
 */
final class ThreeClasses {
  static final double RATE = 0.25;

  static final int INPUTS = 5;
  static final int CLASSES = 3;

  private ThreeClasses() {}

  /** Returns a network, always with the same parameters. */
  static MultiLayerNetwork network(boolean normalised) {
    var list =
        new NeuralNetConfiguration.Builder()
            .seed(11)
            .dataType(DataType.DOUBLE)
            .updater(new Sgd(RATE))
            .list()
            .layer(
                new DenseLayer.Builder()
                    .name("hidden")
                    .nOut(6)
                    .activation(Activation.TANH)
                    .build());
    if (normalised) {
      list.layer(new BatchNormalization.Builder().name("norm").build());
    }
    MultiLayerNetwork network =
        new MultiLayerNetwork(
            list.layer(
                    new OutputLayer.Builder(LossFunction.MCXENT)
                        .name("out")
                        .nOut(CLASSES)
                        .activation(Activation.SOFTMAX)
                        .build())
                .setInputType(InputType.feedForward(INPUTS))
                .build());
    network.init();
    return network;
  }

  /** Returns the first examples, always the same ones. */
  static DataSet data(int examples) {
    SplittableRandom random = new SplittableRandom(3);
    double[][] features = new double[examples][INPUTS];
    double[][] labels = new double[examples][CLASSES];
    for (int i = 0; i < examples; i++) {
      int label = random.nextInt(CLASSES);
      labels[i][label] = 1;
      for (int j = 0; j < INPUTS; j++) {
        features[i][j] = random.nextDouble() - 0.5 + (j == label ? 1 : 0);
      }
    }
    return new DataSet(Nd4j.create(features), Nd4j.create(labels));
  }

  /** Returns a snapshot of a network with 40 examples in batches of a size. */
  static Snapshot snapshot(MultiLayerNetwork network, int batchSize, int iteration) {
    return new Snapshot(
        Network.of(network).replica(),
        DataBatches.of(data(40)).rebatched(batchSize),
        "run",
        "model",
        iteration,
        0,
        Instant.EPOCH);
  }
}
