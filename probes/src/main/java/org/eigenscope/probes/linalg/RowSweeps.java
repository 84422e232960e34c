package org.eigenscope.probes.linalg;

import java.util.Arrays;
import java.util.List;
import org.eigenscope.probes.kernel.Crew;
import org.eigenscope.probes.kernel.Elements;
import org.eigenscope.probes.kernel.Kernels;
import org.eigenscope.probes.kernel.Tensor;
import org.eigenscope.probes.kernel.Worker;
import org.nd4j.linalg.api.buffer.DataType;

/* IMPLEMENTATION NOTES
 *
 * Every member of the crew has its own range of coordinates, of all vectors, and goes through it in
 * tiles. These are short: products over a tile are summed in the vectors' type, those sums in double
 * (see LanczosSweeps), and BLAS libraries leave calls of that size to the thread that makes them.
 */
/** Linear algebra of the few long rows of a block with the many of a stack. */
final class RowSweeps implements AutoCloseable {
  /** Coordinates that are worked on at a time. */
  private static final int TILE = 512;

  /** Share of its norm that a vector keeps if it was orthogonal before, in the criterion's form. */
  private static final double SAME_NORM = Math.sqrt(0.5);

  /** Sums of squares from here to its inverse have neither overflown nor underflown. */
  private static final double LEAST_SQUARE = 1e-250;

  private final Elements elements;
  private final int order;
  private final Kernels kernels;
  private final Crew crew;

  RowSweeps(DataType type, long order, int threads) {
    this.elements = Elements.of(type);
    this.order = Math.toIntExact(order);
    this.kernels = Kernels.of(type);
    this.crew = LanczosSweeps.crew(order, threads, kernels);
  }

  Tensor block(int rows) {
    return Tensor.allocate(elements, rows, order);
  }

  RowStack stack(int capacity) {
    return new RowStack(elements, order, capacity);
  }

  /** Returns the norm of each row, without overflow or underflow on the way. */
  double[] norms(Tensor block) {
    double[] norms = dots(block, block);
    for (int i = 0; i < norms.length; i++) {
      norms[i] =
          norms[i] > LEAST_SQUARE && norms[i] < 1 / LEAST_SQUARE
              ? Math.sqrt(norms[i])
              : Vectors.norm(block.array().getRow(i));
    }
    return norms;
  }

  /** Returns the product of each row of a block with that of another. */
  double[] dots(Tensor block, Tensor other) {
    double[] dots = new double[(int) block.rows()];
    crew.run(
        1,
        worker -> {
          double[] sums = new double[dots.length];
          sweep(
              worker,
              (start, count) -> {
                for (int i = 0; i < sums.length; i++) {
                  double[] x = read(worker, 0, block.address(i), start, count);
                  double[] y = read(worker, 1, other.address(i), start, count);
                  sums[i] += LanczosSweeps.dot(x, y, count);
                }
              });
          worker.sum(sums);
          give(worker, sums, dots);
        });
    return dots;
  }

  /** Multiplies each of some rows by a number. */
  void scale(Tensor block, int first, double[] factors) {
    crew.run(
        1,
        worker ->
            sweep(
                worker,
                (start, count) -> {
                  for (int i = 0; i < factors.length; i++) {
                    long row = block.address(first + i);
                    double[] x = read(worker, 0, row, start, count);
                    for (int j = 0; j < count; j++) {
                      x[j] *= factors[i];
                    }
                    write(x, row, start, count);
                  }
                }));
  }

  /**
   * Takes from rows of unit length, in place, their components along orthonormal ones: a
   * Gram–Schmidt pass, and another one if that shortened any of them much (Daniel, Gragg, Kaufman
   * and Stewart 1976).
   *
   * @return what is left of their lengths
   */
  double[] orthogonalize(Tensor block, int first, int count, List<RowStack.Rows> basis) {
    int rows = total(basis);
    double[] lengths = new double[count];
    RowStack.Rows vectors = RowStack.Rows.of(block, first, count);
    try (Tensor windows = Tensor.allocate(elements, crew.threads(), Math.max(1, count * rows))) {
      crew.run(
          1,
          worker -> {
            double[] squares = new double[count];
            int passes = 0;
            do {
              double[] components = components(worker, vectors, basis, windows);
              long window = windows.address(worker.index());
              elements.write(window, components, 0, components.length);
              Arrays.fill(squares, 0);
              sweep(
                  worker,
                  (start, length) -> {
                    long tile = vectors.address() + start * elements.bytes();
                    multiply(-1, window, count, basis, start, length, 1, tile, order);
                    for (int i = 0; i < count; i++) {
                      double[] x = read(worker, 0, block.address(first + i), start, length);
                      squares[i] += LanczosSweeps.dot(x, x, length);
                    }
                  });
              worker.sum(squares);
              passes++;
            } while (passes < 2 && least(squares) < SAME_NORM * SAME_NORM);
            give(worker, squares, lengths);
          });
    }
    for (int i = 0; i < count; i++) {
      lengths[i] = Math.sqrt(lengths[i]);
    }
    return lengths;
  }

  /** Returns the products of the first rows of a block with others, [count][rows]. */
  double[][] products(Tensor block, int count, List<RowStack.Rows> others) {
    int rows = total(others);
    double[] all = new double[count * rows];
    RowStack.Rows vectors = RowStack.Rows.of(block, 0, count);
    try (Tensor windows = Tensor.allocate(elements, crew.threads(), Math.max(1, count * rows))) {
      crew.run(1, worker -> give(worker, components(worker, vectors, others, windows), all));
    }
    double[][] products = new double[count][rows];
    for (int i = 0; i < count; i++) {
      System.arraycopy(all, i * rows, products[i], 0, rows);
    }
    return products;
  }

  /** Sets the rows of a result to combinations of others, or adds these to them. */
  void combine(double[][] coefficients, List<RowStack.Rows> others, boolean added, Tensor result) {
    try (Tensor matrix = matrix(coefficients)) {
      crew.run(
          1,
          worker ->
              sweep(
                  worker,
                  (start, count) ->
                      multiply(
                          1,
                          matrix.address(0),
                          coefficients.length,
                          others,
                          start,
                          count,
                          added ? 1 : 0,
                          result.address(0) + start * elements.bytes(),
                          order)));
    }
  }

  /** Replaces the first rows by combinations of all. */
  void rotate(double[][] coefficients, List<RowStack.Rows> rows) {
    int kept = coefficients.length;
    try (Tensor matrix = matrix(coefficients);
        Tensor windows = Tensor.allocate(elements, crew.threads(), kept * TILE)) {
      crew.run(
          1,
          worker -> {
            long window = windows.address(worker.index());
            sweep(
                worker,
                (start, count) -> {
                  multiply(1, matrix.address(0), kept, rows, start, count, 0, window, TILE);
                  int i = 0;
                  for (RowStack.Rows some : rows) {
                    for (int row = 0; row < some.count() && i < kept; row++, i++) {
                      double[] x = read(worker, 0, window, (long) i * TILE, count);
                      write(x, address(some, row), start, count);
                    }
                  }
                });
          });
    }
  }

  /** Computes C = alpha M V + beta C, with M of some rows and V a tile of all others. */
  private void multiply(
      double alpha,
      long matrix,
      int rows,
      List<RowStack.Rows> others,
      long start,
      int count,
      double beta,
      long result,
      long stride) {
    int width = total(others);
    double factor = beta;
    int from = 0;
    for (RowStack.Rows some : others) {
      kernels.multiply(
          false,
          false,
          rows,
          count,
          some.count(),
          alpha,
          matrix + (long) from * elements.bytes(),
          width,
          some.address() + start * elements.bytes(),
          order,
          factor,
          result,
          stride);
      factor = 1;
      from += some.count();
    }
  }

  /** Returns the products of rows with others, row by row, with a member's window for parts. */
  private double[] components(
      Worker worker, RowStack.Rows vectors, List<RowStack.Rows> others, Tensor windows) {
    int rows = total(others);
    long window = windows.address(worker.index());
    double[] sums = new double[vectors.count() * rows];
    double[] part = new double[sums.length];
    sweep(
        worker,
        (start, count) -> {
          int from = 0;
          for (RowStack.Rows some : others) {
            kernels.multiply(
                false,
                true,
                vectors.count(),
                some.count(),
                count,
                1,
                vectors.address() + start * elements.bytes(),
                order,
                some.address() + start * elements.bytes(),
                order,
                0,
                window + (long) from * elements.bytes(),
                rows);
            from += some.count();
          }
          elements.read(window, part, 0, part.length);
          for (int i = 0; i < sums.length; i++) {
            sums[i] += part[i];
          }
        });
    worker.sum(sums);
    return sums;
  }

  /** What is done with the coordinates of a tile. */
  private interface Tile {
    void run(long start, int count);
  }

  private void sweep(Worker worker, Tile tile) {
    long end = worker.to(order);
    for (long start = worker.from(order); start < end; start += TILE) {
      tile.run(start, (int) Math.min(TILE, end - start));
    }
  }

  private Tensor matrix(double[][] rows) {
    Tensor matrix = Tensor.allocate(elements, rows.length, rows[0].length);
    for (int i = 0; i < rows.length; i++) {
      elements.write(matrix.address(i), rows[i], 0, rows[i].length);
    }
    return matrix;
  }

  private long address(RowStack.Rows rows, int row) {
    return rows.address() + (long) row * order * elements.bytes();
  }

  private double[] read(Worker worker, int slot, long vector, long start, int count) {
    double[] tile = worker.scratch(slot, TILE);
    elements.read(vector + start * elements.bytes(), tile, 0, count);
    return tile;
  }

  private void write(double[] tile, long vector, long start, int count) {
    elements.write(vector + start * elements.bytes(), tile, 0, count);
  }

  private static void give(Worker worker, double[] values, double[] to) {
    if (worker.index() == 0) {
      System.arraycopy(values, 0, to, 0, to.length);
    }
  }

  private static int total(List<RowStack.Rows> rows) {
    return rows.stream().mapToInt(RowStack.Rows::count).sum();
  }

  private static double least(double[] values) {
    double least = Double.POSITIVE_INFINITY;
    for (double value : values) {
      least = Math.min(least, value);
    }
    return least;
  }

  @Override
  public void close() {
    crew.close();
    kernels.close();
  }
}
