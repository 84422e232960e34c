package org.eigenscope.examples.howto;

import static java.util.stream.Collectors.toSet;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.eigenscope.listeners.ProbeListener;
import org.eigenscope.listeners.ProbeSchedule;
import org.eigenscope.listeners.ReadingSink;
import org.eigenscope.listeners.normalization.NormalizationTwin;
import org.eigenscope.probes.Reading;
import org.eigenscope.probes.SpectrumProbe;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/** The snippets of docs/how-to/make-a-normalization-twin.md, run. */
class NormalizationTwinsTest {

  @Test
  void readingsOfTwinsAreToldApartByTheirTags() {
    List<DataSet> batches = batches(3);
    List<Reading> readings = new ArrayList<>();

    train(network(), batches, batches.get(0), readings::add);

    assertThat(readings)
        .extracting(reading -> reading.provenance().model(), NormalizationTwinsTest::normalizations)
        .containsExactly(
            tuple("as built", Set.of("batch")), tuple("without batch norm", Set.of("none")));
  }

  private static Set<String> normalizations(Reading reading) {
    return reading.spectra().stream()
        .map(spectrum -> spectrum.tags().get("normalization"))
        .collect(toSet());
  }

  private static void train(
      MultiLayerNetwork network, List<DataSet> batches, DataSet probeSet, ReadingSink sink) {
    MultiLayerNetwork twin = NormalizationTwin.without(network); // or with(network)
    try (ProbeListener one = watch("as built", probeSet, sink);
        ProbeListener other = watch("without batch norm", probeSet, sink)) {
      network.addListeners(one);
      twin.addListeners(other);
      for (DataSet batch : batches) {
        network.fit(batch);
        twin.fit(batch);
      }
    }
  }

  private static ProbeListener watch(String model, DataSet probeSet, ReadingSink sink) {
    return ProbeListener.builder()
        .probe(
            SpectrumProbe.builder().top(2).steps(6).draws(2).build(),
            ProbeSchedule.everyIterations(10))
        .data(probeSet)
        .model(model)
        .sink(sink)
        .build();
  }

  private static MultiLayerNetwork network() {
    MultiLayerNetwork network =
        new MultiLayerNetwork(
            new NeuralNetConfiguration.Builder()
                .seed(1)
                .updater(new Sgd(0.1))
                .list()
                .layer(
                    new DenseLayer.Builder()
                        .nIn(4)
                        .nOut(5)
                        .hasBias(false)
                        .activation(Activation.IDENTITY)
                        .build())
                .layer(new BatchNormalization.Builder().nOut(5).build())
                .layer(new ActivationLayer(Activation.TANH))
                .layer(
                    new OutputLayer.Builder(LossFunction.MSE)
                        .nIn(5)
                        .nOut(2)
                        .activation(Activation.IDENTITY)
                        .build())
                .build());
    network.init();
    return network;
  }

  private static List<DataSet> batches(int count) {
    Random random = new Random(2);
    List<DataSet> batches = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      double[][] features = new double[16][];
      double[][] labels = new double[16][];
      for (int j = 0; j < 16; j++) {
        features[j] = random.doubles(4, -1, 1).toArray();
        labels[j] = new double[] {features[j][0] * features[j][1], Math.sin(features[j][2])};
      }
      batches.add(new DataSet(Nd4j.createFromArray(features), Nd4j.createFromArray(labels)));
    }
    return batches;
  }
}
