package org.eigenscope.examples.howto;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.eigenscope.listeners.metrics.PrometheusEndpoint;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/** A small problem for snippets: which points of the plane have coordinates of one sign. */
final class Quadrants {
  private Quadrants() {}

  /** Returns 32 points and their classes. */
  static DataSet examples() {
    Random random = new Random(1);
    float[][] features = new float[32][2];
    float[][] labels = new float[32][2];
    for (int i = 0; i < 32; i++) {
      features[i][0] = (float) random.nextGaussian();
      features[i][1] = (float) random.nextGaussian();
      labels[i][features[i][0] * features[i][1] > 0 ? 1 : 0] = 1;
    }
    return new DataSet(Nd4j.createFromArray(features), Nd4j.createFromArray(labels));
  }

  /** Returns a network that can learn them, always with the same parameters. */
  static MultiLayerNetwork network(boolean normalized) {
    NeuralNetConfiguration.ListBuilder layers =
        new NeuralNetConfiguration.Builder()
            .seed(1)
            .updater(new Sgd(0.1))
            .activation(Activation.TANH)
            .list()
            .layer(new DenseLayer.Builder().nIn(2).nOut(8).build());
    if (normalized) {
      layers.layer(new BatchNormalization.Builder().nOut(8).build());
    }
    layers.layer(
        new OutputLayer.Builder(LossFunction.MCXENT)
            .nIn(8)
            .nOut(2)
            .activation(Activation.SOFTMAX)
            .build());
    MultiLayerNetwork network = new MultiLayerNetwork(layers.build());
    network.init();
    return network;
  }

  /** Returns the lines of an endpoint's metrics. */
  static List<String> scrape(PrometheusEndpoint endpoint) throws IOException {
    try (InputStream in = endpoint.uri().toURL().openStream()) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList();
    }
  }
}
