package org.eigenscope.probes.curvature.tangent;

import static java.util.Objects.requireNonNull;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.conf.InputPreProcessor;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.graph.vertex.GraphVertex;
import org.deeplearning4j.nn.graph.vertex.VertexIndices;
import org.deeplearning4j.nn.graph.vertex.impl.InputVertex;
import org.deeplearning4j.nn.graph.vertex.impl.LayerVertex;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.eigenscope.probes.curvature.Network;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Turns a Deeplearning4j network into steps: here its outline, in {@link LayerCompiler} and {@link
 * VertexCompiler} what is at its places.
 */
final class NetworkCompiler {
  private final Program.Builder program = new Program.Builder();
  private final Set<String> silenced = new TreeSet<>();
  private final LayerCompiler layers;
  private final VertexCompiler vertices;

  private NetworkCompiler(Network network, Weights weights, boolean fixedStatistics) {
    this.layers =
        new LayerCompiler(program, network.model().params(), weights, fixedStatistics, silenced);
    this.vertices = new VertexCompiler(program);
  }

  /**
   * Compiles a network.
   *
   * @param features one batch's inputs, whose shapes count
   * @param fixedStatistics whether batch normalization uses its running statistics
   * @throws UnsupportedNetworkException if it has a part that is not known
   */
  static Program compile(
      Network network, List<INDArray> features, Weights weights, boolean fixedStatistics) {
    NetworkCompiler compiler = new NetworkCompiler(network, weights, fixedStatistics);
    List<Value> inputs = features.stream().map(compiler::input).toList();
    if (network.model() instanceof MultiLayerNetwork multi) {
      compiler.compile(multi, inputs.get(0));
    } else {
      compiler.compile((ComputationGraph) network.model(), inputs);
    }
    if (!compiler.silenced.isEmpty()) {
      compiler.program.note(
          "dropout and noise are switched off in " + String.join(", ", compiler.silenced));
    }
    return compiler.program.build();
  }

  private Value input(INDArray features) {
    return switch (features.rank()) {
      case 2 -> program.input(Shape.vector(features.size(1)));
      case 4 -> program.input(Shape.image(features.size(1), features.size(2), features.size(3)));
      default -> throw UnsupportedNetworkException.of("features", "rank " + features.rank());
    };
  }

  private void compile(MultiLayerNetwork network, Value input) {
    Layer[] all = network.getLayers();
    Value value = input;
    for (int i = 0; i < all.length; i++) {
      String name = all[i].conf().getLayer().getLayerName();
      String shown = name == null ? "layer" + i : name;
      InputPreProcessor before = network.getLayerWiseConfigurations().getInputPreProcess(i);
      if (before != null) {
        value = vertices.preprocessed(shown, before, value);
      }
      value = layers.compile(shown, all[i], value, i == all.length - 1 ? 0 : -1);
    }
  }

  private void compile(ComputationGraph graph, List<Value> inputs) {
    List<String> outputs = graph.getConfiguration().getNetworkOutputs();
    Map<Integer, Value> values = new HashMap<>();
    Set<Integer> needed = ancestors(graph, outputs);
    for (int index : graph.topologicalSortOrder()) {
      GraphVertex vertex = graph.getVertices()[index];
      if (!needed.contains(index)) {
        continue;
      }
      String name = vertex.getVertexName();
      if (vertex instanceof InputVertex) {
        values.put(index, inputs.get(graph.getConfiguration().getNetworkInputs().indexOf(name)));
        continue;
      }
      List<Value> from = new ArrayList<>();
      for (VertexIndices source : vertex.getInputVertices()) {
        Value value = values.get(source.getVertexIndex());
        if (value == null) {
          throw UnsupportedNetworkException.of(name, "an output layer feeds it");
        }
        from.add(value);
      }
      int output = outputs.indexOf(name);
      if (vertex instanceof LayerVertex layerVertex) {
        Value value = from.get(0);
        InputPreProcessor before = layerVertex.getLayerPreProcessor();
        if (before != null) {
          value = vertices.preprocessed(name, before, value);
        }
        Value result = layers.compile(name, vertex.getLayer(), value, output);
        if (output < 0) {
          values.put(index, result);
        }
      } else {
        values.put(
            index,
            vertices.compile(
                name, requireNonNull(graph.getConfiguration().getVertices().get(name)), from));
      }
    }
  }

  /** Returns the vertices that the outputs are functions of, with the outputs. */
  private static Set<Integer> ancestors(ComputationGraph graph, List<String> outputs) {
    Set<Integer> found = new TreeSet<>();
    for (String output : outputs) {
      collect(graph, graph.getVertex(output), found);
    }
    return found;
  }

  private static void collect(ComputationGraph graph, GraphVertex vertex, Set<Integer> found) {
    if (found.add(vertex.getVertexIndex()) && vertex.getInputVertices() != null) {
      for (VertexIndices source : vertex.getInputVertices()) {
        collect(graph, graph.getVertices()[source.getVertexIndex()], found);
      }
    }
  }
}
