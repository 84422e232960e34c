package org.eigenscope.probes.linalg;

import java.util.ArrayList;
import java.util.List;
import org.eigenscope.probes.kernel.Elements;
import org.eigenscope.probes.kernel.Tensor;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Vectors of one length in slabs of native memory, which is taken as they come. */
final class RowStack implements AutoCloseable {
  /** Rows of a slab: a product with fewer is less than BLAS can do, more may stay unused. */
  private static final int SLAB_ROWS = 16;

  private final Elements elements;
  private final int width;
  private final int capacity;
  private final List<Tensor> slabs = new ArrayList<>();
  private int size;

  RowStack(Elements elements, int width, int capacity) {
    this.elements = elements;
    this.width = width;
    this.capacity = capacity;
  }

  /** Some rows that lie one behind the other in memory. */
  record Rows(long address, int count) {
    static Rows of(Tensor tensor, int first, int count) {
      return new Rows(tensor.address(first), count);
    }
  }

  int size() {
    return size;
  }

  /** Returns all rows, in their order. */
  List<Rows> rows() {
    List<Rows> rows = new ArrayList<>();
    for (int first = 0; first < size; first += SLAB_ROWS) {
      Tensor slab = slabs.get(first / SLAB_ROWS);
      rows.add(Rows.of(slab, 0, Math.min(SLAB_ROWS, size - first)));
    }
    return rows;
  }

  /** Adds copies of the rows of a block [k, n]; there must be room for them. */
  void append(INDArray block) {
    for (int i = 0; i < block.size(0); i++) {
      if (size == slabs.size() * SLAB_ROWS) {
        slabs.add(Tensor.allocate(elements, Math.min(SLAB_ROWS, capacity - size), width));
      }
      Tensor slab = slabs.get(size / SLAB_ROWS);
      slab.array().getRow(size % SLAB_ROWS).assign(block.getRow(i));
      size++;
    }
  }

  /** Returns copies [k, n] of the last rows. */
  INDArray last(int count) {
    INDArray copies = Nd4j.createUninitialized(elements.type(), count, width);
    for (int i = 0; i < count; i++) {
      int row = size - count + i;
      copies.getRow(i).assign(slabs.get(row / SLAB_ROWS).array().getRow(row % SLAB_ROWS));
    }
    return copies;
  }

  /** Forgets all rows but the first ones. */
  void truncate(int newSize) {
    size = newSize;
  }

  @Override
  public void close() {
    slabs.forEach(Tensor::close);
  }
}
