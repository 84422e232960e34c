package org.eigenscope.probes.curvature.tangent;

import static java.util.Objects.requireNonNull;

import java.util.ArrayList;
import java.util.List;
import org.eigenscope.probes.kernel.Elements;
import org.eigenscope.probes.kernel.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Some examples, and what is known of the network on them at the parameters.
 *
 * <p>Values are exact while the network is linearised: they decide in which pieces rectifiers and
 * pooling windows are. What products need of them is kept in the engine's own type.
 */
final class Piece implements AutoCloseable {
  private final Examples examples;
  private final Elements elements;
  private final @Nullable Tensor[] values;
  private final @Nullable Tensor[] kept;
  private final @Nullable Tensor[] errors;
  private final @Nullable Object[] states;
  private final List<Tensor> owned = new ArrayList<>();
  private final @Nullable Totals totals;
  private final long population;

  /**
   * @param totals what steps know of all examples, or null if these are all that count for them
   * @param population the number of examples that count for statistics
   */
  Piece(
      Examples examples,
      Elements elements,
      int valueCount,
      int stepCount,
      @Nullable Totals totals,
      long population) {
    this.examples = examples;
    this.elements = elements;
    this.totals = totals;
    this.population = population;
    this.values = new Tensor[valueCount];
    this.kept = new Tensor[valueCount];
    this.errors = new Tensor[valueCount];
    this.states = new Object[stepCount];
  }

  /** Returns the data. */
  Examples examples() {
    return examples;
  }

  /** Returns the number of examples. */
  long size() {
    return examples.size();
  }

  /** Returns what steps know of all examples at the parameters, or null if these are all. */
  @Nullable Totals totals() {
    return totals;
  }

  /** Returns the number of examples that statistics are taken over. */
  long population() {
    return population;
  }

  /** Returns the type of what is kept. */
  Elements elements() {
    return elements;
  }

  /** Returns a new tensor that lives as long as this piece. */
  Tensor allocate(Elements type, long rows, int width) {
    Tensor tensor = Tensor.allocate(type, rows, width);
    owned.add(tensor);
    return tensor;
  }

  /** Takes over a tensor that is to live as long as this piece. */
  void own(Tensor tensor) {
    owned.add(tensor);
  }

  /** Allocates the exact values of an edge. */
  void open(Value value) {
    values[value.id()] = Tensor.allocate(Elements.DOUBLE, size(), value.size());
  }

  /** Returns the exact values on an edge, while the network is linearised. */
  Tensor value(Value value) {
    return requireNonNull(values[value.id()]);
  }

  /** Makes room for what is kept of an edge's values; in DOUBLE they themselves are. */
  void keep(Value value) {
    if (elements == Elements.DOUBLE) {
      Tensor tensor = value(value);
      owned.add(tensor);
      kept[value.id()] = tensor;
    } else {
      kept[value.id()] = allocate(elements, size(), value.size());
    }
  }

  /** Returns the kept values of an edge. */
  Tensor kept(Value value) {
    return requireNonNull(kept[value.id()]);
  }

  /** Forgets the exact values of an edge. */
  void forget(Value value) {
    Tensor tensor = values[value.id()];
    values[value.id()] = null;
    if (tensor != null && tensor != kept[value.id()]) {
      tensor.close();
    }
  }

  /** Returns the loss's errors on the edges, by the edges' numbers, in the engine's type. */
  @Nullable Tensor[] errors() {
    return errors;
  }

  /** Returns the kept errors on an edge. */
  Tensor error(Value value) {
    return requireNonNull(errors[value.id()]);
  }

  void state(Step step, Object state) {
    states[step.number()] = state;
  }

  Object state(Step step) {
    return requireNonNull(states[step.number()]);
  }

  /** Returns the bytes that are kept. */
  long bytes() {
    long bytes = 0;
    for (Tensor tensor : owned) {
      bytes += tensor.bytes();
    }
    return bytes;
  }

  @Override
  public void close() {
    for (int i = 0; i < values.length; i++) {
      Tensor tensor = values[i];
      if (tensor != null && tensor != kept[i]) {
        tensor.close();
      }
      values[i] = null;
      kept[i] = null;
      errors[i] = null;
    }
    java.util.Arrays.fill(states, null);
    owned.forEach(Tensor::close);
    owned.clear();
  }
}
