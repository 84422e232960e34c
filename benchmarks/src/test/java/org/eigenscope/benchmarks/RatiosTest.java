package org.eigenscope.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@code benchmarks/peers/ratios.py} prints; skipped where there is no {@code python3}. */
class RatiosTest {
  private static final String PEER =
      """
      {"peer": "libtorch", "torch": "2.7.1", "threads": 4, "cases": [
        {"network": "mlp", "hvpMs": %s, "density90x1Seconds": %s}]}
      """;

  @TempDir private Path directory;

  @BeforeAll
  static void needsPython() throws InterruptedException {
    boolean found;
    try {
      found = new ProcessBuilder("python3", "--version").start().waitFor() == 0;
    } catch (IOException e) {
      found = false;
    }
    assumeTrue(found, "python3 is not on the path");
  }

  private Path write(String name, String content) throws IOException {
    return Files.writeString(directory.resolve(name), content);
  }

  private String ratios(Path... files) throws IOException, InterruptedException {
    ProcessBuilder builder = new ProcessBuilder("python3", "peers/ratios.py");
    for (Path file : files) {
      builder.command().add(file.toString());
    }
    builder.environment().put("PYTHONIOENCODING", "utf-8");
    Process process = builder.redirectErrorStream(true).start();
    String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(printed).isZero();
    return printed;
  }

  @Test
  void comparesWithTheFastestRunOfEachPeer() throws IOException, InterruptedException {
    Path ours =
        write(
            "ours.json",
            """
            {"cases": [
              {"network": "mlp", "precision": "float", "hvpMs": 3, "hvpPerVectorBlock8Ms": 2,
               "dl4jGradientMs": 15, "spectrum90x10Seconds": 6},
              {"network": "mlp", "precision": "double", "hvpMs": 300, "hvpPerVectorBlock8Ms": 300,
               "dl4jGradientMs": 15, "spectrum90x10Seconds": null}]}
            """);
    Path sleeping = write("passive.json", PEER.formatted("4", "2"));
    Path spinning = write("active.json", PEER.formatted("100", "1.5"));
    Path other =
        write(
            "python.json",
            """
            {"peer": "PyTorch", "torch": "1.13.0", "threads": 4, "cases": [
              {"network": "mlp", "hvpMs": 6, "pyHessian90x1Seconds": 3}]}
            """);

    assertThat(ratios(ours, sleeping, spinning, other).lines())
        .filteredOn(line -> line.startsWith("###") || line.startsWith("| mlp"))
        .containsExactly(
            "### libtorch 2.7.1, 4 threads",
            "| mlp | passive | 0.75 (3 / 4 ms) | 0.50 (2 / 4 ms) | 0.40 (6 / 15 s) | – |"
                + " 0.20 (3 / 15 ms) |",
            "### PyTorch 1.13.0, 4 threads",
            "| mlp | python | 0.50 (3 / 6 ms) | 0.33 (2 / 6 ms) | – | 0.20 (6 / 30 s) |"
                + " 0.20 (3 / 15 ms) |");
  }
}
