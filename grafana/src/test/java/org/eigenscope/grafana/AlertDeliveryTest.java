package org.eigenscope.grafana;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Random;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.eigenscope.listeners.ProbeListener;
import org.eigenscope.listeners.ProbeSchedule;
import org.eigenscope.listeners.metrics.PrometheusEndpoint;
import org.eigenscope.probes.SpectrumProbe;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/** From a training to the message: endpoint, Prometheus, rules, Alertmanager, webhook. */
class AlertDeliveryTest {
  private static final int FEATURES = 6;
  private static final int EXAMPLES = 64;
  private static final String GREW = "EigenscopeOutlierGrew";
  private static final String NOT_FINITE = "EigenscopeLossNotFinite";

  private final Random random = new Random(1);

  @TempDir Path directory;

  /** A linear network's Hessian is its data's second moment, which the test chooses. */
  @Test
  void aPlantedOutlierArrivesAndResolvesAndSoDoesANaN() throws Exception {
    Program prometheusProgram = Program.onPath("prometheus", "prometheus");
    Program alertmanagerProgram =
        Program.onPath("prometheus-alertmanager", "prometheus-alertmanager");
    try (Webhook webhook = Webhook.start();
        Server alertmanager = Server.alertmanager(alertmanagerProgram, directory, webhook.uri());
        PrometheusEndpoint endpoint = PrometheusEndpoint.start(0);
        Server prometheus =
            Server.prometheus(prometheusProgram, directory, endpoint.port(), alertmanager.port());
        ProbeListener listener =
            ProbeListener.builder()
                .probe(
                    SpectrumProbe.builder().top(3).draws(0).build(),
                    ProbeSchedule.everyIterations(1))
                .currentMinibatch()
                .sink(endpoint.sink())
                .run("planted")
                .build()) {
      MultiLayerNetwork network = linearNetwork();
      network.addListeners(listener);

      for (int i = 0; i < 7; i++) {
        step(network, prometheus, 1);
      }
      assertThat(webhook.received(GREW)).isEmpty();
      for (int i = 0; i < 3; i++) {
        step(network, prometheus, 4);
      }
      prometheus.await(
          "message that the outlier is there", () -> !webhook.received(GREW).isEmpty());
      Webhook.Alert alert = webhook.received(GREW).get(0);
      assertThat(alert.status()).isEqualTo("firing");
      assertThat(alert.labels().path("run").textValue()).isEqualTo("planted");
      assertThat(alert.labels().path("severity").textValue()).isEqualTo("warning");
      assertThat(alert.annotations().path("summary").textValue())
          .contains("Run planted, model model: the largest eigenvalue is")
          .contains("times its recent past");

      for (int i = 0; i < 2; i++) {
        step(network, prometheus, 1);
      }
      prometheus.await(
          "message that the outlier is gone",
          () -> webhook.received(GREW).stream().anyMatch(sent -> sent.status().equals("resolved")));

      network.params().assign(Double.NaN);
      network.fit(minibatch(1));
      prometheus.await("message of the NaN", () -> !webhook.received(NOT_FINITE).isEmpty());
      assertThat(webhook.received(NOT_FINITE).get(0).labels().path("severity").textValue())
          .isEqualTo("critical");
    }
  }

  /** Trains on a minibatch, and waits until the rules have seen its reading. */
  private void step(MultiLayerNetwork network, Server prometheus, double scale) throws Exception {
    network.fit(minibatch(scale));
    int readings = network.getIterationCount();
    prometheus.await(
        "reading " + readings,
        () -> prometheus.value("eigenscope:signal:readings{signal=\"sharpness\"}") == readings);
  }

  /** Returns normal features, the first of them scaled: one eigenvalue grows with its square. */
  private DataSet minibatch(double scale) {
    double[][] features = new double[EXAMPLES][FEATURES];
    double[][] labels = new double[EXAMPLES][1];
    for (int i = 0; i < EXAMPLES; i++) {
      for (int j = 0; j < FEATURES; j++) {
        features[i][j] = random.nextGaussian() * (j == 0 ? scale : 1);
      }
      labels[i][0] = random.nextGaussian();
    }
    return new DataSet(Nd4j.createFromArray(features), Nd4j.createFromArray(labels));
  }

  private static MultiLayerNetwork linearNetwork() {
    MultiLayerNetwork network =
        new MultiLayerNetwork(
            new NeuralNetConfiguration.Builder()
                .seed(1)
                .updater(new Sgd(1e-3))
                .list()
                .layer(
                    new OutputLayer.Builder(LossFunction.MSE)
                        .nIn(FEATURES)
                        .nOut(1)
                        .activation(Activation.IDENTITY)
                        .build())
                .build());
    network.init();
    return network;
  }
}
