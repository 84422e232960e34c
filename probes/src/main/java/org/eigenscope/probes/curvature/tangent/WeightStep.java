package org.eigenscope.probes.curvature.tangent;

import java.util.List;
import java.util.function.Consumer;
import org.eigenscope.probes.curvature.WeightLayer;
import org.nd4j.linalg.api.ndarray.INDArray;

/** A step that multiplies its input, or parts of it, with a matrix of weights. */
abstract class WeightStep extends Step {
  private final Parameter weights;

  /**
   * @param weights W row by row, [outputs, inputs]
   */
  WeightStep(String name, Value input, Value output, Parameter weights) {
    super(name, List.of(input), output);
    this.weights = weights;
    if (weights.active()) {
      input.keep();
    }
  }

  /** Returns W's place. */
  final Parameter weights() {
    return weights;
  }

  /** Returns what it is to others; the output holds position after position. */
  abstract WeightLayer layer();

  /**
   * Shows what W is multiplied with on the examples of a piece; W is active.
   *
   * @param visitor takes whole examples' inputs, position by position, DOUBLE in 'c' order
   */
  abstract void visitInputs(Piece piece, Consumer<INDArray> visitor);
}
