package org.eigenscope.examples.howto;

import static org.assertj.core.api.Assertions.assertThat;

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
import org.eigenscope.listeners.NormalizationComparisonListener;
import org.eigenscope.listeners.ProbeSchedule;
import org.eigenscope.listeners.metrics.PrometheusEndpoint;
import org.eigenscope.probes.SpectrumProbe;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/** The snippet of docs/how-to/train-twins-in-step.md, run. */
class TwinsInStepTest {

  @Test
  void aScrapeHasAllArmsAndWhatTellsThemApart() throws IOException {
    DataSet examples = examples();
    MultiLayerNetwork network = network();
    MultiLayerNetwork unwatched = network();
    try (PrometheusEndpoint endpoint = PrometheusEndpoint.start(0)) {
      train(network, examples, endpoint);
      for (int i = 0; i < 3; i++) {
        unwatched.fit(examples);
      }

      List<String> scrape;
      try (InputStream in = endpoint.uri().toURL().openStream()) {
        scrape = new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList();
      }
      for (String arm : List.of("batch", "none", "population")) {
        assertThat(scrape)
            .filteredOn(line -> line.startsWith("eigenscope_eigenvalue{"))
            .filteredOn(line -> line.contains("normalization=\"%s\"".formatted(arm)))
            .hasSize(10)
            .noneMatch(line -> line.endsWith("NaN"));
      }
      assertThat(scrape)
          .filteredOn(line -> line.startsWith("eigenscope_contrast_eigenvalue_ratio{"))
          .hasSize(2)
          .noneMatch(line -> line.endsWith("NaN"));
      assertThat(scrape).contains("eigenscope_series_refused_total 0.0");
      assertThat(network.params()).isEqualTo(unwatched.params());
    }
  }

  private static void train(
      MultiLayerNetwork network, DataSet probeSet, PrometheusEndpoint endpoint) {
    NormalizationComparisonListener listener =
        NormalizationComparisonListener.builder()
            .probe(SpectrumProbe.sharpness()) // or any other settings
            .schedule(ProbeSchedule.everyIterations(64))
            .data(probeSet)
            .sink(endpoint.sink())
            .build(); // .asynchronous(4) trains the twins in the background
    try (listener) {
      network.addListeners(listener);
      for (int i = 0; i < 3; i++) {
        network.fit(probeSet);
      }
    }
  }

  private static DataSet examples() {
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

  private static MultiLayerNetwork network() {
    MultiLayerNetwork network =
        new MultiLayerNetwork(
            new NeuralNetConfiguration.Builder()
                .seed(1)
                .updater(new Sgd(0.1))
                .activation(Activation.TANH)
                .list()
                .layer(new DenseLayer.Builder().nIn(2).nOut(8).build())
                .layer(new BatchNormalization.Builder().nOut(8).build())
                .layer(
                    new OutputLayer.Builder(LossFunction.MCXENT)
                        .nIn(8)
                        .nOut(2)
                        .activation(Activation.SOFTMAX)
                        .build())
                .build());
    network.init();
    return network;
  }
}
