package org.eigenscope.probes.curvature.difference;

import static java.util.Objects.requireNonNull;

import org.deeplearning4j.nn.gradient.DefaultGradient;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.layers.feedforward.PReLU;
import org.deeplearning4j.nn.params.PReLUParamInitializer;
import org.deeplearning4j.nn.workspace.ArrayType;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.api.ndarray.INDArray;

/** A rectifier with learned slopes whose units are held in their {@link Regions}. */
@SuppressWarnings("serial") // lives in a replica, which nobody saves
final class HeldPRelu extends PReLU {
  private final RegionMemory memory;

  /**
   * @param original the layer in whose place this one computes; its parameters are shared
   */
  HeldPRelu(PReLU original, Regions regions) {
    super(original.conf(), original.params().dataType());
    memory = new RegionMemory(regions);
    setParamsViewArray(original.params());
    setParamTable(original.paramTable());
    setIndex(original.getIndex());
  }

  @Override
  public INDArray activate(boolean training, LayerWorkspaceMgr workspaces) {
    assertInputSet(false);
    INDArray positive = memory.forward(this::regions)[0].castTo(input.dataType());
    INDArray out = workspaces.dup(ArrayType.ACTIVATIONS, input);
    return out.muli(slopes(positive));
  }

  @Override
  public Pair<Gradient, INDArray> backpropGradient(INDArray epsilon, LayerWorkspaceMgr workspaces) {
    assertInputSet(true);
    INDArray positive = memory.backward(this::regions)[0].castTo(input.dataType());
    INDArray below = workspaces.dup(ArrayType.ACTIVATION_GRAD, epsilon);
    below.muli(slopes(positive));

    INDArray slopeError = positive.rsub(1).muli(input).muli(epsilon);
    INDArray view = requireNonNull(gradientViews.get(PReLUParamInitializer.WEIGHT_KEY));
    INDArray sum = slopeError.sum(true, 0);
    for (int axis = 1; axis < sum.rank(); axis++) {
      if (view.size(axis - 1) == 1 && sum.size(axis) > 1) {
        sum = sum.sum(true, axis);
      }
    }
    view.assign(sum.reshape(view.shape()));
    Gradient gradient = new DefaultGradient();
    gradient.setGradientFor(PReLUParamInitializer.WEIGHT_KEY, view, 'c');
    return Pair.of(gradient, below);
  }

  private INDArray[] regions() {
    return new INDArray[] {input.gte(0)};
  }

  /** Returns 1 where a unit is positive and its own slope elsewhere. */
  private INDArray slopes(INDArray positive) {
    INDArray slope = getParam(PReLUParamInitializer.WEIGHT_KEY);
    long[] shape = new long[slope.rank() + 1];
    shape[0] = 1;
    System.arraycopy(slope.shape(), 0, shape, 1, slope.rank());
    INDArray negative = positive.rsub(1);
    return negative.mul(slope.dup('c').reshape('c', shape)).addi(positive);
  }
}
