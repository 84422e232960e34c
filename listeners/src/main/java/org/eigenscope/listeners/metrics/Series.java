package org.eigenscope.listeners.metrics;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A scalar of a model of a run, from every probe that reports it: of their last readings the newest
 * that knows the value counts, and of readings of one iteration the first.
 *
 * <p><b>Threading.</b> Sources are added under the owner's lock; values are read without any.
 */
final class Series {

  private record Source(Board board, Board.Slot slot) {}

  private final String name;
  private final Map<String, String> tags;
  private volatile List<Source> sources = List.of();

  /**
   * Creates a series without a source.
   *
   * @param name as in the readings
   * @param tags all tags, run and model included
   */
  Series(String name, Map<String, String> tags) {
    this.name = name;
    this.tags = tags;
  }

  String name() {
    return name;
  }

  Map<String, String> tags() {
    return tags;
  }

  /** Adds a probe that reports the series. */
  void add(Board board, Board.Slot slot) {
    List<Source> more = new ArrayList<>(sources);
    more.add(new Source(board, slot));
    sources = List.copyOf(more);
  }

  /** Returns the value as of the scrape that runs on this thread; NaN when no reading knows it. */
  double value() {
    Board.State newest = Board.State.UNKNOWN;
    double value = Double.NaN;
    for (Source source : sources) {
      Board.State state = EigenscopeMetrics.state(source.board());
      double candidate = state.value(source.slot());
      if (!Double.isNaN(candidate) && state.replaces(newest)) {
        newest = state;
        value = candidate;
      }
    }
    return value;
  }
}
