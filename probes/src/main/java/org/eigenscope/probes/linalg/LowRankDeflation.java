package org.eigenscope.probes.linalg;

import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * An operator without its eigenvalues of largest magnitude: these pairs, with their signs, and the
 * operator with them moved to zero.
 *
 * <p>Papyan 2018, "The Full Spectrum of Deepnet Hessians at Scale", arXiv 1811.07062, section 4,
 * deflates by subspace iteration. {@link ExtremeEigenpairs} of both ends finds the same pairs in
 * fewer products; values are Rayleigh quotients, which keep their signs, and each has its residual.
 */
public final class LowRankDeflation {
  private final LinearOperator operator;
  private final List<RitzPair> pairs;
  private final long matvecs;
  private final boolean converged;

  private LowRankDeflation(
      LinearOperator operator, List<RitzPair> pairs, long matvecs, boolean converged) {
    this.operator = operator;
    this.pairs = List.copyOf(pairs);
    this.matvecs = matvecs;
    this.converged = converged;
  }

  /**
   * Deflates an operator.
   *
   * <p><b>Cost.</b> That of {@link ExtremeEigenpairs#compute}.
   *
   * @param operator A
   * @param rank how many pairs, at least 1
   * @param options how to compute them; their numbers of pairs do not count
   * @throws IllegalArgumentException if the rank exceeds the order
   */
  public static LowRankDeflation of(
      LinearOperator operator, int rank, ExtremeEigenpairs.Options options) {
    if (rank < 1 || rank > operator.order()) {
      throw new IllegalArgumentException(
          "rank must be between 1 and the order %d, got %d".formatted(operator.order(), rank));
    }
    int smallest = (int) Math.min(rank, operator.order() - rank);
    ExtremeEigenpairs found =
        ExtremeEigenpairs.compute(
            operator,
            new ExtremeEigenpairs.Options(
                rank,
                smallest,
                options.relativeTolerance(),
                Math.max(options.maxMatvecs(), rank + smallest),
                options.seed(),
                options.memoryBytes(),
                options.threads()));
    List<RitzPair> pairs =
        Stream.concat(found.largest().stream(), found.smallest().stream())
            .sorted(Comparator.comparingDouble((RitzPair pair) -> -Math.abs(pair.value())))
            .limit(rank)
            .toList();
    return new LowRankDeflation(operator, pairs, found.matvecs(), found.converged());
  }

  /** Returns the pairs, the largest magnitude first. */
  public List<RitzPair> pairs() {
    return pairs;
  }

  /** Returns A without these pairs. */
  public LinearOperator rest() {
    return operator.deflated(pairs);
  }

  /** Returns how many products the pairs took. */
  public long matvecs() {
    return matvecs;
  }

  /** Returns whether all residuals are small enough. */
  public boolean converged() {
    return converged;
  }
}
