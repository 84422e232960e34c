package org.eigenscope.probes.curvature;

/**
 * How output Hessians are found where examples or positions depend on each other.
 *
 * <p>Where they do not, one pass for each output is exact. Where they do, exactness takes a pass
 * for each output of each coupled example and position; beyond a limit random signs on all of them
 * estimate the diagonal blocks, without bias.
 *
 * @param exactWork most values that exact passes for one layer may compute, over all examples and
 *     edges of the network; default 1e10, some ten seconds
 * @param draws random vectors beyond that, at least 2; default 32
 * @param seed seed of the vectors; default 1
 */
public record OutputProbing(double exactWork, int draws, long seed) {

  /** Checks the ranges. */
  public OutputProbing {
    if (!(exactWork >= 0)) {
      throw new IllegalArgumentException("exactWork must be at least 0, got " + exactWork);
    }
    if (draws < 2) {
      throw new IllegalArgumentException("draws must be at least 2, got " + draws);
    }
  }

  /** Returns the defaults. */
  public static OutputProbing defaults() {
    return new OutputProbing(1e10, 32, 1);
  }

  /** Returns this with another {@link #exactWork}. */
  public OutputProbing withExactWork(double value) {
    return new OutputProbing(value, draws, seed);
  }

  /** Returns this with another number of {@link #draws}. */
  public OutputProbing withDraws(int value) {
    return new OutputProbing(exactWork, value, seed);
  }

  /** Returns this with another {@link #seed}. */
  public OutputProbing withSeed(long value) {
    return new OutputProbing(exactWork, draws, value);
  }
}
