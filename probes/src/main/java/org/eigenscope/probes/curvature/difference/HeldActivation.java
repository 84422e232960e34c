package org.eigenscope.probes.curvature.difference;

import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.activations.BaseActivationFunction;
import org.nd4j.linalg.api.ndarray.INDArray;

/** A piecewise smooth activation function whose units are held in their {@link Regions}. */
@SuppressWarnings("serial") // lives in a replica, which nobody saves
final class HeldActivation extends BaseActivationFunction {
  private final PiecewiseFunction function;
  private final RegionMemory memory;

  HeldActivation(PiecewiseFunction function, Regions regions) {
    this.function = function;
    this.memory = new RegionMemory(regions);
  }

  @Override
  public INDArray getActivation(INDArray in, boolean training) {
    return in.assign(function.value(in, memory.forward(() -> function.regions(in))));
  }

  @Override
  public Pair<INDArray, INDArray> backprop(INDArray in, INDArray epsilon) {
    assertShape(in, epsilon);
    INDArray[] regions = memory.backward(() -> function.regions(in));
    return Pair.of(function.derivative(in, regions).muli(epsilon), null);
  }

  /** Starts over within a pass, for a second look at the same calls. */
  void rewind() {
    memory.rewind();
  }
}
