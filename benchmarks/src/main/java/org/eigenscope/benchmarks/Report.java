package org.eigenscope.benchmarks;

import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import java.util.List;

/**
 * The figures of one run.
 *
 * @param date when it ended, in UTC
 * @param threads threads of the tangent engine
 */
@JsonPropertyOrder({"machine", "date", "threads", "cases"})
record Report(String machine, String date, int threads, List<Case> cases)
    implements Benchmark.Figures {
  @Override
  public String table() {
    return Table.of(this);
  }
}
