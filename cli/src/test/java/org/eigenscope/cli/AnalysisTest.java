package org.eigenscope.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.eigenscope.probes.Provenance;
import org.eigenscope.probes.SpectrumReading;
import org.eigenscope.probes.SpectrumReading.Eigenvalue;
import org.eigenscope.probes.curvature.BatchNormMode;
import org.eigenscope.probes.curvature.CurvatureMatrix;
import org.eigenscope.probes.curvature.Precision;
import org.eigenscope.probes.linalg.QuadratureRule;
import org.eigenscope.probes.linalg.TraceEstimate;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class AnalysisTest {

  private static SpectrumReading reading(
      double loss,
      TraceEstimate trace,
      @Nullable Integer outliers,
      double bulkEdge,
      @Nullable QuadratureRule gradientMeasure) {
    return new SpectrumReading(
        new Provenance(
            "spectrum",
            "none",
            "model",
            -1,
            -1,
            Instant.EPOCH,
            1.5,
            100,
            7,
            423,
            Map.of("engine", "difference"),
            Map.of()),
        Map.of(),
        loss,
        0.25,
        30,
        27,
        List.of(new Eigenvalue(4, 1e-9), new Eigenvalue(1, 2e-9)),
        List.of(new Eigenvalue(-0.5, 0), new Eigenvalue(-0.25, Double.NaN)),
        trace,
        0.125,
        outliers,
        bulkEdge,
        List.of(0.5, Double.NaN),
        List.of(Double.NaN, Double.NaN),
        Double.NaN,
        List.of(
            new QuadratureRule(new double[] {-0.5, 4}, new double[] {0.75, 0.25}),
            new QuadratureRule(new double[] {1}, new double[] {1})),
        gradientMeasure,
        List.of("of the reading"));
  }

  private static JsonNode json(SpectrumReading reading, @Nullable String layer) throws IOException {
    Analysis analysis =
        new Analysis(
            reading,
            CurvatureMatrix.GAUSS_NEWTON,
            layer,
            BatchNormMode.POPULATION,
            Precision.FLOAT,
            List.of("of the data"));
    assertThat(analysis.json()).endsWith("}\n");
    return new ObjectMapper().readTree(analysis.json());
  }

  private static JsonNode json() throws IOException {
    return json(
        reading(
            0.5,
            new TraceEstimate(6, 0.5, 2),
            1,
            1,
            new QuadratureRule(new double[] {0.5, 4}, new double[] {0.375, 0.625})),
        null);
  }

  @Test
  void hasTheFieldsThatArePromisedInTheirOrder() throws IOException {
    assertThat(json().fieldNames())
        .toIterable()
        .containsExactly(
            "loss",
            "gradientNorm",
            "parameters",
            "activeParameters",
            "largest",
            "smallest",
            "trace",
            "negativeMass",
            "outliers",
            "bulkEdge",
            "gradientFraction",
            "draws",
            "density",
            "gradientMeasure",
            "engine",
            "precision",
            "batchNorm",
            "operator",
            "layer",
            "matvecs",
            "seconds",
            "seed",
            "examples",
            "notes");
  }

  @Test
  void hasTheValuesOfTheReading() throws IOException {
    JsonNode density = json().get("density");
    JsonNode rest = json();
    ((ObjectNode) rest).remove("density");

    assertThat(rest)
        .isEqualTo(
            new ObjectMapper()
                .readTree(
                    """
                    {
                      "loss": 0.5, "gradientNorm": 0.25, "parameters": 30, "activeParameters": 27,
                      "largest": [{"value": 4.0, "residual": 1e-9}, {"value": 1.0, "residual": 2e-9}],
                      "smallest": [{"value": -0.5, "residual": 0.0}, {"value": -0.25, "residual": null}],
                      "trace": {"estimate": 6.0, "standardError": 0.5},
                      "negativeMass": 0.125, "outliers": 1, "bulkEdge": 1.0,
                      "gradientFraction": [{"k": 1, "fraction": 0.5}, {"k": 2, "fraction": null}],
                      "draws": [
                        {"nodes": [-0.5, 4.0], "weights": [0.75, 0.25]},
                        {"nodes": [1.0], "weights": [1.0]}],
                      "gradientMeasure": {"nodes": [0.5, 4.0], "weights": [0.375, 0.625]},
                      "engine": "difference", "precision": "float", "batchNorm": "population",
                      "operator": "gauss-newton", "layer": "all",
                      "matvecs": 423, "seconds": 1.5, "seed": 7,
                      "examples": 100, "notes": ["of the data", "of the reading"]
                    }
                    """));
    assertThat(density.fieldNames()).toIterable().containsExactly("grid", "values", "variance");
  }

  @Test
  void hasADensityThatIntegratesToOne() throws IOException {
    JsonNode density = json().get("density");
    JsonNode grid = density.get("grid");
    JsonNode values = density.get("values");

    assertThat(values).hasSameSizeAs(grid).hasSize(10_000);
    double sum = 0;
    for (JsonNode value : values) {
      sum += value.doubleValue();
    }
    // The rule of the paper: the sum times the grid's step.
    double step = grid.get(1).doubleValue() - grid.get(0).doubleValue();
    assertThat(sum * step).isCloseTo(1, within(1e-9));
    assertThat(density.get("variance").doubleValue()).isPositive();
  }

  @Test
  void writesNullForWhatIsNotKnown() throws IOException {
    JsonNode json =
        json(
            reading(
                Double.POSITIVE_INFINITY,
                new TraceEstimate(6, Double.NaN, 1),
                null,
                Double.NaN,
                null),
            null);

    assertThat(json.get("loss").isNull()).isTrue();
    assertThat(json.get("trace").get("standardError").isNull()).isTrue();
    assertThat(json.get("outliers").isNull()).isTrue();
    assertThat(json.get("bulkEdge").isNull()).isTrue();
    assertThat(json.get("gradientMeasure").isNull()).isTrue();
  }

  @Test
  void namesTheLayer() throws IOException {
    assertThat(json(reading(0.5, new TraceEstimate(6, 0.5, 2), 1, 1, null), "größe/W").get("layer"))
        .hasToString("\"größe/W\"");
  }
}
