package org.eigenscope.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;

class WorkloadTest {

  /**
   * Of one example, counted by hand. Multiplications of forward products, the first layer's twice
   * and six times the others': MLP 2 · 401408 + 6 · (131072 + 2560); LeNet 2 · 24² · 500 + 6 · (8²
   * · 25000 + 400000 + 5000); ResNet-20 2 · 32² · 432 + 6 · (32² · 6 · 2304 + 16² · (4608 + 5 ·
   * 9216 + 512) + 8² · (18432 + 5 · 36864 + 2048) + 640). Outputs: MLP 512 + 256 + 10; LeNet 20 ·
   * (24² + 12²) + 50 · (8² + 4²) + 500 + 10; ResNet-20 24 · 16384 + 23 · 8192 + 23 · 4096 + 64 +
   * 10.
   */
  @ParameterizedTest
  @CsvSource({"MLP, 1604608, 778", "LENET, 12606000, 18910", "RESNET20, 243109632, 675914"})
  void countsProductsAndActivations(
      BenchmarkNetwork network, double multiplications, long activations) {
    INDArray two =
        network.data(DataType.FLOAT).getFeatures().get(NDArrayIndex.interval(0, 2)).dup();

    Workload workload = Workload.of(network.build(DataType.FLOAT), two);

    assertThat(workload.productFlops()).isEqualTo(2 * 2 * multiplications);
    assertThat(workload.activationBytes()).isEqualTo(2 * 4 * activations);
  }

  @Test
  void takesItsTimeAtThePeak() {
    assertThat(new Workload(3e9, 0).floorMs(150)).isCloseTo(20, within(1e-12));
  }
}
