package org.eigenscope.probes.curvature;

/**
 * How a curvature is computed.
 *
 * @param batchNorm what batch normalization layers normalise with; without such layers it changes
 *     nothing
 * @param engine how products are computed
 * @param precision type of the operators' vectors, and of the tangent engine's arithmetic
 * @param regularization whether l1, l2 and weight decay belong to the loss
 * @param threads number of threads on which the tangent engine works, at least 1; the difference
 *     engine leaves its threads to ND4J
 */
public record CurvatureOptions(
    BatchNormMode batchNorm,
    Engine engine,
    Precision precision,
    boolean regularization,
    int threads) {

  /** Checks the number of threads. */
  public CurvatureOptions {
    if (threads < 1) {
      throw new IllegalArgumentException("threads must be at least 1, got " + threads);
    }
  }

  /**
   * Returns BATCH, AUTO, DOUBLE, without regularisation, as many threads as there are processors.
   */
  public static CurvatureOptions defaults() {
    return new CurvatureOptions(
        BatchNormMode.BATCH,
        Engine.AUTO,
        Precision.DOUBLE,
        false,
        Runtime.getRuntime().availableProcessors());
  }

  /** Returns these options with another {@link #batchNorm}. */
  public CurvatureOptions withBatchNorm(BatchNormMode value) {
    return new CurvatureOptions(value, engine, precision, regularization, threads);
  }

  /** Returns these options with another {@link #engine}. */
  public CurvatureOptions withEngine(Engine value) {
    return new CurvatureOptions(batchNorm, value, precision, regularization, threads);
  }

  /** Returns these options with another {@link #precision}. */
  public CurvatureOptions withPrecision(Precision value) {
    return new CurvatureOptions(batchNorm, engine, value, regularization, threads);
  }

  /** Returns these options with another {@link #regularization}. */
  public CurvatureOptions withRegularization(boolean value) {
    return new CurvatureOptions(batchNorm, engine, precision, value, threads);
  }

  /** Returns these options with another number of {@link #threads}. */
  public CurvatureOptions withThreads(int value) {
    return new CurvatureOptions(batchNorm, engine, precision, regularization, value);
  }
}
