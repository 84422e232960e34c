package org.eigenscope.benchmarks;

import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import java.util.Locale;

/**
 * What many scrapers at once see of an endpoint, and what they cost the training that it shows.
 *
 * @param date when it ended, in UTC
 * @param data what was trained on
 * @param batch examples of a training step
 * @param examples examples of the probe set
 * @param threads threads of the probe
 * @param scrapers clients at once
 * @param intervalMs time from one scrape of a client to its next
 * @param series lines of a scrape that are samples
 * @param bytes length of a scrape
 * @param turns how often the training had its turn without scrapers, and with
 * @param readings during turns with scrapers
 * @param scrapes that succeeded
 * @param failed scrapes that did not
 * @param p50Ms median time of a scrape
 * @param p99Ms time that one scrape of a hundred exceeded
 * @param slowestMs time of the slowest scrape
 * @param iterationMs median of iterations without scrapers
 * @param slowdown time of a turn with scrapers, its reading included, over that of the turn without
 *     beside it: median over turns
 * @param lowest the same of the turn with the least
 * @param highest the same of the turn with the most
 */
@JsonPropertyOrder({
  "machine",
  "date",
  "network",
  "data",
  "batch",
  "examples",
  "threads",
  "scrapers",
  "intervalMs",
  "series",
  "bytes",
  "turns",
  "readings",
  "scrapes",
  "failed",
  "p50Ms",
  "p99Ms",
  "slowestMs",
  "iterationMs",
  "slowdown",
  "lowest",
  "highest"
})
record ScrapesReport(
    String machine,
    String date,
    String network,
    String data,
    int batch,
    int examples,
    int threads,
    int scrapers,
    long intervalMs,
    long series,
    long bytes,
    int turns,
    int readings,
    int scrapes,
    int failed,
    double p50Ms,
    double p99Ms,
    double slowestMs,
    double iterationMs,
    double slowdown,
    double lowest,
    double highest)
    implements Benchmark.Figures {

  @Override
  public String table() {
    return """
        | scrapers | every | series | bytes | scrapes | failed | p50 | p99 | slowest | slowdown |
        |---|---|---|---|---|---|---|---|---|---|
        """
        + String.format(
            Locale.ROOT,
            "| %d | %d ms | %,d | %,d | %,d | %d | %.1f ms | %.1f ms | %.1f ms"
                + " | %.3f (%.3f to %.3f) |%n",
            scrapers,
            intervalMs,
            series,
            bytes,
            scrapes,
            failed,
            p50Ms,
            p99Ms,
            slowestMs,
            slowdown,
            lowest,
            highest);
  }
}
