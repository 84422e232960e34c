package org.eigenscope.probes.curvature.difference;

import java.util.HashMap;
import java.util.Map;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.gradient.DefaultGradient;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.layers.wrapper.BaseWrapperLayer;
import org.deeplearning4j.nn.workspace.ArrayType;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.jspecify.annotations.Nullable;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A max-pooling layer, local or global, whose windows are held at the elements that won at θ.
 *
 * <p>Who won is asked of Deeplearning4j's own back-propagation, so that ties go where it sends
 * their gradient. Errors that carry the number of their window go back through the layer and arrive
 * at the winners; windows that overlap are asked in turns.
 */
@SuppressWarnings("serial") // lives in a replica, which nobody saves
final class HeldPooling extends BaseWrapperLayer {
  private final Regions regions;
  private final int[] turns;
  private final Map<Integer, Winners> winners = new HashMap<>();

  /**
   * @param turns for each axis of the output, how many neighbouring windows share elements; the
   *     axes beyond its length do not overlap
   */
  HeldPooling(Layer pooling, int[] turns, Regions regions) {
    super(pooling);
    this.turns = turns.clone();
    this.regions = regions;
  }

  /**
   * Where the outputs of one batch come from.
   *
   * @param elements index of the winner in the input, for each output, both in 'c' order
   */
  private record Winners(int[] elements, long[] inputShape, long[] outputShape) {

    double[] gather(INDArray input) {
      double[] from = values(input);
      double[] to = new double[elements.length];
      for (int i = 0; i < to.length; i++) {
        to[i] = from[elements[i]];
      }
      return to;
    }

    double[] scatter(INDArray epsilon, int length) {
      double[] from = values(epsilon);
      double[] to = new double[length];
      for (int i = 0; i < from.length; i++) {
        to[elements[i]] += from[i];
      }
      return to;
    }
  }

  @Override
  public INDArray activate(INDArray input, boolean training, LayerWorkspaceMgr workspaces) {
    setInput(input, workspaces);
    return activate(training, workspaces);
  }

  @Override
  public INDArray activate(boolean training, LayerWorkspaceMgr workspaces) {
    INDArray out = underlying.activate(training, workspaces);
    if (regions.recording()) {
      winners.put(regions.batch(), ask(out));
      return out;
    }
    Winners held = winners.get(regions.batch());
    if (held != null) {
      double[] free = values(out);
      double[] kept = held.gather(underlying.input());
      long moved = 0;
      for (int i = 0; i < kept.length; i++) {
        moved += kept[i] == free[i] ? 0 : 1;
      }
      if (moved > 0) {
        regions.count(moved);
        out.assign(array(kept, held.outputShape()));
      }
    }
    return out;
  }

  @Override
  public Pair<Gradient, INDArray> backpropGradient(INDArray epsilon, LayerWorkspaceMgr workspaces) {
    Winners held = regions.recording() ? null : winners.get(regions.batch());
    if (held == null) {
      return underlying.backpropGradient(epsilon, workspaces);
    }
    INDArray below =
        workspaces.createUninitialized(
            ArrayType.ACTIVATION_GRAD, DataType.DOUBLE, held.inputShape(), 'c');
    below.assign(array(held.scatter(epsilon, (int) below.length()), held.inputShape()));
    return Pair.of(new DefaultGradient(), below);
  }

  /** Returns the winners, or null where the layer does more than select (masks do that). */
  private @Nullable Winners ask(INDArray out) {
    long[] shape = out.shape();
    int windows = (int) out.length();
    int[] elements = new int[windows];
    java.util.Arrays.fill(elements, -1);
    int rounds = 1;
    for (int turn : turns) {
      rounds *= turn;
    }
    for (int round = 0; round < rounds; round++) {
      double[] numbers = new double[windows];
      for (int i = 0; i < windows; i++) {
        numbers[i] = round(i, shape) == round ? i + 1 : 0;
      }
      INDArray arrived =
          underlying
              .backpropGradient(array(numbers, shape), LayerWorkspaceMgr.noWorkspaces())
              .getSecond();
      double[] at = values(arrived);
      for (int i = 0; i < at.length; i++) {
        if (at[i] != 0) {
          elements[(int) at[i] - 1] = i;
        }
      }
    }
    for (int element : elements) {
      if (element < 0) {
        return null;
      }
    }
    Winners found = new Winners(elements, underlying.input().shape().clone(), shape.clone());
    return java.util.Arrays.equals(found.gather(underlying.input()), values(out)) ? found : null;
  }

  private int round(int index, long[] shape) {
    int rest = index;
    int round = 0;
    for (int axis = shape.length - 1; axis >= 0; axis--) {
      int coordinate = (int) (rest % shape[axis]);
      rest /= (int) shape[axis];
      if (axis < turns.length) {
        round = round * turns[axis] + coordinate % turns[axis];
      }
    }
    return round;
  }

  /** Returns whether some batch could not be held. */
  boolean unheld() {
    return winners.containsValue(null);
  }

  private static double[] values(INDArray array) {
    double[] values = new double[(int) array.length()];
    array.castTo(DataType.DOUBLE).dup('c').data().asNioDouble().get(values);
    return values;
  }

  private static INDArray array(double[] values, long[] shape) {
    return Nd4j.createFromArray(values).reshape('c', shape);
  }
}
