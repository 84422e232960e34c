package org.eigenscope.probes.linalg;

import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * An operator that counts its matvecs.
 *
 * <p><b>Threading.</b> Applied by one thread at a time; the counts may be read by any.
 */
public final class CountingOperator implements LinearOperator {
  private final LinearOperator operator;
  private volatile long matvecs;
  private volatile long blocks;

  private CountingOperator(LinearOperator operator) {
    this.operator = operator;
  }

  /** Returns an operator with the same products, whose counts start at zero. */
  public static CountingOperator of(LinearOperator operator) {
    return new CountingOperator(operator);
  }

  /** Returns the number of vectors it was applied to so far. */
  public long matvecs() {
    return matvecs;
  }

  /** Returns the number of blocks it was applied to so far. */
  public long blocks() {
    return blocks;
  }

  @Override
  public long order() {
    return operator.order();
  }

  @Override
  public DataType dataType() {
    return operator.dataType();
  }

  // Written by one thread at a time, as an operator is applied.
  @SuppressWarnings("NonAtomicVolatileUpdate")
  @Override
  public INDArray apply(INDArray block) {
    INDArray result = operator.apply(block);
    matvecs += block.size(0);
    blocks++;
    return result;
  }
}
