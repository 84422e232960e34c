package org.eigenscope.digits;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DigitsTest {
  @TempDir Path place;

  @Test
  void drawsDigitsWhereThereAreNoFiles() throws IOException {
    Digits data = Digits.choose(null, place.resolve("absent"), 3);
    assertThat(data.name()).isEqualTo("drawn digits");
    assertThat(data.description())
        .isEqualTo(
            "10000 digits drawn by this program, seed 3"
                + " (--data DIR trains on MNIST's IDX files instead)");
    assertThat(data.train().size()).isEqualTo(10_000);
    assertThat(data.test().size()).isEqualTo(2000);
  }

  @Test
  void takesTheFolderThatIsNamed() throws IOException {
    Path folder = fill(place.resolve("fashion"));
    Digits data = Digits.choose(folder, place, 3);
    assertThat(data.name()).isEqualTo("fashion");
    assertThat(data.description()).isEqualTo("2 images of fashion in " + folder);
    assertThat(data.test().size()).isEqualTo(1);
  }

  @Test
  void takesWhatDeeplearning4jHasInItsCache() throws IOException {
    fill(place);
    assertThat(Digits.choose(null, place, 3).description())
        .isEqualTo("2 images of MNIST in " + place);
  }

  @Test
  void takesWhatAnOlderDeeplearning4jHasInItsCache() throws IOException {
    Path folder = fill(place.resolve("data").resolve("MNIST"));
    assertThat(Digits.choose(null, place, 3).description())
        .isEqualTo("2 images of MNIST in " + folder);
  }

  @Test
  void saysWhyTheCacheIsOfNoUseAndDraws() throws IOException {
    fill(place);
    Files.write(place.resolve("train-labels-idx1-ubyte"), new byte[3]);
    Digits data = Digits.choose(null, place, 3);
    assertThat(data.name()).isEqualTo("drawn digits");
    assertThat(data.description())
        .contains("MNIST in Deeplearning4j's cache is not usable", "train-labels-idx1-ubyte");
  }

  @Test
  void doesNotDrawInPlaceOfTheFolderThatIsNamed() {
    assertThatThrownBy(() -> Digits.choose(place, place, 3))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("train-images-idx3-ubyte");
  }

  private static Path fill(Path folder) throws IOException {
    Files.createDirectories(folder);
    byte[] pixels = new byte[2 * 28 * 28];
    Files.write(
        folder.resolve("train-images-idx3-ubyte"), IdxFilesTest.imageFile(2, 28, 28, pixels));
    Files.write(folder.resolve("train-labels-idx1-ubyte"), IdxFilesTest.labelFile(2, 1, 2));
    Files.write(
        folder.resolve("t10k-images-idx3-ubyte"),
        IdxFilesTest.imageFile(1, 28, 28, new byte[28 * 28]));
    Files.write(folder.resolve("t10k-labels-idx1-ubyte"), IdxFilesTest.labelFile(1, 3));
    return folder;
  }
}
