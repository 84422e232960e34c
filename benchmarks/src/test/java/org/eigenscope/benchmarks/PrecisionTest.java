package org.eigenscope.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import org.eigenscope.probes.curvature.Curvature;
import org.eigenscope.probes.curvature.CurvatureOptions;
import org.eigenscope.probes.curvature.DataBatches;
import org.eigenscope.probes.curvature.Engine;
import org.eigenscope.probes.curvature.Network;
import org.eigenscope.probes.curvature.Precision;
import org.eigenscope.probes.linalg.RandomVectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;

@Tag("slow")
class PrecisionTest {
  private static final double TOLERANCE = 1e-5;

  /** Products of the networks that are measured, at the same FLOAT parameters and inputs. */
  @ParameterizedTest
  @CsvSource({"MLP, 256", "LENET, 128", "RESNET20, 32"})
  void floatProductsAreDoubleOnesUpToRounding(BenchmarkNetwork network, int batch) {
    Network view = Network.of(network.build(DataType.FLOAT));
    DataSet data = (DataSet) network.data(DataType.FLOAT).getRange(0, batch);

    INDArray rounded = product(view, data, Precision.FLOAT).castTo(DataType.DOUBLE);
    INDArray exact = product(view, data, Precision.DOUBLE);

    double error = rounded.distance2(exact) / exact.norm2Number().doubleValue();
    assertThat(error).isBetween(Double.MIN_VALUE, TOLERANCE);
  }

  private static INDArray product(Network network, DataSet data, Precision precision) {
    CurvatureOptions options =
        CurvatureOptions.defaults().withPrecision(precision).withEngine(Engine.TANGENT);
    try (Curvature curvature = Curvature.of(network, DataBatches.of(data), options)) {
      RandomVectors vectors = new RandomVectors(RandomVectors.Distribution.GAUSSIAN, 1);
      INDArray vector = vectors.next(1, curvature.activeParameters(), precision.dataType());
      return curvature.hessian().apply(vector);
    }
  }
}
