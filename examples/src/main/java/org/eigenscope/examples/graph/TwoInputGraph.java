package org.eigenscope.examples.graph;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.graph.MergeVertex;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.eigenscope.listeners.ProbeListener;
import org.eigenscope.listeners.ProbeSchedule;
import org.eigenscope.listeners.ReadingSink;
import org.eigenscope.probes.SpectrumProbe;
import org.eigenscope.probes.SpectrumReading;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.MultiDataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/**
 * Trains a graph with two inputs; measures the whole Hessian and the block of one layer, each on a
 * schedule of its own.
 */
public final class TwoInputGraph {
  private static final int BATCHES = 10;
  private static final int EPOCHS = 20;

  private TwoInputGraph() {}

  /** Trains and measures. */
  public static void main(String[] arguments) {
    run(System.out);
  }

  static void run(PrintStream out) {
    Random random = new Random(1);
    List<MultiDataSet> trainingData = new ArrayList<>();
    for (int i = 0; i < BATCHES; i++) {
      trainingData.add(examples(32, random));
    }
    MultiDataSet probeSet = examples(128, random);

    SpectrumProbe whole = SpectrumProbe.builder().top(5).steps(40).draws(4).build();
    SpectrumProbe output =
        SpectrumProbe.builder().name("output").layer("output").top(3).draws(4).build();
    ReadingSink table =
        reading -> {
          if (reading instanceof SpectrumReading spectrum) {
            out.printf(
                "iteration %3d  %-6s  loss %.3f  largest %.3f  trace %.2f%n",
                spectrum.provenance().iteration(),
                spectrum.tags().get("layer"),
                spectrum.loss(),
                spectrum.sharpness(),
                spectrum.trace().estimate());
          }
        };

    ComputationGraph graph = graph();
    try (ProbeListener listener =
        ProbeListener.builder()
            .probe(whole, ProbeSchedule.logarithmic(1))
            .probe(output, ProbeSchedule.everyIterations(50))
            .data(probeSet)
            .sink(table)
            .build()) {
      graph.addListeners(listener);
      for (int epoch = 0; epoch < EPOCHS; epoch++) {
        trainingData.forEach(graph::fit);
      }
    }
  }

  private static ComputationGraph graph() {
    ComputationGraph graph =
        new ComputationGraph(
            new NeuralNetConfiguration.Builder()
                .seed(1)
                .updater(new Sgd(0.2))
                .activation(Activation.TANH)
                .graphBuilder()
                .addInputs("position", "velocity")
                .addLayer("left", new DenseLayer.Builder().nIn(2).nOut(8).build(), "position")
                .addLayer("right", new DenseLayer.Builder().nIn(2).nOut(8).build(), "velocity")
                .addVertex("both", new MergeVertex(), "left", "right")
                .addLayer("hidden", new DenseLayer.Builder().nIn(16).nOut(8).build(), "both")
                .addLayer(
                    "output",
                    new OutputLayer.Builder(LossFunction.MCXENT)
                        .nIn(8)
                        .nOut(2)
                        .activation(Activation.SOFTMAX)
                        .build(),
                    "hidden")
                .setOutputs("output")
                .build());
    graph.init();
    return graph;
  }

  /** Returns points in motion, labelled by whether they approach the origin. */
  private static MultiDataSet examples(int count, Random random) {
    INDArray position = Nd4j.create(count, 2);
    INDArray velocity = Nd4j.create(count, 2);
    INDArray labels = Nd4j.zeros(count, 2);
    for (int i = 0; i < count; i++) {
      double radialSpeed = 0;
      for (int axis = 0; axis < 2; axis++) {
        double p = random.nextGaussian();
        double v = random.nextGaussian();
        position.putScalar(i, axis, p);
        velocity.putScalar(i, axis, v);
        radialSpeed += p * v;
      }
      labels.putScalar(i, radialSpeed < 0 ? 1 : 0, 1);
    }
    return new MultiDataSet(new INDArray[] {position, velocity}, new INDArray[] {labels});
  }
}
