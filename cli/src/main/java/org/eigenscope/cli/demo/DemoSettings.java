package org.eigenscope.cli.demo;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * What a demo does.
 *
 * @param data folder with MNIST's four IDX files, or null: Deeplearning4j's cache, or drawn digits
 * @param seconds stops the training after this wall time, at least 1
 * @param iterations stops the training after this many minibatches, at least 1
 * @param every iterations between readings, at least 1
 * @param port of the metrics, 0 for a free one
 * @param seed of the network, the minibatches, the drawn digits and the test vectors
 * @param out folder to write to
 * @param probe size of a reading
 */
public record DemoSettings(
    @Nullable Path data,
    int seconds,
    int iterations,
    int every,
    int port,
    long seed,
    Path out,
    ProbeSize probe) {

  /**
   * The size of a reading, which its time grows with.
   *
   * @param imagesPerClass images of each of the ten classes that the loss is averaged over
   * @param draws test vectors for density and trace; without any there is no picture
   * @param steps Lanczos steps of a draw
   * @param top largest eigenvalues computed; more than the ten outliers that ten classes may have
   */
  public record ProbeSize(int imagesPerClass, int draws, int steps, int top) {
    /** Returns a size whose readings take seconds with Deeplearning4j's own gradients. */
    public static ProbeSize defaults() {
      return new ProbeSize(10, 2, 30, 14);
    }
  }
}
