package org.eigenscope.benchmarks.libtorch;

import static org.bytedeco.pytorch.global.torch.ones;
import static org.bytedeco.pytorch.global.torch.randn;
import static org.bytedeco.pytorch.global.torch.zeros;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/** The parameters of a network while it is put together. */
final class Parameters {
  private final List<Tensor> tensors = new ArrayList<>();

  /** Returns new weights, normal with variance 2 / inputs (He et al. 2015). */
  Tensor weights(long inputs, long... shape) {
    return own(randn(shape).mul_(new Scalar(Math.sqrt(2.0 / inputs))));
  }

  Tensor zero(long... shape) {
    return own(zeros(shape));
  }

  Tensor one(long... shape) {
    return own(ones(shape));
  }

  private Tensor own(Tensor tensor) {
    tensor.requires_grad_(true);
    tensors.add(tensor);
    return tensor;
  }

  List<Tensor> all() {
    return List.copyOf(tensors);
  }
}
