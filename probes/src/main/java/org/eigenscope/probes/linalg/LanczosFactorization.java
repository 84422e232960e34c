package org.eigenscope.probes.linalg;

import java.util.Arrays;
import org.eigenscope.probes.kernel.Tensor;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * What a Lanczos process found: A V = V T + β v₊ e_mᵀ with the tridiagonal T and, after full
 * re-orthogonalisation, the basis V.
 *
 * <p>The basis lives outside the Java heap; {@link #close()} releases it, and everything but {@link
 * #vector} works on.
 *
 * <p><b>Threading.</b> Safe to read from any thread, but for {@link #vector} while another closes.
 */
public final class LanczosFactorization implements AutoCloseable {
  private final double[] alphas;
  private final double[] betas;
  private final boolean breakdown;
  private final @Nullable Tensor basis;
  private final TridiagonalEigenproblem eigen;
  private boolean closed;

  LanczosFactorization(double[] alphas, double[] betas, boolean breakdown, @Nullable Tensor basis) {
    this.alphas = alphas;
    this.betas = betas;
    this.breakdown = breakdown;
    this.basis = basis;
    this.eigen = TridiagonalEigenproblem.solve(alphas, betas);
  }

  /** Returns m, the order of T: the number of matvecs this vector took; at least 1. */
  public int steps() {
    return alphas.length;
  }

  /**
   * Returns whether an invariant subspace was found: the Ritz values are then eigenvalues up to
   * rounding, all those that the starting vector has a part in.
   */
  public boolean breakdown() {
    return breakdown;
  }

  /** Returns a copy of the diagonal of T, length m. */
  public double[] alphas() {
    return alphas.clone();
  }

  /**
   * Returns a copy of the off-diagonal of T with, last, the norm β of the remainder; length m, all
   * &gt;= 0.
   */
  public double[] betas() {
    return betas.clone();
  }

  /** Returns the eigenvalues of T, ascending, length m. */
  public double[] ritzValues() {
    return eigen.values().clone();
  }

  /**
   * Returns the residual norms of the Ritz pairs, |β s_mi| with s_mi the last component of the i-th
   * eigenvector of T: an eigenvalue of A lies within it of the Ritz value, up to rounding; length
   * m.
   */
  public double[] residualBounds() {
    double[] bounds = new double[steps()];
    for (int i = 0; i < bounds.length; i++) {
      bounds[i] = Math.abs(betas[steps() - 1] * eigen.last()[i]);
    }
    return bounds;
  }

  /** Returns the Gauss quadrature of the starting vector's spectral measure. */
  public QuadratureRule quadratureRule() {
    double[] weights = new double[steps()];
    for (int i = 0; i < weights.length; i++) {
      weights[i] = eigen.first()[i] * eigen.first()[i];
    }
    return new QuadratureRule(eigen.values(), weights);
  }

  /**
   * Returns the extreme Ritz values, each moved outwards by its residual bound.
   *
   * <p>An estimate: after enough steps it holds the spectrum but for eigenvalues the starting
   * vector has no part in. Papyan takes 64 steps and then {@code widened(0.05)} (arXiv 1811.07062,
   * as in the code published with it).
   */
  public SpectralRange spectralRange() {
    double[] bounds = residualBounds();
    int top = steps() - 1;
    return new SpectralRange(eigen.values()[0] - bounds[0], eigen.values()[top] + bounds[top]);
  }

  /**
   * Returns a copy of column i of V, a DOUBLE array [n].
   *
   * @param i index, 0 &lt;= i &lt; {@link #steps()}
   * @throws IllegalArgumentException if there is no such vector
   * @throws IllegalStateException if the basis was not kept or is closed
   */
  public INDArray vector(int i) {
    if (basis == null) {
      throw new IllegalStateException("no basis is kept with Reorthogonalization.NONE; use FULL");
    }
    if (closed) {
      throw new IllegalStateException("the basis is closed");
    }
    if (i < 0 || i >= steps()) {
      throw new IllegalArgumentException(
          "i must be between 0 and %d, got %d".formatted(steps() - 1, i));
    }
    INDArray row = basis.array().getRow(i);
    return row.dataType() == DataType.DOUBLE ? row.dup() : row.castTo(DataType.DOUBLE);
  }

  /** Releases the basis. */
  @Override
  public void close() {
    if (basis != null && !closed) {
      basis.close();
    }
    closed = true;
  }

  @Override
  public String toString() {
    return "LanczosFactorization[steps=%d, breakdown=%s, ritzValues=%s]"
        .formatted(steps(), breakdown, Arrays.toString(eigen.values()));
  }
}
