package org.eigenscope.probes.curvature.tangent;

import static java.util.Objects.requireNonNull;

import java.util.function.Predicate;
import org.eigenscope.probes.kernel.Elements;
import org.eigenscope.probes.kernel.Tensor;
import org.eigenscope.probes.kernel.Worker;
import org.jspecify.annotations.Nullable;

/** One vector on its way through the network, for the examples of one piece. */
final class Frame {
  private final Piece piece;
  private final Mode mode;
  private final @Nullable Tensor vector;
  private final @Nullable Tensor[] tangents;
  private final @Nullable Tensor[] cotangents;
  private final @Nullable Gradients gradients;
  private final boolean first;
  private final double scale;
  private final @Nullable Totals totals;
  private final Predicate<Parameter> concerned;
  private final @Nullable Object[][] notes;

  /**
   * @param vector the vector, one row [P], or null if nothing moves
   * @param tangents changes along the vector, by the edges' numbers; null where nothing changes
   * @param cotangents what goes back, likewise
   * @param gradients takes vectors of parameters, or null if nothing goes back
   * @param first whether the gradients hold nothing yet
   * @param scale weight of an example, one over the number of all of them
   * @param totals what steps know of all examples along the vector, or null if those of the piece
   *     are all that count for them
   * @param concerned which parameters change along the vector or have a gradient that is wanted
   */
  Frame(
      Piece piece,
      Mode mode,
      @Nullable Tensor vector,
      @Nullable Tensor[] tangents,
      @Nullable Tensor[] cotangents,
      @Nullable Gradients gradients,
      boolean first,
      double scale,
      @Nullable Totals totals,
      Predicate<Parameter> concerned,
      int stepCount,
      int members) {
    this.piece = piece;
    this.mode = mode;
    this.vector = vector;
    this.tangents = tangents;
    this.cotangents = cotangents;
    this.gradients = gradients;
    this.first = first;
    this.scale = scale;
    this.totals = totals;
    this.concerned = concerned;
    this.notes = new Object[stepCount][members];
  }

  Piece piece() {
    return piece;
  }

  Mode mode() {
    return mode;
  }

  Elements elements() {
    return piece.elements();
  }

  /** Returns the address of a parameter's part of the vector. */
  long vector(Parameter parameter) {
    return requireNonNull(vector).address(0) + parameter.offset() * elements().bytes();
  }

  /** Returns whether a parameter is active, and changes or has a gradient that is wanted. */
  boolean concerns(Parameter parameter) {
    return parameter.active() && concerned.test(parameter);
  }

  /** Copies a parameter's part of the vector to the heap. */
  void readVector(Parameter parameter, double[] into) {
    elements().read(vector(parameter), into, 0, Math.toIntExact(parameter.length()));
  }

  Tensor tangent(Value value) {
    return requireNonNull(tangents[value.id()]);
  }

  Tensor cotangent(Value value) {
    return requireNonNull(cotangents[value.id()]);
  }

  /** Remembers what a member found in a step on the way forward, for its way back. */
  void note(Worker worker, Step step, Object note) {
    notes[step.number()][worker.index()] = note;
  }

  Object noted(Worker worker, Step step) {
    return requireNonNull(notes[step.number()][worker.index()]);
  }

  Gradients gradients() {
    return requireNonNull(gradients);
  }

  /** Returns the weight of an example in the loss. */
  double scale() {
    return scale;
  }

  /** Returns what steps know of all examples along the vector, or null if the piece's are all. */
  @Nullable Totals totals() {
    return totals;
  }

  /** Returns whether the gradients hold nothing yet. */
  boolean first() {
    return first;
  }
}
