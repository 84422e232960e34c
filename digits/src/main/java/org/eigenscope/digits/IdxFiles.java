package org.eigenscope.digits;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/**
 * Images and labels in the IDX format of MNIST, plain or compressed by gzip: a big-endian magic
 * number, one big-endian size for each dimension, then unsigned bytes.
 */
final class IdxFiles {
  private static final int IMAGES_MAGIC = 0x803;
  private static final int LABELS_MAGIC = 0x801;
  private static final int GZIP_MAGIC = 0x1f8b;

  /** More than any set of this kind holds: a foreign file must not ask for all of the memory. */
  private static final int MAX_IMAGES = 1_000_000;

  private IdxFiles() {}

  /** The two halves of MNIST, by the stem of their files. */
  enum Part {
    /** The 60,000 images to train on. */
    TRAIN("train"),
    /** The 10,000 images held out. */
    TEST("t10k");

    private final String stem;

    Part(String stem) {
      this.stem = stem;
    }

    private String images() {
      return stem + "-images-idx3-ubyte";
    }

    private String labels() {
      return stem + "-labels-idx1-ubyte";
    }
  }

  /** Returns whether a folder has all four files of MNIST, each plain or with {@code .gz}. */
  static boolean present(Path folder) {
    for (Part part : Part.values()) {
      for (String name : List.of(part.images(), part.labels())) {
        if (!Files.exists(folder.resolve(name)) && !Files.exists(folder.resolve(name + ".gz"))) {
          return false;
        }
      }
    }
    return true;
  }

  /**
   * Reads one half of MNIST.
   *
   * @param folder where the files are, each plain or with {@code .gz}
   * @throws IOException if a file is missing, truncated or not what its name says; the message
   *     names the file, the rule and the value
   */
  static LabelledImages read(Path folder, Part part) throws IOException {
    return read(file(folder, part.images()), file(folder, part.labels()));
  }

  /** Reads images and their labels from two files. */
  static LabelledImages read(Path images, Path labels) throws IOException {
    byte[] pixels = images(images);
    byte[] classes = labels(labels);
    int count = pixels.length / (LabelledImages.SIDE * LabelledImages.SIDE);
    if (count != classes.length) {
      throw new IOException(
          "%s must have one label for each of the %d images of %s, got %d"
              .formatted(labels, count, images, classes.length));
    }
    return new LabelledImages(pixels, classes);
  }

  private static Path file(Path folder, String name) throws IOException {
    Path plain = folder.resolve(name);
    if (Files.exists(plain)) {
      return plain;
    }
    Path compressed = folder.resolve(name + ".gz");
    if (Files.exists(compressed)) {
      return compressed;
    }
    throw new NoSuchFileException(
        "%s must contain %s (or %s.gz), which is missing".formatted(folder, name, name));
  }

  private static byte[] images(Path file) throws IOException {
    try (DataInputStream in = open(file)) {
      int count = header(in, file, IMAGES_MAGIC, "images (unsigned bytes in 3 dimensions)");
      int rows = in.readInt();
      int columns = in.readInt();
      if (rows != LabelledImages.SIDE || columns != LabelledImages.SIDE) {
        throw new IOException(
            "%s: images must be %d x %d, got %d x %d"
                .formatted(file, LabelledImages.SIDE, LabelledImages.SIDE, rows, columns));
      }
      return body(in, file, count, rows * columns);
    } catch (EOFException | ZipException e) {
      throw damaged(file, e);
    }
  }

  private static byte[] labels(Path file) throws IOException {
    try (DataInputStream in = open(file)) {
      int count = header(in, file, LABELS_MAGIC, "labels (unsigned bytes in 1 dimension)");
      byte[] labels = body(in, file, count, 1);
      for (int i = 0; i < count; i++) {
        if (labels[i] < 0 || labels[i] >= LabelledImages.CLASSES) {
          throw new IOException(
              "%s: labels must be between 0 and %d, got %d at image %d"
                  .formatted(file, LabelledImages.CLASSES - 1, labels[i] & 0xff, i));
        }
      }
      return labels;
    } catch (EOFException | ZipException e) {
      throw damaged(file, e);
    }
  }

  /** Opens a file and uncompresses it when its first bytes, whatever its name, are gzip's. */
  private static DataInputStream open(Path file) throws IOException {
    BufferedInputStream in = new BufferedInputStream(Files.newInputStream(file));
    try {
      in.mark(2);
      int first = in.read();
      int second = in.read();
      in.reset();
      InputStream content =
          first << 8 == (GZIP_MAGIC & 0xff00) && second == (GZIP_MAGIC & 0xff)
              ? new BufferedInputStream(new GZIPInputStream(in))
              : in;
      return new DataInputStream(content);
    } catch (IOException e) {
      in.close();
      throw e instanceof EOFException || e instanceof ZipException ? damaged(file, e) : e;
    }
  }

  private static int header(DataInputStream in, Path file, int magic, String kind)
      throws IOException {
    int found = in.readInt();
    if (found != magic) {
      throw new IOException(
          "%s: the magic number of IDX %s must be %d, got %d".formatted(file, kind, magic, found));
    }
    int count = in.readInt();
    if (count < 1 || count > MAX_IMAGES) {
      throw new IOException(
          "%s: the number of items must be between 1 and %d, got %d"
              .formatted(file, MAX_IMAGES, count));
    }
    return count;
  }

  private static byte[] body(DataInputStream in, Path file, int items, int itemBytes)
      throws IOException {
    byte[] bytes = in.readNBytes(items * itemBytes);
    if (bytes.length != items * itemBytes) {
      throw new IOException(
          "%s: %d items must take %d bytes after the header, got %d; the file is truncated"
              .formatted(file, items, items * itemBytes, bytes.length));
    }
    if (in.read() != -1) {
      throw new IOException(
          "%s: %d items must take %d bytes after the header, got more"
              .formatted(file, items, items * itemBytes));
    }
    return bytes;
  }

  private static IOException damaged(Path file, IOException cause) {
    return new IOException(
        "%s: must be a whole IDX file, plain or gzip, but it is truncated or damaged (%s)"
            .formatted(file, cause.getMessage()),
        cause);
  }
}
