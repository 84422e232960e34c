package org.eigenscope.cli.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.eigenscope.cli.report.LineChart.Vertical;

/** Makes the figures of one series: the papers' for what they know, plain lines for the rest. */
final class SeriesFigures {
  private static final int MAX_DIMENSIONS = 5;

  private final Series series;
  private final List<Figure> figures = new ArrayList<>();

  private SeriesFigures(Series series) {
    this.series = series;
  }

  /** Returns the figures for which there are values. */
  static List<Figure> of(Series series) {
    SeriesFigures maker = new SeriesFigures(series);
    for (Meter kind : series.spectra()) {
      maker.figures.addAll(
          SpectrumFigures.overIterations(kind, series.spectra(kind), series.spectraSeen(kind)));
    }
    maker.addEigenvalues();
    for (Quantity quantity : Quantity.values()) {
      LineChart chart = quantity.chart();
      maker.draw(chart, series.meters(quantity.meterName(), Map.of()), MAX_DIMENSIONS);
      chart.addTo(maker.figures);
    }
    maker.addOthers();
    return maker.figures;
  }

  private void addEigenvalues() {
    LineChart largest =
        new LineChart(
            "Largest eigenvalues",
            "Ritz values by rank; bands: residual norms. Dashed: upper edge of the bulk.",
            Vertical.FITTING,
            "eigenvalue");
    draw(largest, series.meters(Meter.EIGENVALUE, Map.of("end", "largest")), LineChart.MAX_SHADES);
    largest.line("bulk edge", "reference", series.values(Meter.BULK_EDGE));
    largest.addTo(figures);
    LineChart smallest =
        new LineChart(
            "Smallest eigenvalues",
            "Ritz values by rank; bands: residual norms.",
            Vertical.FROM_ZERO,
            "eigenvalue");
    draw(
        smallest, series.meters(Meter.EIGENVALUE, Map.of("end", "smallest")), LineChart.MAX_SHADES);
    smallest.addTo(figures);
  }

  /**
   * Adds a line for each of some scalars.
   *
   * @param most lines for scalars that are told apart by numbers
   */
  private void draw(LineChart chart, List<Meter> meters, int most) {
    boolean numbered = meters.stream().allMatch(meter -> meter.number() > 0);
    List<Meter> chosen = Thinning.evenly(meters, numbered ? most : LineChart.MAX_COLOURS);
    for (int i = 0; i < chosen.size(); i++) {
      Meter meter = chosen.get(i);
      chart.line(
          meter.label(),
          numbered ? LineChart.shade(i, chosen.size()) : LineChart.colour(i),
          series.values(meter),
          series.values(meter.doubt()));
    }
    if (!numbered && chosen.size() < meters.size()) {
      chart.explain("%d of %d lines.".formatted(chosen.size(), meters.size()));
    }
  }

  /** Adds what no other figure shows: one for each name, a line for each set of tags. */
  private void addOthers() {
    List<String> shown =
        List.of(
            Meter.EIGENVALUE,
            Meter.EIGENVALUE_RESIDUAL,
            Meter.TRACE_STANDARD_ERROR,
            Meter.BULK_EDGE.name());
    for (String name : series.names()) {
      if (!Quantity.isKnown(name) && !shown.contains(name)) {
        LineChart chart = new LineChart(name, "", Vertical.FITTING, "value");
        draw(chart, series.meters(name, Map.of()), LineChart.MAX_SHADES);
        chart.addTo(figures);
      }
    }
  }
}
