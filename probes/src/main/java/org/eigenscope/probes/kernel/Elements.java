package org.eigenscope.probes.kernel;

import org.nd4j.linalg.api.buffer.DataType;

/**
 * Native memory of one floating-point type, read and written as doubles on the heap, where the
 * compiler turns loops into vector instructions.
 *
 * <p><b>Threading.</b> Safe for use by several threads on memory that they do not share.
 */
public enum Elements {
  /** 32 bits. */
  FLOAT(DataType.FLOAT, Float.BYTES) {
    @Override
    public void read(long address, double[] into, int offset, int count) {
      float[] window = Window.OF_THREAD.get();
      Cursors cursors = Cursors.ofThread();
      for (int done = 0; done < count; done += Window.SIZE) {
        int length = Math.min(Window.SIZE, count - done);
        cursors.toFloats(0, address + (long) done * Float.BYTES).get(window, 0, length);
        for (int i = 0; i < length; i++) {
          into[offset + done + i] = window[i];
        }
      }
    }

    @Override
    public void write(long address, double[] from, int offset, int count) {
      float[] window = Window.OF_THREAD.get();
      Cursors cursors = Cursors.ofThread();
      for (int done = 0; done < count; done += Window.SIZE) {
        int length = Math.min(Window.SIZE, count - done);
        for (int i = 0; i < length; i++) {
          window[i] = (float) from[offset + done + i];
        }
        cursors.toFloats(0, address + (long) done * Float.BYTES).put(window, 0, length);
      }
    }

    @Override
    public boolean allFinite(long address, long count) {
      int[] window = Window.BITS_OF_THREAD.get();
      Cursors cursors = Cursors.ofThread();
      int signs = 0;
      for (long done = 0; done < count; done += Window.SIZE) {
        int length = (int) Math.min(Window.SIZE, count - done);
        cursors.toInts(address + done * Float.BYTES).get(window, 0, length);
        for (int i = 0; i < length; i++) {
          signs |= (window[i] & FLOAT_EXPONENT) + FLOAT_EXPONENT_UNIT;
        }
      }
      return signs >= 0;
    }
  },
  /** 64 bits. */
  DOUBLE(DataType.DOUBLE, Double.BYTES) {
    @Override
    public void read(long address, double[] into, int offset, int count) {
      Cursors.ofThread().toDoubles(0, address).get(into, offset, count);
    }

    @Override
    public void write(long address, double[] from, int offset, int count) {
      Cursors.ofThread().toDoubles(0, address).put(from, offset, count);
    }

    @Override
    public boolean allFinite(long address, long count) {
      long[] window = Window.LONG_BITS_OF_THREAD.get();
      Cursors cursors = Cursors.ofThread();
      long signs = 0;
      for (long done = 0; done < count; done += Window.SIZE) {
        int length = (int) Math.min(Window.SIZE, count - done);
        cursors.toLongs(address + done * Double.BYTES).get(window, 0, length);
        for (int i = 0; i < length; i++) {
          signs |= (window[i] & DOUBLE_EXPONENT) + DOUBLE_EXPONENT_UNIT;
        }
      }
      return signs >= 0;
    }
  };

  // An exponent of ones alone, which NaN and the infinities have, overflows into the sign when one
  // is
  // added to it.
  private static final int FLOAT_EXPONENT = 0x7f800000;
  private static final int FLOAT_EXPONENT_UNIT = 0x00800000;
  private static final long DOUBLE_EXPONENT = 0x7ff0000000000000L;
  private static final long DOUBLE_EXPONENT_UNIT = 0x0010000000000000L;

  private final DataType type;
  private final int bytes;

  Elements(DataType type, int bytes) {
    this.type = type;
    this.bytes = bytes;
  }

  /**
   * Returns the elements of an ND4J type.
   *
   * @throws IllegalArgumentException if it is neither FLOAT nor DOUBLE
   */
  public static Elements of(DataType type) {
    return switch (type) {
      case FLOAT -> FLOAT;
      case DOUBLE -> DOUBLE;
      default -> throw new IllegalArgumentException("type must be FLOAT or DOUBLE, got " + type);
    };
  }

  /** Returns ND4J's name of the type. */
  public DataType type() {
    return type;
  }

  /** Returns the bytes of an element. */
  public int bytes() {
    return bytes;
  }

  /** Copies elements from native memory to the heap. */
  public abstract void read(long address, double[] into, int offset, int count);

  /** Copies elements from the heap to native memory. */
  public abstract void write(long address, double[] from, int offset, int count);

  /** Returns whether no element is NaN or infinite. */
  public abstract boolean allFinite(long address, long count);

  /** Floats of one thread on their way to doubles or back. */
  private static final class Window {
    static final int SIZE = 2048;
    static final ThreadLocal<float[]> OF_THREAD = ThreadLocal.withInitial(() -> new float[SIZE]);
    static final ThreadLocal<int[]> BITS_OF_THREAD = ThreadLocal.withInitial(() -> new int[SIZE]);
    static final ThreadLocal<long[]> LONG_BITS_OF_THREAD =
        ThreadLocal.withInitial(() -> new long[SIZE]);
  }
}
