package org.eigenscope.probes.curvature.difference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.eigenscope.probes.curvature.BatchNormMode;
import org.eigenscope.probes.curvature.DataBatches;
import org.eigenscope.probes.curvature.Network;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

class CommonStatisticsMemoryTest {
  private static final DataBatches DATA =
      DataBatches.of(
              new DataSet(
                  Nd4j.ones(DataType.DOUBLE, 1000, 20), Nd4j.ones(DataType.DOUBLE, 1000, 2)))
          .rebatched(100);

  private static Network network() {
    MultiLayerNetwork network =
        new MultiLayerNetwork(
            new NeuralNetConfiguration.Builder()
                .list()
                .layer(new DenseLayer.Builder().nOut(5).build())
                .layer(new BatchNormalization())
                .layer(new OutputLayer.Builder(LossFunction.MSE).nOut(2).build())
                .setInputType(InputType.feedForward(20))
                .build());
    network.init();
    return Network.of(network);
  }

  @Test
  void populationsThatDoNotFitAreRefusedBeforeAnyWork() {
    assertThatThrownBy(
            () -> new DifferenceEngine(network(), DATA, BatchNormMode.POPULATION, 200_000))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageMatching(
            "population statistics of 1000 examples need \\d.* [kM]B in the difference engine,"
                + " which takes them all at once, but 200.0 kB may be used; take fewer examples, .*");
  }

  @Test
  void batchesNeedLess() {
    try (DifferenceEngine batches =
            new DifferenceEngine(network(), DATA, BatchNormMode.BATCH, 200_000);
        DifferenceEngine population =
            new DifferenceEngine(network(), DATA, BatchNormMode.POPULATION)) {
      assertThat(batches.expectedBytes()).isLessThan(population.expectedBytes());
    }
  }
}
