package org.eigenscope.probes.curvature;

import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The derivative J of a network's outputs with respect to the coordinates, at the parameters.
 *
 * <p><b>Definition.</b> The outputs are what the output layers hand to their loss functions, before
 * their activation, of all examples in the order of the data: output layers one after the other,
 * each [examples, values] in 'c' order. Where a mask is 0 so are they. J has a row for each of them
 * and a column for each coordinate.
 *
 * <p><b>Threading.</b> As the {@link Curvature} it comes from, which also has to stay open.
 */
public final class Linearization {
  private final CurvatureEngine engine;
  private final Coordinates coordinates;
  private final DataType dataType;

  Linearization(CurvatureEngine engine, Coordinates coordinates, DataType dataType) {
    this.engine = engine;
    this.coordinates = coordinates;
    this.dataType = dataType;
  }

  /**
   * Returns the number of outputs, of all examples together.
   *
   * @throws UnsupportedOperationException if a loss is more than a function of its layer's values
   */
  public long outputs() {
    return engine.outputs();
  }

  /**
   * Returns the outputs themselves, at the parameters: logits, where the loss takes a softmax.
   *
   * @return a new array [outputs], DOUBLE whatever the curvature's precision
   * @throws UnsupportedOperationException as {@link #outputs}
   */
  public INDArray values() {
    return engine.outputValues();
  }

  /** Returns the number of coordinates. */
  public long activeParameters() {
    return coordinates.size();
  }

  /**
   * Returns J v for the rows v of a block.
   *
   * @param block k vectors as rows, [k, n], of the curvature's precision; not modified
   * @return a new array [k, outputs]
   * @throws IllegalArgumentException if the block has another shape
   * @throws UnsupportedOperationException as {@link #outputs}
   */
  public INDArray jvp(INDArray block) {
    check(block, "coordinates", coordinates.size());
    return engine.jvp(coordinates.scatter(block, engine.dataType())).castTo(dataType);
  }

  /**
   * Returns Jᵀ u for the rows u of a block.
   *
   * @param block k vectors as rows, [k, outputs], of the curvature's precision; not modified
   * @return a new array [k, n]
   * @throws IllegalArgumentException if the block has another shape
   * @throws UnsupportedOperationException as {@link #outputs}
   */
  public INDArray vjp(INDArray block) {
    check(block, "outputs", outputs());
    return coordinates.gather(engine.vjp(block.castTo(engine.dataType()))).castTo(dataType);
  }

  /**
   * Returns ‖J_iᵀ u_i‖² for each example i, with J_i its rows of J and u_i its part of each row u
   * of a block.
   *
   * <p><b>Cost.</b> About one vjp.
   *
   * @param block k vectors as rows, [k, outputs], of the curvature's precision; not modified
   * @return a new DOUBLE array [k, examples]; null where there is no shorter way than a product for
   *     each example: in the difference engine, where examples depend on each other, and on the
   *     coordinates of a part of the network
   * @throws IllegalArgumentException if the block has another shape
   * @throws UnsupportedOperationException as {@link #outputs}
   */
  public @Nullable INDArray squaredNorms(INDArray block) {
    check(block, "outputs", outputs());
    return coordinates.complete() ? engine.squaredNorms(block.castTo(engine.dataType())) : null;
  }

  private static void check(INDArray block, String what, long columns) {
    if (block.rank() != 2 || block.size(1) != columns) {
      throw new IllegalArgumentException(
          "block must be [vectors, %d], a column for each of the %s, got %s"
              .formatted(columns, what, java.util.Arrays.toString(block.shape())));
    }
  }
}
