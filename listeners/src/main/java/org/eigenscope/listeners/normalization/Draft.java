package org.eigenscope.listeners.normalization;

import java.util.List;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.jspecify.annotations.Nullable;

/**
 * A model's configuration on its way to another: named nodes, which are layers or graph vertices,
 * and what feeds what. Shares nothing with the model it was made from.
 */
interface Draft {

  /** Returns the names of all layers, in the configuration's order. */
  List<String> layers();

  /** Returns the layer of a node, or null when it is a vertex of another kind or fed data. */
  @Nullable Layer layer(String name);

  /** Returns whether a node has parameters. */
  boolean hasParameters(String name);

  /** Returns whether a node is an output of the network. */
  boolean isOutput(String name);

  /** Returns the names of the nodes that feed a node; none for fed data. */
  List<String> inputs(String name);

  /** Returns the names of the nodes that a node feeds. */
  List<String> consumers(String name);

  /**
   * Takes a layer out, whose consumers are then fed by what fed it. What was done to its input in
   * front of it is still done.
   *
   * @throws IllegalArgumentException if a consumer would be fed by one node twice
   */
  void remove(String name);

  /**
   * Puts a layer between a layer and its consumers.
   *
   * @param layer the new layer, with a name; kept
   * @throws IllegalArgumentException if its name is taken
   */
  void insertAfter(String name, Layer layer);

  /** Returns a model of the configuration, with parameters all zero and no listeners. */
  Model model();

  /** Returns what to throw when a name is needed twice. */
  static IllegalArgumentException nameTaken(String name) {
    return new IllegalArgumentException(
        "layer names must be unique, got two layers '%s'; rename one".formatted(name));
  }

  /** Returns what to throw when a configuration doesn't outlive being written and read. */
  static IllegalArgumentException unreadable(RuntimeException cause) {
    return new IllegalArgumentException(
        "configuration must be readable from its JSON, as for saving the model, got: " + cause,
        cause);
  }
}
