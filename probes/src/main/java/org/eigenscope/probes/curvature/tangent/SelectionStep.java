package org.eigenscope.probes.curvature.tangent;

import java.util.List;
import org.eigenscope.probes.kernel.Worker;

/**
 * Outputs that each are one element of the input, chosen by what the input is at the parameters:
 * max-pooling. The choice is held, as for a rectifier's piece.
 */
final class SelectionStep extends Step {
  private final int[][] windows;

  /**
   * @param windows for each output, the elements of the input that it is the largest of, in the
   *     order in which Deeplearning4j looks at them: the first of equals is taken
   */
  SelectionStep(String name, Value input, Value output, int[][] windows) {
    super(name, List.of(input), output);
    this.windows = windows;
  }

  @Override
  void open(Piece piece) {
    piece.state(this, new int[Math.toIntExact(piece.size() * output().size())]);
  }

  @Override
  void forward(Worker worker, Piece piece) {
    int[] winners = (int[]) piece.state(this);
    int in = input().size();
    int out = output().size();
    double[] x = worker.scratch(0, in);
    double[] y = worker.scratch(1, out);
    long end = worker.to(piece.size());
    for (long row = worker.from(piece.size()); row < end; row++) {
      piece.value(input()).read(row * in, x, 0, in);
      int base = (int) row * out;
      for (int o = 0; o < out; o++) {
        int best = windows[o][0];
        for (int element : windows[o]) {
          if (x[element] > x[best]) {
            best = element;
          }
        }
        winners[base + o] = best;
        y[o] = x[best];
      }
      piece.value(output()).write(row * out, y, 0, out);
    }
  }

  @Override
  void push(Worker worker, Frame frame) {
    int[] winners = (int[]) frame.piece().state(this);
    int in = input().size();
    int out = output().size();
    double[] x = worker.scratch(0, in);
    double[] y = worker.scratch(1, out);
    long end = worker.to(frame.piece().size());
    for (long row = worker.from(frame.piece().size()); row < end; row++) {
      frame.tangent(input()).read(row * in, x, 0, in);
      int base = (int) row * out;
      for (int o = 0; o < out; o++) {
        y[o] = x[winners[base + o]];
      }
      frame.tangent(output()).write(row * out, y, 0, out);
    }
  }

  @Override
  void pull(Worker worker, Frame frame) {
    int[] winners = (int[]) frame.piece().state(this);
    int in = input().size();
    int out = output().size();
    double[] x = worker.scratch(0, in);
    double[] y = worker.scratch(1, out);
    long end = worker.to(frame.piece().size());
    for (long row = worker.from(frame.piece().size()); row < end; row++) {
      frame.cotangent(output()).read(row * out, y, 0, out);
      if (adds(0)) {
        frame.cotangent(input()).read(row * in, x, 0, in);
      } else {
        java.util.Arrays.fill(x, 0, in, 0);
      }
      int base = (int) row * out;
      for (int o = 0; o < out; o++) {
        x[winners[base + o]] += y[o];
      }
      frame.cotangent(input()).write(row * in, x, 0, in);
    }
  }
}
