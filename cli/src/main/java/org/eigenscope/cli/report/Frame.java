package org.eigenscope.cli.report;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.List;
import javax.xml.stream.XMLStreamException;

/** Grid, ticks and titles of a chart, and where values lie on it. */
final class Frame {
  static final int WIDTH = 440;
  static final int HEIGHT = 280;

  /** Width of a digit of a tick's label. */
  private static final double LETTER = 6.5;

  private static final int LEFT = 66;
  private static final int RIGHT = WIDTH - 20;
  private static final int TOP = 10;
  private static final int BOTTOM = HEIGHT - 42;

  private final Axis horizontal;
  private final Axis vertical;

  Frame(Axis horizontal, Axis vertical) {
    this.horizontal = horizontal;
    this.vertical = vertical;
  }

  double x(double value) {
    return xAt(horizontal.place(value));
  }

  double y(double value) {
    return yAt(vertical.place(value));
  }

  /** Returns where a place of the vertical axis is, from 0 to 1. */
  double yAt(double place) {
    return BOTTOM - (BOTTOM - TOP) * place;
  }

  /** Returns both axes in words. */
  String description() {
    return "Horizontally %s; vertically %s."
        .formatted(horizontal.description(), vertical.description());
  }

  /** Returns coordinates in tenths of a unit of the drawing, as short as they can be. */
  static String number(double coordinate) {
    return BigDecimal.valueOf(coordinate)
        .setScale(1, RoundingMode.HALF_UP)
        .stripTrailingZeros()
        .toPlainString();
  }

  /** Writes what lies behind the data. */
  void write(Markup markup) throws XMLStreamException {
    StringBuilder grid = new StringBuilder();
    for (Axis.Tick tick : vertical.ticks()) {
      grid.append("M%d %sH%d".formatted(LEFT, number(yAt(tick.place())), RIGHT));
    }
    for (Axis.Tick tick : horizontal.ticks()) {
      grid.append("M%s %dV%d".formatted(number(xAt(tick.place())), TOP, BOTTOM));
    }
    markup.empty("path", "class", "grid", "d", grid.toString());
    markup.empty("path", "class", "axis", "d", "M%d %dV%dH%d".formatted(LEFT, TOP, BOTTOM, RIGHT));
    markup.open("g", "class", "ticks", "aria-hidden", "true");
    for (Axis.Tick tick : vertical.ticks()) {
      text(markup, "end", LEFT - 6, yAt(tick.place()) + 4, tick.label());
    }
    for (Axis.Tick tick : withoutTouching(horizontal.ticks())) {
      text(markup, "middle", xAt(tick.place()), BOTTOM + 16, tick.label());
    }
    text(markup, "middle", (LEFT + RIGHT) / 2.0, HEIGHT - 6, horizontal.title());
    markup.element(
        "text",
        vertical.title(),
        "class",
        "middle",
        "transform",
        "translate(13 %s)rotate(-90)".formatted(number((TOP + BOTTOM) / 2.0)));
    markup.close();
  }

  /** Writes a line across the chart at a value, with its label. */
  void writeMark(Markup markup, double value, String label) throws XMLStreamException {
    markup.empty(
        "path", "class", "line mark", "d", "M%d %sH%d".formatted(LEFT, number(y(value)), RIGHT));
    markup.open("g", "class", "ticks", "aria-hidden", "true");
    // Below the line where there is no room above it.
    double above = y(value) - TOP < 16 ? 13 : -5;
    text(markup, "start", LEFT + 4, y(value) + above, label);
    markup.close();
  }

  /** Leaves out ticks whose labels would touch others, the one of a signed axis' middle last. */
  private static List<Axis.Tick> withoutTouching(List<Axis.Tick> ticks) {
    List<Axis.Tick> kept = new ArrayList<>(ticks);
    kept.removeIf(tick -> !tick.label().startsWith("±"));
    for (Axis.Tick tick : ticks) {
      if (kept.stream().noneMatch(other -> touch(tick, other))) {
        kept.add(tick);
      }
    }
    return kept;
  }

  private static boolean touch(Axis.Tick one, Axis.Tick other) {
    double letters = (one.label().length() + other.label().length()) / 2.0 + 1;
    return Math.abs(xAt(one.place()) - xAt(other.place())) < LETTER * letters;
  }

  private static double xAt(double place) {
    return LEFT + (RIGHT - LEFT) * place;
  }

  private static void text(Markup markup, String style, double x, double y, String text)
      throws XMLStreamException {
    markup.element("text", text, "class", style, "x", number(x), "y", number(y));
  }
}
