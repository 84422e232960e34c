package org.eigenscope.cli.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DemoFilesTest {
  @TempDir Path place;

  @Test
  void createsTheFolderAndLeavesItEmpty() throws IOException {
    Path folder = place.resolve("some").resolve("where");
    assertThat(DemoFiles.prepare(folder).folder()).isEqualTo(folder);
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void removesTheFilesOfAnEarlierDemoAndNoOthers() throws IOException {
    DemoFiles files = DemoFiles.prepare(place);
    Files.writeString(files.journal(), "earlier");
    Files.writeString(files.picture(), "earlier");
    Path mine = Files.writeString(place.resolve("notes.txt"), "mine");
    DemoFiles.prepare(place);
    assertThat(place).isDirectoryContaining(mine::equals);
    assertThat(files.journal()).doesNotExist();
    assertThat(files.picture()).doesNotExist();
  }

  @Test
  void saysWhereItCannotWriteAndHowToGoOn() throws IOException {
    Path file = Files.writeString(place.resolve("file"), "no folder");
    assertThatThrownBy(() -> DemoFiles.prepare(file))
        .isInstanceOf(IOException.class)
        .hasMessage(
            "cannot write to the directory %s (it is not a directory); choose another with --out"
                .formatted(file));
    assertThatThrownBy(() -> DemoFiles.prepare(file.resolve("below")))
        .isInstanceOf(IOException.class)
        .hasMessageStartingWith("cannot write to the directory " + file.resolve("below"));
  }
}
