package org.eigenscope.probes.curvature.tangent;

import java.util.Arrays;
import org.eigenscope.probes.kernel.Registers;
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

  /** Sets a register to a tile that repeats a number for each channel. */
  void repeat(Worker worker, Registers registers, int r, double[] perChannel) {
    registers.set(r, repeat(worker, 0, perChannel), length);
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

  /**
   * Sums over tiles, in registers of the type for a few tiles at a time and in double from there
   * on.
   */
  static final class Sums {
    /**
     * Tiles whose sums may be rounded to the type: a few roundoffs beside those of what is summed.
     */
    private static final int TILES_AT_ONCE = 16;

    private final Registers registers;
    private final int[] sources;
    private final double[][] totals;
    private final int length;
    private int tiles;

    /**
     * @param sources numbers of the registers that take sums, which are set to zeros
     */
    Sums(Registers registers, Tiles tiles, int... sources) {
      this.registers = registers;
      this.sources = sources;
      this.length = tiles.length();
      this.totals = new double[sources.length][length];
      for (int r : sources) {
        registers.fill(r, 0, length);
      }
    }

    /** Says that another tile was added to the registers. */
    void tileAdded() {
      tiles++;
      if (tiles == TILES_AT_ONCE) {
        drain();
      }
    }

    private void drain() {
      for (int k = 0; k < sources.length; k++) {
        registers.drain(sources[k], totals[k], length);
      }
      tiles = 0;
    }

    /** Returns the sums of a register. */
    double[] total(int r) {
      drain();
      for (int k = 0; k < sources.length; k++) {
        if (sources[k] == r) {
          return totals[k];
        }
      }
      throw new IllegalArgumentException("register " + r + " takes no sums");
    }
  }
}
