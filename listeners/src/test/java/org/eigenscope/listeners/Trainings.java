package org.eigenscope.listeners;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.deeplearning4j.datasets.iterator.utilty.ListDataSetIterator;
import org.deeplearning4j.earlystopping.EarlyStoppingConfiguration;
import org.deeplearning4j.earlystopping.saver.InMemoryModelSaver;
import org.deeplearning4j.earlystopping.scorecalc.DataSetLossCalculator;
import org.deeplearning4j.earlystopping.termination.MaxEpochsTerminationCondition;
import org.deeplearning4j.earlystopping.trainer.EarlyStoppingTrainer;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.BackpropType;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.graph.MergeVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.optimize.api.BaseTrainingListener;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.deeplearning4j.parallelism.ParallelWrapper;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.MultiDataSet;
import org.nd4j.linalg.dataset.api.iterator.DataSetIterator;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.config.Nesterovs;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/** Small networks and data to train them on, the same at every call. */
final class Trainings {
  private static final int BATCH = 8;
  private static final int INPUTS = 6;
  private static final int CLASSES = 3;
  private static final int WORKERS = 2;

  private Trainings() {}

  static MultiLayerNetwork perceptron() {
    return perceptron(new Sgd(0.1), 0);
  }

  static MultiLayerNetwork dropout() {
    return perceptron(new Adam(0.01), 0.6);
  }

  private static MultiLayerNetwork perceptron(IUpdater updater, double retain) {
    return initialised(
        new NeuralNetConfiguration.Builder()
            .seed(1)
            .updater(updater)
            .list()
            .layer(
                new DenseLayer.Builder()
                    .nIn(INPUTS)
                    .nOut(5)
                    .activation(Activation.TANH)
                    .dropOut(retain)
                    .build())
            .layer(
                new OutputLayer.Builder(LossFunction.MCXENT)
                    .nIn(5)
                    .nOut(CLASSES)
                    .activation(Activation.SOFTMAX)
                    .build())
            .build());
  }

  /** Large enough that ND4J works on it with several threads. */
  static MultiLayerNetwork widePerceptron() {
    return initialised(
        new NeuralNetConfiguration.Builder()
            .seed(1)
            .updater(new Adam(0.001))
            .list()
            .layer(
                new DenseLayer.Builder().nIn(INPUTS).nOut(400).activation(Activation.RELU).build())
            .layer(new DenseLayer.Builder().nIn(400).nOut(400).activation(Activation.RELU).build())
            .layer(
                new OutputLayer.Builder(LossFunction.MCXENT)
                    .nIn(400)
                    .nOut(CLASSES)
                    .activation(Activation.SOFTMAX)
                    .build())
            .build());
  }

  static MultiLayerNetwork batchNormCnn() {
    return initialised(
        new NeuralNetConfiguration.Builder()
            .seed(1)
            .updater(new Nesterovs(0.05, 0.9))
            .list()
            .layer(new ConvolutionLayer.Builder(3, 3).nOut(3).build())
            .layer(new BatchNormalization())
            .layer(new ActivationLayer(Activation.RELU))
            .layer(new SubsamplingLayer.Builder().kernelSize(2, 2).stride(2, 2).build())
            .layer(
                new OutputLayer.Builder(LossFunction.MCXENT)
                    .nOut(CLASSES)
                    .activation(Activation.SOFTMAX)
                    .build())
            .setInputType(InputType.convolutionalFlat(8, 8, 1))
            .build());
  }

  /** Its dense layer uses the features mask, with time steps as rows. */
  static MultiLayerNetwork recurrent(LossFunction loss, Activation activation) {
    return initialised(sequenceLayers(loss, activation));
  }

  static MultiLayerNetwork recurrent() {
    return recurrent(LossFunction.MCXENT, Activation.SOFTMAX);
  }

  /** Learns sequences in segments of three steps. */
  static MultiLayerNetwork truncated() {
    MultiLayerConfiguration configuration = sequenceLayers(LossFunction.MCXENT, Activation.SOFTMAX);
    configuration.setBackpropType(BackpropType.TruncatedBPTT);
    configuration.setTbpttFwdLength(3);
    configuration.setTbpttBackLength(3);
    return initialised(configuration);
  }

  private static MultiLayerConfiguration sequenceLayers(LossFunction loss, Activation activation) {
    return new NeuralNetConfiguration.Builder()
        .seed(1)
        .updater(new Adam(0.01))
        .list()
        .layer(new LSTM.Builder().nOut(5).build())
        .layer(new DenseLayer.Builder().nOut(5).activation(Activation.TANH).build())
        .layer(new RnnOutputLayer.Builder(loss).nOut(CLASSES).activation(activation).build())
        .setInputType(InputType.recurrent(4))
        .build();
  }

  /** Two inputs and two outputs. */
  static ComputationGraph graph() {
    ComputationGraph graph =
        new ComputationGraph(
            new NeuralNetConfiguration.Builder()
                .seed(1)
                .updater(new Nesterovs(0.05, 0.9))
                .graphBuilder()
                .addInputs("left", "right")
                .addLayer("a", new DenseLayer.Builder().nIn(INPUTS).nOut(4).build(), "left")
                .addLayer(
                    "b", new DenseLayer.Builder().nIn(4).nOut(3).dropOut(0.5).build(), "right")
                .addVertex("merged", new MergeVertex(), "a", "b")
                .addLayer(
                    "kind",
                    new OutputLayer.Builder(LossFunction.MCXENT)
                        .nIn(7)
                        .nOut(CLASSES)
                        .activation(Activation.SOFTMAX)
                        .build(),
                    "merged")
                .addLayer(
                    "size",
                    new OutputLayer.Builder(LossFunction.MSE)
                        .nIn(7)
                        .nOut(2)
                        .activation(Activation.IDENTITY)
                        .build(),
                    "merged")
                .setOutputs("kind", "size")
                .build());
    graph.init();
    return graph;
  }

  static ComputationGraph recurrentGraph() {
    ComputationGraph graph =
        new ComputationGraph(
            new NeuralNetConfiguration.Builder()
                .seed(1)
                .updater(new Sgd(0.1))
                .graphBuilder()
                .addInputs("in")
                .setInputTypes(InputType.recurrent(4))
                .addLayer("lstm", new LSTM.Builder().nIn(4).nOut(5).build(), "in")
                .addLayer(
                    "out",
                    new RnnOutputLayer.Builder(LossFunction.MCXENT)
                        .nIn(5)
                        .nOut(CLASSES)
                        .activation(Activation.SOFTMAX)
                        .build(),
                    "lstm")
                .setOutputs("out")
                .build());
    graph.init();
    return graph;
  }

  private static MultiLayerNetwork initialised(MultiLayerConfiguration configuration) {
    MultiLayerNetwork network = new MultiLayerNetwork(configuration);
    network.init();
    return network;
  }

  static List<DataSet> flat(int batches) {
    return classification(batches, BATCH, INPUTS);
  }

  static List<DataSet> wide(int batches) {
    return classification(batches, 256, INPUTS);
  }

  static List<DataSet> images(int batches) {
    return classification(batches, BATCH, 64);
  }

  private static List<DataSet> classification(int batches, int examples, int inputs) {
    Random random = new Random(17);
    List<DataSet> all = new ArrayList<>();
    for (int i = 0; i < batches; i++) {
      INDArray labels = Nd4j.zeros(examples, CLASSES);
      for (int row = 0; row < examples; row++) {
        labels.putScalar(row, random.nextInt(CLASSES), 1);
      }
      all.add(new DataSet(gaussian(random, examples, inputs), labels));
    }
    return all;
  }

  /** Returns a batch that fits one of these networks. */
  static org.nd4j.linalg.dataset.api.MultiDataSet probeData(Model model) {
    if (model instanceof ComputationGraph) {
      return pairs(1).get(0);
    }
    long inputs = ((MultiLayerNetwork) model).layerInputSize(0);
    List<DataSet> batches = inputs == INPUTS ? flat(1) : inputs == 4 ? sequences(1) : images(1);
    return batches.get(0).toMultiDataSet();
  }

  /** Sequences of 6 steps with masks: the first example ends early, labels count at the end. */
  static List<DataSet> sequences(int batches) {
    Random random = new Random(17);
    List<DataSet> all = new ArrayList<>();
    for (int i = 0; i < batches; i++) {
      INDArray labels = Nd4j.zeros(4, CLASSES, 6);
      INDArray featuresMask = Nd4j.ones(4, 6);
      INDArray labelsMask = Nd4j.ones(4, 6);
      for (int example = 0; example < 4; example++) {
        for (int step = 0; step < 6; step++) {
          labels.putScalar(new int[] {example, random.nextInt(CLASSES), step}, 1);
        }
      }
      featuresMask.putScalar(0, 5, 0);
      labelsMask.putScalar(0, 5, 0);
      labelsMask.putScalar(1 + i % 3, 0, 0);
      all.add(new DataSet(gaussian(random, 4, 4, 6), labels, featuresMask, labelsMask));
    }
    return all;
  }

  static List<MultiDataSet> pairs(int batches) {
    Random random = new Random(17);
    List<MultiDataSet> all = new ArrayList<>();
    for (DataSet kind : flat(batches)) {
      all.add(
          new MultiDataSet(
              new INDArray[] {kind.getFeatures(), gaussian(random, BATCH, 4)},
              new INDArray[] {kind.getLabels(), gaussian(random, BATCH, 2)}));
    }
    return all;
  }

  /** An iterator as programs have them: prefetched by Deeplearning4j in another thread. */
  static DataSetIterator iterator(List<DataSet> batches) {
    List<DataSet> examples = new ArrayList<>();
    batches.forEach(batch -> examples.addAll(batch.asList()));
    return new ListDataSetIterator<>(examples, BATCH);
  }

  static void fitWithEarlyStopping(MultiLayerNetwork network, int epochs, List<DataSet> batches) {
    EarlyStoppingConfiguration<MultiLayerNetwork> configuration =
        new EarlyStoppingConfiguration.Builder<MultiLayerNetwork>()
            .epochTerminationConditions(new MaxEpochsTerminationCondition(epochs))
            .scoreCalculator(new DataSetLossCalculator(iterator(batches.subList(0, 2)), true))
            .modelSaver(new InMemoryModelSaver<>())
            .build();
    new EarlyStoppingTrainer(configuration, network, iterator(batches)).fit();
  }

  /** Trains in two workers, whose parameters and updater states are averaged after each batch. */
  static void fitInParallel(
      MultiLayerNetwork network, List<DataSet> batches, TrainingListener... listeners) {
    ParallelWrapper wrapper =
        new ParallelWrapper.Builder<>(network)
            .workers(WORKERS)
            .averagingFrequency(1)
            .prefetchBuffer(0)
            .trainingMode(ParallelWrapper.TrainingMode.AVERAGING)
            .build();
    wrapper.setListeners(listeners);
    wrapper.fit(iterator(batches));
    wrapper.shutdown();
  }

  /**
   * Holds every worker at its first forward pass until all are there. One of them trains the
   * network itself, and the others copy it when they begin: before or after its first update.
   */
  static final class StartTogether extends BaseTrainingListener {
    private final CountDownLatch ready = new CountDownLatch(WORKERS);

    @Override
    public void onForwardPass(Model model, List<INDArray> activations) {
      ready.countDown();
      try {
        if (!ready.await(30, TimeUnit.SECONDS)) {
          throw new IllegalStateException("a worker did not begin");
        }
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  private static INDArray gaussian(Random random, int... shape) {
    INDArray array = Nd4j.create(shape);
    for (long i = 0; i < array.length(); i++) {
      array.putScalar(i, random.nextGaussian());
    }
    return array;
  }
}
