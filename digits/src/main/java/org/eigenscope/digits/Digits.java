package org.eigenscope.digits;

import java.io.IOException;
import java.nio.file.Path;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * What demo and benchmarks train on: MNIST, or a set of images like it, or digits drawn here.
 *
 * @param train images to train on and to probe with
 * @param test images held out
 * @param name a few words for titles
 * @param description one line for the person at the shell
 */
public record Digits(LabelledImages train, LabelledImages test, String name, String description) {
  private static final int DRAWN_TRAIN = 10_000;
  private static final int DRAWN_TEST = 2_000;

  /**
   * Returns the images of a folder; without one those of Deeplearning4j's cache where it has them;
   * else digits drawn now. Downloads nothing.
   *
   * @param folder the folder the user named, or null
   * @param cache Deeplearning4j's folder of resources, whether it exists or not
   * @param seed of the drawn digits
   * @throws IOException if the folder the user named has no usable images
   */
  public static Digits choose(@Nullable Path folder, Path cache, long seed) throws IOException {
    if (folder != null) {
      Path last = folder.toAbsolutePath().normalize().getFileName();
      return read(folder, last == null ? folder.toString() : last.toString());
    }
    String instead = "--data DIR trains on MNIST's IDX files instead";
    // The second is where releases before 1.0.0-M2 kept it.
    for (Path place : new Path[] {cache, cache.resolve("data").resolve("MNIST")}) {
      if (IdxFiles.present(place)) {
        try {
          return read(place, "MNIST");
        } catch (IOException e) {
          instead = "MNIST in Deeplearning4j's cache is not usable: " + e.getMessage();
        }
      }
    }
    SplittableRandom random = new SplittableRandom(seed);
    LabelledImages train = DigitImages.draw(DRAWN_TRAIN, random.nextLong());
    LabelledImages test = DigitImages.draw(DRAWN_TEST, random.nextLong());
    return new Digits(
        train,
        test,
        "drawn digits",
        "%d digits drawn by this program, seed %d (%s)".formatted(train.size(), seed, instead));
  }

  /** Returns the folder where Deeplearning4j keeps what it downloads. */
  public static Path cache() {
    String configured = System.getProperty("org.deeplearning4j.resources.directory");
    return configured != null
        ? Path.of(configured)
        : Path.of(System.getProperty("user.home", "."), ".deeplearning4j");
  }

  private static Digits read(Path folder, String name) throws IOException {
    LabelledImages train = IdxFiles.read(folder, IdxFiles.Part.TRAIN);
    LabelledImages test = IdxFiles.read(folder, IdxFiles.Part.TEST);
    return new Digits(
        train, test, name, "%d images of %s in %s".formatted(train.size(), name, folder));
  }
}
