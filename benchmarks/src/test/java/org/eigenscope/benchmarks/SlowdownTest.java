package org.eigenscope.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

class SlowdownTest {
  private static final String[] TINY = {
    "--turns",
    "1",
    "--iterations",
    "2",
    "--batch",
    "2",
    "--examples",
    "2",
    "--steps",
    "3",
    "--draws",
    "1"
  };

  @TempDir private Path directory;

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private int run(String... arguments) {
    CommandLine commandLine = Benchmark.commandLine(new Slowdown());
    commandLine.setOut(new PrintWriter(out)).setErr(new PrintWriter(err, true));
    List<String> all = new ArrayList<>(List.of(TINY));
    all.addAll(List.of(arguments));
    return commandLine.execute(all.toArray(new String[0]));
  }

  @Tag("slow")
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void trainsThreeArmsInTurnsAndWritesTheirTimes(boolean asynchronous) throws IOException {
    Path json = directory.resolve("slowdown.json");
    List<String> arguments = new ArrayList<>(List.of("--json", json.toString()));
    if (asynchronous) {
      arguments.add("--asynchronous");
    }
    int status = run(arguments.toArray(new String[0]));

    assertThat(status).as(err.toString()).isZero();
    assertThat(err.toString()).isEqualToNormalizingNewlines("1 of 1 turns\n");
    JsonNode report = new ObjectMapper().readTree(json.toFile());
    assertThat(report.fieldNames())
        .toIterable()
        .containsExactly(
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
            "arms");
    assertThat(report.get("asynchronous").booleanValue()).isEqualTo(asynchronous);
    assertThat(report.get("threads").intValue())
        .isEqualTo(asynchronous ? 1 : Runtime.getRuntime().availableProcessors());
    assertThat(report.get("examples").intValue()).isEqualTo(2);
    assertThat(report.get("arms").findValuesAsText("arm"))
        .containsExactly("none", "sharpness", "spectrum");
    JsonNode none = report.get("arms").get(0);
    assertThat(none.get("iterations").intValue()).isEqualTo(2);
    assertThat(none.get("slowdown").doubleValue()).isEqualTo(1);
    assertThat(none.get("every").isNull()).isTrue();
    assertThat(none.get("readings")).isEmpty();
    assertThat(out.toString()).contains("| sharpness | 64 |").contains("| spectrum | 512 |");
    for (int i = 1; i < 3; i++) {
      JsonNode arm = report.get("arms").get(i);
      assertThat(arm.get("iterations").intValue()).isGreaterThanOrEqualTo(2);
      assertThat(arm.get("slowdown").doubleValue())
          .isBetween(arm.get("lowest").doubleValue(), arm.get("highest").doubleValue());
      assertThat(arm.get("target").doubleValue()).isEqualTo(i == 1 ? 1.03 : 1.1);
      assertThat(arm.get("matvecsPerReading").doubleValue()).isGreaterThan(10);
      assertThat(arm.get("secondsPerReading").doubleValue()).isPositive();
      // One before the first turn.
      assertThat(arm.get("readings")).hasSize(2);
      assertThat(arm.get("readings").get(0).get("iteration").intValue()).isZero();
      assertThat(arm.get("readings").get(0).get("engine").textValue()).isEqualTo("tangent");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "--turns, 0, '--turns must be at least 1, got 0'",
    "--examples, 0, '--examples must be at least 1, got 0'",
    "--threads, 0, 'threads must be at least 1, got 0'"
  })
  void refusesWhatItCannotMeasure(String option, String value, String message) {
    CommandLine commandLine = Benchmark.commandLine(new Slowdown());
    commandLine.setErr(new PrintWriter(err, true));
    int status =
        commandLine.execute("--json", directory.resolve("f.json").toString(), option, value);

    assertThat(status).isEqualTo(2);
    assertThat(err.toString().lines()).containsExactly(message);
  }

  /** Iterations of 1 s without a reading; 6 s longer in all with one. */
  @ParameterizedTest
  @CsvSource({
    "1, '7', 1, '1 1 1', 7",
    "2, '7 1 1 1', 1, '1 1 1 1', 4",
    "4, '7 1', 1, '1', 2.5",
    "12, '7 1 1', 1, '1 1 1', 1.5",
    // Other work made some iterations longer.
    "4, '7 1 1 9 1 1 10', 1, '1 5 1 1', 2.5",
    // In that turn all iterations were slower.
    "4, '8 2 2', 1, '1 1', 2.5",
    // In the background it lasts several iterations, or all.
    "4, '3 4 2 1 1', 3, '1 1', 2.5",
    "4, '3 4 2', 3, '1 1', 2.5"
  })
  void aReadingIsSpreadOverItsPeriod(
      int every, String with, int reading, String without, double slowdown) {
    TrainingArm.Turn turn = new TrainingArm.Turn(numbers(with), reading);
    TrainingArm.Turn plain = new TrainingArm.Turn(numbers(without), 0);

    assertThat(TrainingArm.slowdown(turn, plain, every)).isCloseTo(slowdown, within(1e-12));
  }

  private static double[] numbers(String text) {
    return List.of(text.split(" ")).stream().mapToDouble(Double::parseDouble).toArray();
  }
}
