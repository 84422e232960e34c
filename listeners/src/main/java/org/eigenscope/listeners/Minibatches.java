package org.eigenscope.listeners;

import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.deeplearning4j.nn.api.Model;
import org.eigenscope.probes.curvature.DataBatches;

/**
 * The latest minibatch of each model in training that may be wanted: one model in a plain training,
 * one for each worker in a parallel one.
 *
 * <p><b>Threading.</b> Thread-safe.
 */
final class Minibatches {
  private final List<Latest> latest = new ArrayList<>();

  /** Copies the minibatch that a model is working on. A failure to do so is thrown when asked. */
  void capture(Model model, TrainedModel view) {
    Supplier<DataBatches> batch;
    try {
      DataBatches copy = view.minibatch();
      batch = () -> copy;
    } catch (Throwable t) {
      Failures.throwIfBroken(t);
      batch =
          () -> {
            throw new IllegalStateException("the current minibatch could not be copied", t);
          };
    }
    put(new Latest(new WeakReference<>(model), view.iteration(), batch));
  }

  /**
   * Returns the minibatch of a model's iteration.
   *
   * @throws IllegalStateException if it was not captured
   */
  DataBatches at(Model model, int iteration) {
    return find(model, iteration).get();
  }

  /** Returns whether the minibatch of a model's iteration was captured. */
  synchronized boolean holds(Model model, int iteration) {
    return latest.stream().anyMatch(captured -> captured.isOf(model, iteration));
  }

  private synchronized void put(Latest captured) {
    Model model = captured.model.get();
    latest.removeIf(other -> other.model.get() == null || other.model.get() == model);
    latest.add(captured);
  }

  private synchronized Supplier<DataBatches> find(Model model, int iteration) {
    for (Latest captured : latest) {
      if (captured.isOf(model, iteration)) {
        return captured.batch;
      }
    }
    throw new IllegalStateException(
        "the minibatch of iteration %d is not known: the listener saw no backward pass of it"
            .formatted(iteration));
  }

  synchronized void clear() {
    latest.clear();
  }

  private record Latest(WeakReference<Model> model, int iteration, Supplier<DataBatches> batch) {
    boolean isOf(Model other, int wanted) {
      return model.get() == other && iteration == wanted;
    }
  }
}
