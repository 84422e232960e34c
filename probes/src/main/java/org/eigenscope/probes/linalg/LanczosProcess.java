package org.eigenscope.probes.linalg;

import java.util.Arrays;
import org.eigenscope.probes.kernel.Tensor;
import org.eigenscope.probes.kernel.Worker;
import org.nd4j.linalg.api.buffer.DataType;

/* IMPLEMENTATION NOTES
 *
 * One starting vector's recurrence. Step j, with p = A v_j from outside:
 *   alpha_j = v_j'(p - beta_{j-1} v_{j-1});  w = p - beta_{j-1} v_{j-1} - alpha_j v_j   (Paige's stable order)
 *   FULL: w -= V V'w, unless V'w is rounding, and again while that shortens w to less than 1/sqrt(2)
 *     (Daniel, Gragg, Kaufman and Stewart 1976, "Reorthogonalization and stable algorithms for updating
 *     the Gram-Schmidt QR factorization", Math. Comp. 30)
 *   beta_j = ||w||;  v_{j+1} = w / beta_j
 * What the recurrence leaves is orthogonal but for rounding: one pass leaves its norm as it is. Where
 * it does not, the pass has cancelled, and another one takes what it left.
 *
 * The basis has the operator's type, so that v_j is what the operator sees; w and all scalars are in
 * double. max|VV' - I| then is the rounding of the vectors, 1e-7 in FLOAT also for eigenvectors that
 * sit on a few coordinates.
 *
 * Products are multiplied by a power of two, chosen at the first one so that its largest
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

  private final LanczosSweeps sweeps;
  private final double[] alphas;
  private final double[] betas;
  private final double roundoff;
  private final double globalTolerance;
  private final double localTolerance;
  private final boolean full;

  /** V, or the last two of its rows, the one with an even index first. */
  private final Tensor vectors;

  private int steps;
  private int exponent;
  private double norm;
  private boolean breakdown;
  private boolean finite = true;

  LanczosProcess(LanczosSweeps sweeps, int maxSteps, Reorthogonalization reorthogonalization) {
    this.sweeps = sweeps;
    alphas = new double[maxSteps];
    betas = new double[maxSteps];
    roundoff = Vectors.unitRoundoff(sweeps.elements().type());
    globalTolerance = GLOBAL_ROUNDOFFS * sweeps.order() * Vectors.unitRoundoff(DataType.DOUBLE);
    localTolerance = LOCAL_ROUNDOFFS * roundoff;
    full = reorthogonalization == Reorthogonalization.FULL;
    vectors =
        Tensor.allocate(sweeps.elements(), full ? maxSteps : 2, Math.toIntExact(sweeps.order()));
  }

  /** Sets the first vector, from a starting vector and its norm. */
  void start(Worker worker, long startingVector, double startingNorm) {
    sweeps.copy(worker, 1 / startingNorm, startingVector, address(0));
  }

  /** Copies the vector whose product is wanted next. */
  void copyVector(Worker worker, long to) {
    sweeps.copy(worker, 1, address(steps), to);
  }

  boolean running() {
    return !breakdown && steps < alphas.length;
  }

  /** Returns whether all products were finite. */
  boolean finite() {
    return finite;
  }

  private long address(int index) {
    return vectors.address(full ? index : index & 1);
  }

  /**
   * Takes a step; every member of the crew computes the same scalars.
   *
   * @param product address of A times the last vector
   */
  void advance(Worker worker, long product) {
    int step = steps;
    double lastNorm = norm;
    int scale = step == 0 ? exponent(sweeps.largestMagnitude(worker, product)) : exponent;
    double factor = Math.scalb(1.0, -scale);
    double lastBeta = step == 0 ? 0 : betas[step - 1];
    long current = address(step);
    long previous = step == 0 ? current : address(step - 1);
    double alpha = sweeps.alpha(worker, current, product, factor, lastBeta, previous);
    if (!Double.isFinite(alpha)) {
      worker.meet();
      if (worker.index() == 0) {
        finite = false;
      }
      return;
    }
    double[] components = new double[full ? step + 1 : 0];
    double beta =
        sweeps.begin(
            worker,
            current,
            alpha,
            product,
            factor,
            lastBeta,
            previous,
            vectors.address(0),
            components);
    while (largest(components) > roundoff * beta) {
      double before = beta;
      beta = sweeps.subtract(worker, vectors.address(0), components);
      if (beta >= SAME_NORM * before || beta <= globalTolerance * lastNorm) {
        break;
      }
      sweeps.measure(worker, vectors.address(0), components);
    }
    double newNorm = Math.max(lastNorm, lastBeta + Math.abs(alpha) + beta);
    boolean stops =
        beta <= Math.max(globalTolerance * newNorm, localTolerance * Math.hypot(lastBeta, alpha));
    if (!stops && step + 1 < alphas.length) {
      sweeps.writeRemainder(worker, 1 / beta, address(step + 1));
    }
    worker.meet();
    if (worker.index() == 0) {
      alphas[step] = alpha;
      betas[step] = beta;
      exponent = scale;
      norm = newNorm;
      breakdown = stops;
      steps = step + 1;
    }
  }

  private static int exponent(double largest) {
    return largest > 0 && largest < Double.POSITIVE_INFINITY ? Math.getExponent(largest) : 0;
  }

  private static double largest(double[] components) {
    double largest = 0;
    for (double component : components) {
      largest = Math.max(largest, Math.abs(component));
    }
    return largest;
  }

  /** Returns the result so far; at least one step was taken. */
  LanczosFactorization factorization() {
    if (!full) {
      vectors.close();
    }
    return new LanczosFactorization(
        unscaled(alphas), unscaled(betas), breakdown, full ? vectors : null);
  }

  void close() {
    vectors.close();
  }

  private double[] unscaled(double[] scalars) {
    double[] result = Arrays.copyOf(scalars, steps);
    for (int i = 0; i < steps; i++) {
      result[i] = Math.scalb(result[i], exponent);
    }
    return result;
  }
}
