package org.eigenscope.cli.demo;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The files that a demo writes, all in one folder; those of an earlier demo are replaced. */
final class DemoFiles {
  private final Path folder;

  private DemoFiles(Path folder) {
    this.folder = folder;
  }

  /** Returns the files of a folder, whether they exist or not. */
  static DemoFiles in(Path folder) {
    return new DemoFiles(folder);
  }

  /**
   * Prepares a folder: creates it when it is missing, removes the files of an earlier demo.
   *
   * @throws IOException if it can't be written to; the message names the folder and the remedy
   */
  static DemoFiles prepare(Path folder) throws IOException {
    DemoFiles files = in(folder);
    try {
      Files.createDirectories(folder);
      for (Path file :
          new Path[] {
            files.journal(), files.picture(), files.model(), files.features(), files.labels()
          }) {
        Files.deleteIfExists(file);
      }
      Files.delete(Files.createTempFile(folder, "writable", null));
    } catch (IOException e) {
      String reason =
          e instanceof FileAlreadyExistsException ? "it is not a directory" : e.toString();
      throw new IOException(
          "cannot write to the directory %s (%s); choose another with --out"
              .formatted(folder, reason),
          e);
    }
    return files;
  }

  Path folder() {
    return folder;
  }

  /** Readings as JSON lines. */
  Path journal() {
    return folder.resolve("readings.jsonl");
  }

  /** The spectrum of the last reading. */
  Path picture() {
    return folder.resolve("spectrum.png");
  }

  /** The trained network, as Deeplearning4j's ModelSerializer writes it. */
  Path model() {
    return folder.resolve("model.zip");
  }

  /** Features of the images that were probed. */
  Path features() {
    return folder.resolve("probe-features.npy");
  }

  /** Labels of the images that were probed. */
  Path labels() {
    return folder.resolve("probe-labels.npy");
  }
}
