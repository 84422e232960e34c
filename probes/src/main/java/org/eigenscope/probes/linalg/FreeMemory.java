package org.eigenscope.probes.linalg;

import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.bytedeco.javacpp.Pointer;

/** What may be spent on vectors, which live outside the Java heap. */
public final class FreeMemory {

  /** Share of the free memory that a basis may take; the rest is for the operator's own work. */
  private static final double USABLE = 0.75;

  /** How long native memory needs to come back after its arrays were collected. */
  private static final long RECLAIM_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  private FreeMemory() {}

  /**
   * Returns how many bytes may be used, at most a limit.
   *
   * @param wanted bytes the caller would like; only when they are not there, unused arrays are
   *     collected first
   * @param limit bytes the user allows
   */
  public static long usable(long wanted, long limit) {
    long usable = Math.min(limit, measure());
    if (usable < wanted && usable < limit) {
      System.gc();
      LockSupport.parkNanos(RECLAIM_NANOS);
      usable = Math.min(limit, measure());
    }
    return usable;
  }

  /**
   * Returns the least of what JavaCPP's limits (-Dorg.bytedeco.javacpp.maxbytes, .maxphysicalbytes)
   * and the machine leave. ND4J's arrays count for the second limit only.
   */
  private static long measure() {
    long free = Pointer.availablePhysicalBytes();
    if (Pointer.maxBytes() > 0) {
      free = Math.min(free, Pointer.maxBytes() - Pointer.totalBytes());
    }
    if (Pointer.maxPhysicalBytes() > 0) {
      free = Math.min(free, Pointer.maxPhysicalBytes() - Pointer.physicalBytes());
    }
    return (long) (USABLE * Math.max(0, free));
  }

  /** Returns a number of bytes in readable units. */
  public static String format(long bytes) {
    String[] units = {"bytes", "kB", "MB", "GB", "TB"};
    double amount = bytes;
    int unit = 0;
    while (amount >= 1000 && unit + 1 < units.length) {
      amount /= 1000;
      unit++;
    }
    return unit == 0
        ? bytes + " bytes"
        : String.format(Locale.ROOT, "%.1f %s", amount, units[unit]);
  }
}
