package org.eigenscope.benchmarks;

import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * How much probes slow a training down.
 *
 * @param date when it ended, in UTC
 * @param data what was trained on
 * @param batch examples of a training step
 * @param examples examples of the probe set
 * @param threads threads of the probes
 * @param asynchronous whether they work in the background
 * @param turns how often each training had its turn, with one reading
 */
@JsonPropertyOrder({
  "machine",
  "date",
  "network",
  "data",
  "batch",
  "examples",
  "precision",
  "threads",
  "asynchronous",
  "turns",
  "arms"
})
record SlowdownReport(
    String machine,
    String date,
    String network,
    String data,
    int batch,
    int examples,
    String precision,
    int threads,
    boolean asynchronous,
    int turns,
    List<Arm> arms)
    implements Benchmark.Figures {

  /**
   * One training.
   *
   * @param arm none, sharpness or spectrum
   * @param every iterations from one reading to the next, over which its time is spread; null
   *     without a probe
   * @param iterations iterations trained
   * @param iterationMs median of all, nearly all of which have no reading
   * @param slowdown time of an iteration, readings included, over that without a probe: median over
   *     turns
   * @param lowest the same of the turn with the least
   * @param highest the same of the turn with the most
   * @param target the slowdown to stay under; null without a probe
   * @param matvecsPerReading median; null without a probe
   * @param secondsPerReading median; null without a probe
   * @param readings all of them, the first one before the first turn
   */
  @JsonPropertyOrder({
    "arm",
    "every",
    "iterations",
    "iterationMs",
    "slowdown",
    "lowest",
    "highest",
    "target",
    "matvecsPerReading",
    "secondsPerReading",
    "readings"
  })
  record Arm(
      String arm,
      @Nullable Integer every,
      int iterations,
      double iterationMs,
      double slowdown,
      double lowest,
      double highest,
      @Nullable Double target,
      @Nullable Double matvecsPerReading,
      @Nullable Double secondsPerReading,
      List<Cost> readings) {}

  /**
   * What a reading cost.
   *
   * @param iteration as Deeplearning4j counts
   */
  @JsonPropertyOrder({"iteration", "engine", "matvecs", "seconds"})
  record Cost(int iteration, String engine, long matvecs, double seconds) {}

  @Override
  public String table() {
    StringBuilder text = new StringBuilder();
    text.append("| probe | every | matvecs | reading | iteration | slowdown | target |\n");
    text.append("|---|---|---|---|---|---|---|\n");
    for (Arm arm : arms) {
      boolean probed = arm.target() != null;
      text.append(
          String.format(
              Locale.ROOT,
              "| %s | %s | %s | %s | %.0f ms | %s | %s |%n",
              arm.arm(),
              probed ? arm.every() : "–",
              cell("%.0f", arm.matvecsPerReading()),
              cell("%.2f s", arm.secondsPerReading()),
              arm.iterationMs(),
              probed
                  ? String.format(
                      Locale.ROOT,
                      "%.3f (%.3f to %.3f)",
                      arm.slowdown(),
                      arm.lowest(),
                      arm.highest())
                  : "–",
              cell("%.2f", arm.target())));
    }
    return text.toString();
  }

  private static String cell(String format, @Nullable Double value) {
    return value == null ? "–" : String.format(Locale.ROOT, format, value);
  }
}
