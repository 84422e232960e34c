package org.eigenscope.examples.batchnorm;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class BatchNormAgainstNoneTest {
  private final StringWriter out = new StringWriter();

  @Test
  void writesFiguresTablesAndReadingsOfAllArms(@TempDir Path folder) throws IOException {
    Path written = folder.resolve("new");
    String options =
        "--network mlp --updates 3 --batch-size 16 --images-per-class 4 --steps 5 --out ";
    int status = commandLine().execute((options + written).split(" "));

    assertThat(status).isZero();
    if (!out.toString().contains("Java finds no fonts")) {
      for (String arm : List.of("batch", "none", "population")) {
        assertThat(written.resolve("mlp-%s.png".formatted(arm))).isNotEmptyFile();
      }
    }
    assertThat(Files.readAllLines(written.resolve("mlp.jsonl"))).hasSize(2);
    List<String> table = Files.readAllLines(written.resolve("mlp.md"));
    assertThat(out.toString())
        .contains(String.join(System.lineSeparator(), table))
        .doesNotContain("NaN");
    assertThat(table.stream().skip(2).map(row -> row.replace(" ", "").substring(0, 8)))
        .containsExactly("|1|batch", "|1|none|", "|1|popul", "|3|batch", "|3|none|", "|3|popul");
  }

  private CommandLine commandLine() {
    return BatchNormAgainstNone.commandLine().setOut(new PrintWriter(out, true));
  }
}
