package org.eigenscope.listeners.normalization;

import static java.util.Objects.requireNonNull;

import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Mean and variance of each channel, over batches, in DOUBLE.
 *
 * <p>Moments of batches are put together as by Chan, Golub and LeVeque 1983, "Algorithms for
 * Computing the Sample Variance", The American Statistician 37, equation 2.1.
 */
final class ChannelMoments {
  private long count;
  private @Nullable INDArray mean;
  private @Nullable INDArray squares;

  /**
   * Adds a batch.
   *
   * @param batch any shape; not modified
   * @param channels the axis of channels
   */
  @SuppressWarnings("try") // the scope itself is the use
  void add(INDArray batch, int channels) {
    // What is kept here outlives the pass that the batch is an input of.
    try (MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
      addDetached(batch, channels);
    }
  }

  private void addDetached(INDArray batch, int channels) {
    INDArray rows = rows(batch.castTo(DataType.DOUBLE), channels);
    long added = rows.size(1);
    INDArray batchMean = rows.mean(1);
    INDArray centred = rows.subColumnVector(batchMean.reshape(batchMean.length(), 1));
    INDArray batchSquares = centred.muli(centred).sum(1);
    if (count == 0) {
      mean = batchMean;
      squares = batchSquares;
    } else {
      double share = (double) added / (count + added);
      INDArray difference = batchMean.subi(mean());
      requireNonNull(squares)
          .addi(batchSquares)
          .addi(difference.mul(difference).muli(count * share));
      mean().addi(difference.muli(share));
    }
    count += added;
  }

  /** Returns a batch as [channels, everything else]. */
  private static INDArray rows(INDArray batch, int channels) {
    int[] order = new int[batch.rank()];
    order[0] = channels;
    for (int axis = 0, next = 1; axis < order.length; axis++) {
      if (axis != channels) {
        order[next++] = axis;
      }
    }
    INDArray first = batch.permute(order).dup('c');
    return first.reshape('c', batch.size(channels), batch.length() / batch.size(channels));
  }

  /** Returns the mean of each channel [channels]; not to be modified. */
  INDArray mean() {
    return requireNonNull(mean);
  }

  /** Returns the mean squared deviation of each channel from its mean [channels]. */
  INDArray variance() {
    return requireNonNull(squares).div(count);
  }
}
