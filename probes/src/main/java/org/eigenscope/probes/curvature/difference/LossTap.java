package org.eigenscope.probes.curvature.difference;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.lossfunctions.ILossFunction;
import org.nd4j.linalg.lossfunctions.LossUtil;

/**
 * The loss function of an output layer, which can listen to what the network hands it and put
 * another error in place of its own.
 *
 * <p>What an output layer hands over, z, is what the loss is a convex function of, as far as
 * Gauss–Newton matrices go: its values before the activation function, one row for each example,
 * time step or pixel.
 */
@SuppressWarnings("serial") // lives in a replica, which nobody saves
final class LossTap implements ILossFunction {
  private final ILossFunction loss;
  private final Regions regions;
  private final Map<Integer, Point> points = new HashMap<>();
  private @Nullable INDArray heard;
  private @Nullable INDArray injected;
  private double score;
  private boolean scoring = true;
  private boolean hearingScores = true;

  LossTap(ILossFunction loss, Regions regions) {
    this.loss = loss;
    this.regions = regions;
  }

  /** What the loss is a function of, for one batch at θ. */
  private record Point(
      INDArray labels, INDArray z, IActivation activation, @Nullable INDArray mask) {}

  /**
   * Leaves scores out that are asked for outside of {@link #computeGradient}: nobody needs them.
   */
  void stopScoring() {
    scoring = false;
  }

  /** Hears nothing when a score is asked for: the layer then hands z over in another order. */
  void stopHearingScores() {
    hearingScores = false;
  }

  /** Returns the loss of the batch that was recorded last, summed over its rows. */
  double score() {
    return score;
  }

  /** Returns z of the pass that came last. */
  INDArray heard() {
    if (heard == null) {
      throw new AssertionError("no pass has reached the loss function");
    }
    return heard;
  }

  /** Returns the shape of z of a batch at θ. */
  long[] shape(int batch) {
    return point(batch).z().shape();
  }

  /** Returns a copy of z of a batch at θ. */
  INDArray values(int batch) {
    return detached(point(batch).z());
  }

  /** Applies a batch's mask to an array of the shape of z, in place. */
  INDArray masked(int batch, INDArray array) {
    INDArray mask = point(batch).mask();
    if (mask != null) {
      LossUtil.applyMask(array, mask);
    }
    return array;
  }

  private Point point(int batch) {
    Point point = points.get(batch);
    if (point == null) {
      throw new AssertionError("batch " + batch + " has not been recorded");
    }
    return point;
  }

  /** Puts an error in the place of the loss's own gradient, or lets it be with null. */
  void inject(@Nullable INDArray error) {
    injected = error;
  }

  /**
   * Returns the product of the loss's Hessian with respect to z with a direction, at the z of a
   * batch at θ, by central differences of the loss's gradient.
   */
  INDArray hessianProduct(int batch, INDArray direction, double step) {
    Point point = point(batch);
    double largest = direction.norm2(1).maxNumber().doubleValue();
    if (largest == 0) {
      return direction.ulike();
    }
    INDArray unit = direction.mul(step / largest);
    INDArray difference = gradientAt(point, point.z().add(unit));
    difference.subi(gradientAt(point, point.z().sub(unit)));
    return difference.muli(largest / (2 * step));
  }

  private INDArray gradientAt(Point point, INDArray z) {
    if (point.activation() instanceof HeldActivation held) {
      held.rewind();
    }
    return loss.computeGradient(point.labels(), z, point.activation(), point.mask());
  }

  @Override
  public double computeScore(
      INDArray labels,
      INDArray preOutput,
      IActivation activation,
      @Nullable INDArray mask,
      boolean average) {
    if (hearingScores) {
      heard = detached(preOutput);
    }
    return scoring ? loss.computeScore(labels, preOutput, activation, mask, average) : 0;
  }

  @Override
  public INDArray computeScoreArray(
      INDArray labels, INDArray preOutput, IActivation activation, @Nullable INDArray mask) {
    return loss.computeScoreArray(labels, preOutput, activation, mask);
  }

  @Override
  public INDArray computeGradient(
      INDArray labels, INDArray preOutput, IActivation activation, @Nullable INDArray mask) {
    heard = detached(preOutput);
    if (injected != null) {
      return injected.dup(preOutput.ordering());
    }
    if (regions.recording()) {
      INDArray labelsHere = detached(labels);
      INDArray maskHere = mask == null ? null : detached(mask);
      points.put(regions.batch(), new Point(labelsHere, heard, activation, maskHere));
      INDArray gradient = loss.computeGradient(labels, preOutput, activation, mask);
      // Here rather than from the layer, whose score forgets the data format in some classes.
      score = loss.computeScore(labels, heard.dup(), activation, mask, false);
      return gradient;
    }
    return loss.computeGradient(labels, preOutput, activation, mask);
  }

  @Override
  public Pair<Double, INDArray> computeGradientAndScore(
      INDArray labels,
      INDArray preOutput,
      IActivation activation,
      @Nullable INDArray mask,
      boolean average) {
    return Pair.of(
        computeScore(labels, preOutput, activation, mask, average),
        computeGradient(labels, preOutput, activation, mask));
  }

  @Override
  public String name() {
    return loss.name();
  }

  @Override
  public String toString() {
    return loss.toString();
  }

  @SuppressWarnings("try") // the scope itself is the use
  private static INDArray detached(INDArray array) {
    try (MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
      return array.dup();
    }
  }
}
