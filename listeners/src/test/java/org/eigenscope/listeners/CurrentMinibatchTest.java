package org.eigenscope.listeners;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.deeplearning4j.datasets.iterator.ExistingDataSetIterator;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.Convolution1DLayer;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.eigenscope.probes.Snapshot;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.api.MultiDataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.INDArrayIndex;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

class CurrentMinibatchTest {
  private final FakeProbe probe = FakeProbe.idle("probe");
  private ProbeListener listener = listener(ProbeSchedule.everyIterations(2));

  @AfterEach
  void close() {
    listener.close();
  }

  @Test
  void isTheBatchFedToALayeredNetwork() {
    MultiLayerNetwork network = Trainings.dropout();
    List<DataSet> batches = Trainings.flat(5);
    network.addListeners(listener);

    batches.forEach(network::fit);

    assertMeasuredOn(batches.get(0), batches.get(2), batches.get(4));
  }

  @Test
  void isTheBatchFedByAnIterator() {
    MultiLayerNetwork network = Trainings.perceptron();
    List<DataSet> batches = Trainings.flat(5);
    network.addListeners(listener);

    network.fit(Trainings.iterator(batches), 1);

    assertMeasuredOn(batches.get(0), batches.get(2), batches.get(4));
  }

  @Test
  void isTheSequencesWithTheirMasksFedToALayeredNetwork() {
    MultiLayerNetwork network = Trainings.recurrent();
    List<DataSet> batches = Trainings.sequences(5);
    network.addListeners(listener);

    batches.forEach(network::fit);

    assertMeasuredOn(batches.get(0), batches.get(2), batches.get(4));
  }

  @Test
  void hasOnlyTheMaskThatWasFed() {
    MultiLayerNetwork network = Trainings.recurrent();
    DataSet full = Trainings.sequences(1).get(0);
    DataSet features =
        new DataSet(full.getFeatures(), full.getLabels(), full.getFeaturesMaskArray(), null);
    DataSet none = new DataSet(full.getFeatures(), full.getLabels());
    DataSet labels =
        new DataSet(full.getFeatures(), full.getLabels(), null, full.getLabelsMaskArray());
    use(ProbeSchedule.everyIterations(1));
    network.addListeners(listener);

    for (DataSet batch : List.of(full, features, none, labels)) {
      network.fit(batch);
    }

    assertMeasuredOn(full, features, none, labels);
  }

  @Test
  void hasTheMaskOfEachOutputOfEachStep() {
    MultiLayerNetwork network = Trainings.recurrent(LossFunction.XENT, Activation.SIGMOID);
    DataSet plain = Trainings.sequences(1).get(0);
    INDArray mask = Nd4j.ones(plain.getLabels().shape());
    mask.putScalar(new int[] {1, 2, 3}, 0);
    mask.putScalar(new int[] {3, 0, 5}, 0);
    DataSet batch =
        new DataSet(plain.getFeatures(), plain.getLabels(), plain.getFeaturesMaskArray(), mask);
    network.addListeners(listener);

    network.fit(batch);

    assertMeasuredOn(batch);
  }

  @Test
  void hasTheMaskOfExamplesOfASingleLayer() {
    MultiLayerNetwork network =
        new MultiLayerNetwork(
            new NeuralNetConfiguration.Builder()
                .list()
                .layer(new OutputLayer.Builder(LossFunction.MSE).nIn(6).nOut(3).build())
                .build());
    network.init();
    DataSet plain = Trainings.flat(1).get(0);
    INDArray mask = Nd4j.ones(8, 1);
    mask.putScalar(3, 0);
    DataSet batch = new DataSet(plain.getFeatures(), plain.getLabels(), null, mask);
    network.addListeners(listener);

    network.fit(batch);

    assertMeasuredOn(batch);
  }

  @Test
  void isTheSegmentUnderTruncatedBackpropagation() {
    MultiLayerNetwork network = Trainings.truncated();
    DataSet batch = Trainings.sequences(1).get(0);
    use(ProbeSchedule.everyIterations(1));
    network.addListeners(listener);

    network.fit(batch);

    assertMeasuredOn(segment(batch, 0, 3), segment(batch, 3, 6));
  }

  @Test
  void isTheBatchFedToAGraphWithSeveralInputsAndOutputs() {
    ComputationGraph graph = Trainings.graph();
    List<org.nd4j.linalg.dataset.MultiDataSet> batches = Trainings.pairs(5);
    graph.addListeners(listener);

    batches.forEach(graph::fit);

    assertMeasuredOn(batches.get(0), batches.get(2), batches.get(4));
  }

  @Test
  void isTheSequencesWithTheirMasksFedToAGraph() {
    ComputationGraph graph = Trainings.recurrentGraph();
    List<DataSet> batches = Trainings.sequences(5);
    graph.addListeners(listener);

    batches.forEach(graph::fit);

    assertMeasuredOn(batches.get(0), batches.get(2), batches.get(4));
  }

  @Test
  void atTheEndOfAnEpochIsItsLastBatch() {
    MultiLayerNetwork network = Trainings.perceptron();
    List<DataSet> batches = Trainings.flat(4);
    use(ProbeSchedule.everyEpochs(2));
    network.addListeners(listener);

    network.fit(Trainings.iterator(batches), 4);

    assertThat(probe.iterations()).containsExactly(7, 15);
    assertMeasuredOn(batches.get(3), batches.get(3));
  }

  @Test
  void atTheEndOfAGraphsEpochIsItsLastBatch() {
    ComputationGraph graph = Trainings.recurrentGraph();
    List<DataSet> batches = Trainings.sequences(3);
    use(ProbeSchedule.everyEpochs(1));
    graph.addListeners(listener);

    graph.fit(new ExistingDataSetIterator(batches));

    assertThat(probe.iterations()).containsExactly(2);
    assertMeasuredOn(batches.get(2));
  }

  @ParameterizedTest(name = "graph: {0}")
  @ValueSource(booleans = {false, true})
  void isDetachedFromWhatWasFed(boolean inGraph) {
    List<DataSet> batches = Trainings.sequences(1);
    DataSet fed = batches.get(0);
    if (inGraph) {
      ComputationGraph graph = Trainings.recurrentGraph();
      graph.addListeners(listener);
      graph.fit(fed);
    } else {
      MultiLayerNetwork network = Trainings.recurrent();
      network.addListeners(listener);
      network.fit(fed);
    }
    fed.getFeatures().assign(7);
    fed.getLabelsMaskArray().assign(0);

    assertMeasuredOn(Trainings.sequences(1).get(0));
    MultiDataSet measured = probe.snapshots().get(0).data().batches().get(0);
    assertThat(measured.getFeatures(0).isAttached()).isFalse();
    assertThat(measured.getLabels(0).isAttached()).isFalse();
  }

  @Test
  void hasTheFeaturesMaskThatALaterLayerUses() {
    MultiLayerNetwork network =
        sequenceNetwork(new LSTM.Builder().nOut(5).build(), new GlobalPoolingLayer());
    DataSet sequences = Trainings.sequences(1).get(0);
    DataSet batch =
        new DataSet(
            sequences.getFeatures(), Nd4j.ones(4, 3), sequences.getFeaturesMaskArray(), null);
    network.addListeners(listener);

    network.fit(batch);

    assertMeasuredOn(batch);
  }

  @Test
  void leavesOutAFeaturesMaskThatNoLayerUses() {
    MultiLayerNetwork network =
        new MultiLayerNetwork(
            new NeuralNetConfiguration.Builder()
                .list()
                .layer(new LSTM.Builder().nOut(5).build())
                .layer(new RnnOutputLayer.Builder(LossFunction.MSE).nOut(3).build())
                .setInputType(InputType.recurrent(4))
                .build());
    network.init();
    DataSet batch = Trainings.sequences(1).get(0);
    network.addListeners(listener);

    network.fit(batch);

    assertMeasuredOn(
        new DataSet(batch.getFeatures(), batch.getLabels(), null, batch.getLabelsMaskArray()));
  }

  @Test
  void failsWithARemedyWhereTheFeaturesMaskWasShortened() {
    MultiLayerNetwork network =
        sequenceNetwork(
            new Convolution1DLayer.Builder(2, 2).nOut(4).build(), new GlobalPoolingLayer());
    DataSet sequences = Trainings.sequences(1).get(0);
    RecordingSink sink = new RecordingSink();
    use(ProbeSchedule.at(0), sink);
    network.addListeners(listener);

    network.fit(sequences.getFeatures(), Nd4j.zeros(4, 3), sequences.getFeaturesMaskArray(), null);

    assertThat(sink.told(ProbeEvent.Failed.class))
        .singleElement()
        .extracting(event -> event.cause().getCause().getMessage())
        .isEqualTo(
            "the features mask must reach a layer as it was fed, got shape [4, 3] for features "
                + "[4, 4, 6]; give the probes fixed data with data(...)");
  }

  private static MultiLayerNetwork sequenceNetwork(Layer first, Layer second) {
    MultiLayerNetwork network =
        new MultiLayerNetwork(
            new NeuralNetConfiguration.Builder()
                .list()
                .layer(first)
                .layer(second)
                .layer(new OutputLayer.Builder(LossFunction.MSE).nOut(3).build())
                .setInputType(InputType.recurrent(4, 6))
                .build());
    network.init();
    return network;
  }

  private void use(ProbeSchedule schedule) {
    use(schedule, new RecordingSink());
  }

  private void use(ProbeSchedule schedule, ReadingSink sink) {
    listener.close();
    listener = ProbeListener.builder().probe(probe, schedule).currentMinibatch().sink(sink).build();
  }

  private ProbeListener listener(ProbeSchedule schedule) {
    return ProbeListener.builder()
        .probe(probe, schedule)
        .currentMinibatch()
        .sink(new RecordingSink())
        .build();
  }

  private static DataSet segment(DataSet batch, int from, int to) {
    return new DataSet(
        batch.getFeatures().get(steps(3, from, to)),
        batch.getLabels().get(steps(3, from, to)),
        batch.getFeaturesMaskArray().get(steps(2, from, to)),
        batch.getLabelsMaskArray().get(steps(2, from, to)));
  }

  private static INDArrayIndex[] steps(int rank, int from, int to) {
    INDArrayIndex[] index = new INDArrayIndex[rank];
    Arrays.fill(index, NDArrayIndex.all());
    index[rank - 1] = NDArrayIndex.interval(from, to);
    return index;
  }

  private void assertMeasuredOn(DataSet... batches) {
    MultiDataSet[] fed = new MultiDataSet[batches.length];
    for (int i = 0; i < fed.length; i++) {
      fed[i] = batches[i].toMultiDataSet();
    }
    assertMeasuredOn(fed);
  }

  private void assertMeasuredOn(MultiDataSet... batches) {
    List<MultiDataSet> measured = new ArrayList<>();
    for (Snapshot snapshot : probe.snapshots()) {
      assertThat(snapshot.data().batches()).hasSize(1);
      measured.addAll(snapshot.data().batches());
    }
    assertThat(measured).hasSize(batches.length);
    for (int i = 0; i < batches.length; i++) {
      assertBitEqual(measured.get(i).getFeatures(), batches[i].getFeatures());
      assertBitEqual(measured.get(i).getLabels(), batches[i].getLabels());
      assertBitEqual(measured.get(i).getFeaturesMaskArrays(), batches[i].getFeaturesMaskArrays());
      assertBitEqual(measured.get(i).getLabelsMaskArrays(), batches[i].getLabelsMaskArrays());
    }
  }

  private static void assertBitEqual(INDArray[] measured, INDArray[] fed) {
    if (fed == null) {
      assertThat(measured).isNull();
      return;
    }
    assertThat(measured).hasSameSizeAs(fed);
    for (int i = 0; i < fed.length; i++) {
      if (fed[i] == null) {
        assertThat(measured[i]).isNull();
      } else {
        assertThat(measured[i].shape()).isEqualTo(fed[i].shape());
        assertThat(measured[i].dup('c').data().asDouble())
            .isEqualTo(fed[i].dup('c').data().asDouble());
      }
    }
  }
}
