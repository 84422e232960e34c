package org.eigenscope.probes.curvature;

/** What batch normalization layers normalise with while a loss is measured. */
public enum BatchNormMode {
  /** Mean and variance of each batch, differentiated through. */
  BATCH,
  /** The running statistics, as constants. */
  FROZEN,
  /** Mean and variance of the whole data set, differentiated through. */
  POPULATION
}
