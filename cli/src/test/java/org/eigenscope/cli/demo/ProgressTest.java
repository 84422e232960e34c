package org.eigenscope.cli.demo;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;

class ProgressTest {
  private final StringWriter written = new StringWriter();
  private final PrintWriter to = new PrintWriter(written);

  @Test
  void linesAboveTheBarStandAloneOnATerminal() {
    Progress progress = Progress.start("training", 10, to, true);
    progress.show(5, 10, "loss 0.5");
    progress.above(() -> to.print("row\n"));
    progress.close();
    // What a terminal shows: each carriage return starts the line again.
    assertThat(shown()).endsWith("row\n").doesNotContain("training");
  }

  @Test
  void withoutATerminalTheBarIsWholeLines() {
    Progress progress = Progress.start("training", 10, to, false);
    progress.show(10, 10, "loss 0.5");
    progress.close();
    assertThat(written.toString()).doesNotContain("\r");
    assertThat(written.toString().lines())
        .isNotEmpty()
        .allMatch(line -> line.startsWith("training") && line.length() <= 79);
    assertThat(written.toString()).contains("100%", "10/10", "loss 0.5");
  }

  /** Returns the text after carriage returns, and blanks that erase, have had their effect. */
  private String shown() {
    StringBuilder shown = new StringBuilder();
    for (String line : written.toString().split("(?<=\n)", -1)) {
      StringBuilder visible = new StringBuilder();
      for (String piece : line.split("\r", -1)) {
        String body = piece.endsWith("\n") ? piece.substring(0, piece.length() - 1) : piece;
        visible.replace(0, Math.min(visible.length(), body.length()), body);
      }
      shown.append(visible.toString().stripTrailing());
      if (line.endsWith("\n")) {
        shown.append('\n');
      }
    }
    return shown.toString();
  }

  @Test
  void believesWhatItIsToldOfTheTerminal() {
    assertThat(Progress.onTerminal("true")).isTrue();
    assertThat(Progress.onTerminal("false")).isFalse();
  }
}
