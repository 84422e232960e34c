package org.eigenscope.probes.linalg;

import org.eigenscope.probes.kernel.Tensor;
import org.nd4j.linalg.api.ndarray.INDArray;

/** An array's rows in dense memory: its own, or a copy's. */
record Dense(INDArray array, Tensor tensor) implements AutoCloseable {

  Dense(INDArray array) {
    this(
        array,
        Tensor.sharing(
            array.ordering() == 'c' && !array.isView() ? array : array.dup('c'), array.size(0)));
  }

  @Override
  public void close() {
    if (tensor.array() != array) {
      tensor.close();
    }
  }
}
