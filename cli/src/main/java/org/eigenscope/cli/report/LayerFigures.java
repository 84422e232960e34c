package org.eigenscope.cli.report;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.eigenscope.cli.report.LineChart.Vertical;

/** Makes tables and figures of what the blocks of layers are made of. */
final class LayerFigures {
  private static final String TITLE = "Layers";

  private static final String EXPLANATION =
      "Each layer's block of the matrix beside the Kronecker product of its output Hessian E[M] and"
          + " its input autocorrelation E[xxᵀ] (Wu et al., arXiv:2010.04261). The product stands for"
          + " the block where their eigenspaces overlap and the decoupling error is small; top"
          + " eigenvectors are of rank one, and along a mean input, where these ratios are near 1.";

  /** Rows of a table. */
  private static final int MAX_LAYERS = 256;

  private static final int MAX_RANKS = 20;

  /** The Hessian and the Gauss-Newton matrix, with room to spare. */
  private static final int MAX_OPERATORS = 4;

  /** What is known of a layer, in the order of the table's columns. */
  private enum Quantity {
    EIGENVALUE("λ₁", StructureMeters.LAYER_EIGENVALUE, "matrix", "exact"),
    KRONECKER("Kronecker λ₁", StructureMeters.LAYER_EIGENVALUE, "matrix", "kronecker"),
    RANK_ONE("rank-one ratio", StructureMeters.RANK_ONE_RATIO, "", ""),
    OVERLAP("Kronecker overlap", StructureMeters.LAYER_OVERLAP, "", ""),
    SPECTRAL("decoupling error", StructureMeters.DECOUPLING_ERROR, "norm", "spectral"),
    FROBENIUS("decoupling error, Frobenius", StructureMeters.DECOUPLING_ERROR, "norm", "frobenius"),
    ALIGNMENT("mean-input alignment", StructureMeters.MEAN_INPUT_ALIGNMENT, "", ""),
    AUTOCORRELATION("autocorrelation λ₁/λ₂", StructureMeters.AUTOCORRELATION_RATIO, "", "");

    private final String label;
    private final String meterName;
    private final String key;
    private final String value;

    /**
     * @param key of a tag that tells it from others of its name; empty where none does
     * @param value of that tag
     */
    Quantity(String label, String meterName, String key, String value) {
      this.label = label;
      this.meterName = meterName;
      this.key = key;
      this.value = value;
    }

    private Map<String, String> tags() {
      return key.isEmpty() ? Map.of() : Map.of(key, value);
    }
  }

  private final Series series;
  private final String operator;

  /** In the order in which the probe gives them, which is that of the network. */
  private final List<String> layers;

  private LayerFigures(Series series, String operator) {
    this.series = series;
    this.operator = operator;
    layers =
        ofLayers(series)
            .filter(meter -> operator(meter).equals(operator))
            .map(LayerFigures::layer)
            .distinct()
            .toList();
  }

  static StructurePart part(Series series) {
    List<NumberTable> tables = new ArrayList<>();
    List<Figure> figures = new ArrayList<>();
    List<String> operators =
        ofLayers(series).map(LayerFigures::operator).distinct().limit(MAX_OPERATORS).toList();
    for (String operator : operators) {
      LayerFigures maker = new LayerFigures(series, operator);
      String of = operators.size() > 1 ? ", " + SeriesName.operatorText(operator) : "";
      maker.addTable(tables);
      maker.addCourses(figures, of);
      maker.addSpectra(figures, "Output Hessian E[M]" + of, StructureMeters.OUTPUT_SPECTRUM);
      maker.addSpectra(
          figures, "Input autocorrelation E[xxᵀ]" + of, StructureMeters.INPUT_SPECTRUM);
    }
    return new StructurePart(TITLE, EXPLANATION, tables, figures);
  }

  private static Stream<Meter> ofLayers(Series series) {
    return Stream.concat(series.scalars().stream(), series.spectra().stream())
        .filter(meter -> StructureMeters.OF_LAYERS.contains(meter.name()));
  }

  private static String operator(Meter meter) {
    return meter.tags().getOrDefault("operator", "");
  }

  private static String layer(Meter meter) {
    return meter.tags().getOrDefault("layer", "");
  }

  private boolean isOf(Meter meter, String layer) {
    return operator(meter).equals(operator) && layer(meter).equals(layer);
  }

  /** Returns what a quantity of a layer is measured by; of overlaps the one of most vectors. */
  private Optional<Meter> meter(Quantity quantity, String layer) {
    return series.meters(quantity.meterName, quantity.tags()).stream()
        .filter(meter -> isOf(meter, layer))
        .reduce((one, next) -> next);
  }

  private int newest(String layer) {
    return series
        .iterations(meter -> StructureMeters.OF_LAYERS.contains(meter.name()) && isOf(meter, layer))
        .last();
  }

  private void addTable(List<NumberTable> tables) {
    List<String> headings = new ArrayList<>(List.of("layer", "iteration"));
    Arrays.stream(Quantity.values()).forEach(quantity -> headings.add(quantity.label));
    List<List<String>> rows = new ArrayList<>();
    for (String layer : layers.subList(0, Math.min(MAX_LAYERS, layers.size()))) {
      int newest = newest(layer);
      List<String> row = new ArrayList<>(List.of(layer, Numbers.tick(newest)));
      for (Quantity quantity : Quantity.values()) {
        row.add(meter(quantity, layer).map(meter -> cell(meter, newest)).orElse(Numbers.UNKNOWN));
      }
      rows.add(row);
    }
    String caption =
        operator.isEmpty()
            ? "Layers, newest readings"
            : "Layers of the matrix %s, newest readings"
                .formatted(SeriesName.operatorText(operator));
    if (rows.size() < layers.size()) {
      caption += ", %d of %d".formatted(rows.size(), layers.size());
    }
    if (!rows.isEmpty()) {
      tables.add(new NumberTable(caption, headings, rows));
    }
  }

  private String cell(Meter meter, int iteration) {
    String value = Numbers.text(series.value(meter, iteration));
    return meter.number() > 0 && !value.equals(Numbers.UNKNOWN)
        ? "%s (k = %d)".formatted(value, meter.number())
        : value;
  }

  /** Returns some of the layers, as many as can be told apart, and says so. */
  private List<String> shown(LineChart chart) {
    List<String> shown = Thinning.evenly(layers, LineChart.MAX_SHADES);
    if (shown.size() < layers.size()) {
      chart.explain("%d of %d layers.".formatted(shown.size(), layers.size()));
    }
    return shown;
  }

  private void addCourses(List<Figure> figures, String of) {
    addCourse(
        figures,
        Quantity.RANK_ONE,
        new LineChart(
            "Rank-one ratio" + of,
            "Spectral over Frobenius norm of the block's first eigenvector as a matrix.",
            Vertical.SHARE,
            "ratio"));
    addCourse(
        figures,
        Quantity.OVERLAP,
        new LineChart(
            "Kronecker overlap" + of,
            "Of the top eigenspaces of block and product; 1 when they are the same.",
            Vertical.SHARE,
            "overlap"));
    addCourse(
        figures,
        Quantity.SPECTRAL,
        new LineChart(
            "Decoupling error" + of,
            "Spectral norm of the product less the block, over the block's.",
            Vertical.FROM_ZERO,
            "error"));
    addCourse(
        figures,
        Quantity.ALIGNMENT,
        new LineChart(
            "Mean-input alignment" + of,
            "Squared cosine of the mean input and the autocorrelation's first eigenvector.",
            Vertical.SHARE,
            "alignment"));
    addCourse(
        figures,
        Quantity.AUTOCORRELATION,
        new LineChart(
            "Autocorrelation λ₁/λ₂" + of,
            "First over second eigenvalue of the inputs' autocorrelation.",
            Vertical.FITTING,
            "ratio"));
  }

  private void addCourse(List<Figure> figures, Quantity quantity, LineChart chart) {
    List<String> shown = shown(chart);
    for (int i = 0; i < shown.size(); i++) {
      String layer = shown.get(i);
      String style = LineChart.shade(i, shown.size());
      meter(quantity, layer).ifPresent(meter -> chart.line(layer, style, series.values(meter)));
    }
    chart.addCourseTo(figures);
  }

  /** Adds the newest eigenvalues of small matrices, one of each layer. */
  private void addSpectra(List<Figure> figures, String title, String meterName) {
    LineChart chart =
        new LineChart(
                title,
                "Eigenvalues in the newest readings. " + Ranks.EXPLANATION,
                Vertical.LOGARITHMIC,
                "eigenvalue")
            .over("rank");
    List<String> shown = shown(chart);
    List<String> names = new ArrayList<>();
    List<List<Double>> columns = new ArrayList<>();
    for (int i = 0; i < shown.size(); i++) {
      String layer = shown.get(i);
      String style = LineChart.shade(i, shown.size());
      series.spectra().stream()
          .filter(meter -> meter.name().equals(meterName) && isOf(meter, layer))
          .findFirst()
          .flatMap(meter -> series.spectrum(meter, newest(layer)))
          .ifPresent(
              spectrum -> {
                List<Double> values = Ranks.of(spectrum);
                names.add(layer);
                columns.add(values);
                chart.line(layer, style, Ranks.drawable(values, MAX_RANKS));
              });
    }
    chart
        .numbers(Ranks.table(title + ", eigenvalues by rank", names, columns, MAX_RANKS))
        .addTo(figures);
  }
}
