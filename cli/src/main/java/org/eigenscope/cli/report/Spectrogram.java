package org.eigenscope.cli.report;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SortedMap;

/** Makes a figure of amounts over iterations and eigenvalues, as areas of a few colours. */
final class Spectrogram {
  /** Colours; the first is for the least amounts. */
  private static final int LEVELS = 9;

  private Spectrogram() {}

  /**
   * Returns the figure.
   *
   * @param amount what is shown by colour
   * @param vertical axis of the eigenvalues
   * @param columns by iteration, at least two: amounts in even cells of the vertical axis, from its
   *     beginning
   * @param least amount that is shown
   * @param numbers for the figure
   */
  static Figure figure(
      String title,
      String explanation,
      String amount,
      Axis vertical,
      SortedMap<Integer, double[]> columns,
      double least,
      NumberTable numbers) {
    double most = columns.values().stream().flatMapToDouble(Arrays::stream).max().orElse(least);
    double[] levels = levels(least, most);
    double[] edges = edges(columns);
    Axis horizontal = Axis.whole("iteration", columns.firstKey(), columns.lastKey());
    Frame frame = new Frame(horizontal, vertical);
    List<StringBuilder> areas = areas(frame, List.copyOf(columns.values()), edges, levels);
    List<Figure.Key> legend = new ArrayList<>();
    for (int level = 0; level < levels.length; level++) {
      legend.add(
          new Figure.Key(style(level, levels.length), true, "≥ " + Numbers.rough(levels[level])));
    }
    return new Figure(
        title,
        "Colours: %s. %s".formatted(amount, explanation).strip(),
        "%s Colours from %s to %s %s."
            .formatted(frame.description(), Numbers.text(least), Numbers.text(most), amount),
        markup -> {
          frame.write(markup);
          for (int level = 0; level < levels.length; level++) {
            if (!areas.get(level).isEmpty()) {
              markup.empty(
                  "path", "class", style(level, levels.length), "d", areas.get(level).toString());
            }
          }
        },
        legend,
        numbers);
  }

  /** Returns where levels begin: each decade, or three times as many where these are few. */
  private static double[] levels(double least, double most) {
    int decades = (int) Math.floor(Math.log10(most / least)) + 1;
    boolean halves = 2 * decades <= LEVELS;
    int count = Math.max(1, Math.min(LEVELS, halves ? 2 * decades : decades));
    double[] levels = new double[count];
    for (int i = 0; i < count; i++) {
      levels[i] = least * Math.pow(10, halves ? i / 2.0 : i);
    }
    return levels;
  }

  private static String style(int level, int count) {
    return "q" + (count < 2 ? LEVELS - 1 : Math.round(level * (LEVELS - 1.0) / (count - 1)));
  }

  /** Returns where columns begin and end: half-way between iterations. */
  private static double[] edges(SortedMap<Integer, double[]> columns) {
    int[] iterations = columns.keySet().stream().mapToInt(Integer::intValue).toArray();
    double[] edges = new double[iterations.length + 1];
    edges[0] = iterations[0];
    edges[iterations.length] = iterations[iterations.length - 1];
    for (int i = 1; i < iterations.length; i++) {
      edges[i] = ((double) iterations[i - 1] + iterations[i]) / 2;
    }
    return edges;
  }

  /** Returns one path for each level, of rectangles. */
  private static List<StringBuilder> areas(
      Frame frame, List<double[]> columns, double[] edges, double[] levels) {
    List<StringBuilder> areas = new ArrayList<>();
    for (int level = 0; level < levels.length; level++) {
      areas.add(new StringBuilder());
    }
    for (int column = 0; column < columns.size(); column++) {
      double[] cells = columns.get(column);
      String left = Frame.number(frame.x(edges[column]));
      String right = Frame.number(frame.x(edges[column + 1]));
      int from = 0;
      while (from < cells.length) {
        int level = level(cells[from], levels);
        int to = from + 1;
        while (to < cells.length && level(cells[to], levels) == level) {
          to++;
        }
        if (level >= 0) {
          areas
              .get(level)
              .append(
                  "M%s %sH%sV%sH%sZ"
                      .formatted(
                          left,
                          Frame.number(frame.yAt((double) from / cells.length)),
                          right,
                          Frame.number(frame.yAt((double) to / cells.length)),
                          left));
        }
        from = to;
      }
    }
    return areas;
  }

  /** Returns the highest level that an amount reaches; -1 for none. */
  private static int level(double amount, double[] levels) {
    int level = -1;
    while (level + 1 < levels.length && amount >= levels[level + 1]) {
      level++;
    }
    return level;
  }
}
