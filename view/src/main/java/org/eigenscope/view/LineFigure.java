package org.eigenscope.view;

import java.awt.Color;
import java.awt.Graphics2D;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** Draws lines in panels side by side, as a PNG. */
public final class LineFigure {
  private static final int PANEL_WIDTH = 620;
  private static final int PANEL_HEIGHT = 430;
  private static final int TITLE = 50;

  /** Of lines, in this order; told apart without seeing red and green, too (Tol 2021). */
  private static final List<Color> COLORS =
      List.of(
          new Color(0x4477aa),
          new Color(0xcc3311),
          new Color(0x228833),
          new Color(0x222222),
          new Color(0xaa3377));

  private LineFigure() {}

  /**
   * A line.
   *
   * @param name for the legend
   * @param y heights at 1, 2, 3, ...; NaN breaks the line
   */
  public record Line(String name, List<Double> y) {}

  /**
   * A panel.
   *
   * @param xTitle what the places 1, 2, 3, ... are
   * @param yTitle what the heights are
   * @param logarithmic whether heights have a logarithmic axis, on which what is not positive is
   *     left out
   * @param lines at least one, at most five
   */
  public record Panel(String xTitle, String yTitle, boolean logarithmic, List<Line> lines) {
    /** Copies the list. */
    public Panel {
      lines = List.copyOf(lines);
      if (lines.isEmpty() || lines.size() > COLORS.size()) {
        throw new IllegalArgumentException(
            "a panel must have 1 to %d lines, got %d".formatted(COLORS.size(), lines.size()));
      }
    }
  }

  /**
   * Draws a figure.
   *
   * @param title above all panels
   * @param panels from left to right, at least one
   * @param png the file to write or replace, in one step
   * @throws IOException if the file can't be written, or this machine has nothing to draw text with
   *     (no fonts); the message says which
   */
  public static void write(String title, List<Panel> panels, Path png) throws IOException {
    Picture.write(
        png,
        PANEL_WIDTH * panels.size(),
        TITLE + PANEL_HEIGHT,
        graphics -> paint(title, panels, graphics));
  }

  private static void paint(String title, List<Panel> panels, Graphics2D graphics) {
    int width = PANEL_WIDTH * panels.size();
    graphics.setColor(Color.WHITE);
    graphics.fillRect(0, 0, width, TITLE + PANEL_HEIGHT);
    Picture.title(title, width, TITLE - 14, graphics);
    graphics.translate(0, TITLE);
    for (Panel panel : panels) {
      chart(panel).paint(graphics, PANEL_WIDTH, PANEL_HEIGHT);
      graphics.translate(PANEL_WIDTH, 0);
    }
  }

  private static XYChart chart(Panel panel) {
    XYChart chart =
        new XYChartBuilder()
            .width(PANEL_WIDTH)
            .height(PANEL_HEIGHT)
            .xAxisTitle(panel.xTitle())
            .yAxisTitle(panel.yTitle())
            .build();
    Picture.style(chart.getStyler());
    chart.getStyler().setChartTitleVisible(false).setChartPadding(12);
    double top = Double.NEGATIVE_INFINITY;
    double bottom = Double.POSITIVE_INFINITY;
    for (int i = 0; i < panel.lines().size(); i++) {
      Line line = panel.lines().get(i);
      double[] x = new double[line.y().size()];
      Arrays.setAll(x, place -> place + 1);
      double[] y = line.y().stream().mapToDouble(value -> height(panel, value)).toArray();
      XYSeries series = chart.addSeries(line.name(), x, y);
      series.setLineColor(COLORS.get(i));
      series.setLineWidth(2);
      series.setMarker(y.length > 30 ? SeriesMarkers.NONE : SeriesMarkers.CIRCLE);
      series.setMarkerColor(COLORS.get(i));
      top = Math.max(top, Arrays.stream(y).filter(Double::isFinite).max().orElse(top));
      bottom = Math.min(bottom, Arrays.stream(y).filter(Double::isFinite).min().orElse(bottom));
    }
    if (panel.logarithmic() && Double.isFinite(top)) {
      // Whole decades get ticks; the room above is the legend's.
      chart
          .getStyler()
          .setYAxisMin(Math.floor(bottom))
          .setYAxisMax(Math.ceil(top) + 0.5)
          .setyAxisTickLabelsFormattingFunction(Picture::power);
    } else {
      chart.getStyler().setYAxisMin(0.0).setyAxisTickLabelsFormattingFunction(Picture::plain);
    }
    chart.getStyler().setxAxisTickLabelsFormattingFunction(Picture::plain);
    return chart;
  }

  private static double height(Panel panel, double value) {
    if (!panel.logarithmic()) {
      return value;
    }
    return value > 0 ? Math.log10(value) : Double.NaN;
  }
}
