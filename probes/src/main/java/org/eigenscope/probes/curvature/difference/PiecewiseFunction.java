package org.eigenscope.probes.curvature.difference;

import static java.util.Objects.requireNonNull;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.activations.impl.ActivationELU;
import org.nd4j.linalg.activations.impl.ActivationHardSigmoid;
import org.nd4j.linalg.activations.impl.ActivationHardTanH;
import org.nd4j.linalg.activations.impl.ActivationLReLU;
import org.nd4j.linalg.activations.impl.ActivationRReLU;
import org.nd4j.linalg.activations.impl.ActivationReLU;
import org.nd4j.linalg.activations.impl.ActivationReLU6;
import org.nd4j.linalg.activations.impl.ActivationRectifiedTanh;
import org.nd4j.linalg.activations.impl.ActivationSELU;
import org.nd4j.linalg.activations.impl.ActivationThresholdedReLU;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.ops.transforms.Transforms;

/**
 * A function of one variable made of smooth pieces.
 *
 * @param breakpoints where pieces meet, ascending
 * @param pieces one more than breakpoints, from left to right
 */
record PiecewiseFunction(List<Breakpoint> breakpoints, List<Piece> pieces) {
  /** The 32 bits of Deeplearning4j's own constant. */
  private static final double HARD_SIGMOID_SLOPE = 0.2f;

  private static final double SELU_ALPHA = 1.6732632423543772;
  private static final double SELU_LAMBDA = 1.0507009873554805;

  /**
   * Where two pieces meet.
   *
   * @param at the abscissa
   * @param right whether the point itself belongs to the piece on its right, as in Deeplearning4j's
   *     derivative
   */
  record Breakpoint(double at, boolean right) {}

  /** A smooth function, on the elements where a mask of zeros and ones has ones. */
  sealed interface Piece {
    /** Returns a new array: the function's values at z where the mask is 1, and 0 elsewhere. */
    INDArray value(INDArray z, INDArray mask);

    /** Returns a new array: the derivative's values at z where the mask is 1, and 0 elsewhere. */
    INDArray derivative(INDArray z, INDArray mask);
  }

  private record Affine(double slope, double intercept) implements Piece {
    @Override
    public INDArray value(INDArray z, INDArray mask) {
      INDArray value = z.mul(mask);
      if (slope != 1) {
        value.muli(slope);
      }
      return intercept == 0 ? value : value.addi(mask.mul(intercept));
    }

    @Override
    public INDArray derivative(INDArray z, INDArray mask) {
      return mask.mul(slope);
    }
  }

  /** scale (e^z − 1); masked before, as it may overflow far from its own region. */
  private record Exponential(double scale) implements Piece {
    @Override
    public INDArray value(INDArray z, INDArray mask) {
      return Transforms.expm1(z.mul(mask), false).muli(scale);
    }

    @Override
    public INDArray derivative(INDArray z, INDArray mask) {
      return Transforms.exp(z.mul(mask), false).muli(scale).muli(mask);
    }
  }

  private record HyperbolicTangent() implements Piece {
    @Override
    public INDArray value(INDArray z, INDArray mask) {
      return Transforms.tanh(z.mul(mask), false);
    }

    @Override
    public INDArray derivative(INDArray z, INDArray mask) {
      INDArray t = value(z, mask);
      return t.muli(t).rsubi(1).muli(mask);
    }
  }

  private static final Piece ZERO = new Affine(0, 0);
  private static final Piece IDENTITY = new Affine(1, 0);

  /** Returns the pieces of an activation function, or null where it is smooth or not known. */
  static @Nullable PiecewiseFunction of(IActivation activation) {
    if (activation instanceof ActivationReLU relu) {
      return rectified(relu);
    }
    if (activation instanceof ActivationReLU6) {
      return of(List.of(open(0), closed(6)), ZERO, IDENTITY, new Affine(0, 6));
    }
    if (activation instanceof ActivationLReLU leaky) {
      return leaky(leaky.getAlpha());
    }
    if (activation instanceof ActivationRReLU random) {
      // What a random slope is in its mean; Deeplearning4j draws one for each unit in training.
      return leaky((random.getL() + random.getU()) / 2);
    }
    if (activation instanceof ActivationHardTanH) {
      return of(List.of(closed(-1), open(1)), new Affine(0, -1), IDENTITY, new Affine(0, 1));
    }
    if (activation instanceof ActivationHardSigmoid) {
      return of(
          List.of(closed(-2.5), open(2.5)),
          ZERO,
          new Affine(HARD_SIGMOID_SLOPE, 0.5),
          new Affine(0, 1));
    }
    if (activation instanceof ActivationThresholdedReLU thresholded) {
      return of(List.of(open(thresholded.getTheta())), ZERO, IDENTITY);
    }
    if (activation instanceof ActivationELU elu) {
      return of(List.of(closed(0)), new Exponential(elu.getAlpha()), IDENTITY);
    }
    if (activation instanceof ActivationSELU) {
      return of(
          List.of(open(0)), new Exponential(SELU_LAMBDA * SELU_ALPHA), new Affine(SELU_LAMBDA, 0));
    }
    if (activation instanceof ActivationRectifiedTanh) {
      return of(List.of(open(0)), ZERO, new HyperbolicTangent());
    }
    return null;
  }

  private static PiecewiseFunction rectified(ActivationReLU relu) {
    boolean plain = relu.getNegativeSlope() == null && relu.getThreshold() == null;
    double slope = relu.getNegativeSlope() == null ? 0 : relu.getNegativeSlope();
    double threshold = relu.getThreshold() == null ? 0 : relu.getThreshold();
    Breakpoint start = plain ? open(threshold) : closed(threshold);
    Piece below = slope == 0 ? ZERO : new Affine(slope, -slope * threshold);
    Double max = relu.getMax();
    return max == null
        ? of(List.of(start), below, IDENTITY)
        : of(List.of(start, closed(max)), below, IDENTITY, new Affine(0, max));
  }

  private static PiecewiseFunction leaky(double slope) {
    return of(List.of(closed(0)), new Affine(slope, 0), IDENTITY);
  }

  private static PiecewiseFunction of(List<Breakpoint> breakpoints, Piece... pieces) {
    return new PiecewiseFunction(breakpoints, List.of(pieces));
  }

  private static Breakpoint open(double at) {
    return new Breakpoint(at, false);
  }

  private static Breakpoint closed(double at) {
    return new Breakpoint(at, true);
  }

  /** Returns for each breakpoint which elements of z lie on its right. */
  INDArray[] regions(INDArray z) {
    return breakpoints.stream()
        .map(point -> point.right() ? z.gte(point.at()) : z.gt(point.at()))
        .toArray(INDArray[]::new);
  }

  /** Returns values of the pieces that the regions name, wherever z itself lies; a new array. */
  INDArray value(INDArray z, INDArray[] regions) {
    INDArray sum = null;
    for (int i = 0; i < pieces.size(); i++) {
      if (pieces.get(i) != ZERO) {
        INDArray part = pieces.get(i).value(z, mask(i, regions, z));
        sum = sum == null ? part : sum.addi(part);
      }
    }
    return requireNonNull(sum);
  }

  /** Returns derivatives of the pieces that the regions name; a new array. */
  INDArray derivative(INDArray z, INDArray[] regions) {
    INDArray sum = null;
    for (int i = 0; i < pieces.size(); i++) {
      if (pieces.get(i) != ZERO) {
        INDArray part = pieces.get(i).derivative(z, mask(i, regions, z));
        sum = sum == null ? part : sum.addi(part);
      }
    }
    return requireNonNull(sum);
  }

  private static INDArray mask(int piece, INDArray[] regions, INDArray z) {
    INDArray mask =
        piece == 0
            ? regions[0].castTo(z.dataType()).rsubi(1)
            : regions[piece - 1].castTo(z.dataType());
    if (piece > 0 && piece < regions.length) {
      mask.subi(regions[piece].castTo(z.dataType()));
    }
    return mask;
  }
}
