package org.eigenscope.probes.linalg;

import java.util.ArrayList;
import java.util.List;
import org.eigenscope.probes.kernel.Tensor;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** The symmetric Lanczos process, for one starting vector or several in step. */
public final class Lanczos {

  /**
   * Vectors of length n that a process needs beside its basis: in and out of the operator, scratch.
   */
  private static final int WORKING_VECTORS = 4;

  private Lanczos() {}

  /**
   * Settings of a process.
   *
   * @param steps largest number of steps, between 1 and the operator's order
   * @param reorthogonalization FULL by default; NONE needs two vectors of memory
   * @param memoryBytes upper limit for the bases of all starting vectors, in bytes; what is free
   *     limits them as well. Default none, {@code Long.MAX_VALUE}
   * @param threads threads that work on the vectors between products, at least 1; default as many
   *     as there are processors
   */
  public record Options(
      int steps, Reorthogonalization reorthogonalization, long memoryBytes, int threads) {

    /** Checks what can be checked without an operator. */
    public Options {
      if (steps < 1) {
        throw new IllegalArgumentException("steps must be at least 1, got " + steps);
      }
      if (memoryBytes < 0) {
        throw new IllegalArgumentException("memoryBytes must be at least 0, got " + memoryBytes);
      }
      if (threads < 1) {
        throw new IllegalArgumentException("threads must be at least 1, got " + threads);
      }
    }

    /** Returns the defaults for a number of steps. */
    public static Options ofSteps(int steps) {
      return new Options(
          steps,
          Reorthogonalization.FULL,
          Long.MAX_VALUE,
          Runtime.getRuntime().availableProcessors());
    }

    /** Returns these settings with another {@link #reorthogonalization}. */
    public Options withReorthogonalization(Reorthogonalization value) {
      return new Options(steps, value, memoryBytes, threads);
    }

    /** Returns these settings with another {@link #memoryBytes}. */
    public Options withMemoryBytes(long value) {
      return new Options(steps, reorthogonalization, value, threads);
    }

    /** Returns these settings with another {@link #threads}. */
    public Options withThreads(int value) {
      return new Options(steps, reorthogonalization, memoryBytes, value);
    }
  }

  /**
   * Runs the process from one starting vector.
   *
   * <p><b>Definition.</b> Finds V (n × m, orthonormal columns) and a symmetric tridiagonal T (m ×
   * m) with A V = V T + β v₊ e_mᵀ and V e₁ = start / ‖start‖₂.
   *
   * <p><b>Cost.</b> m matvecs; with {@link Reorthogonalization#FULL} about 2m²n further flops, and
   * mn elements of the operator's type for V.
   *
   * <p><b>Breakdown.</b> Stops early, with fewer than m steps, when an invariant subspace is found:
   * β ≤ 10·n·u·‖T‖, u the unit roundoff of double; in FLOAT also β ≤ 4·u·‖A v‖ with the u of float.
   * This is success, not an error.
   *
   * <p><b>References.</b> Lanczos 1950, "An iteration method for the solution of the eigenvalue
   * problem", J. Res. NBS 45; Parlett 1980, "The Symmetric Eigenvalue Problem", chapter 13.
   *
   * @param operator A, symmetric of order n; applied at most m times
   * @param start starting vector [n] of the operator's type, not all zero, any scale; not modified
   * @param options settings
   * @return the factorization; its {@code steps()} may be less than requested; to be closed
   * @throws IllegalArgumentException if {@code start} has the wrong shape or type, is zero or not
   *     finite, or there are more steps than the operator's order
   * @throws IllegalStateException if the basis does not fit into the memory
   * @throws NonFiniteValueException if a product is not finite
   */
  public static LanczosFactorization factorize(
      LinearOperator operator, INDArray start, Options options) {
    if (start.rank() != 1) {
      throw new IllegalArgumentException("start must have rank 1, got rank " + start.rank());
    }
    if (start.length() != operator.order()) {
      throw new IllegalArgumentException(
          "start has length %d but the operator has order %d"
              .formatted(start.length(), operator.order()));
    }
    return factorizeAll(operator, start.reshape(1, start.length()), options).get(0);
  }

  /**
   * Runs the process from each row of a block, as {@link #factorize} does, with one application of
   * the operator a step for all that still run.
   *
   * <p><b>Cost.</b> As for one starting vector, times their number; the bases are in memory
   * together.
   *
   * @param operator A, symmetric of order n; applied at most m times, to blocks
   * @param starts starting vectors, the rows of [k, n]; not modified
   * @param options settings
   * @return one factorization for each row, in their order; to be closed
   * @throws IllegalArgumentException as {@link #factorize}
   * @throws IllegalStateException if the bases do not fit into the memory
   * @throws NonFiniteValueException if a product is not finite
   */
  public static List<LanczosFactorization> factorizeAll(
      LinearOperator operator, INDArray starts, Options options) {
    operator.checkBlock(starts);
    if (options.steps() > operator.order()) {
      throw new IllegalArgumentException(
          "steps must be between 1 and the operator's order %d, got %d"
              .formatted(operator.order(), options.steps()));
    }
    for (int i = 0; i < starts.size(0); i++) {
      double norm = Vectors.norm(starts.getRow(i));
      if (norm == 0 || !Double.isFinite(norm)) {
        throw new IllegalArgumentException(
            "start must be finite and not zero, got norm %s in row %d".formatted(norm, i));
      }
    }
    if (options.reorthogonalization() == Reorthogonalization.FULL) {
      long needed = starts.size(0) * bytesPerStart(operator, options.steps());
      long usable = FreeMemory.usable(needed, options.memoryBytes());
      if (needed > usable) {
        throw new IllegalStateException(
            "%d bases of %d vectors of length %d need %s, but %s may be used; take fewer steps or starting vectors, or Reorthogonalization.NONE"
                .formatted(
                    starts.size(0),
                    options.steps(),
                    operator.order(),
                    FreeMemory.format(needed),
                    FreeMemory.format(usable)));
      }
    }
    return run(operator, starts, options.steps(), options.reorthogonalization(), options.threads());
  }

  /** Returns the bytes that one starting vector needs with full re-orthogonalisation. */
  static long bytesPerStart(LinearOperator operator, int steps) {
    return (steps + (long) WORKING_VECTORS) * operator.order() * operator.dataType().width();
  }

  /** Runs the process without looking at the memory. */
  @SuppressWarnings("try")
  static List<LanczosFactorization> run(
      LinearOperator operator,
      INDArray starts,
      int steps,
      Reorthogonalization reorthogonalization,
      int threads) {
    List<LanczosProcess> processes = new ArrayList<>();
    try (MemoryWorkspace none = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces();
        LanczosSweeps sweeps =
            new LanczosSweeps(operator.dataType(), operator.order(), steps, threads)) {
      double[] norms = new double[(int) starts.size(0)];
      for (int i = 0; i < norms.length; i++) {
        norms[i] = Vectors.norm(starts.getRow(i));
        processes.add(new LanczosProcess(sweeps, steps, reorthogonalization));
      }
      try (Dense rows = new Dense(starts)) {
        sweeps.run(
            worker -> {
              for (int i = 0; i < norms.length; i++) {
                processes.get(i).start(worker, rows.tensor().address(i), norms[i]);
              }
            });
      }
      advance(operator, sweeps, processes);
      return processes.stream().map(LanczosProcess::factorization).toList();
    } catch (RuntimeException | Error e) {
      processes.forEach(LanczosProcess::close);
      throw e;
    }
  }

  private static void advance(
      LinearOperator operator, LanczosSweeps sweeps, List<LanczosProcess> processes) {
    List<LanczosProcess> running = processes;
    Tensor block = block(sweeps, running.size());
    try {
      long matvecs = 0;
      while (!running.isEmpty()) {
        if (block.rows() != running.size()) {
          block.close();
          block = block(sweeps, running.size());
        }
        List<LanczosProcess> all = running;
        Tensor in = block;
        sweeps.run(
            worker -> {
              for (int i = 0; i < all.size(); i++) {
                all.get(i).copyVector(worker, in.address(i));
              }
            });
        INDArray products = operator.apply(block.array());
        matvecs += running.size();
        try (Dense rows = new Dense(products)) {
          sweeps.run(
              worker -> {
                for (int i = 0; i < all.size(); i++) {
                  all.get(i).advance(worker, rows.tensor().address(i));
                }
              });
        }
        for (int i = 0; i < all.size(); i++) {
          if (!all.get(i).finite()) {
            Vectors.requireFiniteProduct(products.getRow(i), matvecs);
            throw new NonFiniteValueException("the Lanczos coefficient alpha", i, matvecs);
          }
        }
        if (products.closeable()) {
          products.close();
        }
        running = running.stream().filter(LanczosProcess::running).toList();
      }
    } finally {
      block.close();
    }
  }

  private static Tensor block(LanczosSweeps sweeps, int rows) {
    return Tensor.allocate(sweeps.elements(), rows, Math.toIntExact(sweeps.order()));
  }
}
