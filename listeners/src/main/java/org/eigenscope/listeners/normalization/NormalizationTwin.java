package org.eigenscope.listeners.normalization;

import java.util.List;
import java.util.function.Function;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.eigenscope.probes.curvature.Network;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Makes a model's twin that differs in batch normalization alone, to be trained and measured next
 * to it.
 *
 * <p>A twin is a {@link MultiLayerNetwork} or {@link ComputationGraph} as its model is. Both have
 * the same configuration but for the layers named below: seed, updaters and their schedules,
 * regularization, dropout, constraints, gradient normalization, preprocessors, frozen layers,
 * truncated backpropagation, workspace modes, floating-point type, iteration and epoch counts. What
 * both have of parameters, and of what their updaters remember of them (momentum, for instance), is
 * copied; the updater's memory of new parameters is that of a new network. A twin has no listeners
 * and can be trained, saved and restored as any other model.
 *
 * <p>The model is not changed, shares nothing with its twin, and no random generator is read,
 * advanced or seeded.
 *
 * <p><b>Names.</b> Layers keep their names, so that readings of twins can be put side by side; in a
 * MultiLayerNetwork the layer at index i without a name is named {@code layer}i. Layers behind the
 * layer {@code x} that are new are named {@code x-normalization} and {@code x-activation}.
 *
 * <p><b>Threading.</b> Call these methods on the thread that trains the model, or while none does.
 */
public final class NormalizationTwin {

  private NormalizationTwin() {}

  /**
   * Returns a model's twin without batch normalization.
   *
   * <p><b>Definition.</b> All layers of batch normalization are taken out, their statistics and
   * parameters with them: nothing is folded into other layers, so the twin computes another
   * function. A layer whose values they took, directly or with nothing that has weights in between
   * (activations, pooling, dropout, sums of a residual network), gets a bias of zeros where it has
   * none. An activation that Deeplearning4j lets be set on a layer of batch normalization has no
   * effect there (1.0.0-M2.1) and is dropped.
   *
   * @param model an initialised MultiLayerNetwork or ComputationGraph, not of a subclass; not
   *     modified
   * @return the twin, independent of the model
   * @throws IllegalArgumentException if the model is of another class, is not initialised, has no
   *     batch normalization, or has some that can't be taken out: as an output of the network,
   *     behind a layer that has no bias and can't have one, or next to a way around it into the
   *     same vertex; if layers share a name, or the configuration can't be read from its own JSON
   */
  public static <M extends Model> M without(M model) {
    return twin(
        model,
        draft -> {
          Removal.of(draft);
          return List.of();
        });
  }

  /**
   * Returns a model's twin with batch normalization of Deeplearning4j's default settings.
   *
   * @see #with(Model, BatchNormalization)
   */
  public static <M extends Model> M with(M model) {
    return with(model, new BatchNormalization());
  }

  /**
   * Returns a model's twin with batch normalization between the weights and the activation of every
   * dense and two-dimensional convolution layer.
   *
   * <p><b>Definition.</b> Such a layer keeps its weights and bias and loses its activation; behind
   * it come a layer of batch normalization and, unless the activation was the identity, a layer
   * with that activation. New layers start as Deeplearning4j starts them: scale 1, shift 0, mean 0
   * and variance 1, unless the settings say otherwise.
   *
   * <p>Left as they are: output layers; layers whose values reach an output of the network, or
   * batch normalization, with nothing in between that has weights or several inputs (logits in
   * front of a loss layer, a convolution pooled before it is normalised); frozen layers; all layers
   * that are not dense or convolution.
   *
   * @param model an initialised MultiLayerNetwork or ComputationGraph, not of a subclass; not
   *     modified
   * @param settings of every new layer (decay, epsilon, whether scale and shift are learnt); its
   *     name and sizes do not matter; updater and gradient normalization are those of the layer in
   *     front where the settings leave them open; not modified
   * @return the twin, independent of the model
   * @throws IllegalArgumentException if the model is of another class or is not initialised, has no
   *     layer to put batch normalization behind, or one that Deeplearning4j could not normalise:
   *     one- and three-dimensional convolutions, dense layers inside wrappers, and subclasses of
   *     Deeplearning4j's layers; if layers share a name or have that of a new one, or the
   *     configuration can't be read from its own JSON
   */
  public static <M extends Model> M with(M model, BatchNormalization settings) {
    return twin(model, draft -> Insertion.of(draft, settings));
  }

  /**
   * Returns a twin.
   *
   * @param change returns the names of new layers with parameters
   */
  @SuppressWarnings({"try", "unchecked"}) // the scope is the use; a draft's model has its class
  private static <M extends Model> M twin(M model, Function<Draft, List<String>> change) {
    try (MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
      Draft draft = draftOf(model);
      List<String> added = change.apply(draft);
      Model twin = draft.model();
      added.forEach(name -> initialise(layer(twin, name)));
      Inheritance.copyParameters(model, twin);
      Inheritance.copyUpdaterState(model, twin);
      return (M) twin;
    }
  }

  private static Draft draftOf(Model model) {
    Network.of(model);
    if (model.getClass() != MultiLayerNetwork.class && model.getClass() != ComputationGraph.class) {
      throw new IllegalArgumentException(
          "model must be a MultiLayerNetwork or a ComputationGraph and of no subclass, got "
              + model.getClass().getName());
    }
    return model instanceof MultiLayerNetwork network
        ? new SequenceDraft(network)
        : new GraphDraft((ComputationGraph) model);
  }

  private static Layer layer(Model model, String name) {
    return model instanceof MultiLayerNetwork network
        ? network.getLayer(name)
        : ((ComputationGraph) model).getLayer(name);
  }

  private static void initialise(Layer layer) {
    layer.conf().getLayer().initializer().init(layer.conf().clone(), layer.params(), true);
  }
}
