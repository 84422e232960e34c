package org.eigenscope.probes.structure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.eigenscope.probes.structure.LayerStructureTest.labels;
import static org.eigenscope.probes.structure.LayerStructureTest.network;
import static org.eigenscope.probes.structure.LayerStructureTest.normal;

import java.util.List;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.eigenscope.probes.curvature.Curvature;
import org.eigenscope.probes.curvature.CurvatureMatrix;
import org.eigenscope.probes.curvature.CurvatureOptions;
import org.eigenscope.probes.curvature.DataBatches;
import org.eigenscope.probes.curvature.Network;
import org.eigenscope.probes.curvature.WeightLayer;
import org.hipparchus.linear.Array2DRowRealMatrix;
import org.hipparchus.linear.EigenDecompositionSymmetric;
import org.hipparchus.linear.RealMatrix;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

class LayerOverlapTest {
  private static final int EXAMPLES = 20;
  private static final LayerStructureOptions OPTIONS = LayerStructureOptions.defaults();

  private static MultiLayerNetwork mlp(long seed, int hidden) {
    MultiLayerNetwork network =
        network(
            InputType.feedForward(5),
            new DenseLayer.Builder()
                .name("hidden")
                .nOut(hidden)
                .activation(Activation.RELU)
                .build(),
            new OutputLayer.Builder(LossFunction.MCXENT)
                .name("out")
                .nOut(3)
                .activation(Activation.SOFTMAX)
                .build());
    network.setParams(normal(seed, 1, network.params().length()).mul(0.5));
    return network;
  }

  private static Curvature curvature(MultiLayerNetwork network) {
    INDArray features = normal(2, EXAMPLES, 5).addi(1);
    return Curvature.of(
        Network.of(network),
        DataBatches.of(new DataSet(features, labels(EXAMPLES))),
        CurvatureOptions.defaults());
  }

  private static EigenDecompositionSymmetric eigen(Curvature curvature, WeightLayer layer) {
    long order = layer.inputs() * layer.outputs();
    INDArray dense =
        curvature.layer(layer.weights()).hessian().apply(Nd4j.eye(order).castTo(DataType.DOUBLE));
    RealMatrix matrix = new Array2DRowRealMatrix(dense.toDoubleMatrix());
    return new EigenDecompositionSymmetric(matrix.add(matrix.transpose()).scalarMultiply(0.5));
  }

  @Test
  void overlapsAreThoseOfTheDenseBlocksEigenvectors() {
    try (Curvature first = curvature(mlp(1, 4));
        Curvature second = curvature(mlp(2, 4))) {
      for (long denseOrder : new long[] {1024, 0}) {
        List<LayerOverlap> layers =
            LayerOverlap.of(
                first, second, CurvatureMatrix.HESSIAN, OPTIONS.withDenseOrder(denseOrder), 5);

        assertThat(layers).extracting(LayerOverlap::layer).containsExactly("hidden", "out");
        for (int l = 0; l < 2; l++) {
          WeightLayer layer = first.weightLayers().get(l);
          EigenDecompositionSymmetric one = eigen(first, layer);
          EigenDecompositionSymmetric other = eigen(second, layer);
          LayerOverlap overlap = layers.get(l);
          double best = 0;
          for (int k = 1; k <= 5; k++) {
            double sum = 0;
            for (int i = 0; i < k; i++) {
              for (int j = 0; j < k; j++) {
                sum += Math.pow(one.getEigenvector(i).dotProduct(other.getEigenvector(j)), 2);
              }
            }
            assertThat(overlap.overlap().get(k - 1)).isCloseTo(sum / k, within(1e-4));
            best = Math.max(best, sum / k);
            assertThat(overlap.first().get(k - 1))
                .isCloseTo(one.getEigenvalue(k - 1), within(1e-6 * one.getEigenvalue(0)));
            assertThat(overlap.second().get(k - 1))
                .isCloseTo(other.getEigenvalue(k - 1), within(1e-6 * other.getEigenvalue(0)));
          }
          assertThat(overlap.overlap().get(overlap.peak() - 1)).isCloseTo(best, within(1e-4));
          assertThat(overlap.order()).isEqualTo(layer.inputs() * layer.outputs());
          assertThat(overlap.matvecs()).isPositive();
        }
      }
    }
  }

  /**
   * E[M] ⊗ E[xxᵀ] with one dominant input direction t, the same in both: the top m eigenvectors are
   * u ⊗ t for all u, so that the overlap at m is 1 and smaller beyond.
   */
  @Test
  void peaksAtTheNumberOfOutputsWhereTheMeanInputDominates() {
    int outputs = 3;
    MultiLayerNetwork[] networks = new MultiLayerNetwork[2];
    for (int i = 0; i < 2; i++) {
      networks[i] =
          network(
              InputType.feedForward(8),
              new OutputLayer.Builder(LossFunction.MSE)
                  .name("out")
                  .nOut(outputs)
                  .activation(Activation.TANH)
                  .build());
      networks[i].setParams(normal(7 + i, 1, networks[i].params().length()).mul(0.01));
    }
    INDArray features = normal(3, 60, 8).muli(0.1).addi(1);
    DataBatches data = DataBatches.of(new DataSet(features, normal(4, 60, outputs).muli(0.1)));
    try (Curvature first =
            Curvature.of(Network.of(networks[0]), data, CurvatureOptions.defaults());
        Curvature second =
            Curvature.of(Network.of(networks[1]), data, CurvatureOptions.defaults())) {
      LayerOverlap overlap =
          LayerOverlap.of(first, second, CurvatureMatrix.GAUSS_NEWTON, OPTIONS, 0).get(0);
      assertThat(overlap.overlap()).hasSize(outputs + 2);
      assertThat(overlap.peak()).isEqualTo(outputs);
      assertThat(overlap.overlap().get(outputs - 1)).isCloseTo(1, within(1e-3));
    }
  }

  @Test
  void aModelHasAllInCommonWithItself() {
    MultiLayerNetwork network = mlp(1, 4);
    try (Curvature first = curvature(network);
        Curvature second = curvature(network)) {
      for (LayerOverlap layer :
          LayerOverlap.of(first, second, CurvatureMatrix.GAUSS_NEWTON, OPTIONS, 4)) {
        assertThat(layer.overlap()).allSatisfy(k -> assertThat(k).isCloseTo(1, within(1e-10)));
      }
    }
  }

  @Test
  void defaultIsBoundedByOutputsOrderAndCost() {
    assertThat(LayerOverlap.defaultTop(new WeightLayer("a", "W", 400, 120, 1))).isEqualTo(150);
    assertThat(LayerOverlap.defaultTop(new WeightLayer("a", "W", 100, 3, 1))).isEqualTo(5);
    assertThat(LayerOverlap.defaultTop(new WeightLayer("a", "W", 2, 3, 1))).isEqualTo(3);
    assertThat(LayerOverlap.defaultTop(new WeightLayer("a", "W", 1, 1, 1))).isEqualTo(1);
    assertThat(LayerOverlap.defaultTop(new WeightLayer("a", "W", 784, 512, 1))).isEqualTo(200);
  }

  @Test
  void namesLayersThatDiffer() {
    try (Curvature first = curvature(mlp(1, 4));
        Curvature wider = curvature(mlp(1, 6));
        Curvature shallow =
            Curvature.of(
                Network.of(
                    network(
                        InputType.feedForward(5),
                        new OutputLayer.Builder(LossFunction.MCXENT)
                            .name("out")
                            .nOut(3)
                            .activation(Activation.SOFTMAX)
                            .build())),
                DataBatches.of(new DataSet(normal(2, EXAMPLES, 5), labels(EXAMPLES))),
                CurvatureOptions.defaults())) {
      assertThatThrownBy(() -> LayerOverlap.of(first, wider, CurvatureMatrix.HESSIAN, OPTIONS, 2))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("layer hidden")
          .hasMessageContaining("5 inputs and 4 outputs, and 5 and 6");
      assertThatThrownBy(() -> LayerOverlap.of(first, shallow, CurvatureMatrix.HESSIAN, OPTIONS, 2))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("hidden, out and out");
      assertThatThrownBy(
              () ->
                  LayerOverlap.of(
                      first,
                      shallow,
                      CurvatureMatrix.HESSIAN,
                      OPTIONS.withLayers(List.of("hidden")),
                      2))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("'hidden'");
      assertThatThrownBy(() -> LayerOverlap.of(first, first, CurvatureMatrix.HESSIAN, OPTIONS, -1))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("top");
    }
  }
}
