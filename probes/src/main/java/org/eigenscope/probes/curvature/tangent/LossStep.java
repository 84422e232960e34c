package org.eigenscope.probes.curvature.tangent;

import java.util.List;
import org.eigenscope.probes.kernel.Worker;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The loss of an output layer. It has no output of its own: errors start here. They are those of
 * the mean over all examples of all pieces.
 */
final class LossStep extends Step {
  private final OutputLoss loss;
  private final int index;
  private final int outputs;

  /**
   * @param index which of the network's outputs
   */
  LossStep(String name, Value input, OutputLoss loss, int index) {
    super(name, List.of(input), input);
    this.loss = loss;
    this.index = index;
    this.outputs = input.size();
  }

  /** What products need, by example, with the values that the loss takes and the loss of each. */
  private record State(
      double[][] memories, double[][] gradients, double[][] values, double[] losses) {}

  int index() {
    return index;
  }

  OutputLoss loss() {
    return loss;
  }

  @Override
  void open(Piece piece) {
    int n = Math.toIntExact(piece.size());
    piece.state(
        this,
        new State(
            new double[n][loss.memorySize(outputs)],
            new double[n][outputs],
            new double[n][outputs],
            new double[n]));
  }

  @Override
  void forward(Worker worker, Piece piece) {
    State state = (State) piece.state(this);
    INDArray labels = piece.examples().labels().get(index);
    INDArray mask = piece.examples().masks()[index];
    double[] y = new double[outputs];
    double[] factors = new double[outputs];
    long end = worker.to(piece.size());
    for (long row = worker.from(piece.size()); row < end; row++) {
      int n = (int) row;
      double[] z = state.values()[n];
      piece.value(input()).read(row * outputs, z, 0, outputs);
      for (int i = 0; i < outputs; i++) {
        y[i] = labels.getDouble(row, i);
        factors[i] = mask == null ? 1 : mask.getDouble(row, mask.size(1) == 1 ? 0 : i);
      }
      state.losses()[n] = loss.linearize(z, y, factors, state.gradients()[n], state.memories()[n]);
    }
  }

  /** Returns whether {@link #factor} knows factors of all examples' Hessians. */
  boolean factors(Piece piece) {
    for (double[] memory : ((State) piece.state(this)).memories()) {
      if (!loss.factors(memory)) {
        return false;
      }
    }
    return true;
  }

  /** Sends back a column of a factor of each example's Hessian, F in FFᵀ, times a number. */
  void factor(Worker worker, Frame frame, int column, double scale) {
    State state = (State) frame.piece().state(this);
    double[] u = new double[outputs];
    long end = worker.to(frame.piece().size());
    for (long row = worker.from(frame.piece().size()); row < end; row++) {
      if (column >= 0 && column < outputs) {
        loss.factor(state.memories()[(int) row], column, u);
        scale(u, scale, u);
      }
      frame.cotangent(input()).write(row * outputs, u, 0, outputs);
    }
  }

  /** Sets to 0 what is masked of an example's values. */
  void mask(Piece piece, long row, double[] numbers) {
    INDArray mask = piece.examples().masks()[index];
    for (int i = 0; mask != null && i < outputs; i++) {
      numbers[i] *= mask.getDouble(row, mask.size(1) == 1 ? 0 : i);
    }
  }

  /** Returns the values that the loss takes of an example; not to be modified. */
  double[] values(Piece piece, long row) {
    return ((State) piece.state(this)).values()[(int) row];
  }

  /** Returns the sum of the examples' losses. */
  double sum(Piece piece) {
    double sum = 0;
    for (double one : ((State) piece.state(this)).losses()) {
      sum += one;
    }
    return sum;
  }

  @Override
  void push(Worker worker, Frame frame) {
    // Changes end at the input of the loss.
  }

  @Override
  void pull(Worker worker, Frame frame) {
    Piece piece = frame.piece();
    State state = (State) piece.state(this);
    double[] u = new double[outputs];
    double factor = frame.scale();
    long end = worker.to(piece.size());
    for (long row = worker.from(piece.size()); row < end; row++) {
      int n = (int) row;
      switch (frame.mode()) {
        case ERRORS -> scale(state.gradients()[n], factor, u);
        case HESSIAN, GAUSS_NEWTON -> {
          frame.tangent(input()).read(row * outputs, u, 0, outputs);
          loss.product(state.memories()[n], u, u);
          scale(u, factor, u);
        }
        case RESIDUAL -> java.util.Arrays.fill(u, 0);
        case TRANSPOSE, NORMS -> {
          continue;
        }
      }
      frame.cotangent(input()).write(row * outputs, u, 0, outputs);
    }
  }

  private static void scale(double[] from, double factor, double[] to) {
    for (int i = 0; i < to.length; i++) {
      to[i] = factor * from[i];
    }
  }
}
