package org.eigenscope.digits;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class IdxFilesTest {
  private static final int PIXELS = 28 * 28;

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void readsImagesAndLabels(boolean compressed) throws IOException {
    byte[] pixels = new byte[3 * PIXELS];
    pixels[0] = (byte) 200;
    pixels[2 * PIXELS + 28 + 5] = 7;
    Path images = write("images", compressed, imageFile(3, 28, 28, pixels));
    Path labels = write("labels", compressed, labelFile(3, 4, 0, 9));

    LabelledImages read = IdxFiles.read(images, labels);

    assertThat(read.size()).isEqualTo(3);
    assertThat(List.of(read.label(0), read.label(1), read.label(2))).containsExactly(4, 0, 9);
    assertThat(read.pixel(0, 0, 0)).isEqualTo(200);
    assertThat(read.pixel(2, 1, 5)).isEqualTo(7);
  }

  @Test
  void findsTheFourFilesPlainOrCompressed() throws IOException {
    assertThat(IdxFiles.present(folder)).isFalse();
    write("train-images-idx3-ubyte.gz", true, imageFile(2, 28, 28, new byte[2 * PIXELS]));
    write("train-labels-idx1-ubyte", false, labelFile(2, 1, 2));
    write("t10k-images-idx3-ubyte", false, imageFile(1, 28, 28, new byte[PIXELS]));
    assertThat(IdxFiles.present(folder)).isFalse();
    write("t10k-labels-idx1-ubyte.gz", true, labelFile(1, 3));
    assertThat(IdxFiles.present(folder)).isTrue();
    assertThat(IdxFiles.read(folder, IdxFiles.Part.TRAIN).size()).isEqualTo(2);
    assertThat(IdxFiles.read(folder, IdxFiles.Part.TEST).label(0)).isEqualTo(3);
  }

  @Test
  void namesTheFileThatIsMissing() {
    assertThatThrownBy(() -> IdxFiles.read(folder, IdxFiles.Part.TEST))
        .isInstanceOf(IOException.class)
        .hasMessageContaining(folder.toString())
        .hasMessageContaining("t10k-images-idx3-ubyte (or t10k-images-idx3-ubyte.gz)");
  }

  @Test
  void rejectsAForeignFile() throws IOException {
    Path images =
        write("images", false, "PNG and something more".getBytes(StandardCharsets.US_ASCII));
    assertRejected(images, anyLabels(), "images: the magic number", "must be 2051, got 1347307296");
  }

  @Test
  void rejectsLabelsInPlaceOfImages() throws IOException {
    assertRejected(anyLabels(), anyLabels(), "must be 2051, got 2049");
  }

  @Test
  void rejectsLittleEndianNumbers() throws IOException {
    Path images = write("images", false, new byte[] {3, 8, 0, 0, 1, 0, 0, 0});
    assertRejected(images, anyLabels(), "must be 2051, got 50855936");
  }

  @Test
  void rejectsTruncatedPixels() throws IOException {
    Path images = write("images", false, imageFile(3, 28, 28, new byte[2 * PIXELS + 1]));
    assertRejected(
        images,
        anyLabels(),
        "3 items must take 2352 bytes after the header, got 1569; the file is");
  }

  @Test
  void rejectsATruncatedHeader() throws IOException {
    Path images = write("images", false, Arrays.copyOf(imageFile(1, 28, 28, new byte[0]), 6));
    assertRejected(images, anyLabels(), "images: must be a whole IDX file", "truncated");
  }

  @Test
  void rejectsAnEmptyFile() throws IOException {
    assertRejected(write("images", false, new byte[0]), anyLabels(), "truncated");
  }

  @Test
  void rejectsATruncatedCompressedFile() throws IOException {
    Path images = write("images", true, imageFile(1, 28, 28, new byte[PIXELS]));
    byte[] whole = Files.readAllBytes(images);
    for (int length : new int[] {2, 9, 14, whole.length / 2, whole.length - 1}) {
      Files.write(images, Arrays.copyOf(whole, length));
      assertRejected(images, anyLabels(), "images: must be a whole IDX file", "truncated");
    }
  }

  @Test
  void rejectsBytesAfterTheLastImage() throws IOException {
    Path images = write("images", false, imageFile(1, 28, 28, new byte[PIXELS + 1]));
    assertRejected(images, anyLabels(), "1 items must take 784 bytes after the header, got more");
  }

  @Test
  void rejectsImagesOfAnotherSize() throws IOException {
    Path images = write("images", false, imageFile(1, 32, 32, new byte[1024]));
    assertRejected(images, anyLabels(), "images must be 28 x 28, got 32 x 32");
  }

  @Test
  void rejectsAnAbsurdNumberOfImagesBeforeItAsksForTheMemory() throws IOException {
    Path images = write("images", false, imageFile(2_000_000_000, 28, 28, new byte[0]));
    assertRejected(images, anyLabels(), "between 1 and 1000000, got 2000000000");
  }

  @Test
  void rejectsAnotherNumberOfLabelsThanOfImages() throws IOException {
    Path images = write("images", false, imageFile(2, 28, 28, new byte[2 * PIXELS]));
    Path labels = write("labels", false, labelFile(3, 1, 2, 3));
    assertRejected(images, labels, "one label for each of the 2 images", "got 3");
  }

  @Test
  void rejectsALabelThatIsNoDigit() throws IOException {
    Path images = write("images", false, imageFile(2, 28, 28, new byte[2 * PIXELS]));
    Path labels = write("labels", false, labelFile(2, 1, 200));
    assertRejected(images, labels, "between 0 and 9, got 200 at image 1");
  }

  @Test
  void readsMnist() throws IOException {
    Optional<Path> mnist = mnist();
    assumeTrue(
        mnist.isPresent(), "no MNIST at -Dtests.mnist=DIR nor at ../shared/data/mnist: skipped");
    LabelledImages train = IdxFiles.read(mnist.get(), IdxFiles.Part.TRAIN);
    LabelledImages test = IdxFiles.read(mnist.get(), IdxFiles.Part.TEST);
    assertThat(train.size()).isEqualTo(60_000);
    assertThat(test.size()).isEqualTo(10_000);
    // The well-known first digits.
    assertThat(List.of(train.label(0), train.label(1), test.label(0))).containsExactly(5, 0, 7);
    long ink = 0;
    for (int row = 0; row < 28; row++) {
      for (int column = 0; column < 28; column++) {
        ink += train.pixel(0, row, column);
      }
    }
    assertThat(ink).isEqualTo(27_525);
  }

  /** Returns the folder of MNIST's files, where there is one. */
  static Optional<Path> mnist() {
    String configured = System.getProperty("tests.mnist");
    Stream<Path> places =
        configured != null
            ? Stream.of(Path.of(configured))
            : Stream.of(Path.of("../shared/data/mnist"), Path.of("../../shared/data/mnist"));
    return places.filter(IdxFiles::present).findFirst();
  }

  /** Returns an IDX file of images. */
  static byte[] imageFile(int count, int rows, int columns, byte[] pixels) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(bytes);
    out.writeInt(2051);
    out.writeInt(count);
    out.writeInt(rows);
    out.writeInt(columns);
    out.write(pixels);
    return bytes.toByteArray();
  }

  /** Returns an IDX file of labels. */
  static byte[] labelFile(int count, int... labels) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(bytes);
    out.writeInt(2049);
    out.writeInt(count);
    for (int label : labels) {
      out.writeByte(label);
    }
    return bytes.toByteArray();
  }

  private static void assertRejected(Path images, Path labels, String... parts) {
    assertThatThrownBy(() -> IdxFiles.read(images, labels))
        .isInstanceOf(IOException.class)
        .message()
        .contains(parts)
        .doesNotContain("\n");
  }

  private Path anyLabels() throws IOException {
    return write("labels", false, labelFile(1, 1));
  }

  private Path write(String name, boolean compressed, byte[] content) throws IOException {
    Path file = folder.resolve(name);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    if (compressed) {
      try (GZIPOutputStream gzip = new GZIPOutputStream(bytes)) {
        gzip.write(content);
      }
    } else {
      bytes.write(content);
    }
    return Files.write(file, bytes.toByteArray());
  }
}
