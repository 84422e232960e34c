package org.eigenscope.probes.linalg;

import java.util.SplittableRandom;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A reproducible sequence of random unit test vectors.
 *
 * <p>Each vector has a generator of its own, split from the one of the seed: the i-th vector of a
 * length is the same however many are drawn at a time. A FLOAT vector is the DOUBLE one, rounded.
 * ND4J's random generator is neither read nor advanced.
 */
public final class RandomVectors {

  /** The law of the elements, before the vector is scaled to norm one. */
  public enum Distribution {
    /** Signs ±1/√n, each with probability one half. */
    RADEMACHER,
    /** Independent normal elements, scaled to norm one: uniform on the sphere. */
    GAUSSIAN
  }

  private final SplittableRandom root;
  private final Distribution distribution;

  /**
   * Starts a sequence.
   *
   * @param distribution the law of the elements
   * @param seed equal seeds give equal sequences
   */
  public RandomVectors(Distribution distribution, long seed) {
    this.distribution = distribution;
    this.root = new SplittableRandom(seed);
  }

  /**
   * Returns the next vectors of the sequence as the rows of a new array.
   *
   * @param count number of vectors, at least 1
   * @param order their length n, at least 1
   * @param type FLOAT or DOUBLE
   * @return an array [count, n] of unit rows
   * @throws IllegalArgumentException if an argument is out of range
   */
  public INDArray next(int count, long order, DataType type) {
    if (count < 1 || order < 1) {
      throw new IllegalArgumentException(
          "count and order must be at least 1, got %d and %d".formatted(count, order));
    }
    Vectors.checkType("type", type);
    INDArray rows = Nd4j.createUninitialized(type, count, order);
    for (int i = 0; i < count; i++) {
      rows.getRow(i).assign(Nd4j.createFromArray(draw(Math.toIntExact(order))).castTo(type));
    }
    return rows;
  }

  private double[] draw(int order) {
    SplittableRandom random = root.split();
    return switch (distribution) {
      case RADEMACHER -> rademacher(random, order);
      case GAUSSIAN -> gaussian(random, order);
    };
  }

  private static double[] rademacher(SplittableRandom random, int order) {
    double magnitude = 1 / Math.sqrt(order);
    double[] signs = new double[order];
    long bits = 0;
    for (int i = 0; i < order; i++) {
      bits = i % Long.SIZE == 0 ? random.nextLong() : bits >>> 1;
      signs[i] = (bits & 1) == 0 ? magnitude : -magnitude;
    }
    return signs;
  }

  private static double[] gaussian(SplittableRandom random, int order) {
    double[] values = new double[order];
    double squares = 0;
    while (squares == 0) {
      for (int i = 0; i < order; i++) {
        values[i] = random.nextGaussian();
        squares += values[i] * values[i];
      }
    }
    double norm = Math.sqrt(squares);
    for (int i = 0; i < order; i++) {
      values[i] /= norm;
    }
    return values;
  }
}
