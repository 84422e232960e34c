package org.eigenscope.probes.curvature.tangent;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.activations.impl.ActivationSoftmax;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.lossfunctions.ILossFunction;
import org.nd4j.linalg.lossfunctions.impl.LossBinaryXENT;
import org.nd4j.linalg.lossfunctions.impl.LossL2;
import org.nd4j.linalg.lossfunctions.impl.LossMCXENT;
import org.nd4j.linalg.lossfunctions.impl.LossMSE;
import org.nd4j.linalg.lossfunctions.impl.LossNegativeLogLikelihood;

/**
 * A loss of one example as a function of an output layer's values before their activation, with its
 * first two derivatives as Deeplearning4j's own gradient implies them.
 */
abstract class OutputLoss {
  private final double @Nullable [] weights;

  private OutputLoss(@Nullable INDArray weights) {
    this.weights =
        weights == null
            ? null
            : weights.castTo(DataType.DOUBLE).reshape(weights.length()).toDoubleVector();
  }

  /** Returns Deeplearning4j's loss, or null if it is not known here. */
  static @Nullable OutputLoss of(ILossFunction loss, IActivation activation, int outputs) {
    boolean softmax = activation.getClass() == ActivationSoftmax.class;
    Class<?> type = loss.getClass();
    if (type == LossMCXENT.class || type == LossNegativeLogLikelihood.class) {
      LossMCXENT crossEntropy = (LossMCXENT) loss;
      if (softmax) {
        return new SoftmaxCrossEntropy(crossEntropy.getWeights(), crossEntropy.getSoftmaxClipEps());
      }
      return elementwise(new Logarithm(), activation, crossEntropy.getWeights());
    }
    if (type == LossBinaryXENT.class && !softmax) {
      LossBinaryXENT binary = (LossBinaryXENT) loss;
      return elementwise(new BinaryEntropy(binary.getClipEps()), activation, binary.getWeights());
    }
    if (type == LossL2.class || type == LossMSE.class) {
      LossL2 squares = (LossL2) loss;
      Squares each = new Squares(type == LossMSE.class ? 1.0 / outputs : 1);
      return softmax
          ? new OfSoftmax(each, squares.getWeights())
          : elementwise(each, activation, squares.getWeights());
    }
    return null;
  }

  private static @Nullable OutputLoss elementwise(
      ElementLoss each, IActivation activation, @Nullable INDArray weights) {
    ScalarFunction function = ScalarFunction.of(activation);
    return function == null ? null : new Elementwise(each, function, weights);
  }

  double weight(int output) {
    return weights == null ? 1 : weights[output];
  }

  boolean weighted() {
    return weights != null;
  }

  /** Returns whether outputs of one example may have masks of their own. */
  boolean masksOutputs() {
    return false;
  }

  /**
   * Computes the loss of an example and its gradient.
   *
   * @param z values before the activation
   * @param y labels
   * @param mask factor of each output's loss; all the same unless {@link #masksOutputs}
   * @param gradient is set
   * @param memory what {@link #product} needs, {@link #memorySize} elements; is set
   */
  abstract double linearize(
      double[] z, double[] y, double[] mask, double[] gradient, double[] memory);

  /** Computes the product of the loss's Hessian and a vector; the result may replace the vector. */
  abstract void product(double[] memory, double[] vector, double[] result);

  /** Returns whether {@link #factor} knows a factor of an example's Hessian. */
  abstract boolean factors(double[] memory);

  /**
   * Computes a column of a square factor F of the loss's Hessian, which is F Fᵀ.
   *
   * @param memory one for which {@link #factors} holds
   * @param result is set
   */
  abstract void factor(double[] memory, int column, double[] result);

  /** Returns the elements of an example's memory. */
  abstract int memorySize(int outputs);

  /** A loss of one output after its activation, with its first two derivatives. */
  private sealed interface ElementLoss {
    double value(double a, double y);

    double slope(double a, double y);

    double bend(double a, double y);
  }

  private record Squares(double factor) implements ElementLoss {
    @Override
    public double value(double a, double y) {
      return factor * (a - y) * (a - y);
    }

    @Override
    public double slope(double a, double y) {
      return 2 * factor * (a - y);
    }

    @Override
    public double bend(double a, double y) {
      return 2 * factor;
    }
  }

  /** −y log a. */
  private record Logarithm() implements ElementLoss {
    @Override
    public double value(double a, double y) {
      return -y * Math.log(a);
    }

    @Override
    public double slope(double a, double y) {
      return -y / a;
    }

    @Override
    public double bend(double a, double y) {
      return y / (a * a);
    }
  }

  /** −y log a − (1 − y) log(1 − a), with a held between two limits. */
  private record BinaryEntropy(double limit) implements ElementLoss {
    private double clipped(double a) {
      return limit > 0 ? Math.max(limit, Math.min(1 - limit, a)) : a;
    }

    @Override
    public double value(double a, double y) {
      double c = clipped(a);
      return -y * Math.log(c) - (1 - y) * Math.log(1 - c);
    }

    @Override
    public double slope(double a, double y) {
      double c = clipped(a);
      return (c - y) / (c * (1 - c));
    }

    @Override
    public double bend(double a, double y) {
      double c = clipped(a);
      double v = c * (1 - c);
      return c == a ? (v - (c - y) * (1 - 2 * c)) / (v * v) : 0;
    }
  }

  private static final class Elementwise extends OutputLoss {
    private final ElementLoss loss;
    private final ScalarFunction activation;

    Elementwise(ElementLoss loss, ScalarFunction activation, @Nullable INDArray weights) {
      super(weights);
      this.loss = loss;
      this.activation = activation;
    }

    @Override
    boolean masksOutputs() {
      return true;
    }

    @Override
    double linearize(double[] z, double[] y, double[] mask, double[] gradient, double[] memory) {
      double sum = 0;
      for (int i = 0; i < y.length; i++) {
        double a = activation.value(z[i]);
        double slope = activation.slope(z[i]);
        double outer = loss.slope(a, y[i]);
        double factor = weight(i) * mask[i];
        sum += factor * loss.value(a, y[i]);
        gradient[i] = factor * outer * slope;
        memory[i] = factor * (loss.bend(a, y[i]) * slope * slope + outer * activation.bend(z[i]));
      }
      return sum;
    }

    @Override
    void product(double[] memory, double[] vector, double[] result) {
      for (int i = 0; i < memory.length; i++) {
        result[i] = memory[i] * vector[i];
      }
    }

    @Override
    boolean factors(double[] memory) {
      return Arrays.stream(memory).allMatch(bend -> bend >= 0);
    }

    @Override
    void factor(double[] memory, int column, double[] result) {
      Arrays.fill(result, 0);
      result[column] = Math.sqrt(memory[column]);
    }

    @Override
    int memorySize(int outputs) {
      return outputs;
    }
  }

  private static void softmax(double[] z, double[] p, int length) {
    double largest = Double.NEGATIVE_INFINITY;
    for (int i = 0; i < length; i++) {
      largest = Math.max(largest, z[i]);
    }
    double sum = 0;
    for (int i = 0; i < length; i++) {
      p[i] = Math.exp(z[i] - largest);
      sum += p[i];
    }
    for (int i = 0; i < length; i++) {
      p[i] /= sum;
    }
  }

  /** −Σ w y log p; memory: p, then the factor of the example. */
  private static final class SoftmaxCrossEntropy extends OutputLoss {
    private final double limit;

    SoftmaxCrossEntropy(@Nullable INDArray weights, double limit) {
      super(weights);
      this.limit = limit;
    }

    @Override
    double linearize(double[] z, double[] y, double[] mask, double[] gradient, double[] memory) {
      softmax(z, memory, y.length);
      double sum = 0;
      double factor = 0;
      for (int i = 0; i < y.length; i++) {
        double p = limit > 0 ? Math.max(limit, Math.min(1 - limit, memory[i])) : memory[i];
        sum -= mask[0] * weight(i) * y[i] * Math.log(p);
        factor += weight(i) * y[i];
      }
      // Without weights Deeplearning4j takes p - y, whatever the labels add up to.
      factor = weighted() ? factor : 1;
      for (int i = 0; i < y.length; i++) {
        gradient[i] = mask[0] * (factor * memory[i] - weight(i) * y[i]);
      }
      memory[y.length] = mask[0] * factor;
      return sum;
    }

    @Override
    void product(double[] memory, double[] vector, double[] result) {
      int n = memory.length - 1;
      double mean = 0;
      for (int i = 0; i < n; i++) {
        mean += memory[i] * vector[i];
      }
      for (int i = 0; i < n; i++) {
        result[i] = memory[n] * memory[i] * (vector[i] - mean);
      }
    }

    @Override
    boolean factors(double[] memory) {
      return memory[memory.length - 1] >= 0;
    }

    /** √p (e − p), Wu et al., arXiv 2010.04261, section 2, as diag(p) − ppᵀ is their sum. */
    @Override
    void factor(double[] memory, int column, double[] result) {
      double root = Math.sqrt(memory[memory.length - 1] * memory[column]);
      for (int i = 0; i < result.length; i++) {
        result[i] = root * ((i == column ? 1 : 0) - memory[i]);
      }
    }

    @Override
    int memorySize(int outputs) {
      return outputs + 1;
    }
  }

  /** A sum of losses of each output after a softmax; memory: p, slopes and bends of the losses. */
  private static final class OfSoftmax extends OutputLoss {
    private final ElementLoss loss;

    OfSoftmax(ElementLoss loss, @Nullable INDArray weights) {
      super(weights);
      this.loss = loss;
    }

    @Override
    double linearize(double[] z, double[] y, double[] mask, double[] gradient, double[] memory) {
      int n = y.length;
      softmax(z, memory, n);
      double sum = 0;
      double mean = 0;
      for (int i = 0; i < n; i++) {
        double factor = mask[0] * weight(i);
        sum += factor * loss.value(memory[i], y[i]);
        memory[n + i] = factor * loss.slope(memory[i], y[i]);
        memory[2 * n + i] = factor * loss.bend(memory[i], y[i]);
        mean += memory[i] * memory[n + i];
      }
      for (int i = 0; i < n; i++) {
        gradient[i] = memory[i] * (memory[n + i] - mean);
      }
      return sum;
    }

    @Override
    void product(double[] memory, double[] vector, double[] result) {
      int n = memory.length / 3;
      double mean = 0;
      double slopeMean = 0;
      for (int i = 0; i < n; i++) {
        mean += memory[i] * vector[i];
        slopeMean += memory[i] * memory[n + i];
      }
      double change = 0;
      for (int i = 0; i < n; i++) {
        double p = memory[i] * (vector[i] - mean);
        change += p * memory[n + i] + memory[i] * memory[2 * n + i] * p;
      }
      for (int i = 0; i < n; i++) {
        double p = memory[i] * (vector[i] - mean);
        result[i] = p * (memory[n + i] - slopeMean) + memory[i] * (memory[2 * n + i] * p - change);
      }
    }

    @Override
    boolean factors(double[] memory) {
      return false;
    }

    @Override
    void factor(double[] memory, int column, double[] result) {
      throw new AssertionError("no factor is known");
    }

    @Override
    int memorySize(int outputs) {
      return 3 * outputs;
    }
  }
}
