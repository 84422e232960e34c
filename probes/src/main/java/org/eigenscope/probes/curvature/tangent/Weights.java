package org.eigenscope.probes.curvature.tangent;

import org.eigenscope.probes.kernel.Elements;
import org.eigenscope.probes.kernel.Kernels;
import org.eigenscope.probes.kernel.Tensor;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The parameters of the network, exact and in the engine's type, and the kernels for each. */
final class Weights implements AutoCloseable {
  private final Kernels exactKernels;
  private final Kernels kernels;
  private final Tensor exact;
  private final Tensor rounded;

  /**
   * @param parameters the flat vector [P]; copied
   * @param elements the engine's type
   */
  Weights(INDArray parameters, Elements elements) {
    this.exact = copy(parameters, Elements.DOUBLE);
    this.exactKernels = Kernels.of(Elements.DOUBLE.type());
    boolean same = elements == Elements.DOUBLE;
    this.rounded = same ? exact : copy(parameters, elements);
    this.kernels = same ? exactKernels : Kernels.of(elements.type());
  }

  private static Tensor copy(INDArray parameters, Elements elements) {
    Tensor tensor = Tensor.allocate(elements, 1, Math.toIntExact(parameters.length()));
    tensor.array().assign(parameters.reshape(1, parameters.length()));
    return tensor;
  }

  /** Prepares a thread of a crew. */
  void enterThread() {
    exactKernels.enterThread();
    kernels.enterThread();
  }

  /** Returns the DOUBLE kernels. */
  Kernels exactKernels() {
    return exactKernels;
  }

  /** Returns the kernels of the engine's type. */
  Kernels kernels() {
    return kernels;
  }

  Elements elements() {
    return rounded.elements();
  }

  /** Returns the address of a parameter in DOUBLE. */
  long exact(Parameter parameter) {
    return exact.address(0) + parameter.offset() * Double.BYTES;
  }

  /** Returns a parameter on the heap. */
  double[] values(Parameter parameter) {
    double[] values = new double[Math.toIntExact(parameter.length())];
    exact.read(parameter.offset(), values, 0, values.length);
    return values;
  }

  /** Returns the address of a parameter in the engine's type. */
  long rounded(Parameter parameter) {
    return rounded.address(0) + parameter.offset() * rounded.elements().bytes();
  }

  long bytes() {
    return exact.bytes() + (rounded == exact ? 0 : rounded.bytes());
  }

  @Override
  public void close() {
    exact.close();
    exactKernels.close();
    if (rounded != exact) {
      rounded.close();
      kernels.close();
    }
  }
}
