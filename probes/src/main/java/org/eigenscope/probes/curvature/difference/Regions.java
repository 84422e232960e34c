package org.eigenscope.probes.curvature.difference;

/**
 * Whether the piecewise smooth units of a replica note the regions they are in, or are held in
 * them.
 *
 * <p>The Hessian at a point θ is that of the smooth function which the network is in the region
 * around θ. A ReLU network has so many regions that even a step of 1e-5 leaves one; so nobody tries
 * to stay inside: the units evaluate, wherever the parameters are moved to, the branch they take at
 * θ. A unit exactly on a kink, as all are that see a blank patch through zero biases, takes the
 * branch that Deeplearning4j's back-propagation takes there.
 */
final class Regions {
  private boolean recording;
  private int batch;
  private long pass;
  private long held;
  private boolean crossed;

  /** Starts a pass over a batch at θ, in which units note their regions. */
  void record(int batchIndex) {
    start(true, batchIndex);
  }

  /** Starts a pass over a batch near θ, in which units stay in the regions noted before. */
  void hold(int batchIndex) {
    start(false, batchIndex);
  }

  private void start(boolean record, int batchIndex) {
    recording = record;
    batch = batchIndex;
    pass++;
  }

  boolean recording() {
    return recording;
  }

  int batch() {
    return batch;
  }

  /** Returns a number that no earlier pass had. */
  long pass() {
    return pass;
  }

  /** Counts units that would have left their region. */
  void count(long units) {
    held += units;
    crossed |= units > 0;
  }

  long held() {
    return held;
  }

  /** Returns whether some unit had to be held since the last call. */
  boolean takeCrossed() {
    boolean answer = crossed;
    crossed = false;
    return answer;
  }
}
