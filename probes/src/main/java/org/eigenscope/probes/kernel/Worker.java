package org.eigenscope.probes.kernel;

/** A member of a team: its place, its share of the work and its scratch memory. */
public final class Worker {
  /** Elements that are read, changed and written at a time, so that they stay in the cache. */
  public static final int TILE = 1024;

  private final int team;
  private final int index;
  private final int size;
  private final Meeting meeting;
  private final double[][] scratch = new double[16][];

  Worker(int team, int index, int size, Meeting meeting) {
    this.team = team;
    this.index = index;
    this.size = size;
    this.meeting = meeting;
  }

  /** Returns the number of the team, from 0. */
  public int team() {
    return team;
  }

  /** Returns the number of this member, from 0. */
  public int index() {
    return index;
  }

  /** Returns the number of members. */
  public int size() {
    return size;
  }

  /** Returns where this member's share of n equal things begins. */
  public long from(long n) {
    return n * index / size;
  }

  /** Returns where it ends. */
  public long to(long n) {
    return n * (index + 1) / size;
  }

  /** Waits for all members. */
  public void meet() {
    meeting.await();
  }

  /** Replaces values by their sums over all members; waits for them. */
  public void sum(double[] values) {
    meeting.sum(index, values);
  }

  /**
   * Returns an array for this member alone, at least as long as asked for, with any content.
   *
   * @param slot which of sixteen; an array is good until the same slot is asked for again
   */
  public double[] scratch(int slot, int length) {
    double[] array = scratch[slot];
    if (array == null || array.length < length) {
      array = new double[Math.max(length, TILE)];
      scratch[slot] = array;
    }
    return array;
  }
}
