package org.eigenscope.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class OutputFileTest {
  @TempDir Path directory;

  private static OutputFile.Content content(String text) {
    return stream -> stream.write(text.getBytes(StandardCharsets.UTF_8));
  }

  private List<String> files() throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  @Test
  void writesANewFile() throws IOException {
    Path file = directory.resolve("new.json");
    OutputFile.at(file).write(content("text"));

    assertThat(file).hasContent("text");
    assertThat(files()).containsExactly("new.json");
  }

  @Test
  void replacesAnOldFile() throws IOException {
    Path file = Files.writeString(directory.resolve("old.json"), "a longer text");
    OutputFile.at(file).write(content("text"));

    assertThat(file).hasContent("text");
    assertThat(files()).containsExactly("old.json");
  }

  @Test
  void leavesTheOldFileWhenWritingFails() throws IOException {
    Path file = Files.writeString(directory.resolve("old.json"), "old");

    assertThatThrownBy(
            () ->
                OutputFile.at(file)
                    .write(
                        stream -> {
                          stream.write('x');
                          throw new IOException("No space left on device");
                        }))
        .isInstanceOf(ExpectedFailure.class)
        .hasMessage("cannot write " + file + ": no space left on device");
    assertThat(file).hasContent("old");
    assertThat(files()).containsExactly("old.json");
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void writesThroughASymbolicLink() throws IOException {
    Path file = Files.writeString(directory.resolve("file.json"), "old");
    Path link = Files.createSymbolicLink(directory.resolve("link.json"), file);
    OutputFile.at(link).write(content("text"));

    assertThat(link).isSymbolicLink();
    assertThat(file).hasContent("text");
  }

  @Test
  void refusesADirectory() {
    assertThatThrownBy(() -> OutputFile.at(directory))
        .isInstanceOf(ExpectedFailure.class)
        .hasMessage("cannot write " + directory + ": it is a directory");
  }

  @Test
  void refusesAMissingDirectory() {
    Path file = directory.resolve("missing").resolve("new.json");

    assertThatThrownBy(() -> OutputFile.at(file))
        .isInstanceOf(ExpectedFailure.class)
        .hasMessage(
            "cannot write %s: %s is no directory".formatted(file, directory.resolve("missing")));
  }
}
