package org.eigenscope.cli.report;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Chooses some of many. */
final class Thinning {
  private Thinning() {}

  /**
   * Returns up to {@code most} indices below {@code size}, ascending, evenly spread, the first and
   * the last among them.
   *
   * @param most at least 2
   */
  static int[] evenly(int size, int most) {
    int[] chosen = new int[Math.min(size, most)];
    for (int i = 0; i < chosen.length; i++) {
      chosen[i] = chosen.length == size ? i : (int) ((long) i * (size - 1) / (chosen.length - 1));
    }
    return chosen;
  }

  /** Returns the elements of a list at {@link #evenly} spread indices. */
  static <T> List<T> evenly(List<T> all, int most) {
    return Arrays.stream(evenly(all.size(), most)).mapToObj(all::get).toList();
  }

  /**
   * Returns up to {@code most} indices, ascending, that keep the look of a line: the first, the
   * last, and the lowest and highest of each of equally long pieces between them.
   *
   * @param values finite
   * @param most at least 4
   */
  static int[] keepingExtremes(double[] values, int most) {
    if (values.length <= most) {
      return evenly(values.length, most);
    }
    List<Integer> chosen = new ArrayList<>();
    chosen.add(0);
    int pieces = (most - 2) / 2;
    int inner = values.length - 2;
    for (int piece = 0; piece < pieces; piece++) {
      int from = 1 + (int) ((long) piece * inner / pieces);
      int to = 1 + (int) ((long) (piece + 1) * inner / pieces);
      int lowest = from;
      int highest = from;
      for (int i = from; i < to; i++) {
        lowest = values[i] < values[lowest] ? i : lowest;
        highest = values[i] > values[highest] ? i : highest;
      }
      chosen.add(Math.min(lowest, highest));
      if (lowest != highest) {
        chosen.add(Math.max(lowest, highest));
      }
    }
    chosen.add(values.length - 1);
    return chosen.stream().mapToInt(Integer::intValue).toArray();
  }
}
