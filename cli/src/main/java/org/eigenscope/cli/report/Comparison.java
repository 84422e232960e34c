package org.eigenscope.cli.report;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.DoubleBinaryOperator;
import org.eigenscope.cli.report.LineChart.Vertical;
import org.eigenscope.probes.Spectrum;

/** Series that show the same matrix, of several runs or with several normalizations. */
final class Comparison {
  /** Of the eigenvalue that the largest one is set against, where there are as many. */
  private static final int MAX_RANK = 10;

  private static final int TABLE_ROWS = 12;

  private final List<Series> members;

  /** Those that hold contrasts which were recorded, and nothing else. */
  private final List<Series> recorded;

  private final int left;
  private final List<String> labels;

  /** K of λ₁/λ_K and of the gradient's fraction, the largest that all have; 0 without one. */
  private final int rank;

  private Comparison(List<Series> all, List<Series> recorded) {
    members = all.subList(0, Math.min(LineChart.MAX_COLOURS, all.size()));
    left = all.size() - members.size();
    this.recorded = recorded;
    labels = labels(members);
    rank = commonRank();
  }

  private static List<String> labels(List<Series> all) {
    List<SeriesName> names = all.stream().map(Series::name).toList();
    return names.stream().map(name -> name.shortLabel(names)).toList();
  }

  private int commonRank() {
    int common = MAX_RANK;
    while (common > 0 && !allHave(Meter.eigenvalue(common))) {
      common--;
    }
    return common;
  }

  private boolean allHave(Meter meter) {
    return members.stream().noneMatch(series -> series.values(meter).isEmpty());
  }

  /** Returns a comparison for each matrix that several series show. */
  static List<Comparison> among(List<Series> all) {
    Map<SeriesName, List<Series>> members = new LinkedHashMap<>();
    Map<SeriesName, List<Series>> recorded = new LinkedHashMap<>();
    for (Series series : all) {
      SeriesName name = series.name();
      SeriesName matrix = new SeriesName("", "", "", name.operator(), "", name.layer(), 1);
      if (!series.names().isEmpty()) {
        boolean contrasts = series.names().stream().allMatch(Quantity::isContrast);
        (contrasts ? recorded : members)
            .computeIfAbsent(matrix, key -> new ArrayList<>())
            .add(series);
      }
    }
    List<Comparison> comparisons = new ArrayList<>();
    members.forEach(
        (matrix, group) -> {
          if (group.size() > 1) {
            comparisons.add(new Comparison(group, recorded.getOrDefault(matrix, List.of())));
          }
        });
    return comparisons;
  }

  /** Returns what is compared, in words. */
  String title() {
    return "Comparison: " + members.get(0).name().matrix();
  }

  /** Returns how many series are one too many for the figures. */
  int left() {
    return left;
  }

  /** Returns whether all that a series knows is in this comparison's figures. */
  boolean showsAllOf(Series series) {
    return recorded.contains(series);
  }

  /** Returns one figure for each quantity, with a line for each series. */
  List<Figure> figures() {
    List<Figure> figures = new ArrayList<>();
    addSpectra(figures, Spectrum.EIGENVALUES);
    addSpectra(figures, Spectrum.GRADIENT);
    add(
        figures,
        new LineChart(
            "Largest eigenvalue", "Bands: residual norms.", Vertical.FITTING, "eigenvalue"),
        Meter.SHARPNESS);
    addRatio(figures);
    add(figures, Quantity.GRADIENT_FRACTION.chart(", k = " + rank), Meter.gradientFraction(rank));
    add(figures, Quantity.OUTLIERS.chart(), Meter.OUTLIERS);
    add(figures, Quantity.TRACE.chart(), Meter.TRACE);
    add(figures, Quantity.NEGATIVE_MASS.chart(), Meter.NEGATIVE_MASS);
    add(figures, Quantity.LOSS.chart(), Meter.LOSS);
    add(figures, Quantity.GRADIENT_NORM.chart(), Meter.GRADIENT_NORM);
    add(figures, Quantity.STABILITY_RATIO.chart(), Meter.STABILITY_RATIO);
    for (Quantity quantity : Quantity.values()) {
      if (Quantity.isContrast(quantity.meterName())) {
        addRecorded(figures, quantity);
      }
    }
    return figures;
  }

  private void addSpectra(List<Figure> figures, String name) {
    List<SpectrumFigures.Drawn> drawn = new ArrayList<>();
    for (int i = 0; i < members.size(); i++) {
      SortedMap<Integer, Spectrum> spectra = members.get(i).spectra(Meter.of(name));
      if (!spectra.isEmpty()) {
        String label = "%s, iteration %s".formatted(labels.get(i), Numbers.tick(spectra.lastKey()));
        Spectrum last = spectra.values().stream().reduce((one, next) -> next).orElseThrow();
        drawn.add(new SpectrumFigures.Drawn(label, LineChart.colour(i), last));
      }
    }
    if (drawn.size() > 1) {
      figures.addAll(SpectrumFigures.sideBySide(name, drawn));
    }
  }

  private void add(List<Figure> figures, LineChart chart, Meter meter) {
    for (int i = 0; i < members.size(); i++) {
      Series series = members.get(i);
      chart.line(
          labels.get(i), LineChart.colour(i), series.values(meter), series.values(meter.doubt()));
    }
    chart.addTo(figures);
  }

  private void addRatio(List<Figure> figures) {
    LineChart chart =
        new LineChart(
            ratio(),
            "Largest eigenvalue over the one of rank %d.".formatted(rank),
            Vertical.FITTING,
            "ratio");
    for (int i = 0; i < members.size(); i++) {
      chart.line(labels.get(i), LineChart.colour(i), isolation(members.get(i)));
    }
    chart.addTo(figures);
  }

  private String ratio() {
    return "λ₁/λ" + Numbers.subscript(rank);
  }

  /** Returns λ₁/λ_K; a ratio over an eigenvalue at or below zero says nothing. */
  private NavigableMap<Integer, Double> isolation(Series series) {
    return rank < 2
        ? Collections.emptyNavigableMap()
        : contrast(
            series.values(Meter.eigenvalue(rank)),
            series.values(Meter.SHARPNESS),
            Comparison::ratio);
  }

  /** Adds what the journals themselves say of how arms differ, in the colours of the arms. */
  private void addRecorded(List<Figure> figures, Quantity quantity) {
    LineChart chart = quantity.chart();
    List<SeriesName> names = members.stream().map(Series::name).toList();
    List<String> runs = labels(recorded);
    for (int i = 0; i < recorded.size(); i++) {
      Series contrasts = recorded.get(i);
      for (Meter meter : contrasts.meters(quantity.meterName(), Map.of())) {
        String arm = meter.tags().getOrDefault("arm", "");
        int member = names.indexOf(contrasts.name().withNormalization(arm));
        // Those of an arm that is left out of this comparison are left out, too.
        if (member >= 0) {
          String label = meter.label();
          chart.line(
              recorded.size() == 1 ? label : "%s: %s".formatted(runs.get(i), label),
              LineChart.colour(member),
              contrasts.values(meter));
        }
      }
    }
    chart.addTo(figures);
  }

  private static double ratio(double reference, double value) {
    return reference > 0 && value > 0 ? value / reference : Double.NaN;
  }

  private static double difference(double reference, double value) {
    return value - reference;
  }

  /** Returns how values differ from those of a reference, where both are known. */
  private static NavigableMap<Integer, Double> contrast(
      NavigableMap<Integer, Double> reference,
      NavigableMap<Integer, Double> values,
      DoubleBinaryOperator how) {
    NavigableMap<Integer, Double> contrasts = new TreeMap<>();
    reference.forEach(
        (iteration, one) -> {
          Double other = values.get(iteration);
          double contrast = other == null ? Double.NaN : how.applyAsDouble(one, other);
          if (Double.isFinite(contrast)) {
            contrasts.put(iteration, contrast);
          }
        });
    return contrasts;
  }

  /** Returns how each other series differs from the first, at iterations of both. */
  List<NumberTable> contrasts() {
    List<NumberTable> tables = new ArrayList<>();
    for (int i = 1; i < members.size(); i++) {
      tables.add(contrasts(labels.get(i), members.get(i)));
    }
    return tables;
  }

  private NumberTable contrasts(String label, Series other) {
    Series first = members.get(0);
    Meter fraction = Meter.gradientFraction(rank);
    Map<String, NavigableMap<Integer, Double>> columns = new LinkedHashMap<>();
    columns.put(
        "largest eigenvalue, ratio", contrast(first, other, Meter.SHARPNESS, Comparison::ratio));
    columns.put(
        ratio() + ", ratio", contrast(isolation(first), isolation(other), Comparison::ratio));
    columns.put(
        "gradient fraction, difference", contrast(first, other, fraction, Comparison::difference));
    columns.put(
        "outliers, difference", contrast(first, other, Meter.OUTLIERS, Comparison::difference));
    columns.put("loss, difference", contrast(first, other, Meter.LOSS, Comparison::difference));

    NavigableSet<Integer> known = new TreeSet<>();
    columns.values().forEach(column -> known.addAll(column.keySet()));
    List<Integer> chosen = Thinning.evenly(List.copyOf(known), TABLE_ROWS);
    List<List<String>> rows = new ArrayList<>();
    for (Integer iteration : chosen) {
      List<String> row = new ArrayList<>(List.of(Numbers.tick(iteration)));
      for (NavigableMap<Integer, Double> column : columns.values()) {
        row.add(Numbers.text(column.getOrDefault(iteration, Double.NaN)));
      }
      rows.add(row);
    }
    List<String> headings = new ArrayList<>(List.of("iteration"));
    headings.addAll(columns.keySet());
    String caption =
        known.isEmpty()
            ? "%s and %s have no iteration in common".formatted(label, labels.get(0))
            : "%s against %s, %d of %d common iterations"
                .formatted(label, labels.get(0), chosen.size(), known.size());
    return new NumberTable(caption, headings, rows);
  }

  private static NavigableMap<Integer, Double> contrast(
      Series reference, Series other, Meter meter, DoubleBinaryOperator how) {
    return contrast(reference.values(meter), other.values(meter), how);
  }
}
