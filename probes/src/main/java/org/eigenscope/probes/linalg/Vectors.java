package org.eigenscope.probes.linalg;

import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Scalars of vectors, in double also over FLOAT ones.
 *
 * <p>BLAS level 1 rather than ND4J's own reductions: those split their sum by the threads that
 * happen to be free, so that their last bits vary.
 */
final class Vectors {
  private Vectors() {}

  /** Returns xᵀy of two vectors of one type. */
  static double dot(INDArray x, INDArray y) {
    if (x.dataType() == DataType.DOUBLE) {
      return Nd4j.getBlasWrapper().dot(x, y);
    }
    try (INDArray wideX = x.castTo(DataType.DOUBLE);
        INDArray wideY = y.castTo(DataType.DOUBLE)) {
      return Nd4j.getBlasWrapper().dot(wideX, wideY);
    }
  }

  /** Returns ‖x‖₂, without overflow or underflow on the way. */
  static double norm(INDArray x) {
    if (x.dataType() == DataType.DOUBLE) {
      return Nd4j.getBlasWrapper().nrm2(x);
    }
    try (INDArray wide = x.castTo(DataType.DOUBLE)) {
      return Nd4j.getBlasWrapper().nrm2(wide);
    }
  }

  /** Adds a multiple of x to y, in place. */
  static void add(double factor, INDArray x, INDArray y) {
    Nd4j.getBlasWrapper().axpy((Number) factor, x, y);
  }

  /** Returns max|x|. */
  static double largestMagnitude(INDArray x) {
    return x.amaxNumber().doubleValue();
  }

  /** Returns the position of the first element that is NaN or infinite, or −1. */
  static long firstNonFinite(INDArray x) {
    for (long i = 0; i < x.length(); i++) {
      if (!Double.isFinite(x.getDouble(i))) {
        return i;
      }
    }
    return -1;
  }

  /** Throws if a product of the operator is not finite. */
  static void requireFiniteProduct(INDArray product, long matvecs) {
    long index = firstNonFinite(product);
    if (index >= 0) {
      throw new NonFiniteValueException("the product with the operator", index, matvecs);
    }
  }

  /** Returns u, half the distance from 1 to the next number of a type. */
  static double unitRoundoff(DataType type) {
    return type == DataType.FLOAT ? Math.ulp(1f) / 2.0 : Math.ulp(1.0) / 2;
  }

  static void checkType(String what, DataType type) {
    if (type != DataType.FLOAT && type != DataType.DOUBLE) {
      throw new IllegalArgumentException(what + " must be FLOAT or DOUBLE, got " + type);
    }
  }
}
