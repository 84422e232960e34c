package org.eigenscope.examples.shortest;

import java.util.Random;
import org.deeplearning4j.datasets.iterator.utilty.ListDataSetIterator;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.eigenscope.listeners.LogSink;
import org.eigenscope.listeners.ProbeListener;
import org.eigenscope.listeners.ProbeSchedule;
import org.eigenscope.listeners.metrics.PrometheusEndpoint;
import org.eigenscope.probes.SpectrumProbe;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.api.iterator.DataSetIterator;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/** Trains a small classifier and watches the spectrum of its Hessian while it learns. */
public final class ShortestAttachment {
  private static final int ARMS = 3;

  private ShortestAttachment() {}

  /**
   * Trains and measures.
   *
   * @param arguments the port to serve metrics on; default 9464
   */
  public static void main(String[] arguments) {
    int port = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 9464;
    DataSet spirals = spirals(100);
    train(network(), new ListDataSetIterator<>(spirals.asList(), 30), 30, spirals, port);
  }

  private static void train(
      MultiLayerNetwork network,
      DataSetIterator trainingData,
      int epochs,
      DataSet probeSet,
      int port) {
    // README: begin
    try (PrometheusEndpoint endpoint = PrometheusEndpoint.start(port); // loopback; 0: a free port
        ProbeListener listener =
            ProbeListener.builder()
                .probe(SpectrumProbe.defaults(), ProbeSchedule.everyIterations(100))
                .data(probeSet) // or an iterator, read once, or .currentMinibatch()
                .sink(endpoint.sink()) // http://127.0.0.1:9464/metrics
                .sink(LogSink.create()) // any number of sinks, your own too
                .build()) { // .asynchronous() moves probes off the training thread
      network.addListeners(listener);
      network.fit(trainingData, epochs);
    }
    // README: end
  }

  private static MultiLayerNetwork network() {
    MultiLayerNetwork network =
        new MultiLayerNetwork(
            new NeuralNetConfiguration.Builder()
                .seed(1)
                .updater(new Adam(0.01))
                .activation(Activation.TANH)
                .list()
                .layer(new DenseLayer.Builder().nIn(2).nOut(16).build())
                .layer(new DenseLayer.Builder().nOut(16).build())
                .layer(
                    new OutputLayer.Builder(LossFunction.MCXENT)
                        .nOut(ARMS)
                        .activation(Activation.SOFTMAX)
                        .build())
                .build());
    network.init();
    return network;
  }

  /** Returns points on the noisy arms of a spiral, labelled by their arm. */
  private static DataSet spirals(int pointsPerArm) {
    Random random = new Random(1);
    INDArray features = Nd4j.create(ARMS * pointsPerArm, 2);
    INDArray labels = Nd4j.zeros(ARMS * pointsPerArm, ARMS);
    for (int i = 0; i < ARMS * pointsPerArm; i++) {
      // Neighbours are of different arms, so that each minibatch has all three.
      int arm = i % ARMS;
      double radius = (i + 1.0) / (ARMS * pointsPerArm);
      double angle = 2 * Math.PI * (arm / (double) ARMS + radius) + 0.1 * random.nextGaussian();
      features.putScalar(i, 0, radius * Math.cos(angle));
      features.putScalar(i, 1, radius * Math.sin(angle));
      labels.putScalar(i, arm, 1);
    }
    return new DataSet(features, labels);
  }
}
