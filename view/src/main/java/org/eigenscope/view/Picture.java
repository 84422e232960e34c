package org.eigenscope.view;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.font.FontRenderContext;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.MathContext;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Locale;
import java.util.function.Consumer;
import javax.imageio.ImageIO;
import org.knowm.xchart.style.Styler.LegendPosition;
import org.knowm.xchart.style.XYStyler;

/** What pictures have in common: how they are written, their fonts, and the labels of decades. */
final class Picture {
  /** Colour of lines that only guide the eye. */
  private static final Color GRID = new Color(0xe4e4e4);

  /** Enough for the ticks of an axis, and few enough to hide their rounding. */
  private static final MathContext DIGITS = new MathContext(6);

  private Picture() {}

  /**
   * Paints a picture and writes or replaces a PNG file with it, in one step.
   *
   * @throws IOException if the file can't be written, or this machine has nothing to draw text with
   *     (no fonts); the message says which
   */
  static void write(Path png, int width, int height, Consumer<Graphics2D> painter)
      throws IOException {
    requireFonts();
    BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = image.createGraphics();
    try {
      painter.accept(graphics);
    } finally {
      graphics.dispose();
    }
    Path directory = png.toAbsolutePath().getParent();
    Path unfinished = Files.createTempFile(directory, "picture", ".png");
    try {
      ImageIO.write(image, "png", unfinished.toFile());
      Files.move(unfinished, png, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(unfinished);
    }
  }

  /** Finds out what a Java without fonts only says when it draws text, each version differently. */
  private static void requireFonts() throws IOException {
    try {
      Font font = font(Font.PLAIN, 12);
      font.getStringBounds("0", new FontRenderContext(null, true, true));
    } catch (RuntimeException | LinkageError | InternalError e) {
      Throwable root = e;
      while (root.getCause() != null) {
        root = root.getCause();
      }
      throw new IOException(
          "Java finds no fonts on this machine (%s); install fontconfig and any font"
              .formatted(root),
          e);
    }
  }

  /** Returns whether pictures can be drawn on this machine. */
  static boolean fontsFound() {
    try {
      requireFonts();
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  /** Gives a chart the look of all: white, a quiet grid, the legend in the upper right corner. */
  static void style(XYStyler styler) {
    styler
        .setChartBackgroundColor(Color.WHITE)
        .setPlotBackgroundColor(Color.WHITE)
        .setPlotBorderVisible(false)
        .setLegendPosition(LegendPosition.InsideNE)
        .setLegendBorderColor(GRID)
        .setLegendFont(font(Font.PLAIN, 14))
        .setPlotContentSize(1)
        .setAntiAlias(true);
    styler
        .setAxisTitleFont(font(Font.PLAIN, 15))
        .setAxisTickLabelsFont(font(Font.PLAIN, 13))
        .setPlotGridLinesColor(GRID)
        .setPlotGridLinesStroke(new BasicStroke(1f));
  }

  /** Writes the title of a figure of several charts, in the middle of its width. */
  static void title(String text, int width, int baseline, Graphics2D graphics) {
    graphics.setColor(Color.BLACK);
    graphics.setFont(font(Font.BOLD, 20));
    int length = graphics.getFontMetrics().stringWidth(text);
    graphics.drawString(text, (width - length) / 2, baseline);
  }

  static Font font(int style, int size) {
    return new Font(Font.SANS_SERIF, style, size);
  }

  /** Returns the label of 10^exponent; empty between whole exponents. */
  static String power(double exponent) {
    if (Math.abs(exponent - Math.rint(exponent)) >= 1e-6) {
      return "";
    }
    double value = Math.pow(10, Math.rint(exponent));
    return value < 1e-3 || value >= 1e6
        ? String.format(Locale.ROOT, "%.0e", value)
        : BigDecimal.valueOf(value).stripTrailingZeros().toPlainString();
  }

  /** Returns a number without an exponent or trailing zeros. */
  static String plain(double value) {
    return BigDecimal.valueOf(value).round(DIGITS).stripTrailingZeros().toPlainString();
  }
}
