package org.eigenscope.benchmarks.libtorch;

import org.bytedeco.pytorch.Tensor;

/** A network, or a part of one, as a function of a batch. */
interface Layer {
  Tensor apply(Tensor x);
}
