package org.eigenscope.probes.curvature;

/** What batch normalization layers normalise with while a loss is measured. */
public enum BatchNormMode {
  /** Mean and variance of each batch, differentiated through. */
  BATCH,
  /** The running statistics, as constants. */
  FROZEN,
  /**
   * Mean and variance of the whole data set, differentiated through: BATCH with the set as one
   * batch. The tangent engine goes over pieces, at the price of more passes, where the set does not
   * fit into the memory at once; the difference engine refuses such a set.
   */
  POPULATION
}
