package org.eigenscope.cli.report;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.eigenscope.probes.Spectrum;
import org.eigenscope.probes.linalg.QuadratureRule;

/** Eigenvalues by rank, as lines of a chart that is logarithmic. */
final class Ranks {
  /** As a part of the largest: what is smaller is zero in single precision. */
  private static final double LEAST = 1e-6;

  private static final int MOST = 1000;

  static final String EXPLANATION = "Below a millionth of the largest nothing is drawn.";

  private Ranks() {}

  /** Returns all eigenvalues of a small matrix but zeros, descending, from its only draw. */
  static List<Double> of(Spectrum spectrum) {
    List<Double> values = new ArrayList<>();
    QuadratureRule all = spectrum.draws().get(0);
    for (int i = all.size() - 1; i >= 0; i--) {
      if (all.node(i) != 0 && all.weight(i) > 0) {
        values.add(all.node(i));
      }
    }
    values.sort(Collections.reverseOrder());
    return values;
  }

  /** Returns values from rank 1 on, NaN for those that are not known; ranks are bounded. */
  static List<Double> inOrder(SortedMap<Integer, Double> byRank) {
    List<Double> values = new ArrayList<>();
    byRank.forEach(
        (rank, value) -> {
          if (rank > 0 && rank <= MOST) {
            while (values.size() < rank - 1) {
              values.add(Double.NaN);
            }
            values.add(value);
          }
        });
    boolean none = values.stream().allMatch(value -> value.isNaN());
    return none ? List.of() : values;
  }

  /**
   * Returns what can be drawn of eigenvalues.
   *
   * @param descending NaN where one is not known
   * @param most ranks
   */
  static SortedMap<Integer, Double> drawable(List<Double> descending, int most) {
    double largest = descending.stream().filter(Double::isFinite).findFirst().orElse(0.0);
    SortedMap<Integer, Double> drawn = new TreeMap<>();
    for (int i = 0; i < Math.min(most, descending.size()); i++) {
      if (descending.get(i) > 0 && descending.get(i) >= LEAST * largest) {
        drawn.put(i + 1, descending.get(i));
      }
    }
    return drawn;
  }

  /** Returns a table of eigenvalues by rank, a column for each list. */
  static NumberTable table(
      String caption, List<String> names, List<List<Double>> columns, int most) {
    List<String> headings = new ArrayList<>(List.of("rank"));
    headings.addAll(names);
    int last = Math.min(most, columns.stream().mapToInt(List::size).max().orElse(0));
    List<List<String>> rows = new ArrayList<>();
    for (int i = 0; i < last; i++) {
      List<String> row = new ArrayList<>(List.of(Numbers.tick(i + 1)));
      for (List<Double> column : columns) {
        row.add(Numbers.text(i < column.size() ? column.get(i) : Double.NaN));
      }
      rows.add(row);
    }
    return new NumberTable(caption, headings, rows);
  }
}
