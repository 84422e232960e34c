package org.eigenscope.probes.curvature.tangent;

import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.activations.impl.ActivationCube;
import org.nd4j.linalg.activations.impl.ActivationELU;
import org.nd4j.linalg.activations.impl.ActivationGELU;
import org.nd4j.linalg.activations.impl.ActivationHardSigmoid;
import org.nd4j.linalg.activations.impl.ActivationHardTanH;
import org.nd4j.linalg.activations.impl.ActivationIdentity;
import org.nd4j.linalg.activations.impl.ActivationLReLU;
import org.nd4j.linalg.activations.impl.ActivationReLU;
import org.nd4j.linalg.activations.impl.ActivationReLU6;
import org.nd4j.linalg.activations.impl.ActivationRectifiedTanh;
import org.nd4j.linalg.activations.impl.ActivationSELU;
import org.nd4j.linalg.activations.impl.ActivationSigmoid;
import org.nd4j.linalg.activations.impl.ActivationSoftPlus;
import org.nd4j.linalg.activations.impl.ActivationSoftSign;
import org.nd4j.linalg.activations.impl.ActivationSwish;
import org.nd4j.linalg.activations.impl.ActivationTanH;
import org.nd4j.linalg.activations.impl.ActivationThresholdedReLU;

/**
 * An activation function with its first two derivatives. Where pieces meet, the derivatives are
 * those of the piece that Deeplearning4j's own back-propagation takes.
 */
interface ScalarFunction {
  /** The 32 bits of Deeplearning4j's own constant. */
  double HARD_SIGMOID_SLOPE = 0.2f;

  /** Klambauer et al. 2017, "Self-Normalizing Neural Networks", equation 2. */
  double SELU_ALPHA = 1.6732632423543772;

  /** As {@link #SELU_ALPHA}. */
  double SELU_LAMBDA = 1.0507009873554805;

  /**
   * Deeplearning4j's x σ(1.702 x) (Hendrycks and Gimpel 2016, section 2), with the 32 bits of its
   * constant.
   */
  double GELU_SCALE = 1.702f;

  double value(double z);

  double slope(double z);

  double bend(double z);

  /** Returns whether the second derivative is anything but 0. */
  default boolean curved() {
    return true;
  }

  /** Returns whether this is z itself. */
  default boolean identity() {
    return false;
  }

  /** Returns Deeplearning4j's function, or null if it is not known here. */
  static @Nullable ScalarFunction of(IActivation activation) {
    Class<?> type = activation.getClass();
    if (type == ActivationIdentity.class) {
      return new Identity();
    }
    if (type == ActivationReLU.class) {
      return rectified((ActivationReLU) activation);
    }
    if (type == ActivationReLU6.class) {
      return new Rectifier(0, false, 0, 6);
    }
    if (type == ActivationLReLU.class) {
      return new Rectifier(0, true, ((ActivationLReLU) activation).getAlpha(), Double.NaN);
    }
    if (type == ActivationThresholdedReLU.class) {
      return new Threshold(((ActivationThresholdedReLU) activation).getTheta());
    }
    if (type == ActivationHardTanH.class) {
      return new Clamp(1, 0, -1, 1, 1);
    }
    if (type == ActivationHardSigmoid.class) {
      return new Clamp(HARD_SIGMOID_SLOPE, 0.5, 0, 1, 2.5);
    }
    // Deeplearning4j's derivative of ELU forgets alpha.
    if (type == ActivationELU.class && ((ActivationELU) activation).getAlpha() == 1) {
      return new Exponential(1, 1, true);
    }
    if (type == ActivationSELU.class) {
      return new Exponential(SELU_LAMBDA * SELU_ALPHA, SELU_LAMBDA, false);
    }
    if (type == ActivationRectifiedTanh.class) {
      return new HyperbolicTangent(true);
    }
    if (type == ActivationTanH.class) {
      return new HyperbolicTangent(false);
    }
    if (type == ActivationSigmoid.class) {
      return new Sigmoid();
    }
    if (type == ActivationSoftPlus.class) {
      return new SoftPlus();
    }
    if (type == ActivationSoftSign.class) {
      return new SoftSign();
    }
    if (type == ActivationSwish.class) {
      return new ScaledSwish(1);
    }
    if (type == ActivationGELU.class && !((ActivationGELU) activation).isPrecise()) {
      return new ScaledSwish(GELU_SCALE);
    }
    if (type == ActivationCube.class) {
      return new Cube();
    }
    return null;
  }

  private static ScalarFunction rectified(ActivationReLU relu) {
    boolean plain = relu.getNegativeSlope() == null && relu.getThreshold() == null;
    return new Rectifier(
        relu.getThreshold() == null ? 0 : relu.getThreshold(),
        !plain,
        relu.getNegativeSlope() == null ? 0 : relu.getNegativeSlope(),
        relu.getMax() == null ? Double.NaN : relu.getMax());
  }

  private static double sigmoid(double z) {
    return 1 / (1 + Math.exp(-z));
  }

  /** z. */
  record Identity() implements ScalarFunction {
    @Override
    public double value(double z) {
      return z;
    }

    @Override
    public double slope(double z) {
      return 1;
    }

    @Override
    public double bend(double z) {
      return 0;
    }

    @Override
    public boolean curved() {
      return false;
    }

    @Override
    public boolean identity() {
      return true;
    }
  }

  /**
   * z from a threshold on, a line through 0 there below it, a constant from a maximum on.
   *
   * @param closed whether the threshold itself belongs to the upper piece
   * @param maximum NaN for none
   */
  record Rectifier(double threshold, boolean closed, double slopeBelow, double maximum)
      implements ScalarFunction {
    private boolean above(double z) {
      return closed ? z >= threshold : z > threshold;
    }

    @Override
    public double value(double z) {
      if (z >= maximum) {
        return maximum;
      }
      return above(z) ? z : slopeBelow * (z - threshold);
    }

    @Override
    public double slope(double z) {
      if (z >= maximum) {
        return 0;
      }
      return above(z) ? 1 : slopeBelow;
    }

    @Override
    public double bend(double z) {
      return 0;
    }

    @Override
    public boolean curved() {
      return false;
    }
  }

  /** z above a threshold, 0 below. */
  record Threshold(double threshold) implements ScalarFunction {
    @Override
    public double value(double z) {
      return z > threshold ? z : 0;
    }

    @Override
    public double slope(double z) {
      return z > threshold ? 1 : 0;
    }

    @Override
    public double bend(double z) {
      return 0;
    }

    @Override
    public boolean curved() {
      return false;
    }
  }

  /** A line between two constants, which it meets at plus and minus a knee. */
  record Clamp(double rate, double offset, double low, double high, double knee)
      implements ScalarFunction {
    @Override
    public double value(double z) {
      return z < -knee ? low : z > knee ? high : rate * z + offset;
    }

    @Override
    public double slope(double z) {
      return z >= -knee && z <= knee ? rate : 0;
    }

    @Override
    public double bend(double z) {
      return 0;
    }

    @Override
    public boolean curved() {
      return false;
    }
  }

  /** scale (e^z − 1) below 0, a line above. */
  record Exponential(double scale, double rate, boolean closed) implements ScalarFunction {
    private boolean above(double z) {
      return closed ? z >= 0 : z > 0;
    }

    @Override
    public double value(double z) {
      return above(z) ? rate * z : scale * Math.expm1(z);
    }

    @Override
    public double slope(double z) {
      return above(z) ? rate : scale * Math.exp(z);
    }

    @Override
    public double bend(double z) {
      return above(z) ? 0 : scale * Math.exp(z);
    }
  }

  /** tanh z, or its positive part. */
  record HyperbolicTangent(boolean rectified) implements ScalarFunction {
    private boolean off(double z) {
      return rectified && !(z > 0);
    }

    @Override
    public double value(double z) {
      return off(z) ? 0 : Math.tanh(z);
    }

    @Override
    public double slope(double z) {
      double t = Math.tanh(z);
      return off(z) ? 0 : 1 - t * t;
    }

    @Override
    public double bend(double z) {
      double t = Math.tanh(z);
      return off(z) ? 0 : -2 * t * (1 - t * t);
    }
  }

  /** The logistic function σ. */
  record Sigmoid() implements ScalarFunction {
    @Override
    public double value(double z) {
      return sigmoid(z);
    }

    @Override
    public double slope(double z) {
      double s = sigmoid(z);
      return s * (1 - s);
    }

    @Override
    public double bend(double z) {
      double s = sigmoid(z);
      return s * (1 - s) * (1 - 2 * s);
    }
  }

  /** log(1 + e^z). */
  record SoftPlus() implements ScalarFunction {
    @Override
    public double value(double z) {
      return z > 0 ? z + Math.log1p(Math.exp(-z)) : Math.log1p(Math.exp(z));
    }

    @Override
    public double slope(double z) {
      return sigmoid(z);
    }

    @Override
    public double bend(double z) {
      double s = sigmoid(z);
      return s * (1 - s);
    }
  }

  /** z / (1 + |z|). */
  record SoftSign() implements ScalarFunction {
    @Override
    public double value(double z) {
      return z / (1 + Math.abs(z));
    }

    @Override
    public double slope(double z) {
      double d = 1 + Math.abs(z);
      return 1 / (d * d);
    }

    @Override
    public double bend(double z) {
      double d = 1 + Math.abs(z);
      return -2 * Math.signum(z) / (d * d * d);
    }
  }

  /** z σ(scale z). */
  record ScaledSwish(double scale) implements ScalarFunction {
    @Override
    public double value(double z) {
      return z * sigmoid(scale * z);
    }

    @Override
    public double slope(double z) {
      double s = sigmoid(scale * z);
      return s + scale * z * s * (1 - s);
    }

    @Override
    public double bend(double z) {
      double s = sigmoid(scale * z);
      return scale * s * (1 - s) * (2 + scale * z * (1 - 2 * s));
    }
  }

  /** z³. */
  record Cube() implements ScalarFunction {
    @Override
    public double value(double z) {
      return z * z * z;
    }

    @Override
    public double slope(double z) {
      return 3 * z * z;
    }

    @Override
    public double bend(double z) {
      return 6 * z;
    }
  }
}
