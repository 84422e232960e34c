package org.eigenscope.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.util.ModelSerializer;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/** Small models, and files of them. */
final class Models {
  private Models() {}

  static Path save(Model model, Path file) {
    try {
      ModelSerializer.writeModel(model, file.toFile(), true);
      return file;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static NeuralNetConfiguration.Builder seeded() {
    return new NeuralNetConfiguration.Builder().seed(7);
  }

  static OutputLayer softmax(int inputs, int classes) {
    return new OutputLayer.Builder(LossFunction.MCXENT)
        .activation(Activation.SOFTMAX)
        .nIn(inputs)
        .nOut(classes)
        .build();
  }

  /** A dense network 4-3-3, layers named hidden and out. */
  static MultiLayerNetwork mlp() {
    return initialised(
        seeded()
            .list()
            .layer(
                new DenseLayer.Builder()
                    .name("hidden")
                    .nIn(4)
                    .nOut(3)
                    .activation(Activation.TANH)
                    .build())
            .layer(
                new OutputLayer.Builder(LossFunction.MCXENT)
                    .name("out")
                    .activation(Activation.SOFTMAX)
                    .nIn(3)
                    .nOut(3)
                    .build()));
  }

  /** A dense network 4-3-3 with batch normalization. */
  static MultiLayerNetwork normalized() {
    return initialised(
        seeded()
            .list()
            .layer(new DenseLayer.Builder().nIn(4).nOut(3).activation(Activation.TANH).build())
            .layer(new BatchNormalization.Builder().nIn(3).nOut(3).build())
            .layer(softmax(3, 3)));
  }

  /** A network of one output layer on 4 inputs. */
  static MultiLayerNetwork single(LossFunction loss, Activation activation, int outputs) {
    return initialised(
        seeded()
            .list()
            .layer(
                new OutputLayer.Builder(loss).activation(activation).nIn(4).nOut(outputs).build()));
  }

  /** A convolution of images of size 6 and softmax of 3 classes. */
  static MultiLayerNetwork cnn(InputType input) {
    return initialised(
        seeded()
            .list()
            .layer(new ConvolutionLayer.Builder(3, 3).nOut(2).activation(Activation.TANH).build())
            .layer(
                new OutputLayer.Builder(LossFunction.MCXENT)
                    .activation(Activation.SOFTMAX)
                    .nOut(3)
                    .build())
            .setInputType(input));
  }

  /** A recurrent network with 3 inputs and 2 outputs at every step. */
  static MultiLayerNetwork lstm() {
    return initialised(
        seeded()
            .list()
            .layer(new LSTM.Builder().nIn(3).nOut(4).build())
            .layer(
                new RnnOutputLayer.Builder(LossFunction.MCXENT)
                    .activation(Activation.SOFTMAX)
                    .nIn(4)
                    .nOut(2)
                    .build()));
  }

  /** A graph with 4 inputs and 3 classes, and on request a second input of 4. */
  static ComputationGraph graph(int inputs) {
    ComputationGraphConfiguration.GraphBuilder builder = seeded().graphBuilder();
    if (inputs == 1) {
      builder.addInputs("in").addLayer("out", softmax(4, 3), "in");
    } else {
      builder.addInputs("left", "right").addLayer("out", softmax(8, 3), "left", "right");
    }
    ComputationGraph graph = new ComputationGraph(builder.setOutputs("out").build());
    graph.init();
    return graph;
  }

  private static MultiLayerNetwork initialised(NeuralNetConfiguration.ListBuilder builder) {
    return initialised(builder.build());
  }

  static MultiLayerNetwork initialised(MultiLayerConfiguration configuration) {
    MultiLayerNetwork network = new MultiLayerNetwork(configuration);
    network.init();
    return network;
  }
}
