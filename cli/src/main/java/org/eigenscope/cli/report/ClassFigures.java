package org.eigenscope.cli.report;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.TreeMap;
import org.eigenscope.cli.report.LineChart.Vertical;

/** Makes tables and figures of what classes make up of a Gauss-Newton matrix. */
final class ClassFigures {
  private static final String TITLE = "Classes";

  private static final String EXPLANATION =
      "The Gauss-Newton matrix G is the sum of class means A1, the true class A2, cross-class means"
          + " B1 and what is left within classes, B2; for classes of one size, also of G0, G1, G2"
          + " and G3 (Papyan, arXiv:2008.11865 and arXiv:1901.08244). Where class means have almost"
          + " all of its eigenvalue of rank C, for C classes, they are what its outliers are made"
          + " of.";

  /** Ranks in the figure are twice those of class means, but at least and at most so many. */
  private static final int LEAST_RANKS = 10;

  private static final int MAX_RANKS = 100;

  /** The matrix and its parts, in the order in which they are shown. */
  private enum Component {
    G("whole matrix", 0),
    A1("class means", 1),
    A2("true class", 2),
    B1("cross-class means", 3),
    B2("within classes", 4),
    G0("true class", -1),
    G1("class means", -1),
    G2("cross-class means", -1),
    G3("within classes", -1);

    private final String meaning;

    /** Of its lines; below 0 where it is in tables alone, as are those for classes of one size. */
    private final int colour;

    Component(String meaning, int colour) {
      this.meaning = meaning;
      this.colour = colour;
    }

    private String tag() {
      return name().toLowerCase(Locale.ROOT);
    }

    private String label() {
      return "%s, %s".formatted(name(), meaning);
    }

    private boolean isDrawn() {
      return colour >= 0;
    }

    private String style() {
      return LineChart.colour(colour);
    }
  }

  /** What the class means have of the matrix. */
  private enum Carried {
    RATIO("λ of rank C, of A1 over that of G", 0),
    SUBTRACTED("λ₁ of G − A1 over that of G", 1),
    PROJECTED("λ₁ of G off the class means, over that of G", 2);

    private final String label;
    private final int colour;

    Carried(String label, int colour) {
      this.label = label;
      this.colour = colour;
    }
  }

  private final Series series;
  private final NavigableSet<Integer> iterations;

  private ClassFigures(Series series) {
    this.series = series;
    iterations = series.iterations(meter -> StructureMeters.OF_CLASSES.contains(meter.name()));
  }

  static StructurePart part(Series series) {
    ClassFigures maker = new ClassFigures(series);
    List<NumberTable> tables = new ArrayList<>();
    List<Figure> figures = new ArrayList<>();
    if (!maker.iterations.isEmpty()) {
      maker.addComponents(tables);
      maker.addCarriedNow(tables);
      maker.addEigenvalues(figures);
      maker.addShares(figures);
      maker.addCarriedOverIterations(figures);
    }
    return new StructurePart(TITLE, EXPLANATION, tables, figures);
  }

  private int newest() {
    return iterations.last();
  }

  private String inNewest(String what) {
    return "%s, iteration %s".formatted(what, Numbers.tick(newest()));
  }

  private Meter trace(Component component) {
    return series.meter(StructureMeters.CLASS_TRACE, "component", component.tag());
  }

  /** Returns a component's eigenvalues in the newest reading, descending. */
  private List<Double> eigenvalues(Component component) {
    if (component != Component.G) {
      return series
          .spectrum(
              series.meter(StructureMeters.CLASS_SPECTRUM, "component", component.tag()), newest())
          .map(Ranks::of)
          .orElse(List.of());
    }
    NavigableMap<Integer, Double> byRank = new TreeMap<>();
    for (Meter meter :
        series.meters(StructureMeters.CLASS_EIGENVALUE, Map.of("component", component.tag()))) {
      byRank.put(meter.number(), series.value(meter, newest()));
    }
    return Ranks.inOrder(byRank);
  }

  private void addComponents(List<NumberTable> tables) {
    double whole = series.value(trace(Component.G), newest());
    double error = series.value(series.meter(StructureMeters.CLASS_TRACE_ERROR), newest());
    List<List<String>> rows = new ArrayList<>();
    for (Component component : Component.values()) {
      double trace = series.value(trace(component), newest());
      List<Double> eigenvalues = eigenvalues(component);
      double largest = eigenvalues.isEmpty() ? Double.NaN : eigenvalues.get(0);
      if (!Double.isNaN(trace) || !Double.isNaN(largest)) {
        String doubt = component == Component.G && error > 0 ? " ± " + Numbers.text(error) : "";
        rows.add(
            List.of(
                component.name(),
                component.meaning,
                Numbers.text(trace) + doubt,
                Numbers.percent(trace / whole),
                Numbers.text(largest)));
      }
    }
    if (!rows.isEmpty()) {
      tables.add(
          new NumberTable(
              inNewest("Parts of the matrix"),
              List.of("part", "what it is", "trace", "share of the trace", "largest eigenvalue"),
              rows));
    }
  }

  private void addCarriedNow(List<NumberTable> tables) {
    List<List<String>> rows = new ArrayList<>();
    for (Carried each : Carried.values()) {
      Double value = over(each).get(newest());
      if (value != null) {
        rows.add(List.of(each.label, Numbers.text(value)));
      }
    }
    if (!rows.isEmpty()) {
      tables.add(
          new NumberTable(inNewest("What class means carry"), List.of("ratio", "value"), rows));
    }
  }

  /** Returns what class means have, by iteration. */
  private NavigableMap<Integer, Double> over(Carried what) {
    return switch (what) {
      case RATIO -> series.values(series.meter(StructureMeters.CLASS_RATIO));
      case SUBTRACTED ->
          overLargest(series.meter(StructureMeters.KNOCK_OUT, "method", "subtraction"));
      case PROJECTED ->
          overLargest(series.meter(StructureMeters.KNOCK_OUT, "method", "projection"));
    };
  }

  private NavigableMap<Integer, Double> overLargest(Meter meter) {
    return ratios(
        series.values(meter),
        series.values(
            series.meter(StructureMeters.CLASS_EIGENVALUE, "component", "g", "rank", "1")));
  }

  /** Returns values over others that are positive, at iterations of both. */
  private static NavigableMap<Integer, Double> ratios(
      NavigableMap<Integer, Double> values, NavigableMap<Integer, Double> over) {
    NavigableMap<Integer, Double> ratios = new TreeMap<>();
    values.forEach(
        (iteration, value) -> {
          double divisor = over.getOrDefault(iteration, Double.NaN);
          if (divisor > 0 && Double.isFinite(value / divisor)) {
            ratios.put(iteration, value / divisor);
          }
        });
    return ratios;
  }

  private void addEigenvalues(List<Figure> figures) {
    Map<Component, List<Double>> known = new EnumMap<>(Component.class);
    for (Component component : Component.values()) {
      List<Double> values = eigenvalues(component);
      if (!values.isEmpty()) {
        known.put(component, values);
      }
    }
    int means = known.getOrDefault(Component.A1, List.of()).size();
    int ofWhole = known.getOrDefault(Component.G, List.of()).size();
    int most = Math.min(MAX_RANKS, Math.max(LEAST_RANKS, Math.max(2 * means, ofWhole)));
    LineChart chart =
        new LineChart(
                inNewest("Eigenvalues of the parts"),
                "Up to twice as many as class means have. " + Ranks.EXPLANATION,
                Vertical.LOGARITHMIC,
                "eigenvalue")
            .over("rank")
            .numbers(
                Ranks.table(
                    inNewest("Eigenvalues by rank"),
                    known.keySet().stream().map(Component::label).toList(),
                    List.copyOf(known.values()),
                    most));
    known.forEach(
        (component, values) -> {
          if (component.isDrawn()) {
            chart.line(component.label(), component.style(), Ranks.drawable(values, most));
          }
        });
    chart.addTo(figures);
  }

  private void addShares(List<Figure> figures) {
    NavigableMap<Integer, Double> whole = series.values(trace(Component.G));
    LineChart chart =
        new LineChart(
            "Shares of the trace", "Of the Gauss-Newton matrix.", Vertical.FROM_ZERO, "share");
    for (Component component : Component.values()) {
      if (component != Component.G && component.isDrawn()) {
        chart.line(
            component.label(), component.style(), ratios(series.values(trace(component)), whole));
      }
    }
    chart.addCourseTo(figures);
  }

  private void addCarriedOverIterations(List<Figure> figures) {
    LineChart chart =
        new LineChart(
            "What class means carry",
            "Ratios of eigenvalues: of rank C, for C classes; and of the largest one, with class"
                + " means subtracted from G and with their span projected out.",
            Vertical.FROM_ZERO,
            "ratio");
    Arrays.stream(Carried.values())
        .forEach(each -> chart.line(each.label, LineChart.colour(each.colour), over(each)));
    chart.addCourseTo(figures);
  }
}
