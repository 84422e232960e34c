package org.eigenscope.examples.structure;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StructureOfDigitsTest {

  @Tag("slow")
  @Test
  void writesTablesAndAFigure(@TempDir Path folder) throws IOException {
    StringWriter out = new StringWriter();
    Path written = folder.resolve("new");
    String options =
        "--network mlp_bn --updates 3 --batch-size 16 --images-per-class 1 --overlap-top 3 --out ";

    int status =
        StructureOfDigits.commandLine()
            .setOut(new PrintWriter(out, true))
            .execute((options + written).split(" "));

    assertThat(status).isZero();
    List<String> lines = Files.readAllLines(written.resolve("mlp-bn.md"));
    assertThat(out.toString()).contains(String.join(System.lineSeparator(), lines));
    assertThat(lines).filteredOn(line -> line.startsWith("|   12 |")).hasSize(1);
    assertThat(lines).filteredOn(line -> line.matches("\\| (fc1|fc2|out) \\|.*")).hasSize(3);
    if (!out.toString().contains("Java finds no fonts")) {
      assertThat(written.resolve("mlp-bn.png")).isNotEmptyFile();
    }
  }
}
