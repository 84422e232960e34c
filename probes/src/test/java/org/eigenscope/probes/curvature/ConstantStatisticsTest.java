package org.eigenscope.probes.curvature;

import static org.assertj.core.api.Assertions.assertThat;
import static org.eigenscope.probes.curvature.Networks.batches;
import static org.eigenscope.probes.curvature.Networks.curvature;
import static org.eigenscope.probes.curvature.Networks.dense;
import static org.eigenscope.probes.curvature.Networks.labels;
import static org.eigenscope.probes.curvature.Networks.network;
import static org.eigenscope.probes.curvature.Networks.normal;
import static org.eigenscope.probes.curvature.Networks.randomised;
import static org.eigenscope.probes.curvature.Networks.softmax;

import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.misc.FrozenLayerWithBackprop;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.ndarray.INDArray;

class ConstantStatisticsTest {
  private static final DataBatches DATA = batches(normal(2, 12, 4), labels(3, 12, 3)).rebatched(6);

  /** Only its mark counts here; its layer is Deeplearning4j's. */
  static final class Marked extends BatchNormalization implements ConstantStatistics {
    private static final long serialVersionUID = 1L;
  }

  private static MultiLayerNetwork normalizing(BatchNormalization second) {
    return randomised(
        network(
            InputType.feedForward(4),
            new DenseLayer.Builder().nOut(5).build(),
            second,
            new ActivationLayer(Activation.TANH),
            softmax(3)),
        1);
  }

  @ParameterizedTest
  @EnumSource
  void theTangentEngineTakesMarkedLayersAsFrozenInEveryMode(BatchNormMode mode) {
    INDArray expected;
    try (Curvature frozen =
        curvature(normalizing(new BatchNormalization()), DATA, BatchNormMode.FROZEN)) {
      expected = dense(frozen.hessian());
    }
    try (Curvature marked = curvature(normalizing(new Marked()), DATA, mode)) {
      assertThat(marked.engine()).isEqualTo(Engine.TANGENT);
      assertThat(dense(marked.hessian())).isEqualTo(expected);
      assertThat(marked.notes())
          .contains(
              "batch normalization uses the statistics it keeps, as constants, whatever the mode,"
                  + " in layer1")
          .noneMatch(note -> note.contains("coincide") || note.contains("all 12 examples"));
    }
  }

  @Test
  void aNetworkSaysWhetherTheModeMatters() {
    assertThat(Network.of(normalizing(new BatchNormalization())).hasBatchStatistics()).isTrue();
    assertThat(Network.of(normalizing(new Marked())).hasBatchStatistics()).isFalse();
    assertThat(Network.of(normalizing(new Marked())).hasBatchNormalization()).isTrue();
    MultiLayerNetwork frozen =
        network(
            InputType.feedForward(4),
            new DenseLayer.Builder().nOut(5).build(),
            new FrozenLayerWithBackprop(new BatchNormalization()),
            softmax(3));
    assertThat(Network.of(frozen).hasBatchStatistics()).isFalse();
    assertThat(Network.of(frozen).layersWithConstantStatistics()).containsExactly("layer1");
  }
}
