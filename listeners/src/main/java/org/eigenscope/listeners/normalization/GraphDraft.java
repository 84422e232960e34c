package org.eigenscope.listeners.normalization;

import static java.util.Objects.requireNonNull;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.graph.GraphVertex;
import org.deeplearning4j.nn.conf.graph.LayerVertex;
import org.deeplearning4j.nn.conf.graph.PreprocessorVertex;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.layers.FrozenLayer;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.factory.Nd4j;

/** The configuration of a ComputationGraph. */
final class GraphDraft implements Draft {
  private final ComputationGraphConfiguration configuration;
  private final Map<String, GraphVertex> vertices;
  private final Map<String, List<String>> inputs;

  GraphDraft(ComputationGraph graph) {
    try {
      configuration = ComputationGraphConfiguration.fromJson(graph.getConfiguration().toJson());
    } catch (RuntimeException e) {
      throw Draft.unreadable(e);
    }
    vertices = configuration.getVertices();
    inputs = configuration.getVertexInputs();
    vertices.forEach(
        (name, vertex) -> {
          if (vertex instanceof LayerVertex layerVertex
              && graph.getLayer(name) instanceof FrozenLayer) {
            SequenceDraft.freeze(layerVertex.getLayerConf());
          }
        });
  }

  @Override
  public List<String> layers() {
    return vertices.keySet().stream().filter(name -> layer(name) != null).toList();
  }

  @Override
  public @Nullable Layer layer(String name) {
    return vertices.get(name) instanceof LayerVertex vertex
        ? vertex.getLayerConf().getLayer()
        : null;
  }

  @Override
  public boolean hasParameters(String name) {
    GraphVertex vertex = vertices.get(name);
    return vertex != null && vertex.numParams(true) > 0;
  }

  @Override
  public boolean isOutput(String name) {
    return configuration.getNetworkOutputs().contains(name);
  }

  @Override
  public List<String> inputs(String name) {
    return inputs.getOrDefault(name, List.of());
  }

  @Override
  public List<String> consumers(String name) {
    return inputs.entrySet().stream()
        .filter(entry -> entry.getValue().contains(name))
        .map(Map.Entry::getKey)
        .toList();
  }

  @Override
  public void remove(String name) {
    LayerVertex vertex = layerVertex(name);
    if (vertex.getPreProcessor() != null) {
      vertices.put(name, new PreprocessorVertex(vertex.getPreProcessor()));
      return;
    }
    String input = inputs(name).get(0);
    for (String consumer : consumers(name)) {
      if (inputs(consumer).contains(input)) {
        throw new IllegalArgumentException(
            ("batch normalization '%s' must not feed a vertex that its own input '%s' feeds, got "
                    + "'%s'; the vertex would be fed by '%s' twice without it")
                .formatted(name, input, consumer, input));
      }
      feed(consumer, name, input);
    }
    vertices.remove(name);
    inputs.remove(name);
  }

  private LayerVertex layerVertex(String name) {
    return (LayerVertex) requireNonNull(vertices.get(name));
  }

  private void feed(String consumer, String from, String to) {
    inputs.put(
        consumer,
        inputs(consumer).stream()
            .map(input -> input.equals(from) ? to : input)
            .collect(Collectors.toCollection(ArrayList::new)));
  }

  @Override
  public void insertAfter(String name, Layer layer) {
    String inserted = layer.getLayerName();
    if (vertices.containsKey(inserted) || configuration.getNetworkInputs().contains(inserted)) {
      throw Draft.nameTaken(inserted);
    }
    consumers(name).forEach(consumer -> feed(consumer, name, inserted));
    NeuralNetConfiguration conf = layerVertex(name).getLayerConf().clone();
    conf.setLayer(layer);
    putAfter(vertices, name, inserted, new LayerVertex(conf, null));
    putAfter(inputs, name, inserted, new ArrayList<>(List.of(name)));
  }

  /** Puts a value where someone would have written it: vertices are sorted from this order. */
  private static <T> void putAfter(Map<String, T> map, String before, String name, T value) {
    Map<String, T> entries = new LinkedHashMap<>(map);
    map.clear();
    entries.forEach(
        (key, entry) -> {
          map.put(key, entry);
          if (key.equals(before)) {
            map.put(name, value);
          }
        });
  }

  @Override
  public Model model() {
    long parameters = 0;
    for (GraphVertex vertex : vertices.values()) {
      if (vertex instanceof LayerVertex layerVertex) {
        // Layers add the names of their parameters anew, which may be others now.
        layerVertex.getLayerConf().clearVariables();
      }
      parameters += vertex.numParams(true);
    }
    // The order of the graph as it was is part of its JSON.
    configuration.setTopologicalOrder(null);
    configuration.setTopologicalOrderStr(null);
    ComputationGraph graph = new ComputationGraph(configuration);
    // With parameters given, no random generator is seeded or read.
    graph.init(Nd4j.zeros(configuration.getDataType(), 1, parameters), false);
    return graph;
  }
}
