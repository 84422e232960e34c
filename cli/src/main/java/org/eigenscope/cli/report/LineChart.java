package org.eigenscope.cli.report;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.SortedMap;
import java.util.TreeSet;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import javax.xml.stream.XMLStreamException;
import org.jspecify.annotations.Nullable;

/** Makes a figure of lines over iterations, other whole numbers, or eigenvalues. */
final class LineChart {
  /** As many lines as can be told apart by their shades. */
  static final int MAX_SHADES = 10;

  /** As many lines as can be told apart by colour and dashes. */
  static final int MAX_COLOURS = 8;

  /** More than a line of a chart's width can show. */
  private static final int MAX_POINTS = 600;

  /** Few enough to be drawn one by one, with the value as a tooltip. */
  private static final int MAX_DOTS = 40;

  /** From this ratio of its ends on, a positive range is clearer on a logarithmic axis. */
  private static final double LOGARITHMIC_FROM = 20;

  private static final int TABLE_ROWS = 12;

  /** Of rows of marks, from the top and from each other. */
  private static final int MARK_MARGIN = 7;

  private static final int MARK_DISTANCE = 9;

  private final String title;
  private String explanation;
  private final Vertical vertical;
  private final String verticalTitle;
  private final List<Line> lines = new ArrayList<>();
  private String horizontalTitle = "iteration";
  private final List<Marks> marks = new ArrayList<>();
  private double mark = Double.NaN;
  private String markLabel = "";
  private @Nullable Axis horizontalAxis;
  private @Nullable Axis verticalAxis;
  private @Nullable NumberTable numbers;

  /** What the vertical axis is like. */
  enum Vertical {
    /** Logarithmic for positive values over more than a decade, linear otherwise. */
    FITTING,
    /** Linear, with zero on it. */
    FROM_ZERO,
    /** Logarithmic, for positive values. */
    LOGARITHMIC,
    /** From 0 to 1. */
    SHARE,
    /** Of things that are counted. */
    COUNT
  }

  /**
   * Places of the horizontal axis that are marked by dots in a row of their own.
   *
   * @param label what they are
   * @param style of the line that they belong to
   * @param places finite
   */
  record Marks(String label, String style, double[] places) {}

  /**
   * A line.
   *
   * @param x ascending
   * @param y as many, finite
   * @param doubt half the height of a band around each; NaN where there is none
   */
  private record Line(String label, String style, double[] x, double[] y, double[] doubt) {
    Line thinned() {
      int[] kept = Thinning.keepingExtremes(y, MAX_POINTS);
      return new Line(label, style, at(kept, x), at(kept, y), at(kept, doubt));
    }

    private static double[] at(int[] indices, double[] values) {
      return Arrays.stream(indices).mapToDouble(i -> values[i]).toArray();
    }

    boolean hasDoubt(int i) {
      return Double.isFinite(doubt[i]);
    }

    double least(int i) {
      return hasDoubt(i) ? y[i] - doubt[i] : y[i];
    }

    double most(int i) {
      return hasDoubt(i) ? y[i] + doubt[i] : y[i];
    }

    double first() {
      return x[0];
    }

    double last() {
      return x[x.length - 1];
    }

    double lowest() {
      return Arrays.stream(y).min().orElse(0);
    }

    double lowestWithDoubt() {
      return IntStream.range(0, y.length).mapToDouble(this::least).min().orElse(0);
    }

    double highestWithDoubt() {
      return IntStream.range(0, y.length).mapToDouble(this::most).max().orElse(0);
    }
  }

  LineChart(String title, String explanation, Vertical vertical, String verticalTitle) {
    this.title = title;
    this.explanation = explanation;
    this.vertical = vertical;
    this.verticalTitle = verticalTitle;
  }

  /** Returns the style of a line whose place in an order is shown by its colour. */
  static String shade(int index, int count) {
    return count < 2 ? colour(0) : "t" + Math.round(index * (MAX_SHADES - 1.0) / (count - 1));
  }

  /** Returns the style of a line that stands for itself. */
  static String colour(int index) {
    return "s" + index;
  }

  /** Adds a line; an empty one is left out. */
  LineChart line(String label, String style, SortedMap<Integer, Double> values) {
    return line(label, style, values, Collections.emptySortedMap());
  }

  /**
   * Adds a line with a band.
   *
   * @param label what it is; when empty, the title of the vertical axis says it
   * @param doubts half of the band's height, where it is known
   */
  LineChart line(
      String label, String style, SortedMap<Integer, Double> values, Map<Integer, Double> doubts) {
    if (!values.isEmpty()) {
      lines.add(
          new Line(
              label.isEmpty() ? verticalTitle : label,
              style,
              values.keySet().stream().mapToDouble(Integer::doubleValue).toArray(),
              values.values().stream().mapToDouble(Double::doubleValue).toArray(),
              values.keySet().stream()
                  .mapToDouble(at -> doubts.getOrDefault(at, Double.NaN))
                  .toArray()));
    }
    return this;
  }

  /** Adds a curve, which is not empty. */
  LineChart curve(String label, String style, Curve curve) {
    double[] none = new double[curve.x().length];
    Arrays.fill(none, Double.NaN);
    lines.add(new Line(label, style, curve.x(), curve.y(), none));
    return this;
  }

  /** Adds a sentence to the explanation. */
  LineChart explain(String sentence) {
    explanation = "%s %s".formatted(explanation, sentence).strip();
    return this;
  }

  /** Sets a value that is marked by a line across the chart. */
  LineChart mark(double value, String label) {
    mark = value;
    markLabel = label;
    return this;
  }

  /** Adds a row of dots at the top, below those that were added before; not an empty one. */
  LineChart marks(Marks row) {
    if (row.places.length > 0) {
      marks.add(row);
    }
    return this;
  }

  /** Sets the title of a horizontal axis that is not of iterations. */
  LineChart over(String newHorizontalTitle) {
    horizontalTitle = newHorizontalTitle;
    return this;
  }

  /** Sets axes in place of those that fit the lines, for curves that are drawn as they are. */
  LineChart axes(Axis newHorizontal, Axis newVertical) {
    horizontalAxis = newHorizontal;
    verticalAxis = newVertical;
    return this;
  }

  /** Sets a table in place of the lines' values. */
  LineChart numbers(NumberTable newNumbers) {
    numbers = newNumbers;
    return this;
  }

  /** Adds the figure to others, unless there is no line to draw. */
  void addTo(List<Figure> figures) {
    if (!lines.isEmpty()) {
      figures.add(figure());
    }
  }

  /** Adds the figure, which is over iterations, unless it is about one alone. */
  void addCourseTo(List<Figure> figures) {
    if (most(Line::last) > least(Line::first)) {
      addTo(figures);
    }
  }

  private Figure figure() {
    Axis fixed = horizontalAxis;
    boolean fitted = fixed == null;
    Frame frame =
        new Frame(
            fixed == null
                ? Axis.whole(horizontalTitle, least(Line::first), most(Line::last))
                : fixed,
            verticalAxis == null ? vertical() : verticalAxis);
    List<Line> drawn = fitted ? lines.stream().map(Line::thinned).toList() : List.copyOf(lines);
    List<Figure.Key> legend =
        lines.size() == 1
            ? List.of()
            : lines.stream().map(line -> new Figure.Key(line.style, false, line.label)).toList();
    return new Figure(
        title,
        explanation,
        description(frame),
        markup -> draw(markup, frame, drawn, fitted),
        legend,
        numbers == null ? valuesOfLines() : numbers);
  }

  private Axis vertical() {
    // A Math.min with NaN would be NaN.
    double low = Double.isNaN(mark) ? least(Line::lowest) : Math.min(mark, least(Line::lowest));
    double high = most(Line::highestWithDoubt);
    high = Double.isNaN(mark) ? high : Math.max(mark, high);
    double lowest = Math.min(low, least(Line::lowestWithDoubt));
    return switch (vertical) {
      case FITTING ->
          low > 0 && high / low >= LOGARITHMIC_FROM
              ? Axis.logarithmic(verticalTitle, low, high)
              : Axis.linear(verticalTitle, lowest, high);
      case LOGARITHMIC -> Axis.logarithmic(verticalTitle, low, high);
      case FROM_ZERO -> Axis.linear(verticalTitle, Math.min(0, lowest), Math.max(0, high));
      case SHARE -> Axis.linear(verticalTitle, 0, 1);
      case COUNT -> Axis.counting(verticalTitle, Math.min(0, low), high);
    };
  }

  private double least(ToDoubleFunction<Line> value) {
    return lines.stream().mapToDouble(value).min().orElse(0);
  }

  private double most(ToDoubleFunction<Line> value) {
    return lines.stream().mapToDouble(value).max().orElse(0);
  }

  private void draw(Markup markup, Frame frame, List<Line> drawn, boolean dots)
      throws XMLStreamException {
    frame.write(markup);
    if (!Double.isNaN(mark)) {
      frame.writeMark(markup, mark, markLabel);
    }
    for (int row = 0; row < marks.size(); row++) {
      writeMarks(markup, frame, row, marks.get(row));
    }
    for (Line line : drawn) {
      writeBand(markup, frame, line);
    }
    for (Line line : drawn) {
      if (line.y.length > 1) {
        StringBuilder path = new StringBuilder("M");
        for (int i = 0; i < line.y.length; i++) {
          append(path, frame, line.x[i], line.y[i]);
        }
        markup.empty("path", "class", "line " + line.style, "d", path.toString());
      }
      if (dots && line.y.length <= MAX_DOTS) {
        writeDots(markup, frame, line);
      }
    }
  }

  private void writeMarks(Markup markup, Frame frame, int row, Marks each)
      throws XMLStreamException {
    String y = Frame.number(frame.yAt(1) + MARK_MARGIN + row * MARK_DISTANCE);
    for (double place : each.places) {
      String x = Frame.number(frame.x(place));
      markup.open("circle", "class", "dot " + each.style, "cx", x, "cy", y, "r", "2.5");
      markup.element("title", "%s: %s".formatted(each.label, Numbers.text(place)));
      markup.close();
    }
  }

  private void writeDots(Markup markup, Frame frame, Line line) throws XMLStreamException {
    for (int i = 0; i < line.y.length; i++) {
      String x = Frame.number(frame.x(line.x[i]));
      String y = Frame.number(frame.y(line.y[i]));
      markup.open("circle", "class", "dot " + line.style, "cx", x, "cy", y, "r", "2");
      markup.element(
          "title", "%s %s: %s".formatted(horizontalTitle, Numbers.tick(line.x[i]), cell(line, i)));
      markup.close();
    }
  }

  /** Writes the band of a line, in pieces between points without doubt. */
  private static void writeBand(Markup markup, Frame frame, Line line) throws XMLStreamException {
    StringBuilder path = new StringBuilder();
    int begin = 0;
    while (begin < line.y.length) {
      int end = begin;
      while (end < line.y.length && line.hasDoubt(end)) {
        end++;
      }
      if (end > begin) {
        path.append('M');
        for (int i = begin; i < end; i++) {
          append(path, frame, line.x[i], line.most(i));
        }
        for (int i = end - 1; i >= begin; i--) {
          append(path, frame, line.x[i], line.least(i));
        }
        path.append('Z');
      }
      begin = end + 1;
    }
    if (!path.isEmpty()) {
      markup.empty("path", "class", "band " + line.style, "d", path.toString());
    }
  }

  private static void append(StringBuilder path, Frame frame, double x, double y) {
    if (path.charAt(path.length() - 1) != 'M') {
      path.append(' ');
    }
    path.append(Frame.number(frame.x(x))).append(' ').append(Frame.number(frame.y(y)));
  }

  private String description(Frame frame) {
    StringBuilder text = new StringBuilder(frame.description());
    for (Line line : lines) {
      text.append(
          " %s: %s at first, %s at last, lowest %s, highest %s."
              .formatted(
                  line.label,
                  Numbers.text(line.y[0]),
                  Numbers.text(line.y[line.y.length - 1]),
                  Numbers.text(line.lowest()),
                  Numbers.text(Arrays.stream(line.y).max().orElse(Double.NaN))));
    }
    if (!Double.isNaN(mark)) {
      text.append(" A line marks %s, %s.".formatted(Numbers.text(mark), markLabel));
    }
    for (Marks each : marks) {
      text.append(
          " Marks, %s: %s."
              .formatted(
                  each.label,
                  Arrays.stream(each.places)
                      .mapToObj(Numbers::text)
                      .collect(Collectors.joining(", "))));
    }
    return text.toString();
  }

  private NumberTable valuesOfLines() {
    NavigableSet<Double> places = new TreeSet<>();
    lines.forEach(line -> Arrays.stream(line.x).forEach(places::add));
    List<Double> chosen = Thinning.evenly(List.copyOf(places), TABLE_ROWS);
    List<String> columns = new ArrayList<>(List.of(horizontalTitle));
    lines.forEach(line -> columns.add(line.label));
    List<List<String>> rows = new ArrayList<>();
    for (double place : chosen) {
      List<String> row = new ArrayList<>(List.of(Numbers.tick(place)));
      for (Line line : lines) {
        int i = Arrays.binarySearch(line.x, place);
        row.add(i < 0 ? Numbers.UNKNOWN : cell(line, i));
      }
      rows.add(row);
    }
    String caption =
        chosen.size() < places.size()
            ? "%s, %d of %d points".formatted(title, chosen.size(), places.size())
            : title;
    return new NumberTable(caption, columns, rows);
  }

  private static String cell(Line line, int i) {
    String value = Numbers.text(line.y[i]);
    return line.hasDoubt(i) ? value + " ± " + Numbers.text(line.doubt[i]) : value;
  }
}
