package org.eigenscope.view;

import java.awt.Color;
import java.awt.Font;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import org.eigenscope.probes.Reading;
import org.eigenscope.probes.Spectrum;
import org.eigenscope.probes.linalg.QuadratureRule;
import org.eigenscope.probes.linalg.SpectralDensity.KappaOptions;
import org.jspecify.annotations.Nullable;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.XYSeries.XYSeriesRenderStyle;
import org.knowm.xchart.style.XYStyler;
import org.knowm.xchart.style.markers.Marker;
import org.knowm.xchart.style.markers.SeriesMarkers;

/**
 * Draws the spectrum of a reading as a PNG: how many eigenvalues there are in each decade, negative
 * ones on the left and positive ones on the right, and the extreme eigenvalues one by one, outliers
 * apart from the bulk.
 *
 * <p>Where the reading has the gradient's spectral measure, its nodes are pins as high as their
 * shares of the gradient's squared norm, in percent, on the same scale.
 *
 * <p>Both axes are logarithmic. What is closer to zero than the outermost three decades reach is
 * left out in the middle, and its share said in the legend.
 */
public final class SpectrumChart {
  private static final int WIDTH = 1200;
  private static final int HEIGHT = 640;

  /** Decades on each side of zero. */
  private static final int DECADES = 3;

  /** Decimal logarithm of the density at the foot of the vertical axis. */
  private static final double FLOOR = -1;

  private static final Color DENSITY = new Color(0x4477aa);
  private static final Color DENSITY_FILL = new Color(0x44, 0x77, 0xaa, 0x60);
  private static final Color OUTLIER = new Color(0xcc3311);
  private static final Color OTHER = new Color(0x222222);
  private static final Color GRADIENT = new Color(0x228833);

  private final String subject;

  /**
   * Creates a chart.
   *
   * @param subject what was measured, for the title: network and data
   */
  public SpectrumChart(String subject) {
    this.subject = subject;
  }

  /**
   * Returns whether a reading has a density to draw.
   *
   * @param reading any reading
   */
  public static boolean isDrawable(Reading reading) {
    return find(reading, Spectrum.EIGENVALUES) != null;
  }

  /** Returns the first spectrum of a name. */
  private static @Nullable Spectrum find(Reading reading, String name) {
    return reading.spectra().stream()
        .filter(spectrum -> spectrum.name().equals(name))
        .findFirst()
        .orElse(null);
  }

  /**
   * Draws the first density of a reading.
   *
   * @param reading one that is {@linkplain #isDrawable drawable}
   * @param png the file to write or replace, in one step
   * @throws IOException if the file can't be written, or this machine has nothing to draw text with
   *     (no fonts); the message says which
   * @throws IllegalArgumentException if the reading is not drawable
   */
  public void write(Reading reading, Path png) throws IOException {
    Spectrum spectrum = find(reading, Spectrum.EIGENVALUES);
    if (spectrum == null) {
      throw new IllegalArgumentException("a picture needs a reading with a spectrum, got none");
    }
    Picture.write(
        png, WIDTH, HEIGHT, graphics -> chart(reading, spectrum).paint(graphics, WIDTH, HEIGHT));
  }

  private XYChart chart(Reading reading, Spectrum spectrum) {
    Map<String, String> tags = spectrum.tags();
    double[] largest = Values.eigenvalues(reading, "largest", tags);
    double[] smallest = Values.eigenvalues(reading, "smallest", tags);
    Spectrum gradient =
        reading.spectra().stream()
            .filter(other -> other.name().equals(Spectrum.GRADIENT) && other.tags().equals(tags))
            .findFirst()
            .orElse(null);
    Scale scale = Scale.of(spectrum, largest, smallest);
    XYChart chart =
        new XYChartBuilder()
            .width(WIDTH)
            .height(HEIGHT)
            .title(
                String.format(
                    Locale.ROOT,
                    "%s after iteration %d: %s, %,d parameters",
                    matrix(spectrum),
                    reading.provenance().iteration(),
                    subject,
                    spectrum.order()))
            .xAxisTitle(
                "eigenvalue, in nats of loss (logarithmic beyond %s)".formatted(scale.label(0)))
            .yAxisTitle("eigenvalues per decade" + (gradient == null ? "" : ", % of the gradient"))
            .build();
    style(chart.getStyler(), scale);
    addDensity(chart, spectrum, scale);
    if (gradient != null) {
      addGradient(chart, gradient, scale);
    }
    // Unknown counts as none: the cast makes 0 of NaN.
    int outliers = (int) Values.scalar(reading, "eigenscope.outliers", tags);
    int split = Math.max(0, Math.min(outliers, largest.length));
    addEigenvalues(
        chart, "outliers", Arrays.copyOf(largest, split), scale, OUTLIER, SeriesMarkers.DIAMOND);
    addEigenvalues(
        chart,
        "largest below",
        Arrays.copyOfRange(largest, split, largest.length),
        scale,
        OTHER,
        SeriesMarkers.CIRCLE);
    addEigenvalues(chart, "smallest", smallest, scale, OTHER, SeriesMarkers.SQUARE);
    return chart;
  }

  private static String matrix(Spectrum spectrum) {
    String operator = spectrum.tags().getOrDefault("operator", "hessian");
    return switch (operator) {
      case "hessian" -> "Hessian spectrum";
      case "gauss-newton" -> "Gauss-Newton spectrum";
      default -> "Spectrum (" + operator + ")";
    };
  }

  private static void style(XYStyler styler, Scale scale) {
    Picture.style(styler);
    styler
        .setChartTitleFont(Picture.font(Font.BOLD, 17))
        .setChartTitleBoxVisible(false)
        .setChartPadding(16);
    styler
        .setXAxisMin((double) -scale.decades.negative())
        .setXAxisMax((double) DECADES)
        .setXAxisTickMarkSpacingHint(WIDTH / (scale.decades.negative() + DECADES + 2))
        .setYAxisTickMarkSpacingHint(70)
        .setYAxisMin(0.0)
        .setxAxisTickLabelsFormattingFunction(scale::label)
        .setyAxisTickLabelsFormattingFunction(y -> Picture.power(y + FLOOR));
  }

  private static void addDensity(XYChart chart, Spectrum spectrum, Scale scale) {
    int steps = spectrum.draws().stream().mapToInt(QuadratureRule::size).max().orElse(0);
    SignedDecades.PerDecade density =
        scale.decades.perDecade(
            spectrum,
            Math.max(2, steps),
            scale.lower,
            scale.upper,
            KappaOptions.defaults().points());
    double[] x = Arrays.stream(density.eigenvalues()).map(scale::place).toArray();
    double[] y = Arrays.stream(density.amounts()).map(SpectrumChart::height).toArray();
    XYSeries series =
        chart.addSeries(
            String.format(
                Locale.ROOT,
                "density (%.0f %% within %s)",
                100 * scale.decades.within(spectrum),
                scale.label(0)),
            x,
            y);
    series.setXYSeriesRenderStyle(XYSeriesRenderStyle.Area);
    series.setFillColor(DENSITY_FILL);
    series.setLineColor(DENSITY);
    series.setLineWidth(1.5f);
    series.setMarker(SeriesMarkers.NONE);
    // Room for the legend above the highest peaks.
    double top = Arrays.stream(y).max().orElse(0);
    chart.getStyler().setYAxisMax(Math.ceil(top) + 0.5);
  }

  /** Adds the nodes of the gradient's measure as pins, as high as their weights in percent. */
  private static void addGradient(XYChart chart, Spectrum gradient, Scale scale) {
    QuadratureRule rule = gradient.draws().get(0);
    int[] shown =
        IntStream.range(0, rule.size())
            .filter(j -> scale.decades.shows(rule.node(j)) && height(100 * rule.weight(j)) > 0)
            .toArray();
    addPins(
        chart,
        String.format(
            Locale.ROOT,
            "gradient, %% (%.0f %% within %s)",
            100 * scale.decades.within(gradient),
            scale.label(0)),
        Arrays.stream(shown).mapToDouble(j -> scale.decades.position(rule.node(j))).toArray(),
        Arrays.stream(shown).mapToDouble(j -> height(100 * rule.weight(j))).toArray(),
        GRADIENT,
        SeriesMarkers.TRIANGLE_DOWN);
  }

  /** Adds eigenvalues as pins, one eigenvalue high. */
  private static void addEigenvalues(
      XYChart chart, String name, double[] eigenvalues, Scale scale, Color color, Marker marker) {
    double[] x =
        Arrays.stream(eigenvalues)
            .filter(scale.decades::shows)
            .map(scale.decades::position)
            .toArray();
    double[] y = new double[x.length];
    Arrays.fill(y, height(1));
    addPins(chart, "%s (%d)".formatted(name, eigenvalues.length), x, y, color, marker);
  }

  private static void addPins(
      XYChart chart, String name, double[] x, double[] y, Color color, Marker marker) {
    if (x.length == 0) {
      return;
    }
    double[] stemX = new double[3 * x.length];
    double[] stemY = new double[3 * x.length];
    for (int i = 0; i < x.length; i++) {
      Arrays.fill(stemX, 3 * i, 3 * i + 3, x[i]);
      stemY[3 * i + 1] = y[i];
      // Lifts the pen.
      stemY[3 * i + 2] = Double.NaN;
    }
    XYSeries stems = chart.addSeries(name + " stems", stemX, stemY);
    stems.setLineColor(color);
    stems.setLineWidth(1.5f);
    stems.setMarker(SeriesMarkers.NONE);
    stems.setShowInLegend(false);
    XYSeries heads = chart.addSeries(name, x, y);
    heads.setXYSeriesRenderStyle(XYSeriesRenderStyle.Scatter);
    heads.setMarker(marker);
    heads.setMarkerColor(color);
  }

  /** Returns where eigenvalues per decade are on the vertical axis. */
  private static double height(double eigenvalues) {
    return Math.max(0, Math.log10(eigenvalues) - FLOOR);
  }

  /**
   * The horizontal axis, and the spectrum that it is made for.
   *
   * @param lower lower end of the spectrum
   * @param upper upper end of the spectrum
   * @param decades the axis
   */
  private record Scale(double lower, double upper, SignedDecades decades) {
    static Scale of(Spectrum spectrum, double[]... eigenvalues) {
      double min = 0;
      double max = 0;
      for (QuadratureRule draw : spectrum.draws()) {
        min = Math.min(min, draw.node(0));
        max = Math.max(max, draw.node(draw.size() - 1));
      }
      for (double[] end : eigenvalues) {
        for (double value : end) {
          min = Math.min(min, value);
          max = Math.max(max, value);
        }
      }
      double magnitude = Math.max(max, -min);
      // A matrix of zeros has no scale of its own.
      int exponent = SignedDecades.decade(magnitude == 0 ? 1 : magnitude) - DECADES;
      int negative = Math.max(1, SignedDecades.decade(-min) - exponent);
      return new Scale(min, max, new SignedDecades(exponent, negative, DECADES));
    }

    /** Returns where an eigenvalue is on the axis, those that do not show in the middle. */
    double place(double eigenvalue) {
      return decades.shows(eigenvalue) ? decades.position(eigenvalue) : 0;
    }

    String label(double position) {
      String text = Picture.power(Math.abs(position) + decades.exponent());
      if (text.isEmpty()) {
        return text;
      }
      return (Math.rint(position) == 0 ? "\u00b1" : position < 0 ? "\u2212" : "") + text;
    }
  }
}
