package org.eigenscope.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options of commands that measure a saved model on data from files. */
final class InputFiles {

  @Option(
      names = "--model",
      required = true,
      paramLabel = "FILE",
      description = "Model saved by Deeplearning4j's ModelSerializer.")
  private Path model = Path.of("");

  @Option(
      names = "--features",
      required = true,
      paramLabel = "FILE",
      description = "Features of N examples, .npy, as the model takes them.")
  private Path features = Path.of("");

  @Option(
      names = "--labels",
      required = true,
      paramLabel = "FILE",
      description = "Labels of the same examples, .npy.")
  private Path labels = Path.of("");

  @Option(
      names = "--features-mask",
      paramLabel = "FILE",
      description = "Mask of the features, .npy, for sequences of different lengths.")
  private @Nullable Path featuresMask;

  @Option(names = "--labels-mask", paramLabel = "FILE", description = "Mask of the labels, .npy.")
  private @Nullable Path labelsMask;

  /** Returns whether a file that is to be written is one of these. */
  boolean include(@Nullable Path target) {
    return include(all(), target);
  }

  /** Returns whether a file that is to be written is one of some that are read. */
  static boolean include(List<Path> inputs, @Nullable Path target) {
    if (target == null || !Files.exists(target)) {
      return false;
    }
    for (Path input : inputs) {
      try {
        if (Files.exists(input) && Files.isSameFile(input, target)) {
          return true;
        }
      } catch (IOException e) {
        throw ExpectedFailure.of("read", input, e);
      }
    }
    return false;
  }

  private List<Path> all() {
    return Stream.of(model, features, labels, featuresMask, labelsMask)
        .filter(input -> input != null)
        .toList();
  }

  /**
   * Reads the model.
   *
   * @throws ExpectedFailure as {@link SavedModel#read} does
   */
  SavedModel readModel() {
    return SavedModel.read(model);
  }

  /**
   * Reads the arrays, in the shapes that the model takes.
   *
   * @throws ExpectedFailure if a file cannot be read, or as {@link ProbeData#of} does
   */
  ProbeData readData(SavedModel saved) {
    return ProbeData.of(
        saved,
        NpyArray.read(features),
        NpyArray.read(labels),
        featuresMask == null ? null : NpyArray.read(featuresMask),
        labelsMask == null ? null : NpyArray.read(labelsMask));
  }
}
