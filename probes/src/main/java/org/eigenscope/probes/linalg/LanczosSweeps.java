package org.eigenscope.probes.linalg;

import java.util.ArrayList;
import java.util.List;
import org.eigenscope.probes.kernel.Crew;
import org.eigenscope.probes.kernel.Elements;
import org.eigenscope.probes.kernel.Kernels;
import org.eigenscope.probes.kernel.Tensor;
import org.eigenscope.probes.kernel.Worker;
import org.nd4j.linalg.api.buffer.DataType;

/* IMPLEMENTATION NOTES
 *
 * Every member of the crew has its own range of coordinates, of all vectors. It goes through it in
 * tiles, so that what is computed of a tile is used while it is in the cache; a sweep ends with a sum
 * over the members, the only place where they wait for each other. A sweep over the basis is bound by
 * reading it: the update goes backwards, and finds in the cache what the sweep before it read last.
 *
 * Scalars, and the vector w that is being made orthogonal, are in double. In FLOAT the kernels sum
 * a few hundred products in float, those sums are added in double: the error of a coefficient is a
 * few roundoffs of float however long the vectors are.
 */
/** What the members of a crew do together with the long vectors of Lanczos processes. */
final class LanczosSweeps implements AutoCloseable {
  /** Coordinates that are worked on at a time. */
  private static final int TILE = 4096;

  /**
   * Coordinates whose products are summed in the basis's type. With 2000 of them the vectors of a
   * FLOAT basis were 1.5e-6 from orthogonal in the worst case, with 512 of them 5e-7.
   */
  private static final int SUMMED_BY_KERNELS = 512;

  /** Coordinates that make it worth to have one more thread. */
  private static final long LEAST_SHARE = 1 << 15;

  private final Elements elements;
  private final long order;
  private final Kernels kernels;
  private final Crew crew;

  /** w, for one process at a time. */
  private final Tensor remainder;

  /** A tile of each member in the basis's type, and coefficients after it. */
  private final List<Tensor> windows = new ArrayList<>();

  LanczosSweeps(DataType type, long order, int rows, int threads) {
    this.elements = Elements.of(type);
    this.order = order;
    this.kernels = Kernels.of(type);
    this.crew = crew(order, threads, kernels);
    this.remainder = Tensor.allocate(Elements.DOUBLE, 1, Math.toIntExact(order));
    for (int i = 0; i < crew.threads(); i++) {
      windows.add(Tensor.allocate(elements, 1, TILE + rows));
    }
  }

  /** Returns as many threads, up to a bound, as vectors of an order are worth. */
  static Crew crew(long order, int threads, Kernels kernels) {
    return new Crew(
        (int) Math.max(1, Math.min(threads, order / LEAST_SHARE)), kernels::enterThread);
  }

  Elements elements() {
    return elements;
  }

  long order() {
    return order;
  }

  void run(Crew.Task task) {
    crew.run(1, task);
  }

  /** What is done with the coordinates of a tile. */
  private interface Tile {
    void run(long start, int count);
  }

  private void forward(Worker worker, Tile tile) {
    long end = worker.to(order);
    for (long start = worker.from(order); start < end; start += TILE) {
      tile.run(start, (int) Math.min(TILE, end - start));
    }
  }

  private void backward(Worker worker, Tile tile) {
    long begin = worker.from(order);
    for (long end = worker.to(order); end > begin; end -= TILE) {
      long start = Math.max(begin, end - TILE);
      tile.run(start, (int) (end - start));
    }
  }

  /** Returns max|x|, or a number that is not finite if an element is not. */
  double largestMagnitude(Worker worker, long vector) {
    double[] largest = new double[worker.size()];
    forward(
        worker,
        (start, count) -> {
          double[] x = read(worker, 0, vector, start, count);
          for (int i = 0; i < count; i++) {
            largest[worker.index()] = Math.max(largest[worker.index()], Math.abs(x[i]));
          }
        });
    worker.sum(largest);
    double result = 0;
    for (double one : largest) {
      result = Math.max(result, one);
    }
    return result;
  }

  /** Copies a vector, multiplied by a number. */
  void copy(Worker worker, double factor, long from, long to) {
    forward(
        worker,
        (start, count) -> {
          double[] x = read(worker, 0, from, start, count);
          scale(factor, x, count);
          elements.write(to + start * elements.bytes(), x, 0, count);
        });
  }

  /** Writes w, multiplied by a number, to a vector. */
  void writeRemainder(Worker worker, double factor, long to) {
    forward(
        worker,
        (start, count) -> {
          double[] w = readRemainder(worker, start, count);
          scale(factor, w, count);
          elements.write(to + start * elements.bytes(), w, 0, count);
        });
  }

  /** Returns vᵀ(factor·p − lastBeta·u). */
  double alpha(Worker worker, long v, long p, double factor, double lastBeta, long u) {
    double[] sum = new double[1];
    forward(
        worker,
        (start, count) -> {
          double[] w = recurrence(worker, p, factor, lastBeta, u, start, count);
          double[] x = read(worker, 2, v, start, count);
          sum[0] += dot(x, w, count);
        });
    worker.sum(sum);
    return sum[0];
  }

  /**
   * Sets w = factor·p − lastBeta·u − alpha·v, and returns its components along the rows of a basis.
   *
   * @param components takes Vw
   * @return ‖w‖₂
   */
  double begin(
      Worker worker,
      long v,
      double alpha,
      long p,
      double factor,
      double lastBeta,
      long u,
      long basis,
      double[] components) {
    double[] sums = new double[components.length + 1];
    forward(
        worker,
        (start, count) -> {
          double[] w = recurrence(worker, p, factor, lastBeta, u, start, count);
          double[] x = read(worker, 2, v, start, count);
          for (int i = 0; i < count; i++) {
            w[i] -= alpha * x[i];
          }
          remainder.write(start, w, 0, count);
          measure(worker, basis, w, start, count, sums);
        });
    return total(worker, sums, components);
  }

  /** Returns ‖w‖₂ and, in {@code components}, Vw. */
  double measure(Worker worker, long basis, double[] components) {
    double[] sums = new double[components.length + 1];
    forward(
        worker,
        (start, count) ->
            measure(worker, basis, readRemainder(worker, start, count), start, count, sums));
    return total(worker, sums, components);
  }

  /** Takes from w its components along the rows of a basis, and returns ‖w‖₂. */
  double subtract(Worker worker, long basis, double[] components) {
    Tensor window = windows.get(worker.index());
    int rows = components.length;
    window.write(TILE, components, 0, rows);
    double[] sum = new double[1];
    double[] change = worker.scratch(3, TILE);
    backward(
        worker,
        (start, count) -> {
          kernels.multiply(
              false,
              false,
              1,
              count,
              rows,
              1,
              coefficients(window),
              rows,
              basis + start * elements.bytes(),
              order,
              0,
              window.address(0),
              count);
          window.read(0, change, 0, count);
          double[] w = readRemainder(worker, start, count);
          for (int i = 0; i < count; i++) {
            w[i] -= change[i];
          }
          remainder.write(start, w, 0, count);
          sum[0] += dot(w, w, count);
        });
    worker.sum(sum);
    return Math.sqrt(sum[0]);
  }

  /** Returns factor·p − lastBeta·u of a tile. */
  private double[] recurrence(
      Worker worker, long p, double factor, double lastBeta, long u, long start, int count) {
    double[] w = read(worker, 0, p, start, count);
    if (lastBeta == 0) {
      scale(factor, w, count);
      return w;
    }
    double[] x = read(worker, 1, u, start, count);
    for (int i = 0; i < count; i++) {
      w[i] = factor * w[i] - lastBeta * x[i];
    }
    return w;
  }

  /** Adds a tile's part of Vw, and of ‖w‖² after it. */
  private void measure(
      Worker worker, long basis, double[] w, long start, int count, double[] sums) {
    int rows = sums.length - 1;
    if (rows > 0) {
      Tensor window = windows.get(worker.index());
      window.write(0, w, 0, count);
      double[] part = worker.scratch(3, rows);
      for (int from = 0; from < count; from += SUMMED_BY_KERNELS) {
        int length = Math.min(SUMMED_BY_KERNELS, count - from);
        kernels.multiply(
            false,
            true,
            rows,
            1,
            length,
            1,
            basis + (start + from) * elements.bytes(),
            order,
            window.address(0) + (long) from * elements.bytes(),
            length,
            0,
            coefficients(window),
            1);
        window.read(TILE, part, 0, rows);
        for (int i = 0; i < rows; i++) {
          sums[i] += part[i];
        }
      }
    }
    sums[rows] += dot(w, w, count);
  }

  private static double total(Worker worker, double[] sums, double[] components) {
    worker.sum(sums);
    System.arraycopy(sums, 0, components, 0, components.length);
    return Math.sqrt(sums[components.length]);
  }

  private long coefficients(Tensor window) {
    return window.address(0) + (long) TILE * elements.bytes();
  }

  private double[] read(Worker worker, int slot, long vector, long start, int count) {
    double[] tile = worker.scratch(slot, TILE);
    elements.read(vector + start * elements.bytes(), tile, 0, count);
    return tile;
  }

  private double[] readRemainder(Worker worker, long start, int count) {
    double[] tile = worker.scratch(0, TILE);
    remainder.read(start, tile, 0, count);
    return tile;
  }

  private static void scale(double factor, double[] x, int count) {
    for (int i = 0; i < count; i++) {
      x[i] *= factor;
    }
  }

  /** Returns xᵀy, in four sums that do not wait for each other. */
  static double dot(double[] x, double[] y, int count) {
    double a = 0;
    double b = 0;
    double c = 0;
    double d = 0;
    int i = 0;
    for (; i + 3 < count; i += 4) {
      a += x[i] * y[i];
      b += x[i + 1] * y[i + 1];
      c += x[i + 2] * y[i + 2];
      d += x[i + 3] * y[i + 3];
    }
    for (; i < count; i++) {
      a += x[i] * y[i];
    }
    return (a + b) + (c + d);
  }

  @Override
  public void close() {
    crew.close();
    remainder.close();
    windows.forEach(Tensor::close);
    kernels.close();
  }
}
