package org.eigenscope.grafana;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.eigenscope.listeners.NormalizationComparisonListener;
import org.eigenscope.listeners.ProbeListener;
import org.eigenscope.listeners.ProbeSchedule;
import org.eigenscope.listeners.metrics.PrometheusEndpoint;
import org.eigenscope.probes.ClassStructureProbe;
import org.eigenscope.probes.HessianDecompositionProbe;
import org.eigenscope.probes.LayerStructureProbe;
import org.eigenscope.probes.Reading;
import org.eigenscope.probes.SpectrumProbe;
import org.eigenscope.probes.curvature.DataBatches;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/**
 * Every query of every dashboard, sent to a real Prometheus that scrapes two real trainings with
 * the shipped configuration and rules.
 */
class DashboardQueriesTest {
  private static final int READINGS = 3;

  /** Large enough that outliers can be told from a bulk. */
  private static final int HIDDEN = 16;

  private static final int EXAMPLES = 64;

  /** Of one network, and of one with its twins. */
  private static final String SINGLE = "single";

  private static final String TWINS = "twins";

  @TempDir Path directory;

  @Test
  void everyPanelOfEveryDashboardHasData() throws Exception {
    Program program = Program.onPath("prometheus", "prometheus");
    try (PrometheusEndpoint endpoint = PrometheusEndpoint.start(0);
        Server prometheus = Server.prometheus(program, directory, endpoint.port(), 1);
        ProbeListener single = single(endpoint);
        NormalizationComparisonListener twins = twins(endpoint)) {
      DataSet examples = examples();
      MultiLayerNetwork network = network(false);
      network.addListeners(single);
      MultiLayerNetwork normalized = network(true);
      normalized.addListeners(twins);
      for (int i = 1; i <= READINGS; i++) {
        network.fit(examples);
        normalized.fit(examples);
        // Of one matrix and of three arms; a rule's own memory takes a reading at a time.
        String seen = "count(eigenscope:signal:readings{signal=\"sharpness\"} == %d)".formatted(i);
        prometheus.await("reading " + i, () -> prometheus.value(seen) == 4);
      }
      assertThat(twins.counts().failed()).isZero();
      assertThat(single.counts().failed()).isZero();

      List<String> empty = new ArrayList<>();
      int queries = 0;
      for (Dashboard dashboard : ShippedFiles.dashboards()) {
        Map<String, String> values = values(dashboard);
        for (Dashboard.LabelValues variable : dashboard.labelValues()) {
          String selector = Dashboard.interpolate(variable.selector(), values);
          String query = "count by (%s) (%s)".formatted(variable.label(), selector);
          if (prometheus.query(query).isEmpty()) {
            empty.add(
                "%s, variable %s: %s".formatted(dashboard.file(), variable.variable(), query));
          }
        }
        for (Dashboard.Query query : dashboard.queries()) {
          queries++;
          String expression = Dashboard.interpolate(query.expression(), values);
          if (!hasData(prometheus, query, expression)) {
            empty.add(query.panel() + ": " + expression);
          }
        }
      }
      assertThat(empty).isEmpty();
      assertThat(queries).isGreaterThan(70);
    }
  }

  /** Returns what a user would choose. */
  private static Map<String, String> values(Dashboard dashboard) {
    boolean comparison = dashboard.file().equals("batch-norm-against-none.json");
    Map<String, String> values = new HashMap<>();
    boolean several =
        dashboard.variables().stream()
            .anyMatch(variable -> variable.path("allValue").asText().equals(".*"));
    values.put("run", several ? ".*" : comparison ? TWINS : SINGLE);
    values.put("model", several ? ".*" : "tiny");
    values.put("operator", "hessian");
    values.put("normalization", "none");
    values.put("layer", dashboard.file().equals("structure.json") ? "layer0" : "all");
    values.put("arm", "none");
    values.put("reference", "batch");
    return values;
  }

  /** Returns whether a query has a series with a number in it. */
  private static boolean hasData(Server prometheus, Dashboard.Query query, String expression)
      throws Exception {
    JsonNode result =
        query.instant() ? prometheus.query(expression) : prometheus.queryRange(expression);
    for (JsonNode series : result) {
      for (JsonNode sample :
          query.instant() ? List.of(series.path("value")) : series.path("values")) {
        if (Double.isFinite(
            Double.parseDouble(sample.path(1).textValue().replace("Inf", "Infinity")))) {
          return true;
        }
      }
    }
    return false;
  }

  private static ProbeListener single(PrometheusEndpoint endpoint) {
    return ProbeListener.builder()
        .probe(
            SpectrumProbe.builder().top(5).bottom(2).steps(30).draws(5).gradientMeasure(10).build(),
            ProbeSchedule.everyIterations(1))
        .probe(ClassStructureProbe.defaults(), ProbeSchedule.everyIterations(1))
        .probe(LayerStructureProbe.defaults(), ProbeSchedule.everyIterations(1))
        .probe(
            HessianDecompositionProbe.builder()
                .rank(2)
                .steps(10)
                .heldOut(DataBatches.of(examples()))
                .build(),
            ProbeSchedule.everyIterations(1))
        .data(examples())
        .sink(endpoint.sink())
        .sink(DashboardQueriesTest::miss)
        .run(SINGLE)
        .model("tiny")
        .build();
  }

  /** A sink that misses every reading. */
  private static void miss(Reading reading) {
    throw new IllegalStateException("iteration " + reading.provenance().iteration());
  }

  private static NormalizationComparisonListener twins(PrometheusEndpoint endpoint) {
    return NormalizationComparisonListener.builder()
        .probe(SpectrumProbe.builder().top(5).bottom(1).steps(30).draws(5).build())
        .schedule(ProbeSchedule.everyIterations(1))
        .data(examples())
        .k(2)
        .sink(endpoint.sink())
        .run(TWINS)
        .model("tiny")
        .build();
  }

  private static DataSet examples() {
    Random random = new Random(1);
    float[][] features = new float[EXAMPLES][2];
    float[][] labels = new float[EXAMPLES][2];
    for (int i = 0; i < EXAMPLES; i++) {
      features[i][0] = (float) random.nextGaussian();
      features[i][1] = (float) random.nextGaussian();
      labels[i][features[i][0] * features[i][1] > 0 ? 1 : 0] = 1;
    }
    return new DataSet(Nd4j.createFromArray(features), Nd4j.createFromArray(labels));
  }

  private static MultiLayerNetwork network(boolean normalized) {
    NeuralNetConfiguration.ListBuilder layers =
        new NeuralNetConfiguration.Builder()
            .seed(1)
            .updater(new Sgd(0.1))
            .activation(Activation.TANH)
            .list()
            .layer(new DenseLayer.Builder().nIn(2).nOut(HIDDEN).build());
    if (normalized) {
      layers.layer(new BatchNormalization.Builder().nOut(HIDDEN).build());
    }
    MultiLayerNetwork network =
        new MultiLayerNetwork(
            layers
                .layer(
                    new OutputLayer.Builder(LossFunction.MCXENT)
                        .nIn(HIDDEN)
                        .nOut(2)
                        .activation(Activation.SOFTMAX)
                        .build())
                .build());
    network.init();
    return network;
  }
}
