package org.eigenscope.benchmarks;

import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import java.util.List;
import java.util.Locale;

/**
 * How long class structures take.
 *
 * @param date when it ended, in UTC
 * @param threads threads of the tangent engine
 */
@JsonPropertyOrder({"machine", "date", "threads", "cases"})
record StructureReport(String machine, String date, int threads, List<Case> cases)
    implements Benchmark.Figures {

  /**
   * One network in one precision.
   *
   * @param examplesPerClass examples of each class
   * @param parameters number of coordinates
   * @param engine which engine took the products
   * @param products products with a transposed Jacobian, each over the examples of one class or,
   *     where batch normalization couples them, over all
   * @param seconds all of it: copying, linearising, products, Gram matrices
   * @param peakBytes most native memory, of ND4J and JavaCPP, less that before
   * @param traceError standard error of the trace of G over the trace; 0 where it was not estimated
   */
  @JsonPropertyOrder({
    "network",
    "classes",
    "examplesPerClass",
    "parameters",
    "precision",
    "engine",
    "products",
    "seconds",
    "peakBytes",
    "traceError"
  })
  record Case(
      String network,
      int classes,
      int examplesPerClass,
      long parameters,
      String precision,
      String engine,
      long products,
      double seconds,
      long peakBytes,
      double traceError) {}

  @Override
  public String table() {
    StringBuilder text = new StringBuilder();
    text.append("| network | precision | classes × examples | products | time | peak memory |\n");
    text.append("|---|---|---|---|---|---|\n");
    for (Case one : cases) {
      text.append(
          String.format(
              Locale.ROOT,
              "| %s | %s | %d × %d | %d | %.1f s | %.0f MB |%n",
              one.network(),
              one.precision(),
              one.classes(),
              one.examplesPerClass(),
              one.products(),
              one.seconds(),
              one.peakBytes() / 1e6));
    }
    return text.toString();
  }
}
