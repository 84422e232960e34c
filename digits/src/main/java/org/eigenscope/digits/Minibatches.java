package org.eigenscope.digits;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.nd4j.linalg.dataset.DataSet;

/** An endless sequence of minibatches: every image once in random order, then anew. */
public final class Minibatches {
  private final LabelledImages images;
  private final SplittableRandom random;
  private final int[] order;
  private final int batchSize;
  private int next;

  /**
   * Creates a sequence.
   *
   * @param images what it takes from
   * @param batchSize images of a minibatch, at least 1; all there are when they are fewer
   * @param seed of the order
   */
  public Minibatches(LabelledImages images, int batchSize, long seed) {
    this.images = images;
    this.batchSize = Math.min(batchSize, images.size());
    this.random = new SplittableRandom(seed);
    this.order = new int[images.size()];
    Arrays.setAll(order, i -> i);
    this.next = order.length;
  }

  /** Returns the next minibatch, always a full one. */
  public DataSet next() {
    if (next + batchSize > order.length) {
      shuffle();
      next = 0;
    }
    next += batchSize;
    return images.batch(Arrays.copyOfRange(order, next - batchSize, next));
  }

  private void shuffle() {
    for (int i = order.length - 1; i > 0; i--) {
      int j = random.nextInt(i + 1);
      int swapped = order[i];
      order[i] = order[j];
      order[j] = swapped;
    }
  }
}
