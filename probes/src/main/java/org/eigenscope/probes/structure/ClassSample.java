package org.eigenscope.probes.structure;

import java.util.stream.IntStream;
import org.eigenscope.probes.curvature.DataBatches;
import org.eigenscope.probes.curvature.Network;

/** As many examples of each class, to see how spectra change with the size of the data. */
public final class ClassSample {
  private ClassSample() {}

  /**
   * Returns the first examples of each class, in the order they have, as one batch.
   *
   * @param network a classifier whose labels these are; not modified
   * @param data the examples; not modified
   * @param perClass how many of each class, at least 1 and at most as many as the rarest class has
   * @throws IllegalArgumentException if there are not so many, the network's loss is not that of
   *     one softmax, or labels are not one class for each example
   */
  public static DataBatches first(Network network, DataBatches data, int perClass) {
    ClassLabels labels = ClassLabels.of(network, data);
    int[] sizes = labels.sizes();
    for (int c = 0; c < sizes.length; c++) {
      if (perClass < 1 || perClass > sizes[c]) {
        throw new IllegalArgumentException(
            "examples per class must be between 1 and %d, as many as class %d has, got %d"
                .formatted(sizes[c], c, perClass));
      }
    }
    return data.selected(
        IntStream.range(0, sizes.length)
            .flatMap(c -> IntStream.of(labels.examplesOf(c)).limit(perClass))
            .sorted()
            .toArray());
  }
}
