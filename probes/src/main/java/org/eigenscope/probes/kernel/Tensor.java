package org.eigenscope.probes.kernel;

import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A matrix in native memory, dense and in row-major order; one row for each example, as a rule.
 *
 * <p>Whoever works with its {@link #address} keeps the tensor itself reachable meanwhile.
 */
public final class Tensor implements AutoCloseable {
  private final INDArray array;
  private final Elements elements;
  private final long rows;
  private final int width;
  private final long address;

  private Tensor(INDArray array, long rows, int width) {
    this.array = array;
    this.elements = Elements.of(array.dataType());
    this.rows = rows;
    this.width = width;
    this.address = array.data().address() + array.offset() * elements.bytes();
  }

  /** Allocates a tensor, outside of all workspaces; its content is undefined. */
  @SuppressWarnings("try") // the scope itself is the use
  public static Tensor allocate(Elements elements, long rows, int width) {
    try (MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
      return new Tensor(Nd4j.createUninitialized(elements.type(), rows, width), rows, width);
    }
  }

  /**
   * Returns an array as a tensor that shares its memory.
   *
   * @param array dense and in 'c' order; its elements are taken as rows of equal length
   * @throws IllegalArgumentException if the array is not dense
   */
  public static Tensor sharing(INDArray array, long rows) {
    if (array.ordering() != 'c' || (array.isView() && array.elementWiseStride() != 1)) {
      throw new IllegalArgumentException(
          "array must be dense and in 'c' order, got order %s and element-wise stride %d"
              .formatted(array.ordering(), array.elementWiseStride()));
    }
    return new Tensor(array, rows, Math.toIntExact(array.length() / rows));
  }

  /** Returns the array whose memory this is. */
  public INDArray array() {
    return array;
  }

  /** Returns the type. */
  public Elements elements() {
    return elements;
  }

  /** Returns the number of rows. */
  public long rows() {
    return rows;
  }

  /** Returns the length of a row. */
  public int width() {
    return width;
  }

  /** Returns the bytes it takes. */
  public long bytes() {
    return rows * width * elements.bytes();
  }

  /** Returns the address of the first element of a row. */
  public long address(long row) {
    return address + row * width * elements.bytes();
  }

  /** Returns whether no element is NaN or infinite. */
  public boolean allFinite() {
    return elements.allFinite(address, rows * width);
  }

  /** Copies elements, counted from the first of the first row, to the heap. */
  public void read(long first, double[] into, int offset, int count) {
    elements.read(address + first * elements.bytes(), into, offset, count);
  }

  /** Copies elements from the heap to where the first element plus {@code first} is. */
  public void write(long first, double[] from, int offset, int count) {
    elements.write(address + first * elements.bytes(), from, offset, count);
  }

  @Override
  public void close() {
    if (array.closeable()) {
      array.close();
    }
  }
}
