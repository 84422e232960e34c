package org.eigenscope.examples.howto;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.eigenscope.listeners.ProbeListener;
import org.eigenscope.listeners.ProbeSchedule;
import org.eigenscope.listeners.metrics.PrometheusEndpoint;
import org.eigenscope.probes.SpectrumProbe;
import org.eigenscope.probes.curvature.Precision;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/** The snippet on cheap readings of docs/how-to/attach-to-a-training.md, run. */
class CheapReadingsTest {

  @Test
  void sharpnessMovesOnAndTheDensityStays() throws IOException {
    DataSet examples =
        new DataSet(
            Nd4j.createFromArray(new float[][] {{0, 0}, {0, 1}, {1, 0}, {1, 1}}),
            Nd4j.createFromArray(new float[][] {{1, 0}, {0, 1}, {0, 1}, {1, 0}}));
    try (PrometheusEndpoint endpoint = PrometheusEndpoint.start(0)) {
      train(network(), examples, 70, examples, endpoint);

      List<String> scrape;
      try (InputStream in = endpoint.uri().toURL().openStream()) {
        scrape = new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList();
      }
      assertThat(scrape)
          .filteredOn(line -> line.startsWith("eigenscope_probe_iteration"))
          .satisfiesExactlyInAnyOrder(
              line -> assertThat(line).contains("probe=\"sharpness\"").endsWith("} 64.0"),
              line -> assertThat(line).contains("probe=\"spectrum\"").endsWith("} 0.0"));
      assertThat(scrape)
          .filteredOn(line -> line.matches("eigenscope_(eigenvalue|trace|gradient_fraction)\\{.*"))
          .hasSize(10 + 1 + 1 + 10)
          .noneMatch(line -> line.endsWith("NaN"));
      assertThat(scrape).anyMatch(line -> line.startsWith("eigenscope_spectrum_bucket{"));
      assertThat(scrape).contains("eigenscope_series_refused_total 0.0");
    }
  }

  private static void train(
      MultiLayerNetwork network,
      DataSet minibatch,
      int iterations,
      DataSet probeSet,
      PrometheusEndpoint endpoint) {
    SpectrumProbe density = SpectrumProbe.builder().precision(Precision.FLOAT).build();
    ProbeListener listener =
        ProbeListener.builder()
            .probe(SpectrumProbe.sharpness(), ProbeSchedule.everyIterations(64))
            .probe(density, ProbeSchedule.everyIterations(512))
            .data(probeSet)
            .sink(endpoint.sink())
            .build();
    try (listener) {
      network.addListeners(listener);
      for (int i = 0; i < iterations; i++) {
        network.fit(minibatch);
      }
    }
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
