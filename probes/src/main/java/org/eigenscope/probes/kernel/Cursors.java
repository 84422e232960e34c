package org.eigenscope.probes.kernel;

import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.LongPointer;

/** Pointers of one thread, which are moved to the memory that a native call is to see. */
final class Cursors {
  private static final ThreadLocal<Cursors> OF_THREAD = ThreadLocal.withInitial(Cursors::new);

  private final FloatCursor[] floats = {new FloatCursor(), new FloatCursor(), new FloatCursor()};
  private final DoubleCursor[] doubles = {
    new DoubleCursor(), new DoubleCursor(), new DoubleCursor()
  };

  private final IntCursor ints = new IntCursor();
  private final LongCursor longs = new LongCursor();

  private Cursors() {}

  static Cursors ofThread() {
    return OF_THREAD.get();
  }

  /** Returns one of three pointers to floats, moved to an address. */
  FloatPointer toFloats(int which, long address) {
    return floats[which].at(address);
  }

  /** Returns one of three pointers to doubles, moved to an address. */
  DoublePointer toDoubles(int which, long address) {
    return doubles[which].at(address);
  }

  /** Returns a pointer to integers, moved to an address. */
  IntPointer toInts(long address) {
    return ints.at(address);
  }

  /** Returns a pointer to long integers, moved to an address. */
  LongPointer toLongs(long address) {
    return longs.at(address);
  }

  private static final class FloatCursor extends FloatPointer {
    FloatCursor at(long newAddress) {
      address = newAddress;
      return this;
    }
  }

  private static final class DoubleCursor extends DoublePointer {
    DoubleCursor at(long newAddress) {
      address = newAddress;
      return this;
    }
  }

  private static final class IntCursor extends IntPointer {
    IntCursor at(long newAddress) {
      address = newAddress;
      return this;
    }
  }

  private static final class LongCursor extends LongPointer {
    LongCursor at(long newAddress) {
      address = newAddress;
      return this;
    }
  }
}
