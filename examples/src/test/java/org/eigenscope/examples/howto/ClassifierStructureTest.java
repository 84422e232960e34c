package org.eigenscope.examples.howto;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.List;
import org.eigenscope.listeners.ProbeListener;
import org.eigenscope.listeners.ProbeSchedule;
import org.eigenscope.listeners.metrics.PrometheusEndpoint;
import org.eigenscope.probes.ClassStructureProbe;
import org.eigenscope.probes.HessianDecompositionProbe;
import org.eigenscope.probes.curvature.DataBatches;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.dataset.DataSet;

/** The snippet of docs/reference/structure.md, run. */
class ClassifierStructureTest {

  @Test
  void bothProbesReachTheEndpoint() throws IOException {
    DataSet examples = Quadrants.examples();
    try (PrometheusEndpoint endpoint = PrometheusEndpoint.start(0);
        ProbeListener listener = listener(examples, examples, endpoint)) {
      var network = Quadrants.network(false);
      network.addListeners(listener);
      network.fit(examples);

      assertThat(listener.counts().failed()).isZero();
      List<String> scrape = Quadrants.scrape(endpoint);
      assertThat(scrape)
          .filteredOn(line -> line.startsWith("eigenscope_probe_iteration"))
          .hasSize(2)
          .allMatch(line -> line.endsWith("} 0.0"));
      assertThat(scrape)
          .filteredOn(line -> line.startsWith("eigenscope_structure_eigenvalue{"))
          .hasSize(3 * 2 * 10)
          .noneMatch(line -> line.endsWith("NaN"));
      assertThat(scrape)
          .filteredOn(line -> line.startsWith("eigenscope_structure_class_ratio{"))
          .hasSize(1)
          .noneMatch(line -> line.endsWith("NaN"));
      assertThat(scrape)
          .anyMatch(line -> line.startsWith("eigenscope_structure_class_spectrum_bucket{"))
          .anyMatch(line -> line.startsWith("eigenscope_structure_rest_spectrum_bucket{"))
          .contains("eigenscope_series_refused_total 0.0");
    }
  }

  private static ProbeListener listener(
      DataSet probeSet, DataSet testSet, PrometheusEndpoint endpoint) {
    ProbeListener listener =
        ProbeListener.builder()
            .probe(ClassStructureProbe.defaults(), ProbeSchedule.everyIterations(500))
            .probe(
                HessianDecompositionProbe.builder().heldOut(DataBatches.of(testSet)).build(),
                ProbeSchedule.everyIterations(500))
            .data(probeSet)
            .sink(endpoint.sink())
            .build();
    return listener;
  }
}
