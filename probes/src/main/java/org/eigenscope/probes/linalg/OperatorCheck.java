package org.eigenscope.probes.linalg;

import java.util.Locale;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * How far an operator is from symmetric and from deterministic, measured on random vectors.
 *
 * @param symmetryDefect |xᵀAy − yᵀAx| for random unit vectors x and y, in units of the eigenvalues
 * @param determinismDefect largest difference between two applications to the same block, in the
 *     same units; 0 when they are bit-equal
 * @param normEstimate a lower estimate of ‖A‖₂ by the power method, in the same units
 * @param matvecs applications of the operator that the check cost
 */
public record OperatorCheck(
    double symmetryDefect, double determinismDefect, double normEstimate, long matvecs) {

  /** Enough for an estimate within a small factor: the Ritz value grows monotonically. */
  private static final int POWER_ITERATIONS = 6;

  /**
   * Measures an operator.
   *
   * <p><b>Cost.</b> 10 matvecs.
   *
   * @param operator A
   * @param seed seed of the random vectors
   * @throws NonFiniteValueException if a product is not finite
   */
  public static OperatorCheck measure(LinearOperator operator, long seed) {
    RandomVectors random = new RandomVectors(RandomVectors.Distribution.GAUSSIAN, seed);
    INDArray block = random.next(2, operator.order(), operator.dataType());
    INDArray products = operator.apply(block);
    Vectors.requireFiniteProduct(products, 2);
    INDArray again = operator.apply(block);
    Vectors.requireFiniteProduct(again, 4);
    double determinismDefect = Vectors.largestMagnitude(again.subi(products));
    double symmetryDefect =
        Math.abs(
            Vectors.dot(block.getRow(0), products.getRow(1))
                - Vectors.dot(block.getRow(1), products.getRow(0)));
    long matvecs = 4;
    double norm = Vectors.norm(products.getRow(0));
    INDArray power = products.getRow(0);
    for (int i = 0; i < POWER_ITERATIONS; i++) {
      double length = Vectors.norm(power);
      if (length == 0) {
        break;
      }
      power = operator.apply(power.div(length).reshape(1, operator.order())).getRow(0);
      matvecs++;
      Vectors.requireFiniteProduct(power, matvecs);
      norm = Math.max(norm, Vectors.norm(power));
    }
    return new OperatorCheck(symmetryDefect, determinismDefect, norm, matvecs);
  }

  /** Returns the symmetry defect over the norm; 0 for a zero operator. */
  public double relativeSymmetryDefect() {
    return symmetryDefect == 0 ? 0 : symmetryDefect / normEstimate;
  }

  /** Returns whether two applications were bit-equal. */
  public boolean deterministic() {
    return determinismDefect == 0;
  }

  /**
   * Returns this check, if the operator is symmetric.
   *
   * @param relativeTolerance largest defect as a fraction of ‖A‖, dimensionless
   * @throws IllegalArgumentException if the defect is larger
   */
  public OperatorCheck requireSymmetric(double relativeTolerance) {
    if (!(relativeSymmetryDefect() <= relativeTolerance)) {
      throw new IllegalArgumentException(
          "operator is not symmetric: |xᵀAy − yᵀAx| = "
              + format("%.1e", symmetryDefect)
              + " exceeds "
              + format("%.0e", relativeTolerance)
              + "·‖A‖ (estimate "
              + format("%.1e", normEstimate)
              + "); finite differences across a ReLU kink can cause this");
    }
    return this;
  }

  /**
   * Returns this check, if the operator is deterministic.
   *
   * @throws IllegalArgumentException if two applications differed
   */
  public OperatorCheck requireDeterministic() {
    if (!deterministic()) {
      throw new IllegalArgumentException(
          "operator is not deterministic: two applications to one block differ by "
              + format("%.1e", determinismDefect)
              + " (‖A‖ estimate "
              + format("%.1e", normEstimate)
              + "); dropout, augmentation or a changing batch can cause this");
    }
    return this;
  }

  private static String format(String pattern, double value) {
    return String.format(Locale.ROOT, pattern, value);
  }
}
