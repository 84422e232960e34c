package org.eigenscope.examples.graph;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import org.junit.jupiter.api.Test;

class TwoInputGraphTest {

  @Test
  void measuresTheWholeAndTheOutputLayerOnTheirSchedules() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    TwoInputGraph.run(new PrintStream(bytes, true, UTF_8));

    assertThat(bytes.toString(UTF_8).lines().map(line -> line.substring(0, 22).strip()))
        .containsExactly(
            "iteration   0  all",
            "iteration   0  output",
            "iteration   1  all",
            "iteration  10  all",
            "iteration  50  output",
            "iteration 100  all",
            "iteration 100  output",
            "iteration 150  output");
    assertThat(bytes.toString(UTF_8)).doesNotContain("NaN");
  }
}
