package org.eigenscope.probes.curvature.tangent;

import java.util.Arrays;
import org.eigenscope.probes.kernel.Worker;

/**
 * Stretches of memory that begin with the first channel and hold whole pixels, so that what belongs
 * to channels stands at the same places in all of them, and loops need no index of a channel.
 */
final class Tiles {
  private final int channels;
  private final int length;

  Tiles(int channels) {
    this.channels = channels;
    this.length = channels * Math.max(1, Worker.TILE / channels);
  }

  /** Returns the elements of a tile. */
  int length() {
    return length;
  }

  /** Returns a tile that repeats a number for each channel. */
  double[] repeat(Worker worker, int slot, double[] perChannel) {
    double[] tile = worker.scratch(slot, length);
    for (int at = 0; at < length; at += channels) {
      System.arraycopy(perChannel, 0, tile, at, channels);
    }
    return tile;
  }

  /** Returns a tile of zeros. */
  double[] zeros(Worker worker, int slot) {
    double[] tile = worker.scratch(slot, length);
    Arrays.fill(tile, 0, length, 0);
    return tile;
  }

  /** Returns the sums of a tile's elements by channel. */
  double[] fold(double[] tile) {
    double[] sums = new double[channels];
    for (int at = 0; at < length; at += channels) {
      for (int c = 0; c < channels; c++) {
        sums[c] += tile[at + c];
      }
    }
    return sums;
  }
}
