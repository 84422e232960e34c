package org.eigenscope.probes.linalg;

import java.util.ArrayList;
import java.util.List;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** The eigenvalue distribution of an operator, from Lanczos runs with random test vectors. */
public final class StochasticLanczosQuadrature {

  private StochasticLanczosQuadrature() {}

  /**
   * Settings of an estimate.
   *
   * @param steps Lanczos steps of a draw, at least 1; default 90, as in the notebooks published
   *     with Ghorbani, Krishnan and Xiao 2019. An operator of smaller order takes as many as its
   *     order
   * @param draws number of test vectors, at least 1; default 10, as in the same code
   * @param distribution law of the test vectors; default RADEMACHER, whose traces have the least
   *     variance
   * @param seed seed of the test vectors; default 1
   * @param reorthogonalization default FULL
   * @param memoryBytes upper limit for the Krylov bases, in bytes; what is free limits them as
   *     well. Default none, {@code Long.MAX_VALUE}
   * @param threads threads that work on the vectors between products, at least 1; default as many
   *     as there are processors
   */
  public record Options(
      int steps,
      int draws,
      RandomVectors.Distribution distribution,
      long seed,
      Reorthogonalization reorthogonalization,
      long memoryBytes,
      int threads) {

    /** Checks the ranges. */
    public Options {
      if (steps < 1) {
        throw new IllegalArgumentException("steps must be at least 1, got " + steps);
      }
      if (draws < 1) {
        throw new IllegalArgumentException("draws must be at least 1, got " + draws);
      }
      if (memoryBytes < 0) {
        throw new IllegalArgumentException("memoryBytes must be at least 0, got " + memoryBytes);
      }
      if (threads < 1) {
        throw new IllegalArgumentException("threads must be at least 1, got " + threads);
      }
    }

    /** Returns the defaults. */
    public static Options defaults() {
      return new Options(
          90,
          10,
          RandomVectors.Distribution.RADEMACHER,
          1,
          Reorthogonalization.FULL,
          Long.MAX_VALUE,
          Runtime.getRuntime().availableProcessors());
    }

    /** Returns these settings with another {@link #steps}. */
    public Options withSteps(int value) {
      return new Options(
          value, draws, distribution, seed, reorthogonalization, memoryBytes, threads);
    }

    /** Returns these settings with another {@link #draws}. */
    public Options withDraws(int value) {
      return new Options(
          steps, value, distribution, seed, reorthogonalization, memoryBytes, threads);
    }

    /** Returns these settings with another {@link #distribution}. */
    public Options withDistribution(RandomVectors.Distribution value) {
      return new Options(steps, draws, value, seed, reorthogonalization, memoryBytes, threads);
    }

    /** Returns these settings with another {@link #seed}. */
    public Options withSeed(long value) {
      return new Options(
          steps, draws, distribution, value, reorthogonalization, memoryBytes, threads);
    }

    /** Returns these settings with another {@link #reorthogonalization}. */
    public Options withReorthogonalization(Reorthogonalization value) {
      return new Options(steps, draws, distribution, seed, value, memoryBytes, threads);
    }

    /** Returns these settings with another {@link #memoryBytes}. */
    public Options withMemoryBytes(long value) {
      return new Options(steps, draws, distribution, seed, reorthogonalization, value, threads);
    }

    /** Returns these settings with another {@link #threads}. */
    public Options withThreads(int value) {
      return new Options(steps, draws, distribution, seed, reorthogonalization, memoryBytes, value);
    }
  }

  /**
   * Returns quadrature rules whose mean estimates the spectral density (1/n) Σ δ(t − λ_i).
   *
   * <p><b>Definition.</b> For a random unit vector v with E[vvᵀ] = I/n, vᵀf(A)v has the mean tr
   * f(A)/n, and the rule of a Lanczos run from v integrates f against v's spectral measure.
   *
   * <p><b>Cost.</b> steps·draws matvecs, fewer when a run finds an invariant subspace. The draws
   * advance together as one block, in groups as large as the memory allows: a basis takes steps·n
   * elements. The result does not depend on the groups as long as the operator's products do not
   * depend on the other rows of a block. When not even one basis fits, the draws are run without
   * re-orthogonalisation, and the result says so.
   *
   * <p><b>Accuracy.</b> A rule is exact for polynomials up to degree 2·steps − 1. Over Gaussian
   * draws vᵀBv has the variance 2(n‖B‖²_F − (tr B)²)/(n²(n + 2)).
   *
   * <p><b>References.</b> Ubaru, Chen and Saad 2017, "Fast estimation of tr(f(A)) via stochastic
   * Lanczos quadrature", SIAM J. Matrix Anal. Appl. 38; Ghorbani, Krishnan and Xiao 2019, algorithm
   * 1, arXiv 1901.10159.
   *
   * @param operator A, symmetric of order n
   * @param options settings
   * @throws NonFiniteValueException if a product is not finite
   */
  @SuppressWarnings("try")
  public static SpectralEstimate estimate(LinearOperator operator, Options options) {
    int steps = (int) Math.min(options.steps(), operator.order());
    Reorthogonalization reorthogonalization = options.reorthogonalization();
    int groupSize = options.draws();
    if (reorthogonalization == Reorthogonalization.FULL) {
      long bytes = Lanczos.bytesPerStart(operator, steps);
      long usable = FreeMemory.usable(groupSize * bytes, options.memoryBytes());
      groupSize = (int) Math.min(groupSize, usable / bytes);
    }
    if (groupSize == 0) {
      reorthogonalization = Reorthogonalization.NONE;
      groupSize = 1;
    }
    RandomVectors testVectors = new RandomVectors(options.distribution(), options.seed());
    List<QuadratureRule> rules = new ArrayList<>();
    long matvecs = 0;
    try (MemoryWorkspace none = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
      while (rules.size() < options.draws()) {
        int count = Math.min(groupSize, options.draws() - rules.size());
        try (INDArray starts = testVectors.next(count, operator.order(), operator.dataType())) {
          for (LanczosFactorization run :
              Lanczos.run(operator, starts, steps, reorthogonalization, options.threads())) {
            rules.add(run.quadratureRule());
            matvecs += run.steps();
            run.close();
          }
        }
      }
    }
    return new SpectralEstimate(rules, operator.order(), matvecs, groupSize, reorthogonalization);
  }
}
