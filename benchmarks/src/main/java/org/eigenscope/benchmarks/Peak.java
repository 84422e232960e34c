package org.eigenscope.benchmarks;

import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.eigenscope.probes.kernel.Elements;
import org.eigenscope.probes.kernel.Kernels;
import org.eigenscope.probes.kernel.Tensor;
import org.nd4j.linalg.api.buffer.DataType;

/** The matrix-product peak of the machine. */
final class Peak {
  private static final int SIZE = 512;
  private static final int PRODUCTS_A_ROUND = 16;
  private static final double FLOPS_A_ROUND = 2.0 * SIZE * SIZE * SIZE * PRODUCTS_A_ROUND;
  private static final long NANOS = 2_000_000_000L;

  private Peak() {}

  /**
   * Returns the billions of floating-point operations a second that products of 512 × 512 matrices
   * reach when every thread computes its own: the best round of two seconds.
   *
   * @param type FLOAT or DOUBLE
   * @param threads number of threads, at least 1
   */
  static double gigaflops(DataType type, int threads) {
    try (Kernels kernels = Kernels.of(type)) {
      List<Products> round = Stream.generate(() -> Products.of(kernels)).limit(threads).toList();
      ExecutorService executor =
          Executors.newFixedThreadPool(
              threads,
              task ->
                  new Thread(
                      () -> {
                        kernels.enterThread();
                        task.run();
                      }));
      try {
        double best = 0;
        long start = System.nanoTime();
        do {
          best = Math.max(best, threads * FLOPS_A_ROUND / seconds(executor, round) / 1e9);
        } while (System.nanoTime() - start < NANOS);
        return best;
      } finally {
        executor.shutdown();
        round.forEach(Products::close);
      }
    }
  }

  private static double seconds(ExecutorService executor, List<Products> round) {
    long start = System.nanoTime();
    try {
      for (Future<Void> member : executor.invokeAll(round)) {
        member.get();
      }
    } catch (InterruptedException | ExecutionException e) {
      throw new IllegalStateException("the matrix products did not finish", e);
    }
    return (System.nanoTime() - start) / 1e9;
  }

  /** What one thread computes in a round. */
  private record Products(Kernels kernels, Tensor a, Tensor b, Tensor c)
      implements Callable<Void>, AutoCloseable {

    static Products of(Kernels kernels) {
      Elements elements = Elements.of(kernels.type());
      Products products =
          new Products(
              kernels,
              Tensor.allocate(elements, SIZE, SIZE),
              Tensor.allocate(elements, SIZE, SIZE),
              Tensor.allocate(elements, SIZE, SIZE));
      products.a.array().assign(1);
      products.b.array().assign(1);
      return products;
    }

    @Override
    public Void call() {
      for (int i = 0; i < PRODUCTS_A_ROUND; i++) {
        kernels.multiply(
            false,
            false,
            SIZE,
            SIZE,
            SIZE,
            1,
            a.address(0),
            SIZE,
            b.address(0),
            SIZE,
            0,
            c.address(0),
            SIZE);
      }
      return null;
    }

    @Override
    public void close() {
      a.close();
      b.close();
      c.close();
    }
  }
}
