package org.eigenscope.examples.howto;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.List;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.eigenscope.listeners.ProbeListener;
import org.eigenscope.listeners.ProbeSchedule;
import org.eigenscope.listeners.metrics.PrometheusEndpoint;
import org.eigenscope.probes.NormalizationProbe;
import org.eigenscope.probes.SpectrumProbe;
import org.eigenscope.probes.curvature.DataBatches;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.dataset.DataSet;

/** The snippet of docs/how-to/compare-normalization-modes.md, run. */
class NormalizationModesTest {

  @Test
  void aScrapeHasEveryModeAndWhatTellsThemApart() throws IOException {
    DataSet examples = Quadrants.examples();
    MultiLayerNetwork network = Quadrants.network(true);
    MultiLayerNetwork unwatched = Quadrants.network(true);
    try (PrometheusEndpoint endpoint = PrometheusEndpoint.start(0)) {
      train(network, examples, 8, endpoint);
      for (int i = 0; i < 3; i++) {
        unwatched.fit(examples);
      }

      List<String> scrape = Quadrants.scrape(endpoint);
      for (String mode : List.of("batch", "frozen", "population")) {
        assertThat(scrape)
            .filteredOn(line -> line.startsWith("eigenscope_eigenvalue{"))
            .filteredOn(line -> line.contains("normalization=\"%s\"".formatted(mode)))
            .hasSize(10)
            .noneMatch(line -> line.endsWith("NaN"));
      }
      assertThat(scrape)
          .filteredOn(line -> line.startsWith("eigenscope_contrast_eigenvalue_ratio{"))
          .hasSize(2)
          .noneMatch(line -> line.endsWith("NaN") || line.endsWith(" 1.0"));
      assertThat(scrape).contains("eigenscope_series_refused_total 0.0");
      assertThat(network.params()).isEqualTo(unwatched.params());
    }
  }

  private static void train(
      MultiLayerNetwork network, DataSet probeSet, int minibatchSize, PrometheusEndpoint endpoint) {
    ProbeListener listener =
        ProbeListener.builder()
            .probe(
                NormalizationProbe.of(SpectrumProbe.sharpness()), ProbeSchedule.everyIterations(64))
            .data(DataBatches.of(probeSet).rebatched(minibatchSize))
            .sink(endpoint.sink())
            .build();
    try (listener) {
      network.addListeners(listener);
      for (int i = 0; i < 3; i++) {
        network.fit(probeSet);
      }
    }
  }
}
