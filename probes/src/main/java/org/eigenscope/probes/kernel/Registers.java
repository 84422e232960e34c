package org.eigenscope.probes.kernel;

import java.util.Arrays;

/**
 * Short arrays of one floating-point type on the heap, by number, with arithmetic element by
 * element: what native memory is loaded into, a tile at a time, so that loops stay in the type and
 * the compiler turns them into vector instructions.
 *
 * <p><b>Threading.</b> Each thread has its own.
 */
public abstract class Registers {
  /** How many there are. */
  public static final int COUNT = 10;

  private static final ThreadLocal<Registers> FLOATS = ThreadLocal.withInitial(Floats::new);
  private static final ThreadLocal<Registers> DOUBLES = ThreadLocal.withInitial(Doubles::new);

  private Registers() {}

  /** Returns the calling thread's registers of a type, with any content. */
  public static Registers ofThread(Elements elements) {
    return switch (elements) {
      case FLOAT -> FLOATS.get();
      case DOUBLE -> DOUBLES.get();
    };
  }

  /** Sets register r to native memory. */
  public abstract void load(int r, long address, int count);

  /** Copies register r to native memory. */
  public abstract void store(int r, long address, int count);

  /** Sets register r to numbers, rounded to the type. */
  public abstract void set(int r, double[] numbers, int count);

  /** Sets register r to one number, rounded to the type. */
  public abstract void fill(int r, double number, int count);

  /** r = r · s. */
  public abstract void multiply(int r, int s, int count);

  /** r = r + s. */
  public abstract void add(int r, int s, int count);

  /** r = r + s · t. */
  public abstract void addProduct(int r, int s, int t, int count);

  /** Adds register r to sums in double, and sets it to zeros. */
  public abstract void drain(int r, double[] sums, int count);

  private static final class Floats extends Registers {
    private final float[][] arrays = new float[COUNT][0];

    private float[] array(int r, int count) {
      if (arrays[r].length < count) {
        arrays[r] = new float[Math.max(count, Worker.TILE)];
      }
      return arrays[r];
    }

    @Override
    public void load(int r, long address, int count) {
      Cursors.ofThread().toFloats(0, address).get(array(r, count), 0, count);
    }

    @Override
    public void store(int r, long address, int count) {
      Cursors.ofThread().toFloats(0, address).put(arrays[r], 0, count);
    }

    @Override
    public void set(int r, double[] numbers, int count) {
      float[] a = array(r, count);
      for (int i = 0; i < count; i++) {
        a[i] = (float) numbers[i];
      }
    }

    @Override
    public void fill(int r, double number, int count) {
      Arrays.fill(array(r, count), 0, count, (float) number);
    }

    @Override
    public void multiply(int r, int s, int count) {
      float[] a = arrays[r];
      float[] b = arrays[s];
      for (int i = 0; i < count; i++) {
        a[i] *= b[i];
      }
    }

    @Override
    public void add(int r, int s, int count) {
      float[] a = arrays[r];
      float[] b = arrays[s];
      for (int i = 0; i < count; i++) {
        a[i] += b[i];
      }
    }

    @Override
    public void addProduct(int r, int s, int t, int count) {
      float[] a = arrays[r];
      float[] b = arrays[s];
      float[] c = arrays[t];
      for (int i = 0; i < count; i++) {
        a[i] += b[i] * c[i];
      }
    }

    @Override
    public void drain(int r, double[] sums, int count) {
      float[] a = arrays[r];
      for (int i = 0; i < count; i++) {
        sums[i] += a[i];
        a[i] = 0;
      }
    }
  }

  private static final class Doubles extends Registers {
    private final double[][] arrays = new double[COUNT][0];

    private double[] array(int r, int count) {
      if (arrays[r].length < count) {
        arrays[r] = new double[Math.max(count, Worker.TILE)];
      }
      return arrays[r];
    }

    @Override
    public void load(int r, long address, int count) {
      Cursors.ofThread().toDoubles(0, address).get(array(r, count), 0, count);
    }

    @Override
    public void store(int r, long address, int count) {
      Cursors.ofThread().toDoubles(0, address).put(arrays[r], 0, count);
    }

    @Override
    public void set(int r, double[] numbers, int count) {
      System.arraycopy(numbers, 0, array(r, count), 0, count);
    }

    @Override
    public void fill(int r, double number, int count) {
      Arrays.fill(array(r, count), 0, count, number);
    }

    @Override
    public void multiply(int r, int s, int count) {
      double[] a = arrays[r];
      double[] b = arrays[s];
      for (int i = 0; i < count; i++) {
        a[i] *= b[i];
      }
    }

    @Override
    public void add(int r, int s, int count) {
      double[] a = arrays[r];
      double[] b = arrays[s];
      for (int i = 0; i < count; i++) {
        a[i] += b[i];
      }
    }

    @Override
    public void addProduct(int r, int s, int t, int count) {
      double[] a = arrays[r];
      double[] b = arrays[s];
      double[] c = arrays[t];
      for (int i = 0; i < count; i++) {
        a[i] += b[i] * c[i];
      }
    }

    @Override
    public void drain(int r, double[] sums, int count) {
      double[] a = arrays[r];
      for (int i = 0; i < count; i++) {
        sums[i] += a[i];
        a[i] = 0;
      }
    }
  }
}
