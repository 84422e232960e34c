package org.eigenscope.view;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.geom.AffineTransform;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.eigenscope.probes.NormalizationReading;
import org.eigenscope.probes.Reading;
import org.eigenscope.probes.SpectrumReading;
import org.eigenscope.probes.linalg.QuadratureRule;
import org.eigenscope.probes.linalg.SpectralDensity;
import org.eigenscope.probes.linalg.SpectralDensity.GaussianOptions;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.style.Styler.LegendPosition;
import org.knowm.xchart.style.markers.SeriesMarkers;

/**
 * Draws one figure for each arm of a comparison of normalizations, in the style of Ghorbani,
 * Krishnan and Xiao 2019 (arXiv 1901.10159): the logarithm of the Hessian's density at up to four
 * moments of the training; a histogram of the squared gradient over the eigenvalues at the same
 * moments, in the same colours; λ_1/λ_k, the gradient's fraction in the top-k eigenspace and the
 * loss over the training, the arm's own curve among those of the others.
 *
 * <p>Figures of one comparison have the same axes and kernels, so that they can be laid side by
 * side. A moment is told by the number of updates, one more than the iteration.
 */
public final class NormalizationFigure {
  private static final int WIDTH = 1200;
  private static final int TITLE = 50;
  private static final int DENSITY = 410;
  private static final int GRADIENT = 310;
  private static final int COURSE = 330;
  private static final int HEIGHT = TITLE + DENSITY + GRADIENT + COURSE;

  /** Colours of moments, from early to late. */
  private static final List<Color> MOMENTS =
      List.of(new Color(0xf2a93b), new Color(0xdd5e5e), new Color(0x8c3a9e), new Color(0x1f1b6b));

  private static final Map<String, Color> ARMS =
      Map.of(
          "batch", new Color(0x4477aa),
          "none", new Color(0xcc3311),
          "population", new Color(0x228833));

  /** The kernel's standard deviation over the length of the axis: some pixels. */
  private static final double BANDWIDTH = 1.0 / 300;

  private static final int DENSITY_POINTS = 4000;

  /** The foot of the density's axis, in peaks of a single eigenvalue. */
  private static final double DENSITY_FLOOR = 0.1;

  private static final int BINS = 75;

  /** Decimal logarithm of the smallest share of the gradient that shows, in percent. */
  private static final double GRADIENT_FLOOR = -1;

  /** Ends of the axis of updates are at half decades, so that whole ones get ticks. */
  private static final double HALF_DECADE = 0.5;

  private final String subject;
  private final int k;
  private final List<NormalizationReading> readings;
  private final List<NormalizationReading> moments;

  /** The density of each arm at each of the moments. */
  private final List<Map<String, SpectralDensity>> densities;

  private final double lower;
  private final double upper;

  /**
   * Prepares the figures of a comparison.
   *
   * @param subject what was trained, for the titles: network and data
   * @param k rank and dimension, between 1 and the number of largest eigenvalues of the readings
   * @param readings at least one, in the order of their iterations, with draws and the gradient's
   *     measure; up to four, spread evenly with the first and the last among them, are the moments
   * @throws IllegalArgumentException if there is no reading, one has no draws, or k is out of range
   */
  public NormalizationFigure(String subject, int k, List<NormalizationReading> readings) {
    if (readings.isEmpty()) {
      throw new IllegalArgumentException("a figure needs at least one reading, got none");
    }
    for (NormalizationReading reading : readings) {
      reading.arms().forEach((arm, measured) -> check(arm, measured, k));
    }
    this.subject = subject;
    this.k = k;
    this.readings = List.copyOf(readings);
    int count = Math.min(MOMENTS.size(), readings.size());
    this.moments =
        IntStream.range(0, count)
            .mapToDouble(i -> (double) i * (readings.size() - 1) / Math.max(1, count - 1))
            .mapToObj(place -> readings.get((int) Math.round(place)))
            .toList();
    List<QuadratureRule> draws =
        moments.stream()
            .flatMap(moment -> moment.arms().values().stream())
            .flatMap(arm -> arm.draws().stream())
            .toList();
    double least = draws.stream().mapToDouble(draw -> draw.node(0)).min().orElse(0);
    double most = draws.stream().mapToDouble(draw -> draw.node(draw.size() - 1)).max().orElse(0);
    double margin = most > least ? 0.03 * (most - least) : 1;
    this.lower = least - margin;
    this.upper = most + margin;
    this.densities = moments.stream().map(this::densities).toList();
  }

  private static void check(String arm, SpectrumReading reading, int k) {
    if (reading.draws().isEmpty()) {
      throw new IllegalArgumentException(
          "a figure needs readings with draws, got one of arm %s at iteration %d without"
              .formatted(arm, reading.provenance().iteration()));
    }
    if (k < 1 || k > reading.largest().size()) {
      throw new IllegalArgumentException(
          "k must be between 1 and %d, got %d".formatted(reading.largest().size(), k));
    }
  }

  /** Returns the arms that were measured, in their order. */
  public List<String> arms() {
    return readings.stream().flatMap(r -> r.arms().keySet().stream()).distinct().toList();
  }

  /**
   * Draws the figure of an arm.
   *
   * @param arm what it normalises with, one of {@link #arms()}
   * @param png the file to write or replace, in one step
   * @throws IOException if the file can't be written, or this machine has nothing to draw text with
   *     (no fonts); the message says which
   * @throws IllegalArgumentException if there is no such arm
   */
  public void write(String arm, Path png) throws IOException {
    if (!arms().contains(arm)) {
      throw new IllegalArgumentException("arm must be one of %s, got %s".formatted(arms(), arm));
    }
    Picture.write(png, WIDTH, HEIGHT, graphics -> paint(arm, graphics));
  }

  private void paint(String arm, Graphics2D graphics) {
    graphics.setColor(Color.WHITE);
    graphics.fillRect(0, 0, WIDTH, HEIGHT);
    XYChart density = densities(arm);
    graphics.translate(0, TITLE);
    density.paint(graphics, WIDTH, DENSITY);
    graphics.translate(0, DENSITY);
    gradients(arm).paint(graphics, WIDTH, GRADIENT);
    graphics.translate(0, GRADIENT);
    XYChart isolation = course(arm, "λ₁ / λ%s".formatted(subscript(k)), this::isolation);
    XYChart fraction = course(arm, "gradient in top %d, %%".formatted(k), this::percentage);
    XYChart loss = course(arm, "loss, nats", SpectrumReading::loss);
    isolation.getStyler().setLegendVisible(true).setLegendPosition(LegendPosition.InsideNW);
    fraction.getStyler().setYAxisMax(100.0);
    List<XYChart> courses = List.of(isolation, fraction, loss);
    int width = WIDTH / courses.size();
    for (XYChart course : courses) {
      course.paint(graphics, width, COURSE);
      graphics.translate(width, 0);
    }
    graphics.setTransform(new AffineTransform());
    Picture.title("%s: %s".formatted(subject, describe(arm)), WIDTH, TITLE - 14, graphics);
  }

  private static String describe(String arm) {
    return switch (arm) {
      case "batch" -> "batch norm";
      case "none" -> "no batch norm";
      case "population" -> "batch norm with population statistics";
      default -> arm;
    };
  }

  /** Returns a number in subscript digits. */
  private static String subscript(int number) {
    return Integer.toString(number)
        .chars()
        .mapToObj(digit -> Character.toString('₀' + digit - '0'))
        .reduce("", String::concat);
  }

  private XYChart densities(String arm) {
    XYChart chart =
        chart(
            DENSITY,
            "eigenvalue of the Hessian, in nats of loss",
            String.format(Locale.ROOT, "density (bandwidth %.2g)", bandwidth()));
    double floor = 0;
    for (int i = 0; i < moments.size(); i++) {
      SpectrumReading reading = moments.get(i).arms().get(arm);
      SpectralDensity density = densities.get(i).get(arm);
      if (reading == null || density == null) {
        continue;
      }
      double single =
          1 / (reading.activeParameters() * density.bandwidth() * Math.sqrt(2 * Math.PI));
      floor = Math.floor(Math.log10(DENSITY_FLOOR * single));
      double[] heights = density.values();
      for (int j = 0; j < heights.length; j++) {
        double height = Math.log10(heights[j]);
        heights[j] = height < floor ? Double.NaN : height;
      }
      line(chart, moment(i), density.grid(), heights, MOMENTS.get(i), 1.8f);
    }
    chart
        .getStyler()
        .setYAxisMin(floor)
        .setYAxisMax(Math.ceil(top()))
        .setyAxisTickLabelsFormattingFunction(Picture::power);
    spectralAxis(chart);
    return chart;
  }

  /** Returns the decimal logarithm of the highest density of all arms. */
  private double top() {
    return densities.stream()
        .flatMap(arms -> arms.values().stream())
        .flatMapToDouble(density -> Arrays.stream(density.values()))
        .map(Math::log10)
        .max()
        .orElse(0);
  }

  private double bandwidth() {
    return BANDWIDTH * (upper - lower);
  }

  private Map<String, SpectralDensity> densities(NormalizationReading moment) {
    return moment.arms().entrySet().stream()
        .collect(Collectors.toMap(Map.Entry::getKey, arm -> density(arm.getValue().draws())));
  }

  private SpectralDensity density(List<QuadratureRule> draws) {
    double bandwidth = bandwidth();
    double margin = 5 * bandwidth;
    double length = 2 * margin;
    for (QuadratureRule draw : draws) {
      length += (draw.node(draw.size() - 1) - draw.node(0)) / draws.size();
    }
    // The same kernel for all arms and moments, whatever the length of their spectra.
    double relativeVariance = bandwidth * bandwidth / Math.max(1, length);
    return SpectralDensity.gaussian(
        draws, new GaussianOptions(relativeVariance, DENSITY_POINTS, margin));
  }

  private XYChart gradients(String arm) {
    XYChart chart =
        chart(GRADIENT, "eigenvalue of the Hessian, in nats of loss", "squared gradient, %");
    for (int i = 0; i < moments.size(); i++) {
      SpectrumReading reading = moments.get(i).arms().get(arm);
      QuadratureRule measure = reading == null ? null : reading.gradientMeasure();
      if (measure != null) {
        histogram(chart, moment(i), measure, MOMENTS.get(i));
      }
    }
    chart
        .getStyler()
        .setYAxisMin(GRADIENT_FLOOR)
        .setYAxisMax(2.0)
        .setyAxisTickLabelsFormattingFunction(Picture::power)
        .setLegendVisible(false);
    spectralAxis(chart);
    return chart;
  }

  /** Adds the outline of bins as high as the decimal logarithm of their percentage. */
  private void histogram(XYChart chart, String name, QuadratureRule measure, Color color) {
    double[] percent = new double[BINS];
    double width = (upper - lower) / BINS;
    for (int j = 0; j < measure.size(); j++) {
      int bin = (int) ((measure.node(j) - lower) / width);
      percent[Math.max(0, Math.min(BINS - 1, bin))] += 100 * measure.weight(j);
    }
    double[] x = new double[2 * BINS];
    double[] y = new double[2 * BINS];
    for (int bin = 0; bin < BINS; bin++) {
      x[2 * bin] = lower + bin * width;
      x[2 * bin + 1] = lower + (bin + 1) * width;
      double height = Math.max(GRADIENT_FLOOR, Math.log10(percent[bin]));
      Arrays.fill(y, 2 * bin, 2 * bin + 2, height);
    }
    line(chart, name, x, y, color, 1.8f);
  }

  private void spectralAxis(XYChart chart) {
    chart
        .getStyler()
        .setXAxisMin(lower)
        .setXAxisMax(upper)
        .setXAxisTickMarkSpacingHint(90)
        .setxAxisTickLabelsFormattingFunction(Picture::plain);
    // Evenly spaced abscissae would get their own values as ticks; a point that shows nothing makes
    // them uneven.
    double[] uneven = {lower + (upper - lower) / Math.PI};
    line(chart, "uneven", uneven, new double[] {chart.getStyler().getYAxisMin()}, Color.WHITE, 0f)
        .setShowInLegend(false);
  }

  private String moment(int index) {
    int updates = updates(moments.get(index));
    return String.format(
        Locale.ROOT, updates == 1 ? "after %,d update" : "after %,d updates", updates);
  }

  /** Returns the curves of a quantity over the training, an arm's own in front. */
  private XYChart course(String arm, String title, ToDoubleFunction<SpectrumReading> quantity) {
    XYChart chart = chart(COURSE, "updates", title);
    List<String> order = new ArrayList<>(arms());
    order.remove(arm);
    order.add(arm);
    for (String each : order) {
      List<SpectrumReading> course =
          readings.stream()
              .filter(reading -> reading.arms().containsKey(each))
              .map(reading -> reading.arms().get(each))
              .toList();
      double[] x = course.stream().mapToDouble(m -> Math.log10(updates(m))).toArray();
      double[] y = course.stream().mapToDouble(quantity).toArray();
      boolean own = each.equals(arm);
      Color color = ARMS.getOrDefault(each, Color.BLACK);
      XYSeries line = line(chart, each, x, y, color, own ? 3f : 1.2f);
      line.setMarker(own ? SeriesMarkers.CIRCLE : SeriesMarkers.NONE);
      line.setMarkerColor(color);
    }
    double highest =
        readings.stream()
            .flatMap(reading -> reading.arms().values().stream())
            .mapToDouble(quantity)
            .filter(Double::isFinite)
            .max()
            .orElse(1);
    double last = Math.log10(updates(readings.get(readings.size() - 1)));
    chart
        .getStyler()
        .setXAxisMin(-HALF_DECADE)
        .setXAxisMax(HALF_DECADE * Math.ceil(last / HALF_DECADE + 0.1))
        .setXAxisTickMarkSpacingHint(45)
        .setYAxisMin(0.0)
        .setYAxisMax(1.05 * highest)
        .setYAxisTickMarkSpacingHint(45)
        .setxAxisTickLabelsFormattingFunction(Picture::power)
        .setyAxisTickLabelsFormattingFunction(Picture::plain)
        .setLegendVisible(false);
    return chart;
  }

  /** Returns λ_1/λ_k, NaN where λ_k is not positive. */
  private double isolation(SpectrumReading reading) {
    double other = reading.largest().get(k - 1).value();
    return other > 0 ? reading.sharpness() / other : Double.NaN;
  }

  private double percentage(SpectrumReading reading) {
    return 100 * reading.gradientFraction().get(k - 1);
  }

  private static int updates(Reading reading) {
    return reading.provenance().iteration() + 1;
  }

  private static XYChart chart(int height, String xTitle, String yTitle) {
    XYChart chart =
        new XYChartBuilder()
            .width(WIDTH)
            .height(height)
            .xAxisTitle(xTitle)
            .yAxisTitle(yTitle)
            .build();
    Picture.style(chart.getStyler());
    chart.getStyler().setChartTitleVisible(false).setChartPadding(12);
    return chart;
  }

  private static XYSeries line(
      XYChart chart, String name, double[] x, double[] y, Color color, float width) {
    XYSeries line = chart.addSeries(name, x, y);
    line.setLineColor(color);
    line.setLineWidth(width);
    line.setMarker(SeriesMarkers.NONE);
    return line;
  }
}
