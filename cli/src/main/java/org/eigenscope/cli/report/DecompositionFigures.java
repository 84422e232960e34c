package org.eigenscope.cli.report;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.eigenscope.cli.report.LineChart.Vertical;
import org.eigenscope.cli.report.SpectrumFigures.Drawn;
import org.eigenscope.probes.Spectrum;

/**
 * Makes figures of a Hessian beside the Gauss-Newton matrix and the residual that it is made of.
 */
final class DecompositionFigures {
  private static final String TITLE = "Hessian = Gauss-Newton + residual";

  private static final String EXPLANATION =
      "From each matrix its eigenvalues of largest magnitude are taken out. What is left has a"
          + " density; those taken out of the Hessian are attributed to the other two by their"
          + " vectors (Papyan, arXiv:1811.07062).";

  private static final String TRAIN = "train";

  /** Training and held-out data, and one more. */
  private static final int MAX_DATA = 3;

  private static final int MAX_RANK = 100;

  /** Beyond it logarithmic axes have no room. */
  private static final double LARGEST = 1e100;

  private enum Matrix {
    H("hessian", 0),
    G("gauss-newton", 1),
    R("residual", 2);

    private final String tag;
    private final int colour;

    Matrix(String tag, int colour) {
      this.tag = tag;
      this.colour = colour;
    }

    private String label() {
      return "%s, %s".formatted(name(), SeriesName.operatorText(tag));
    }
  }

  private final Series series;
  private final NavigableSet<Integer> iterations;
  private final List<String> data;

  private DecompositionFigures(Series series) {
    this.series = series;
    iterations =
        series.iterations(meter -> StructureMeters.OF_DECOMPOSITION.contains(meter.name()));
    data =
        Stream.concat(
                series.meters(StructureMeters.EIGENVALUE, Map.of()).stream(),
                series.spectra().stream()
                    .filter(meter -> meter.name().equals(StructureMeters.REST_SPECTRUM)))
            .map(meter -> meter.tags().getOrDefault("data", ""))
            .distinct()
            .sorted(Comparator.comparing(name -> !name.equals(TRAIN)))
            .limit(MAX_DATA)
            .toList();
  }

  static StructurePart part(Series series) {
    DecompositionFigures maker = new DecompositionFigures(series);
    List<Figure> figures = new ArrayList<>();
    if (!maker.iterations.isEmpty()) {
      maker.addDensities(figures);
      maker.addCourse(figures);
      maker.data.forEach(each -> maker.addAttribution(figures, each));
    }
    return new StructurePart(TITLE, EXPLANATION, List.of(), figures);
  }

  private int newest() {
    return iterations.last();
  }

  private String title(String what, String of) {
    return "%s, %s, iteration %s".formatted(what, of, Numbers.tick(newest()));
  }

  private Meter meter(String name, Matrix matrix, String of) {
    return series.meter(name, "operator", matrix.tag, "data", of);
  }

  private Meter ranked(String name, Matrix matrix, String of, int rank) {
    return series.meter(name, "operator", matrix.tag, "data", of, "rank", Integer.toString(rank));
  }

  /** Returns a quantity in the newest reading by rank, from 1 on, NaN where it is not known. */
  private List<Double> byRank(String name, Matrix matrix, String of) {
    TreeMap<Integer, Double> values = new TreeMap<>();
    for (Meter meter : series.meters(name, Map.of("operator", matrix.tag, "data", of))) {
      if (meter.number() <= MAX_RANK) {
        values.put(meter.number(), series.value(meter, newest()));
      }
    }
    return Ranks.inOrder(values);
  }

  private double[] drawable(Matrix matrix, String of) {
    return byRank(StructureMeters.EIGENVALUE, matrix, of).stream()
        .mapToDouble(Double::doubleValue)
        .filter(value -> Math.abs(value) > 1 / LARGEST && Math.abs(value) < LARGEST)
        .toArray();
  }

  private List<Spectrum> rests(String of) {
    return Arrays.stream(Matrix.values())
        .flatMap(
            matrix ->
                series
                    .spectrum(meter(StructureMeters.REST_SPECTRUM, matrix, of), newest())
                    .stream())
        .toList();
  }

  /** Adds a density for each set of data, on the same axis of eigenvalues. */
  private void addDensities(List<Figure> figures) {
    List<Spectrum> all = data.stream().flatMap(each -> rests(each).stream()).toList();
    if (all.isEmpty()) {
      return;
    }
    double[] taken =
        data.stream()
            .flatMap(each -> Arrays.stream(Matrix.values()).map(matrix -> drawable(matrix, each)))
            .flatMapToDouble(Arrays::stream)
            .toArray();
    SpectrumScale scale = SpectrumScale.of(all).with(taken);
    for (String each : data) {
      List<Drawn> drawn = new ArrayList<>();
      List<LineChart.Marks> marks = new ArrayList<>();
      for (Matrix matrix : Matrix.values()) {
        String style = LineChart.colour(matrix.colour);
        series
            .spectrum(meter(StructureMeters.REST_SPECTRUM, matrix, each), newest())
            .ifPresent(
                rest -> {
                  drawn.add(new Drawn(matrix.label(), style, rest));
                  marks.add(new LineChart.Marks(matrix.label(), style, drawable(matrix, each)));
                });
      }
      if (!drawn.isEmpty()) {
        figures.addAll(SpectrumFigures.deflated(title("Spectra", each), scale, drawn, marks));
      }
    }
  }

  private void addAttribution(List<Figure> figures, String of) {
    List<Double> shares = byRank(StructureMeters.SHARE, Matrix.G, of);
    List<Double> inNewton = byRank(StructureMeters.OVERLAP, Matrix.G, of);
    List<Double> inResidual = byRank(StructureMeters.OVERLAP, Matrix.R, of);
    new LineChart(
            title("Where the Hessian's outliers come from", of),
            "By rank of magnitude. Share: vᵀGv/λ of an eigenvector v with eigenvalue λ, what is"
                + " missing to 1 is R's. In a span: squared norm of v in that of the matrix' own"
                + " eigenvectors.",
            Vertical.FROM_ZERO,
            "part")
        .over("rank")
        .line("share of G", LineChart.colour(0), known(shares))
        .line("in the span of G's", LineChart.colour(1), known(inNewton))
        .line("in the span of R's", LineChart.colour(2), known(inResidual))
        .numbers(outliers(of, shares, inNewton, inResidual))
        .addTo(figures);
  }

  private static SortedMap<Integer, Double> known(List<Double> values) {
    SortedMap<Integer, Double> known = new TreeMap<>();
    for (int i = 0; i < values.size(); i++) {
      if (Double.isFinite(values.get(i))) {
        known.put(i + 1, values.get(i));
      }
    }
    return known;
  }

  private NumberTable outliers(
      String of, List<Double> shares, List<Double> inNewton, List<Double> inResidual) {
    List<List<Double>> values = new ArrayList<>();
    List<List<Double>> residuals = new ArrayList<>();
    for (Matrix matrix : Matrix.values()) {
      values.add(byRank(StructureMeters.EIGENVALUE, matrix, of));
      residuals.add(byRank(StructureMeters.EIGENVALUE_RESIDUAL, matrix, of));
    }
    int ranks =
        Stream.concat(values.stream(), Stream.of(shares, inNewton, inResidual))
            .mapToInt(List::size)
            .max()
            .orElse(0);
    List<List<String>> rows = new ArrayList<>();
    for (int i = 0; i < ranks; i++) {
      List<String> row = new ArrayList<>(List.of(Numbers.tick(i + 1)));
      for (int m = 0; m < values.size(); m++) {
        double residual = at(residuals.get(m), i);
        row.add(
            Numbers.text(at(values.get(m), i))
                + (Double.isNaN(residual) ? "" : " ± " + Numbers.text(residual)));
      }
      for (List<Double> parts : List.of(shares, inNewton, inResidual)) {
        row.add(Numbers.text(at(parts, i)));
      }
      rows.add(row);
    }
    return new NumberTable(
        title("Eigenvalues by magnitude, and where the Hessian's come from", of),
        List.of("rank", "H", "G", "R", "share of G", "in the span of G's", "in the span of R's"),
        rows);
  }

  private static double at(List<Double> values, int i) {
    return i < values.size() ? values.get(i) : Double.NaN;
  }

  private void addCourse(List<Figure> figures) {
    LineChart chart =
        new LineChart(
            "Eigenvalue of largest magnitude",
            "With its sign; bands: residual norms.",
            Vertical.FROM_ZERO,
            "eigenvalue");
    int colour = 0;
    for (String each : data) {
      for (Matrix matrix : Matrix.values()) {
        if (colour < LineChart.MAX_COLOURS) {
          chart.line(
              "%s, %s".formatted(matrix.label(), each),
              LineChart.colour(colour++),
              series.values(ranked(StructureMeters.EIGENVALUE, matrix, each, 1)),
              series.values(ranked(StructureMeters.EIGENVALUE_RESIDUAL, matrix, each, 1)));
        }
      }
    }
    chart.addCourseTo(figures);
  }
}
