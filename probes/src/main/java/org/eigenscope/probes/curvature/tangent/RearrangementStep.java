package org.eigenscope.probes.curvature.tangent;

import java.util.Arrays;
import java.util.List;
import org.eigenscope.probes.kernel.Worker;

/**
 * Outputs that are sums of some elements of the inputs, times a factor, the same for all examples:
 * padding, cropping, merging, flattening, average pooling.
 */
final class RearrangementStep extends Step {
  private final int[][] sources;
  private final double[] factors;
  private final int[] starts;
  private final int total;

  /**
   * @param sources for each output, the elements that it adds up, as numbered through all inputs
   * @param factors for each output
   */
  RearrangementStep(
      String name, List<Value> inputs, Value output, int[][] sources, double[] factors) {
    super(name, inputs, output);
    this.sources = sources;
    this.factors = factors;
    this.starts = new int[inputs.size()];
    int sum = 0;
    for (int i = 0; i < starts.length; i++) {
      starts[i] = sum;
      sum += inputs.get(i).size();
    }
    this.total = sum;
  }

  @Override
  void forward(Worker worker, Piece piece) {
    int out = output().size();
    double[] x = worker.scratch(0, total);
    double[] y = worker.scratch(1, out);
    long end = worker.to(piece.size());
    for (long row = worker.from(piece.size()); row < end; row++) {
      for (int i = 0; i < starts.length; i++) {
        Value input = inputs().get(i);
        piece.value(input).read(row * input.size(), x, starts[i], input.size());
      }
      gather(x, y);
      piece.value(output()).write(row * out, y, 0, out);
    }
  }

  @Override
  void push(Worker worker, Frame frame) {
    int out = output().size();
    double[] x = worker.scratch(0, total);
    double[] y = worker.scratch(1, out);
    long end = worker.to(frame.piece().size());
    for (long row = worker.from(frame.piece().size()); row < end; row++) {
      for (int i = 0; i < starts.length; i++) {
        Value input = inputs().get(i);
        if (input.varies()) {
          frame.tangent(input).read(row * input.size(), x, starts[i], input.size());
        } else {
          Arrays.fill(x, starts[i], starts[i] + input.size(), 0);
        }
      }
      gather(x, y);
      frame.tangent(output()).write(row * out, y, 0, out);
    }
  }

  private void gather(double[] x, double[] y) {
    for (int o = 0; o < sources.length; o++) {
      double sum = 0;
      for (int element : sources[o]) {
        sum += x[element];
      }
      y[o] = factors[o] * sum;
    }
  }

  @Override
  void pull(Worker worker, Frame frame) {
    int out = output().size();
    double[] x = worker.scratch(0, total);
    double[] y = worker.scratch(1, out);
    long end = worker.to(frame.piece().size());
    for (long row = worker.from(frame.piece().size()); row < end; row++) {
      frame.cotangent(output()).read(row * out, y, 0, out);
      for (int i = 0; i < starts.length; i++) {
        Value input = inputs().get(i);
        if (input.varies() && adds(i)) {
          frame.cotangent(input).read(row * input.size(), x, starts[i], input.size());
        } else {
          Arrays.fill(x, starts[i], starts[i] + input.size(), 0);
        }
      }
      for (int o = 0; o < sources.length; o++) {
        double change = factors[o] * y[o];
        for (int element : sources[o]) {
          x[element] += change;
        }
      }
      for (int i = 0; i < starts.length; i++) {
        Value input = inputs().get(i);
        if (input.varies()) {
          frame.cotangent(input).write(row * input.size(), x, starts[i], input.size());
        }
      }
    }
  }
}
