package org.eigenscope.examples.howto;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.List;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.eigenscope.listeners.NormalizationComparisonListener;
import org.eigenscope.listeners.ProbeSchedule;
import org.eigenscope.listeners.metrics.PrometheusEndpoint;
import org.eigenscope.probes.SpectrumProbe;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.dataset.DataSet;

/** The snippet of docs/how-to/train-twins-in-step.md, run. */
class TwinsInStepTest {

  @Test
  void aScrapeHasAllArmsAndWhatTellsThemApart() throws IOException {
    DataSet examples = Quadrants.examples();
    MultiLayerNetwork network = Quadrants.network(true);
    MultiLayerNetwork unwatched = Quadrants.network(true);
    try (PrometheusEndpoint endpoint = PrometheusEndpoint.start(0)) {
      train(network, examples, endpoint);
      for (int i = 0; i < 3; i++) {
        unwatched.fit(examples);
      }

      List<String> scrape = Quadrants.scrape(endpoint);
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
}
