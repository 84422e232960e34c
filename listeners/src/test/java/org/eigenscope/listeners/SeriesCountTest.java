package org.eigenscope.listeners;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.eigenscope.listeners.metrics.PrometheusEndpoint;
import org.eigenscope.probes.SpectrumProbe;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.dataset.DataSet;

/** The numbers of series that docs/reference/metrics.md states, against what is scraped. */
class SeriesCountTest {
  private static final Pattern TERM = Pattern.compile("(\\d+)([tb]?)");

  private static final List<String> REFERENCE = reference();

  /** One line of the page's table, and its value for t and b. */
  private enum Row {
    WITHOUT_DRAWS("matrix (operator, normalization and layer) of a probe without draws"),
    WITH_DRAWS("matrix of a probe with draws"),
    GRADIENT_MEASURE("matrix of a probe with `gradientMeasure`, on top"),
    CONTRAST("pair of arms of a comparison"),
    PROBE("probe of a run and model"),
    RUN("run and model"),
    SINK("sink that missed something, of a run and model"),
    ENDPOINT("endpoint");

    private final String formula;
    private final int byDefault;

    Row(String name) {
      String[] cells =
          REFERENCE.stream()
              .filter(line -> line.startsWith("| " + name))
              .map(line -> line.split("\\|", -1))
              .filter(columns -> columns.length == 5)
              .findFirst()
              .orElseThrow();
      this.formula = cells[2];
      this.byDefault = Integer.parseInt(cells[3].strip());
    }

    int series(int top, int bottom) {
      int sum = 0;
      Matcher terms = TERM.matcher(formula);
      while (terms.find()) {
        int factor =
            switch (terms.group(2)) {
              case "t" -> top;
              case "b" -> bottom;
              default -> 1;
            };
        sum += Integer.parseInt(terms.group(1)) * factor;
      }
      return sum;
    }

    int series() {
      return series(0, 0);
    }

    int byDefault() {
      return byDefault;
    }
  }

  private final MultiLayerNetwork network = Trainings.perceptron();

  @Test
  void theNumbersByDefaultAreWhatTheFormulasGive() {
    assertThat(Row.WITHOUT_DRAWS.byDefault()).isEqualTo(Row.WITHOUT_DRAWS.series(10, 0));
    assertThat(Row.WITH_DRAWS.byDefault()).isEqualTo(Row.WITH_DRAWS.series(10, 1));
    for (Row row : List.of(Row.GRADIENT_MEASURE, Row.CONTRAST, Row.PROBE, Row.RUN, Row.ENDPOINT)) {
      assertThat(row.byDefault()).as(row.name()).isEqualTo(row.series());
    }
    int one = Row.WITH_DRAWS.byDefault() + Row.PROBE.series();
    int rest = Row.RUN.series() + Row.ENDPOINT.series();
    assertThat(String.join(" ", REFERENCE))
        .contains("alone makes %d series".formatted(one + rest))
        .contains("for each of 50 layers %,d.".formatted(50 * one + rest));
  }

  @Test
  void theDefaultProbeHasTheDefaultNumber() throws IOException {
    try (PrometheusEndpoint endpoint = PrometheusEndpoint.start(0)) {
      train(endpoint, List.of(SpectrumProbe.builder().steps(10).draws(2).build()), false);

      assertThat(scraped(endpoint))
          .isEqualTo(
              Row.WITH_DRAWS.byDefault()
                  + Row.PROBE.series()
                  + Row.RUN.series()
                  + Row.ENDPOINT.series());
    }
  }

  @Test
  void probesOfDifferentMatricesAndASinkThatMissesAddUp() throws IOException {
    SpectrumProbe cheap = SpectrumProbe.builder().top(4).bottom(0).draws(0).build();
    SpectrumProbe output =
        SpectrumProbe.builder()
            .name("output")
            .layer("layer1")
            .top(3)
            .bottom(2)
            .steps(5)
            .draws(2)
            .gradientMeasure(5)
            .build();
    try (PrometheusEndpoint endpoint = PrometheusEndpoint.start(0)) {
      train(endpoint, List.of(cheap, output), true);

      assertThat(scraped(endpoint))
          .isEqualTo(
              Row.WITHOUT_DRAWS.series(4, 0)
                  + Row.WITH_DRAWS.series(3, 2)
                  + Row.GRADIENT_MEASURE.series()
                  + 2 * Row.PROBE.series()
                  + Row.RUN.series()
                  + Row.SINK.series()
                  + Row.ENDPOINT.series());
    }
  }

  @Test
  void aComparisonHasTheSeriesOfItsArmsAndPairs() throws IOException {
    MultiLayerNetwork normalized = Trainings.batchNormCnn();
    try (PrometheusEndpoint endpoint = PrometheusEndpoint.start(0);
        NormalizationComparisonListener listener =
            NormalizationComparisonListener.builder()
                .probe(SpectrumProbe.builder().top(2).bottom(1).draws(0).build())
                .schedule(ProbeSchedule.everyIterations(1))
                .data(Trainings.probeData(normalized))
                .sink(endpoint.sink())
                .build()) {
      normalized.addListeners(listener);
      normalized.fit(Trainings.images(1).get(0));

      assertThat(listener.counts().completed()).isEqualTo(1);
      assertThat(scraped(endpoint))
          .isEqualTo(
              3 * Row.WITHOUT_DRAWS.series(2, 1)
                  + 2 * Row.CONTRAST.series()
                  + Row.PROBE.series()
                  + Row.RUN.series()
                  + Row.ENDPOINT.series());
    }
  }

  private void train(PrometheusEndpoint endpoint, List<SpectrumProbe> probes, boolean missing) {
    DataSet batch = Trainings.flat(1).get(0);
    ProbeListener.Builder builder = ProbeListener.builder().data(batch).sink(endpoint.sink());
    probes.forEach(probe -> builder.probe(probe, ProbeSchedule.everyIterations(1)));
    if (missing) {
      builder.sink(
          reading -> {
            throw new IllegalStateException("on purpose");
          });
    }
    try (ProbeListener listener = builder.build()) {
      network.addListeners(listener);
      network.fit(batch);
      network.fit(batch);
      assertThat(listener.counts().failed()).isZero();
      assertThat(listener.counts().completed()).isEqualTo(2L * probes.size());
    }
  }

  private static int scraped(PrometheusEndpoint endpoint) throws IOException {
    try (InputStream in = endpoint.uri().toURL().openStream()) {
      String scrape = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      return (int) scrape.lines().filter(line -> !line.startsWith("#")).count();
    }
  }

  private static List<String> reference() {
    try {
      // Surefire runs tests in the module's directory.
      return Files.readAllLines(Path.of("../docs/reference/metrics.md"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
