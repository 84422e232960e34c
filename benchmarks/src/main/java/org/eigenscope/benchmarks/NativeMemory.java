package org.eigenscope.benchmarks;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAccumulator;
import java.util.concurrent.locks.LockSupport;
import org.bytedeco.javacpp.Pointer;

/**
 * Native memory by the counts that ND4J and JavaCPP keep: arrays and buffers, but neither the Java
 * heap nor what a native library allocates for itself.
 */
final class NativeMemory {
  private static final int MOST_COLLECTIONS = 20;
  private static final long SETTLING_NANOS = 100_000_000L;
  private static final long LOOKING_NANOS = 1_000_000L;

  private NativeMemory() {}

  /** Returns the bytes that are in use: garbage is collected first. */
  static long bytesInUse() {
    long least = Long.MAX_VALUE;
    for (int i = 0; i < MOST_COLLECTIONS; i++) {
      System.gc();
      // Arrays whose owner was collected are freed by threads of the libraries.
      LockSupport.parkNanos(SETTLING_NANOS);
      long now = bytes();
      if (now >= least) {
        break;
      }
      least = now;
    }
    return least;
  }

  /** Returns the most bytes that there are while a task runs, looked at every millisecond. */
  static long mostBytes(Runnable task) {
    LongAccumulator most = new LongAccumulator(Math::max, bytes());
    AtomicBoolean running = new AtomicBoolean(true);
    Thread watch =
        new Thread(
            () -> {
              while (running.get()) {
                most.accumulate(bytes());
                LockSupport.parkNanos(LOOKING_NANOS);
              }
            });
    watch.start();
    try {
      task.run();
    } finally {
      running.set(false);
    }
    return most.get();
  }

  private static long bytes() {
    return nd4jBytes() + Pointer.totalBytes();
  }

  /** ND4J's count is a part of its CPU backend, which is not there to compile against. */
  private static long nd4jBytes() {
    try {
      Class<?> environment =
          Class.forName("org.nd4j.linalg.cpu.nativecpu.bindings.Nd4jCpu$Environment");
      Object instance = environment.getMethod("getInstance").invoke(null);
      return (long) environment.getMethod("getDeviceCounter", int.class).invoke(instance, 0);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("native memory is counted on ND4J's CPU backend only", e);
    }
  }
}
