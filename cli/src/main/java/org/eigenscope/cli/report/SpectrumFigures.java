package org.eigenscope.cli.report;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.eigenscope.cli.report.LineChart.Vertical;
import org.eigenscope.probes.Spectrum;
import org.eigenscope.probes.linalg.SpectralDensity;

/**
 * Makes the figures of spectra: densities of eigenvalues, and histograms of what other measures,
 * such as the gradient's, give to them.
 */
final class SpectrumFigures {
  /** As many curves as a chart can hold. */
  private static final int MAX_CURVES = 5;

  private static final int MAX_HISTOGRAMS = 3;

  /** Fewer spectra are clearer as curves. */
  private static final int LEAST_COLUMNS = 4;

  /** Cells in a decade: of a density over iterations, and of a histogram. */
  private static final int FINE_CELLS = 16;

  private static final int CELLS = 4;

  /** What is drawn of eigenvalues: from a tenth of one on. */
  private static final double LEAST_EIGENVALUES = 0.1;

  /** What is drawn of another measure, which sums to 1. */
  private static final double LEAST_SHARE = 1e-4;

  private static final String SIDES =
      "Negative ones to the left, positive ones to the right; the middle is all that is nearer to"
          + " zero than it says.";

  private static final String MARKS =
      "What is left without the eigenvalues of largest magnitude, which are the dots above it,"
          + " in the order of the legend. Smoothed over 0.1 to 0.5 decades. ";

  /** Above the curves, as a part of their height. */
  private static final double ROOM_FOR_MARKS = 0.2;

  private static final String EIGENVALUE = "eigenvalue";
  private static final String SHARE = "share per quarter of a decade";

  private final String subject;
  private final boolean ofEigenvalues;
  private final SpectrumScale scale;
  private final List<Drawn> drawn;
  private final String chosen;

  /**
   * A spectrum in a figure.
   *
   * @param label what it belongs to
   * @param style of its line
   */
  record Drawn(String label, String style, Spectrum spectrum) {}

  private SpectrumFigures(
      String subject,
      boolean ofEigenvalues,
      SpectrumScale scale,
      List<Drawn> drawn,
      String chosen) {
    this.subject = subject;
    this.ofEigenvalues = ofEigenvalues;
    this.scale = scale;
    this.drawn = drawn;
    this.chosen = chosen;
  }

  /**
   * Returns the figures of one kind of spectrum over iterations.
   *
   * @param kind of the spectra
   * @param spectra at least one, by iteration
   * @param seen how many there were before some were forgotten
   */
  static List<Figure> overIterations(Meter kind, SortedMap<Integer, Spectrum> spectra, int seen) {
    boolean ofEigenvalues = kind.name().equals(Spectrum.EIGENVALUES);
    int most = ofEigenvalues ? MAX_CURVES : MAX_HISTOGRAMS;
    List<Drawn> drawn = new ArrayList<>();
    for (var entry : Thinning.evenly(List.copyOf(spectra.entrySet()), most)) {
      String style = LineChart.shade(drawn.size(), Math.min(most, spectra.size()));
      drawn.add(new Drawn("iteration " + Numbers.tick(entry.getKey()), style, entry.getValue()));
    }
    SpectrumScale scale = SpectrumScale.of(spectra.values());
    SpectrumFigures maker =
        new SpectrumFigures(subject(kind), ofEigenvalues, scale, drawn, some(drawn.size(), seen));
    List<Figure> figures = maker.figures();
    if (spectra.size() >= LEAST_COLUMNS) {
      figures.add(maker.spectrogram(spectra, some(spectra.size(), seen)));
    }
    return figures;
  }

  private static String some(int some, int all) {
    return some < all ? "%d of %d readings.".formatted(some, all) : "";
  }

  /**
   * Returns the figures of one kind of spectrum of several series.
   *
   * @param name of the spectra
   * @param drawn at least one
   */
  static List<Figure> sideBySide(String name, List<Drawn> drawn) {
    SpectrumScale scale = SpectrumScale.of(drawn.stream().map(Drawn::spectrum).toList());
    Meter kind = Meter.of(name);
    boolean ofEigenvalues = name.equals(Spectrum.EIGENVALUES);
    return new SpectrumFigures(subject(kind), ofEigenvalues, scale, drawn, "").figures();
  }

  /**
   * Returns the figure of matrices without some of their eigenvalues, on a logarithmic axis.
   *
   * @param title of the figure
   * @param scale with room for these eigenvalues, too
   * @param rests densities of what is left, at least one
   * @param marks the eigenvalues, in the order in which they are drawn, from the top down
   */
  static List<Figure> deflated(
      String title, SpectrumScale scale, List<Drawn> rests, List<LineChart.Marks> marks) {
    SpectrumFigures maker = new SpectrumFigures(title, true, scale, rests, "");
    List<Figure> figures = new ArrayList<>();
    maker.addLogarithmic(figures, title, marks);
    return figures;
  }

  private static String subject(Meter kind) {
    String name =
        switch (kind.name()) {
          case Spectrum.EIGENVALUES -> "Spectral density";
          case Spectrum.GRADIENT -> "Gradient by eigenvalue";
          default -> kind.name();
        };
    return kind.tags().isEmpty() ? name : "%s, %s".formatted(name, kind.label());
  }

  private List<Figure> figures() {
    List<Figure> figures = new ArrayList<>();
    if (ofEigenvalues) {
      addLinear(figures);
      addLogarithmic(figures, subject + ", logarithmic eigenvalues", List.of());
    } else {
      addHistogram(figures);
    }
    return figures;
  }

  private void addLinear(List<Figure> figures) {
    List<Curve> curves = new ArrayList<>();
    double floor = Double.MAX_VALUE;
    for (Drawn each : drawn) {
      SpectralDensity density = scale.density(each.spectrum);
      curves.add(new Curve(density.grid(), density.values()));
      double ofOne = 1 / (each.spectrum.order() * density.bandwidth() * Math.sqrt(2 * Math.PI));
      floor = Math.min(floor, LEAST_EIGENVALUES * ofOne);
    }
    double[] grid = curves.get(0).x();
    addCurves(
        figures,
        subject + ", linear eigenvalues",
        "Drawn from a tenth of one eigenvalue on.",
        Axis.linear(EIGENVALUE, grid[0], grid[grid.length - 1]),
        "density",
        floor,
        curves,
        List.of());
  }

  private void addLogarithmic(List<Figure> figures, String title, List<LineChart.Marks> marks) {
    addCurves(
        figures,
        title,
        marks.isEmpty() ? SIDES : MARKS + SIDES,
        scale.axis(),
        "eigenvalues per decade",
        LEAST_EIGENVALUES,
        drawn.stream()
            .map(
                each ->
                    marks.isEmpty()
                        ? scale.perDecade(each.spectrum)
                        : scale.perDecadeByGaps(each.spectrum))
            .toList(),
        marks);
  }

  private void addCurves(
      List<Figure> figures,
      String title,
      String what,
      Axis horizontal,
      String unit,
      double floor,
      List<Curve> curves,
      List<LineChart.Marks> marks) {
    double most =
        Math.max(10 * floor, curves.stream().mapToDouble(Curve::highest).max().orElse(floor));
    double room = marks.isEmpty() ? 1 : Math.pow(most / floor, ROOM_FOR_MARKS);
    LineChart chart =
        chart(title, what).axes(horizontal, Axis.logarithmic(unit, floor, room * most));
    marks.forEach(chart::marks);
    for (int i = 0; i < curves.size(); i++) {
      chart.curve(drawn.get(i).label, drawn.get(i).style, curves.get(i).above(floor));
    }
    chart.addTo(figures);
  }

  private void addHistogram(List<Figure> figures) {
    List<Curve> histograms =
        drawn.stream().map(each -> outline(scale.shares(each.spectrum, CELLS))).toList();
    double most = histograms.stream().mapToDouble(Curve::highest).max().orElse(0);
    LineChart chart =
        chart(
                subject,
                (subject.startsWith("Gradient")
                        ? "Squared components of the gradient, as shares of its squared norm. "
                        : "")
                    + SIDES)
            .axes(scale.axis(), Axis.linear(SHARE, 0, most > 0 ? most : 1));
    for (int i = 0; i < histograms.size(); i++) {
      Drawn each = drawn.get(i);
      String within = Numbers.percent(scale.within(each.spectrum));
      chart.curve("%s (middle: %s)".formatted(each.label, within), each.style, histograms.get(i));
    }
    chart.addTo(figures);
  }

  private LineChart chart(String title, String what) {
    String explanation = "%s %s".formatted(what, chosen).strip();
    return new LineChart(title, explanation, Vertical.FITTING, "")
        .over(EIGENVALUE)
        .numbers(shares());
  }

  /** Returns the outline of a histogram. */
  private Curve outline(double[] shares) {
    double[] x = new double[2 * shares.length];
    double[] y = new double[2 * shares.length];
    for (int i = 0; i < shares.length; i++) {
      x[2 * i] = scale.edge(i, CELLS);
      x[2 * i + 1] = scale.edge(i + 1, CELLS);
      Arrays.fill(y, 2 * i, 2 * i + 2, shares[i]);
    }
    return new Curve(x, y);
  }

  private Figure spectrogram(SortedMap<Integer, Spectrum> spectra, String explanation) {
    SortedMap<Integer, double[]> columns = new TreeMap<>();
    spectra.forEach(
        (iteration, spectrum) ->
            columns.put(
                iteration,
                ofEigenvalues
                    ? highest(scale.perDecade(spectrum))
                    : scale.shares(spectrum, CELLS)));
    return Spectrogram.figure(
        subject + " over iterations",
        explanation,
        ofEigenvalues ? "eigenvalues per decade" : SHARE,
        scale.axis(),
        columns,
        ofEigenvalues ? LEAST_EIGENVALUES : LEAST_SHARE,
        shares());
  }

  /** Returns the highest amount in each cell of a column, from the bottom up. */
  private double[] highest(Curve curve) {
    double[] highest = new double[FINE_CELLS * (scale.negative() + scale.positive())];
    Axis axis = scale.axis();
    for (int i = 0; i < curve.x().length; i++) {
      int cell = (int) Math.min(highest.length - 1, axis.place(curve.x()[i]) * highest.length);
      highest[cell] = Math.max(highest[cell], curve.y()[i]);
    }
    return highest;
  }

  /** Returns how much lies between the ticks of the axis. */
  private NumberTable shares() {
    int middle = scale.negative();
    List<String> headings = new ArrayList<>();
    for (int i = 0; i < middle + scale.positive(); i++) {
      String sign = i < middle ? "\u2212" : "";
      headings.add(
          "%1$s%2$s to %1$s%3$s"
              .formatted(
                  sign,
                  Numbers.powerOfTen(scale.exponent() + Math.abs(i - middle)),
                  Numbers.powerOfTen(scale.exponent() + Math.abs(i + 1 - middle))));
    }
    headings.add(middle, "within ±" + Numbers.powerOfTen(scale.exponent()));
    headings.add(0, "");
    List<List<String>> rows = new ArrayList<>();
    for (Drawn each : drawn) {
      List<String> row = new ArrayList<>();
      Arrays.stream(scale.shares(each.spectrum, 1)).mapToObj(Numbers::percent).forEach(row::add);
      row.add(middle, Numbers.percent(scale.within(each.spectrum)));
      row.add(0, each.label);
      rows.add(row);
    }
    return new NumberTable(subject + ": share in each interval", headings, rows);
  }
}
