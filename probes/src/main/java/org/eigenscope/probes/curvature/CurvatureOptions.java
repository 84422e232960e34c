package org.eigenscope.probes.curvature;

/**
 * How a curvature is computed.
 *
 * @param batchNorm what batch normalization layers normalise with; without such layers it changes
 *     nothing
 * @param engine how products are computed
 * @param precision type of the operators' vectors
 * @param regularization whether l1, l2 and weight decay belong to the loss
 */
public record CurvatureOptions(
    BatchNormMode batchNorm, Engine engine, Precision precision, boolean regularization) {

  /** Returns BATCH, AUTO, DOUBLE, without regularisation. */
  public static CurvatureOptions defaults() {
    return new CurvatureOptions(BatchNormMode.BATCH, Engine.AUTO, Precision.DOUBLE, false);
  }
}
