package org.eigenscope.benchmarks.libtorch;

import static org.bytedeco.pytorch.global.torch.grad;

import java.util.List;
import java.util.function.Supplier;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;

/** A gradient with the graph that it was computed in, which every product goes back through. */
final class CachedGraph {
  private final TensorVector parameters;
  private final TensorVector gradient;

  CachedGraph(List<Tensor> parameters, Supplier<Tensor> loss) {
    this.parameters = vector(parameters);
    this.gradient = gradient(this.parameters, loss, true);
  }

  static TensorVector vector(List<Tensor> tensors) {
    return new TensorVector(tensors.toArray(new Tensor[0]));
  }

  /**
   * Returns the gradient of a loss.
   *
   * @param graph whether it is to be differentiated again
   */
  static TensorVector gradient(TensorVector parameters, Supplier<Tensor> loss, boolean graph) {
    return grad(
        new TensorVector(loss.get()),
        parameters,
        new TensorVector(),
        new BoolOptional(graph),
        graph,
        false);
  }

  /** Returns the Hessian's product with a vector, which has the parameters' shapes. */
  TensorVector product(TensorVector vector) {
    return grad(gradient, parameters, vector, new BoolOptional(true), false, false);
  }
}
