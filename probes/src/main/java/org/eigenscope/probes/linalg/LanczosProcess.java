package org.eigenscope.probes.linalg;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/* IMPLEMENTATION NOTES
 *
 * One starting vector's recurrence. Step j, with w = A v_j from outside:
 *   NONE: w -= beta_{j-1} v_{j-1};  alpha_j = v_j'w;  w -= alpha_j v_j      (Paige's stable order)
 *   FULL: the same, then w -= V V'w, and again while that shortens w to less than 1/sqrt(2)
 *     (Daniel, Gragg, Kaufman and Stewart 1976, "Reorthogonalization and stable algorithms for updating
 *     the Gram-Schmidt QR factorization", Math. Comp. 30)
 *   beta_j = ||w||;  v_{j+1} = w / beta_j
 *
 * All of this is in double. A FLOAT operator takes v_j rounded, and gives products to be widened:
 * with a basis in FLOAT, whose V'w BLAS sums in float, max|VV' - I| was 1.6e-6 for eigenvectors that
 * sit on a few coordinates; now it is the rounding of the vectors, 1e-7.
 *
 * Products are multiplied by a power of two, chosen at the first one that is not zero so that its largest
 * element is around one. That changes no bit of the result in the normal range, and at the far
 * ends of the exponents nothing overflows or underflows.
 *
 * Breakdown: beta_j <= max(10 n u64 ||T||, 4 u ||A v_j||), u64 the unit roundoff of double, in which
 * scalars are summed, u that of the vectors. In DOUBLE the first is the larger one. In FLOAT the
 * second is what rounding leaves of a product that cancels: 0.4 to 2.5 u ||A v_j|| were measured
 * for the identity, rank one and repeated eigenvalues, and 13 or more at the step from outliers to
 * a bulk that is 1e6 times smaller. A multiple of u ||T|| would take that bulk for noise. A breakdown
 * that is missed is harmless with FULL: the next vector is noise, orthogonal to the basis, and its
 * nodes have weights of the order of u^2.
 */
/** The state of the Lanczos process of one starting vector. */
final class LanczosProcess {
  /** Roundoffs of double, times n, below which a remainder is noise beside ‖T‖. */
  private static final double GLOBAL_ROUNDOFFS = 10;

  /** Share of its norm that a vector keeps if it was orthogonal before, in the criterion's form. */
  private static final double SAME_NORM = Math.sqrt(0.5);

  /** Roundoffs of the vectors below which a remainder is noise beside its product. */
  private static final double LOCAL_ROUNDOFFS = 4;

  private final double[] alphas;
  private final double[] betas;
  private final double globalTolerance;
  private final double localTolerance;
  private final @Nullable OrthonormalBasis basis;
  private INDArray current;
  private @Nullable INDArray previous;
  private int steps;
  private int exponent;
  private double norm;
  private boolean breakdown;

  LanczosProcess(INDArray start, int maxSteps, Reorthogonalization reorthogonalization) {
    alphas = new double[maxSteps];
    betas = new double[maxSteps];
    globalTolerance = GLOBAL_ROUNDOFFS * start.length() * Vectors.unitRoundoff(DataType.DOUBLE);
    localTolerance = LOCAL_ROUNDOFFS * Vectors.unitRoundoff(start.dataType());
    current = start.castTo(DataType.DOUBLE).div(Vectors.norm(start));
    if (reorthogonalization == Reorthogonalization.FULL) {
      basis = new OrthonormalBasis(DataType.DOUBLE, maxSteps, start.length());
      basis.append(current);
      current.close();
      current = basis.vector(0);
    } else {
      basis = null;
    }
  }

  /** Returns the DOUBLE vector [n] whose product is wanted next; not to be modified. */
  INDArray vector() {
    return current;
  }

  boolean running() {
    return !breakdown && steps < alphas.length;
  }

  /**
   * Takes a step.
   *
   * @param product A times {@link #vector()}, an array [n] of the operator's type; overwritten
   * @param matvecs applications of the operator so far
   */
  void advance(INDArray product, long matvecs) {
    if (product.dataType() == DataType.DOUBLE) {
      step(product, matvecs);
    } else {
      try (INDArray wide = product.castTo(DataType.DOUBLE)) {
        step(wide, matvecs);
      }
    }
  }

  private void step(INDArray product, long matvecs) {
    if (steps == 0) {
      double largest = Vectors.largestMagnitude(product);
      exponent = largest > 0 && largest < Double.POSITIVE_INFINITY ? Math.getExponent(largest) : 0;
    }
    if (exponent != 0) {
      product.muli(Math.scalb(1.0, -exponent));
    }
    double lastBeta = steps == 0 ? 0 : betas[steps - 1];
    if (previous != null) {
      Vectors.add(-lastBeta, previous, product);
    }
    double alpha = Vectors.dot(current, product);
    if (!Double.isFinite(alpha)) {
      Vectors.requireFiniteProduct(product, matvecs);
      throw new NonFiniteValueException("the Lanczos coefficient alpha", steps, matvecs);
    }
    Vectors.add(-alpha, current, product);
    double beta = Vectors.norm(product);
    if (basis != null) {
      // What the recurrence leaves is orthogonal but for rounding: one pass leaves its norm as it
      // is.
      // Where it does not, the pass has cancelled, and another one takes what it left.
      double before;
      do {
        before = beta;
        basis.project(product);
        beta = Vectors.norm(product);
      } while (beta < SAME_NORM * before && beta > globalTolerance * norm);
    }
    norm = Math.max(norm, lastBeta + Math.abs(alpha) + beta);
    alphas[steps] = alpha;
    betas[steps] = beta;
    steps++;
    breakdown =
        beta <= Math.max(globalTolerance * norm, localTolerance * Math.hypot(lastBeta, alpha));
    if (running()) {
      keep(product.divi(beta));
    }
  }

  private void keep(INDArray unit) {
    if (basis != null) {
      basis.append(unit);
      previous = current;
      current = basis.vector(basis.size() - 1);
    } else {
      INDArray next = previous == null ? unit.dup() : previous.assign(unit);
      previous = current;
      current = next;
    }
  }

  /** Returns the result so far; at least one step was taken. */
  LanczosFactorization factorization() {
    return new LanczosFactorization(unscaled(alphas), unscaled(betas), breakdown, basis);
  }

  void close() {
    if (basis != null) {
      basis.close();
    }
  }

  private double[] unscaled(double[] scalars) {
    double[] result = Arrays.copyOf(scalars, steps);
    for (int i = 0; i < steps; i++) {
      result[i] = Math.scalb(result[i], exponent);
    }
    return result;
  }
}
