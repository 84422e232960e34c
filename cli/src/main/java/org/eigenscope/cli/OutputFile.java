package org.eigenscope.cli;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/** A file that is written whole or not at all. */
final class OutputFile {
  private final Path path;

  private OutputFile(Path path) {
    this.path = path;
  }

  /**
   * Returns the file at a path, which need not exist; an existing file is to be replaced.
   *
   * @throws ExpectedFailure if it is clear before the work begins that writing will fail
   */
  static OutputFile at(Path path) {
    if (Files.isDirectory(path)) {
      throw new ExpectedFailure("cannot write %s: it is a directory".formatted(path));
    }
    Path target = resolved(path);
    Path directory = directoryOf(target);
    if (!Files.isDirectory(directory)) {
      throw new ExpectedFailure("cannot write %s: %s is no directory".formatted(path, directory));
    }
    if (!Files.isWritable(Files.exists(target) ? target : directory)) {
      throw new ExpectedFailure("cannot write %s: permission denied".formatted(path));
    }
    return new OutputFile(target);
  }

  /** Follows a symbolic link, which is to stay one. */
  private static Path resolved(Path path) {
    try {
      return Files.isRegularFile(path) ? path.toRealPath() : path.toAbsolutePath();
    } catch (IOException e) {
      throw ExpectedFailure.of("write", path, e);
    }
  }

  private static Path directoryOf(Path path) {
    Path directory = path.toAbsolutePath().getParent();
    return directory == null ? path : directory;
  }

  /**
   * Writes the file: beside it first, then moved into place, so that a reader finds the old file or
   * the new one. A device or pipe is written to directly.
   */
  void write(Content content) {
    try {
      if (Files.exists(path) && !Files.isRegularFile(path)) {
        try (OutputStream stream = Files.newOutputStream(path, StandardOpenOption.WRITE)) {
          content.writeTo(stream);
        }
      } else {
        writeWhole(content);
      }
    } catch (IOException e) {
      throw ExpectedFailure.of("write", path, e);
    }
  }

  private void writeWhole(Content content) throws IOException {
    String name = ".%s.%d.tmp".formatted(path.getFileName(), ProcessHandle.current().pid());
    Path beside = directoryOf(path).resolve(name);
    try {
      try (OutputStream stream = Files.newOutputStream(beside)) {
        content.writeTo(stream);
      }
      Files.move(beside, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(beside);
    }
  }

  /** Writes what a file is to hold. */
  interface Content {
    void writeTo(OutputStream stream) throws IOException;
  }
}
