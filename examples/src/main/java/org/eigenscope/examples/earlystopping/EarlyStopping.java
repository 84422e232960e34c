package org.eigenscope.examples.earlystopping;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.deeplearning4j.datasets.iterator.utilty.ListDataSetIterator;
import org.deeplearning4j.earlystopping.EarlyStoppingConfiguration;
import org.deeplearning4j.earlystopping.EarlyStoppingResult;
import org.deeplearning4j.earlystopping.saver.InMemoryModelSaver;
import org.deeplearning4j.earlystopping.scorecalc.DataSetLossCalculator;
import org.deeplearning4j.earlystopping.termination.MaxEpochsTerminationCondition;
import org.deeplearning4j.earlystopping.termination.ScoreImprovementEpochTerminationCondition;
import org.deeplearning4j.earlystopping.trainer.EarlyStoppingTrainer;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.eigenscope.listeners.ProbeListener;
import org.eigenscope.listeners.ProbeSchedule;
import org.eigenscope.listeners.journal.JournalReader;
import org.eigenscope.listeners.journal.JournalSink;
import org.eigenscope.probes.Measurement;
import org.eigenscope.probes.RecordedReading;
import org.eigenscope.probes.SpectrumProbe;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.api.iterator.DataSetIterator;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Nesterovs;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/**
 * Trains a regression until its validation loss stops improving; measures at the end of every fifth
 * epoch into a journal, and reads the journal back.
 */
public final class EarlyStopping {

  private EarlyStopping() {}

  /**
   * Trains, measures and prints what the journal says.
   *
   * @param arguments the journal to append to; default a temporary file
   * @throws IOException if no temporary file can be created
   */
  public static void main(String[] arguments) throws IOException {
    Path journal =
        arguments.length > 0
            ? Path.of(arguments[0])
            : Files.createTempFile("early-stopping", ".jsonl");
    run(journal, System.out);
  }

  static void run(Path journal, PrintStream out) {
    Random random = new Random(1);
    DataSet points = points(200, random);
    DataSetIterator trainingData = new ListDataSetIterator<>(points.asList(), 20);
    DataSetIterator validationData = new ListDataSetIterator<>(List.of(points(100, random)));

    MultiLayerNetwork network = network();
    EarlyStoppingConfiguration<MultiLayerNetwork> configuration =
        new EarlyStoppingConfiguration.Builder<MultiLayerNetwork>()
            .epochTerminationConditions(
                new MaxEpochsTerminationCondition(40),
                new ScoreImprovementEpochTerminationCondition(5))
            .scoreCalculator(new DataSetLossCalculator(validationData, true))
            .modelSaver(new InMemoryModelSaver<>())
            .build();

    try (JournalSink sink = JournalSink.open(journal);
        ProbeListener listener =
            ProbeListener.builder()
                .probe(
                    SpectrumProbe.builder().top(3).steps(30).draws(4).build(),
                    ProbeSchedule.everyEpochs(5))
                .data(points)
                .sink(sink)
                .run("early-stopping")
                .build()) {
      network.addListeners(listener);
      EarlyStoppingResult<MultiLayerNetwork> result =
          new EarlyStoppingTrainer(configuration, network, trainingData).fit();
      out.printf(
          "stopped after %d epochs, best was %d%n",
          result.getTotalEpochs(), result.getBestModelEpoch());
    }

    try (JournalReader readings = JournalReader.open(journal)) {
      while (readings.hasNext()) {
        RecordedReading reading = readings.next();
        out.printf(
            "epoch %2d  loss %.4f  sharpness %.3f%n",
            reading.provenance().epoch(),
            value(reading, "eigenscope.loss", Map.of()),
            value(reading, "eigenscope.eigenvalue", Map.of("end", "largest", "rank", "1")));
      }
    }
  }

  private static double value(RecordedReading reading, String name, Map<String, String> tags) {
    return reading.measurements().stream()
        .filter(m -> m.name().equals(name) && m.tags().entrySet().containsAll(tags.entrySet()))
        .mapToDouble(Measurement::value)
        .findFirst()
        .orElse(Double.NaN);
  }

  private static MultiLayerNetwork network() {
    return new MultiLayerNetwork(
        new NeuralNetConfiguration.Builder()
            .seed(1)
            .updater(new Nesterovs(0.05, 0.9))
            .activation(Activation.TANH)
            .list()
            .layer(new DenseLayer.Builder().nIn(1).nOut(20).build())
            .layer(
                new OutputLayer.Builder(LossFunction.MSE)
                    .nOut(1)
                    .activation(Activation.IDENTITY)
                    .build())
            .build());
  }

  /** Returns noisy points of a sine wave. */
  private static DataSet points(int count, Random random) {
    INDArray x = Nd4j.create(count, 1);
    INDArray y = Nd4j.create(count, 1);
    for (int i = 0; i < count; i++) {
      double at = 2 * random.nextDouble() - 1;
      x.putScalar(i, 0, at);
      y.putScalar(i, 0, Math.sin(4 * at) + 0.1 * random.nextGaussian());
    }
    return new DataSet(x, y);
  }
}
