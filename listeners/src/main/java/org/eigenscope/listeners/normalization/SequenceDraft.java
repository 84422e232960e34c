package org.eigenscope.listeners.normalization;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.InputPreProcessor;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.misc.FrozenLayer;
import org.deeplearning4j.nn.conf.preprocessor.ComposableInputPreProcessor;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.factory.Nd4j;

/** The configuration of a MultiLayerNetwork: each layer feeds the next. */
final class SequenceDraft implements Draft {
  private final MultiLayerConfiguration configuration;
  private final List<Place> places = new ArrayList<>();

  /**
   * A layer and what happens to its input.
   *
   * @param conf the layer with the settings it shares with the others
   */
  private record Place(NeuralNetConfiguration conf, @Nullable InputPreProcessor preProcessor) {
    Layer layer() {
      return conf.getLayer();
    }
  }

  SequenceDraft(MultiLayerNetwork network) {
    try {
      configuration =
          MultiLayerConfiguration.fromJson(network.getLayerWiseConfigurations().toJson());
    } catch (RuntimeException e) {
      throw Draft.unreadable(e);
    }
    for (int i = 0; i < configuration.getConfs().size(); i++) {
      NeuralNetConfiguration conf = configuration.getConf(i);
      if (conf.getLayer().getLayerName() == null) {
        conf.getLayer().setLayerName("layer" + i);
      }
      String name = conf.getLayer().getLayerName();
      if (find(name) >= 0) {
        throw Draft.nameTaken(name);
      }
      if (network.getLayer(i) instanceof org.deeplearning4j.nn.layers.FrozenLayer) {
        freeze(conf);
      }
      places.add(new Place(conf, configuration.getInputPreProcess(i)));
    }
  }

  /** Says in the configuration that a layer is frozen, which a live network may leave out. */
  static void freeze(NeuralNetConfiguration conf) {
    if (!(conf.getLayer() instanceof FrozenLayer)) {
      FrozenLayer frozen = new FrozenLayer(conf.getLayer());
      frozen.setLayerName(conf.getLayer().getLayerName());
      conf.setLayer(frozen);
    }
  }

  private int find(String name) {
    for (int i = 0; i < places.size(); i++) {
      if (places.get(i).layer().getLayerName().equals(name)) {
        return i;
      }
    }
    return -1;
  }

  @Override
  public List<String> layers() {
    return places.stream().map(place -> place.layer().getLayerName()).toList();
  }

  @Override
  public Layer layer(String name) {
    return places.get(find(name)).layer();
  }

  @Override
  public boolean hasParameters(String name) {
    NeuralNetConfiguration conf = places.get(find(name)).conf();
    return conf.getLayer().initializer().numParams(conf) > 0;
  }

  @Override
  public boolean isOutput(String name) {
    return find(name) == places.size() - 1;
  }

  @Override
  public List<String> inputs(String name) {
    int i = find(name);
    return i == 0 ? List.of() : List.of(layers().get(i - 1));
  }

  @Override
  public List<String> consumers(String name) {
    int next = find(name) + 1;
    return next == places.size() ? List.of() : List.of(layers().get(next));
  }

  @Override
  public void remove(String name) {
    int i = find(name);
    InputPreProcessor first = places.remove(i).preProcessor();
    if (first != null) {
      Place next = places.get(i);
      InputPreProcessor second = next.preProcessor();
      places.set(
          i,
          new Place(
              next.conf(),
              second == null ? first : new ComposableInputPreProcessor(first, second)));
    }
  }

  @Override
  public void insertAfter(String name, Layer layer) {
    if (find(layer.getLayerName()) >= 0) {
      throw Draft.nameTaken(layer.getLayerName());
    }
    int i = find(name);
    NeuralNetConfiguration conf = places.get(i).conf().clone();
    conf.setLayer(layer);
    places.add(i + 1, new Place(conf, null));
  }

  @Override
  public Model model() {
    List<NeuralNetConfiguration> confs = new ArrayList<>();
    Map<Integer, InputPreProcessor> preProcessors = new HashMap<>();
    long parameters = 0;
    for (Place place : places) {
      if (place.preProcessor() != null) {
        preProcessors.put(confs.size(), place.preProcessor());
      }
      confs.add(place.conf());
      // Layers add the names of their parameters anew, which may be others now.
      place.conf().clearVariables();
      parameters += place.layer().initializer().numParams(place.conf());
    }
    configuration.setConfs(confs);
    configuration.setInputPreProcessors(preProcessors);
    MultiLayerNetwork network = new MultiLayerNetwork(configuration);
    // With parameters given, no random generator is seeded or read.
    network.init(Nd4j.zeros(configuration.getDataType(), 1, parameters), false);
    return network;
  }
}
