package org.eigenscope.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

class ScrapesTest {
  @TempDir private Path directory;

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private int run(String... arguments) {
    CommandLine commandLine = Benchmark.commandLine(new Scrapes());
    commandLine.setOut(new PrintWriter(out)).setErr(new PrintWriter(err, true));
    List<String> all = new ArrayList<>(List.of("--json", directory + "/scrapes.json"));
    all.addAll(List.of(arguments));
    return commandLine.execute(all.toArray(new String[0]));
  }

  @Test
  @Tag("slow")
  void scrapesWhileItTrainsAndWritesTheTimes() throws IOException {
    int status =
        run(
            ("--turns 1 --iterations 2 --batch 2 --examples 2 --steps 3 --draws 1"
                    + " --scrapers 3 --interval 50 --layers 4")
                .split(" "));

    assertThat(status).as(err.toString()).isZero();
    assertThat(err.toString()).isEqualToNormalizingNewlines("1 of 1 turns\n");
    JsonNode report = new ObjectMapper().readTree(directory.resolve("scrapes.json").toFile());
    assertThat(report.get("failed").intValue()).isZero();
    assertThat(report.get("scrapes").intValue()).isGreaterThanOrEqualTo(3);
    assertThat(report.get("p50Ms").doubleValue()).isPositive();
    assertThat(report.get("p99Ms").doubleValue())
        .isBetween(report.get("p50Ms").doubleValue(), report.get("slowestMs").doubleValue());
    assertThat(report.get("slowdown").doubleValue())
        .isBetween(report.get("lowest").doubleValue(), report.get("highest").doubleValue());
    // Of four layers, 41 scalars and a histogram each; two probes, a run and the endpoint.
    assertThat(report.get("series").intValue()).isEqualTo(4 * (41 + 48) + 99 + 2 * 12 + 2);
    assertThat(report.get("readings").intValue()).isEqualTo(1);
    assertThat(out.toString()).contains("| 3 | 50 ms | 481 |");
  }

  @ParameterizedTest
  @CsvSource({
    "--scrapers, 0, '--scrapers must be at least 1, got 0'",
    "--layers, -1, '--layers must be at least 0, got -1'"
  })
  void refusesWhatItCannotMeasure(String option, String value, String message) {
    assertThat(run(option, value)).isEqualTo(2);
    assertThat(err.toString().lines()).containsExactly(message);
  }

  @Test
  void aPercentileIsAValueThatWasMeasured() {
    double[] hundred = IntStream.rangeClosed(1, 100).asDoubleStream().toArray();

    assertThat(Scrapes.percentile(hundred, 50)).isEqualTo(50);
    assertThat(Scrapes.percentile(hundred, 99)).isEqualTo(99);
    assertThat(Scrapes.percentile(hundred, 100)).isEqualTo(100);
    assertThat(Scrapes.percentile(new double[] {7}, 50)).isEqualTo(7);
    assertThat(Scrapes.percentile(new double[0], 50)).isNaN();
  }
}
