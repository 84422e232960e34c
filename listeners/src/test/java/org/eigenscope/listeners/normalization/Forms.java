package org.eigenscope.listeners.normalization;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration.GraphBuilder;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.GradientNormalization;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration.ListBuilder;
import org.deeplearning4j.nn.conf.constraint.MaxNormConstraint;
import org.deeplearning4j.nn.conf.graph.ElementWiseVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.updater.BaseMultiLayerUpdater;
import org.deeplearning4j.nn.updater.UpdaterBlock;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.GradientUpdater;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;
import org.nd4j.linalg.schedule.ScheduleType;
import org.nd4j.linalg.schedule.StepSchedule;

/** The forms in which one layer with weights and its activation can be written. */
enum Forms {
  /** A layer with bias and activation. */
  PLAIN,
  /** A layer with bias, batch normalization, activation. */
  NORMALIZED,
  /** A layer without bias, batch normalization, activation. */
  BIASLESS,
  /** A layer with bias, activation as a layer of its own. */
  STRIPPED;

  static final int CLASSES = 3;
  private static final int BATCH = 6;

  /** The networks that exist in all forms. */
  enum Architecture {
    PERCEPTRON,
    CNN,
    RESIDUAL_GRAPH;

    Model in(Forms form) {
      return in(form, new BatchNormalization.Builder().activation(Activation.IDENTITY).build());
    }

    Model in(Forms form, BatchNormalization normalization) {
      return switch (this) {
        case PERCEPTRON -> form.perceptron(normalization);
        case CNN -> form.cnn(normalization);
        case RESIDUAL_GRAPH -> form.residualGraph(normalization);
      };
    }

    List<DataSet> batches(int count) {
      int inputs = this == PERCEPTRON ? 4 : 36;
      Random random = new Random(7);
      List<DataSet> batches = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        double[][] features = new double[BATCH][];
        double[][] labels = new double[BATCH][CLASSES];
        for (int j = 0; j < BATCH; j++) {
          features[j] = random.doubles(inputs, -1, 1).toArray();
          labels[j][random.nextInt(CLASSES)] = 1;
        }
        INDArray x = Nd4j.createFromArray(features);
        batches.add(
            new DataSet(
                this == RESIDUAL_GRAPH ? x.reshape(BATCH, 1, 6, 6) : x,
                Nd4j.createFromArray(labels)));
      }
      return batches;
    }
  }

  private List<Layer> unit(
      String name, Layer weights, Activation activation, BatchNormalization normalization) {
    weights.setLayerName(name);
    List<Layer> layers = new ArrayList<>(List.of(weights));
    if (this == NORMALIZED || this == BIASLESS) {
      BatchNormalization own = normalization.clone();
      own.setLayerName(name + "-normalization");
      if (weights instanceof DenseLayer) {
        own.setIUpdater(denseUpdater());
      }
      layers.add(own);
    }
    if (this != PLAIN && activation != Activation.IDENTITY) {
      ActivationLayer own = new ActivationLayer(activation);
      own.setLayerName(name + "-activation");
      layers.add(own);
    }
    return layers;
  }

  private static Adam denseUpdater() {
    return new Adam(0.02);
  }

  private List<Layer> dense(
      String name, int outputs, Activation activation, BatchNormalization normalization) {
    return unit(
        name,
        new DenseLayer.Builder()
            .nOut(outputs)
            .hasBias(this != BIASLESS)
            .activation(this == PLAIN ? activation : Activation.IDENTITY)
            .dropOut(0.75)
            .updater(denseUpdater())
            .build(),
        activation,
        normalization);
  }

  private List<Layer> convolution(
      String name, int outputs, Activation activation, BatchNormalization normalization) {
    return unit(
        name,
        new ConvolutionLayer.Builder(3, 3)
            .nOut(outputs)
            .hasBias(this != BIASLESS)
            .activation(this == PLAIN ? activation : Activation.IDENTITY)
            .build(),
        activation,
        normalization);
  }

  private static NeuralNetConfiguration.Builder settings(DataType dataType) {
    return new NeuralNetConfiguration.Builder()
        .seed(3)
        .dataType(dataType)
        .updater(new Adam(new StepSchedule(ScheduleType.ITERATION, 0.01, 0.5, 2)))
        .biasUpdater(new Sgd(0.1))
        .l2(1e-3)
        .constrainWeights(new MaxNormConstraint(0.6, 1))
        .gradientNormalization(GradientNormalization.ClipL2PerLayer)
        .gradientNormalizationThreshold(0.5)
        .convolutionMode(ConvolutionMode.Same);
  }

  private static OutputLayer output() {
    return new OutputLayer.Builder(LossFunction.MCXENT)
        .name("output")
        .nOut(CLASSES)
        .activation(Activation.SOFTMAX)
        .build();
  }

  private MultiLayerNetwork perceptron(BatchNormalization normalization) {
    ListBuilder list = settings(DataType.DOUBLE).list();
    dense("first", 5, Activation.TANH, normalization).forEach(list::layer);
    dense("second", 4, Activation.RELU, normalization).forEach(list::layer);
    return initialised(list.layer(output()).setInputType(InputType.feedForward(4)));
  }

  private MultiLayerNetwork cnn(BatchNormalization normalization) {
    ListBuilder list = settings(DataType.FLOAT).list();
    convolution("first", 2, Activation.RELU, normalization).forEach(list::layer);
    list.layer(new SubsamplingLayer.Builder(PoolingType.MAX).name("pool").kernelSize(2, 2).build());
    convolution("second", 3, Activation.IDENTITY, normalization).forEach(list::layer);
    dense("dense", 5, Activation.SIGMOID, normalization).forEach(list::layer);
    return initialised(list.layer(output()).setInputType(InputType.convolutionalFlat(6, 6, 1)));
  }

  static MultiLayerNetwork initialised(ListBuilder list) {
    MultiLayerNetwork network = new MultiLayerNetwork(list.build());
    network.init();
    return network;
  }

  private ComputationGraph residualGraph(BatchNormalization normalization) {
    GraphBuilder graph = settings(DataType.DOUBLE).graphBuilder().addInputs("in");
    String stem = chain(graph, "in", convolution("stem", 2, Activation.RELU, normalization));
    String inner = chain(graph, stem, convolution("inner", 2, Activation.RELU, normalization));
    String outer = chain(graph, inner, convolution("outer", 2, Activation.IDENTITY, normalization));
    graph
        .addVertex("sum", new ElementWiseVertex(ElementWiseVertex.Op.Add), outer, stem)
        .addLayer("relu", new ActivationLayer(Activation.RELU), "sum")
        .addLayer("pool", new GlobalPoolingLayer(PoolingType.AVG), "relu")
        .addLayer("output", output(), "pool")
        .setOutputs("output")
        .setInputTypes(InputType.convolutional(6, 6, 1));
    return initialised(graph);
  }

  static ComputationGraph initialised(GraphBuilder builder) {
    ComputationGraph graph = new ComputationGraph(builder.build());
    graph.init();
    return graph;
  }

  private static String chain(GraphBuilder graph, String input, List<Layer> layers) {
    String end = input;
    for (Layer layer : layers) {
      graph.addLayer(layer.getLayerName(), layer, end);
      end = layer.getLayerName();
    }
    return end;
  }

  /** Returns every parameter by layer and key. */
  static Map<String, List<Double>> parameters(Model model) {
    Map<String, List<Double>> parameters = new TreeMap<>();
    if (model instanceof MultiLayerNetwork network) {
      for (var layer : network.getLayers()) {
        String name = layer.conf().getLayer().getLayerName();
        layer.paramTable().forEach((key, array) -> parameters.put(name + "/" + key, values(array)));
      }
    } else {
      for (var vertex : ((ComputationGraph) model).getVertices()) {
        vertex
            .paramTable(false)
            .forEach(
                (key, array) -> parameters.put(vertex.getVertexName() + "/" + key, values(array)));
      }
    }
    return parameters;
  }

  static List<Double> values(INDArray array) {
    return Arrays.stream(array.dup('c').data().asDouble()).boxed().toList();
  }

  /** Gives a model the parameters that another has under the same names. */
  static void copyParameters(Model from, Model to) {
    if (to instanceof MultiLayerNetwork network) {
      MultiLayerNetwork source = (MultiLayerNetwork) from;
      for (var layer : network.getLayers()) {
        var other = source.getLayer(layer.conf().getLayer().getLayerName());
        if (other != null) {
          layer.paramTable().forEach((key, array) -> assign(array, other.getParam(key)));
        }
      }
    } else {
      ComputationGraph source = (ComputationGraph) from;
      for (var layer : ((ComputationGraph) to).getLayers()) {
        var other = source.getVertex(layer.conf().getLayer().getLayerName());
        if (other != null) {
          layer
              .paramTable()
              .forEach((key, array) -> assign(array, other.paramTable(false).get(key)));
        }
      }
    }
  }

  private static void assign(INDArray array, INDArray values) {
    if (values != null) {
      array.assign(values);
    }
  }

  /** Returns what a model puts out for features, in test mode. */
  static INDArray output(Model model, INDArray features) {
    return model instanceof MultiLayerNetwork network
        ? network.output(features)
        : ((ComputationGraph) model).outputSingle(features);
  }

  /** Trains with the same draws of dropout at every call. */
  static void fit(Model model, List<DataSet> batches) {
    Nd4j.getRandom().setSeed(11);
    for (DataSet batch : batches) {
      if (model instanceof MultiLayerNetwork network) {
        network.fit(batch);
      } else {
        ((ComputationGraph) model).fit(batch);
      }
    }
  }

  static Collection<TrainingListener> listeners(Model model) {
    return model instanceof MultiLayerNetwork network
        ? network.getListeners()
        : ((ComputationGraph) model).getListeners();
  }

  static String json(Model model) {
    return model instanceof MultiLayerNetwork network
        ? network.getLayerWiseConfigurations().toJson()
        : ((ComputationGraph) model).getConfiguration().toJson();
  }

  static List<Double> updaterState(Model model) {
    INDArray state =
        model instanceof MultiLayerNetwork network
            ? network.getUpdater().getStateViewArray()
            : ((ComputationGraph) model).getUpdater().getStateViewArray();
    return state == null ? List.of() : values(state);
  }

  /** Returns both moments of every parameter that Adam updates, by layer and key. */
  static Map<String, List<Double>> adamMoments(Model model) {
    BaseMultiLayerUpdater<?> updater =
        model instanceof MultiLayerNetwork network
            ? (BaseMultiLayerUpdater<?>) network.getUpdater()
            : ((ComputationGraph) model).getUpdater();
    Map<String, List<Double>> moments = new TreeMap<>();
    for (UpdaterBlock block : updater.getUpdaterBlocks()) {
      if (!(block.getGradientUpdater().getConfig() instanceof Adam)) {
        continue;
      }
      GradientUpdater<?> adam = block.getGradientUpdater();
      Map<String, INDArray> state = adam.getState();
      for (UpdaterBlock.ParamState parameter : block.getLayersAndVariablesInBlock()) {
        int start = parameter.getParamOffsetStart() - block.getParamOffsetStart();
        int end = parameter.getParamOffsetEnd() - block.getParamOffsetStart();
        List<Double> both = new ArrayList<>();
        for (String moment : List.of("M", "V")) {
          both.addAll(values(state.get(moment)).subList(start, end));
        }
        moments.put(
            parameter.getLayer().getConfig().getLayerName() + "/" + parameter.getParamName(), both);
      }
    }
    return moments;
  }
}
