package org.eigenscope.examples.howto;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.eigenscope.listeners.normalization.PopulationStatistics;
import org.eigenscope.listeners.normalization.PopulationTwin;
import org.eigenscope.probes.curvature.DataBatches;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/** The snippet of docs/how-to/train-with-population-statistics.md, run. */
class PopulationStatisticsTest {

  @Test
  void theTwinLearnsWithTheStatisticsOfThePopulation() {
    List<DataSet> batches = batches(40);
    DataSet all = DataSet.merge(batches);
    MultiLayerNetwork network = network();
    double before = network.score(all, true);

    MultiLayerNetwork twin = train(network, batches, DataBatches.of(all));

    PopulationStatistics.of(twin, DataBatches.of(all)).update();
    assertThat(twin.score(all)).isLessThan(0.7 * before);
    // The same weights with the whole set as a batch.
    network.setParams(twin.params());
    assertThat(network.score(all, true)).isCloseTo(twin.score(all), within(1e-5));
  }

  private static MultiLayerNetwork train(
      MultiLayerNetwork network, List<DataSet> batches, DataBatches population) {
    MultiLayerNetwork twin = PopulationTwin.of(network);
    PopulationStatistics statistics = PopulationStatistics.of(twin, population);
    for (DataSet batch : batches) {
      network.fit(batch);
      statistics.beforeIteration(twin.getIterationCount()); // renews them every 10th time
      twin.fit(batch);
    }
    return twin;
  }

  private static MultiLayerNetwork network() {
    MultiLayerNetwork network =
        new MultiLayerNetwork(
            new NeuralNetConfiguration.Builder()
                .seed(1)
                .updater(new Sgd(0.3))
                .list()
                .layer(new DenseLayer.Builder().nOut(8).activation(Activation.IDENTITY).build())
                .layer(new BatchNormalization())
                .layer(new ActivationLayer(Activation.TANH))
                .layer(
                    new OutputLayer.Builder(LossFunction.MCXENT)
                        .nOut(2)
                        .activation(Activation.SOFTMAX)
                        .build())
                .setInputType(InputType.feedForward(3))
                .build());
    network.init();
    return network;
  }

  /** Two classes on either side of a plane. */
  private static List<DataSet> batches(int count) {
    Random random = new Random(4);
    List<DataSet> batches = new ArrayList<>();
    for (int b = 0; b < count; b++) {
      float[][] x = new float[16][3];
      float[][] y = new float[16][2];
      for (int i = 0; i < 16; i++) {
        for (int j = 0; j < 3; j++) {
          x[i][j] = (float) random.nextGaussian() + 2;
        }
        y[i][x[i][0] > x[i][1] ? 1 : 0] = 1;
      }
      batches.add(new DataSet(Nd4j.createFromArray(x), Nd4j.createFromArray(y)));
    }
    return batches;
  }
}
