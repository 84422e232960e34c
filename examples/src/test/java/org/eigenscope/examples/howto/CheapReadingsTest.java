package org.eigenscope.examples.howto;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.List;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.eigenscope.listeners.ProbeListener;
import org.eigenscope.listeners.ProbeSchedule;
import org.eigenscope.listeners.metrics.PrometheusEndpoint;
import org.eigenscope.probes.SpectrumProbe;
import org.eigenscope.probes.curvature.Precision;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.dataset.DataSet;

/** The snippet on cheap readings of docs/how-to/attach-to-a-training.md, run. */
class CheapReadingsTest {

  @Test
  void sharpnessMovesOnAndTheDensityStays() throws IOException {
    DataSet examples = Quadrants.examples();
    try (PrometheusEndpoint endpoint = PrometheusEndpoint.start(0)) {
      train(Quadrants.network(false), examples, 70, examples, endpoint);

      List<String> scrape = Quadrants.scrape(endpoint);
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
}
