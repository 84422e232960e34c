package org.eigenscope.probes.curvature.tangent;

import java.util.List;
import java.util.function.BiConsumer;
import org.eigenscope.probes.kernel.Crew;
import org.eigenscope.probes.kernel.Elements;
import org.eigenscope.probes.kernel.Tensor;
import org.eigenscope.probes.kernel.Worker;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Goes through the network once at the parameters, for some examples: values forward in DOUBLE, the
 * loss's errors back in the engine's type.
 */
final class Linearizer {
  private final Program program;
  private final Crew crew;
  private final Elements elements;
  private final Storage storage;
  private final long examples;
  private final @Nullable Totals totals;

  /**
   * @param examples number of all examples
   * @param totals what steps know of all examples, or null if each piece has its own statistics
   */
  Linearizer(
      Program program,
      Crew crew,
      Elements elements,
      Storage storage,
      long examples,
      @Nullable Totals totals) {
    this.program = program;
    this.crew = crew;
    this.elements = elements;
    this.storage = storage;
    this.examples = examples;
    this.totals = totals;
  }

  /**
   * Linearises the network.
   *
   * @param gradients takes the gradient
   * @param first whether the gradients hold nothing yet
   * @return what products need; to be closed
   */
  Piece linearize(Examples part, Gradients gradients, boolean first) {
    Piece piece = piece(part);
    try {
      forward(piece, program.steps().size());
      backward(piece, gradients, first, (worker, frame) -> goBack(program, worker, frame));
      return piece;
    } catch (RuntimeException | Error e) {
      piece.close();
      throw e;
    }
  }

  private Piece piece(Examples part) {
    return new Piece(
        part,
        elements,
        program.values().size(),
        program.steps().size(),
        totals,
        totals == null ? part.size() : examples);
  }

  /** Adds what a step has to know of some examples' values; the steps before it know theirs. */
  void gatherValues(Examples part, NormalizationStep step) {
    try (Piece piece = piece(part)) {
      forward(piece, step.number());
      crew.run(1, worker -> step.gatherValues(worker, piece));
    }
  }

  /**
   * Adds what a step has to know of the loss's errors on some examples; the steps behind it know
   * theirs, and all of them know the values.
   *
   * @param unused overwritten
   */
  void gatherErrors(Examples part, NormalizationStep step, Gradients unused) {
    try (Piece piece = piece(part)) {
      forward(piece, program.steps().size());
      backward(
          piece,
          unused,
          true,
          (worker, frame) -> {
            goBackTo(step, program, worker, frame);
            step.gatherBack(worker, frame);
          });
    }
  }

  /** Returns the sum of the examples' losses. */
  double loss(Piece piece) {
    return program.losses().stream().mapToDouble(loss -> loss.sum(piece)).sum();
  }

  /** Computes the values of the first steps. */
  private void forward(Piece piece, int count) {
    int[] lastUse = new int[program.values().size()];
    for (Step step : program.steps()) {
      step.inputs().forEach(input -> lastUse[input.id()] = step.number());
    }
    for (int i = 0; i < program.inputs().size(); i++) {
      Value input = program.inputs().get(i);
      piece.open(input);
      piece.value(input).array().assign(rows(piece.examples().features().get(i)));
      keep(piece, input);
    }
    for (Step step : program.steps().subList(0, count)) {
      boolean makes = !(step instanceof LossStep);
      if (makes) {
        piece.open(step.output());
      }
      step.open(piece);
      crew.run(1, worker -> step.forward(worker, piece));
      if (makes) {
        keep(piece, step.output());
      }
      for (Value input : step.inputs()) {
        if (lastUse[input.id()] == step.number()) {
          piece.forget(input);
        }
      }
    }
  }

  /** Returns features as rows, images with the channels last. */
  private static INDArray rows(INDArray features) {
    INDArray exact = features.castTo(DataType.DOUBLE);
    INDArray ordered = exact.rank() == 4 ? exact.permute(0, 2, 3, 1) : exact;
    return ordered.dup('c').reshape('c', exact.size(0), exact.length() / exact.size(0));
  }

  private void keep(Piece piece, Value value) {
    if (!value.kept()) {
      return;
    }
    piece.keep(value);
    Tensor exact = piece.value(value);
    Tensor kept = piece.kept(value);
    if (exact == kept) {
      return;
    }
    crew.run(
        1,
        worker -> {
          double[] tile = worker.scratch(0, Worker.TILE);
          long end = worker.to(piece.size()) * value.size();
          for (long at = worker.from(piece.size()) * value.size(); at < end; at += Worker.TILE) {
            int count = (int) Math.min(Worker.TILE, end - at);
            exact.read(at, tile, 0, count);
            kept.write(at, tile, 0, count);
          }
        });
  }

  private void backward(
      Piece piece, Gradients gradients, boolean first, BiConsumer<Worker, Frame> way) {
    @Nullable Tensor[] errors = piece.errors();
    storage.allocateErrors(errors, elements, piece.size());
    @Nullable Tensor[] nothing = new Tensor[errors.length];
    Frame frame =
        new Frame(
            piece,
            Mode.ERRORS,
            null,
            nothing,
            errors,
            gradients,
            first,
            1.0 / examples,
            totals,
            parameter -> true,
            program.steps().size(),
            crew.threads());
    crew.run(1, worker -> way.accept(worker, frame));
    List<Tensor> kept = storage.keptErrors(errors);
    for (Tensor tensor : storage.distinct(errors)) {
      if (kept.contains(tensor)) {
        piece.own(tensor);
      } else {
        tensor.close();
      }
    }
  }

  /** Pulls through all steps and leaves the sum of all members' gradients in the result. */
  static void goBack(Program program, Worker worker, Frame frame) {
    pull(program, 0, worker, frame);
    worker.meet();
    for (Step step : program.steps()) {
      if (step.finishes()) {
        step.finish(worker, frame);
      }
    }
    frame.gradients().reduce(worker, program.parameters());
    worker.meet();
  }

  /** Pulls through the steps behind one; what that leaves in the gradients has no meaning. */
  static void goBackTo(Step step, Program program, Worker worker, Frame frame) {
    pull(program, step.number() + 1, worker, frame);
  }

  private static void pull(Program program, int start, Worker worker, Frame frame) {
    frame.gradients().clear(worker, frame.first(), program.parameters());
    worker.meet();
    List<Step> steps = program.steps();
    for (int i = steps.size() - 1; i >= start; i--) {
      if (steps.get(i).output().varies()) {
        steps.get(i).pull(worker, frame);
      }
    }
  }
}
