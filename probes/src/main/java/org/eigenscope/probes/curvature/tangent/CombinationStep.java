package org.eigenscope.probes.curvature.tangent;

import java.util.Arrays;
import java.util.List;
import org.eigenscope.probes.kernel.Worker;

/** A linear combination of inputs of one shape, plus a constant. */
final class CombinationStep extends Step {
  private final double[] factors;
  private final double constant;

  CombinationStep(
      String name, List<Value> inputs, Value output, double[] factors, double constant) {
    super(name, inputs, output);
    this.factors = factors;
    this.constant = constant;
  }

  @Override
  void forward(Worker worker, Piece piece) {
    int width = output().size();
    double[] sum = worker.scratch(0, Worker.TILE);
    double[] x = worker.scratch(1, Worker.TILE);
    long end = worker.to(piece.size()) * width;
    for (long at = worker.from(piece.size()) * width; at < end; at += Worker.TILE) {
      int count = (int) Math.min(Worker.TILE, end - at);
      Arrays.fill(sum, 0, count, constant);
      for (int k = 0; k < factors.length; k++) {
        piece.value(inputs().get(k)).read(at, x, 0, count);
        addTo(sum, factors[k], x, count);
      }
      piece.value(output()).write(at, sum, 0, count);
    }
  }

  @Override
  void push(Worker worker, Frame frame) {
    int width = output().size();
    double[] sum = worker.scratch(0, Worker.TILE);
    double[] x = worker.scratch(1, Worker.TILE);
    long end = worker.to(frame.piece().size()) * width;
    for (long at = worker.from(frame.piece().size()) * width; at < end; at += Worker.TILE) {
      int count = (int) Math.min(Worker.TILE, end - at);
      Arrays.fill(sum, 0, count, 0);
      for (int k = 0; k < factors.length; k++) {
        if (inputs().get(k).varies()) {
          frame.tangent(inputs().get(k)).read(at, x, 0, count);
          addTo(sum, factors[k], x, count);
        }
      }
      frame.tangent(output()).write(at, sum, 0, count);
    }
  }

  @Override
  void pull(Worker worker, Frame frame) {
    int width = output().size();
    double[] y = worker.scratch(0, Worker.TILE);
    double[] x = worker.scratch(1, Worker.TILE);
    long end = worker.to(frame.piece().size()) * width;
    for (long at = worker.from(frame.piece().size()) * width; at < end; at += Worker.TILE) {
      int count = (int) Math.min(Worker.TILE, end - at);
      frame.cotangent(output()).read(at, y, 0, count);
      for (int k = 0; k < factors.length; k++) {
        Value input = inputs().get(k);
        if (input.varies()) {
          if (adds(k)) {
            frame.cotangent(input).read(at, x, 0, count);
          } else {
            Arrays.fill(x, 0, count, 0);
          }
          addTo(x, factors[k], y, count);
          frame.cotangent(input).write(at, x, 0, count);
        }
      }
    }
  }

  private static void addTo(double[] sum, double factor, double[] x, int count) {
    for (int i = 0; i < count; i++) {
      sum[i] += factor * x[i];
    }
  }
}
