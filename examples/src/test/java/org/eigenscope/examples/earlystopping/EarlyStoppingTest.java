package org.eigenscope.examples.earlystopping;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EarlyStoppingTest {

  @Test
  void journalsEveryFifthEpochUntilItStops(@TempDir Path directory) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    EarlyStopping.run(directory.resolve("journal.jsonl"), new PrintStream(bytes, true, UTF_8));

    List<String> lines = bytes.toString(UTF_8).lines().toList();
    int epochs = Integer.parseInt(lines.get(0).replaceAll("stopped after (\\d+) epochs.*", "$1"));
    assertThat(epochs).isBetween(5, 40);
    assertThat(lines).hasSize(1 + epochs / 5);
    // Epochs count from 0: the fifth is epoch 4.
    assertThat(lines.get(1)).startsWith("epoch  4  loss ");
    assertThat(bytes.toString(UTF_8)).doesNotContain("NaN");
  }
}
