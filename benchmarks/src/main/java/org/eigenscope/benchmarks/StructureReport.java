package org.eigenscope.benchmarks;

import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import java.util.List;
import java.util.Locale;

/**
 * How long readings of the structure take.
 *
 * @param date when it ended, in UTC
 * @param threads threads of the tangent engine
 */
@JsonPropertyOrder({"machine", "date", "threads", "cases"})
record StructureReport(String machine, String date, int threads, List<Case> cases)
    implements Benchmark.Figures {

  /**
   * One reading of one network.
   *
   * @param probe what was read
   * @param examplesPerClass examples of each class
   * @param parameters number of coordinates
   * @param normalization what batch normalization layers normalise with, or "none"
   * @param engine which engine took the products
   * @param products products with a matrix or a block of it, and with a transposed Jacobian
   * @param seconds all of it, from the model to the reading
   * @param peakBytes most native memory, of ND4J and JavaCPP, less that before
   */
  @JsonPropertyOrder({
    "network",
    "probe",
    "classes",
    "examplesPerClass",
    "parameters",
    "precision",
    "normalization",
    "engine",
    "products",
    "seconds",
    "peakBytes"
  })
  record Case(
      String network,
      String probe,
      int classes,
      int examplesPerClass,
      long parameters,
      String precision,
      String normalization,
      String engine,
      long products,
      double seconds,
      long peakBytes) {}

  @Override
  public String table() {
    StringBuilder text = new StringBuilder();
    text.append(
        "| network | probe | precision | classes × examples | products | time | peak memory |\n");
    text.append("|---|---|---|---|---|---|---|\n");
    for (Case one : cases) {
      text.append(
          String.format(
              Locale.ROOT,
              "| %s | %s | %s | %d × %d | %d | %.1f s | %.0f MB |%n",
              one.network(),
              one.probe(),
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
