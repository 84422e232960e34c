package org.eigenscope.probes.curvature.tangent;

import java.util.Arrays;
import java.util.List;
import org.eigenscope.probes.kernel.Worker;

/** The largest of inputs of one shape, element by element; of equals the first. */
final class MaximumStep extends Step {
  MaximumStep(String name, List<Value> inputs, Value output) {
    super(name, inputs, output);
  }

  @Override
  void open(Piece piece) {
    piece.state(this, new byte[Math.toIntExact(piece.size() * output().size())]);
  }

  @Override
  void forward(Worker worker, Piece piece) {
    byte[] winners = (byte[]) piece.state(this);
    int width = output().size();
    double[] best = worker.scratch(0, width);
    double[] x = worker.scratch(1, width);
    long end = worker.to(piece.size());
    for (long row = worker.from(piece.size()); row < end; row++) {
      int base = (int) row * width;
      piece.value(input()).read(row * width, best, 0, width);
      for (int k = 1; k < inputs().size(); k++) {
        piece.value(inputs().get(k)).read(row * width, x, 0, width);
        for (int i = 0; i < width; i++) {
          if (x[i] > best[i]) {
            best[i] = x[i];
            winners[base + i] = (byte) k;
          }
        }
      }
      piece.value(output()).write(row * width, best, 0, width);
    }
  }

  @Override
  void push(Worker worker, Frame frame) {
    byte[] winners = (byte[]) frame.piece().state(this);
    int width = output().size();
    double[] change = worker.scratch(0, width);
    double[] x = worker.scratch(1, width);
    long end = worker.to(frame.piece().size());
    for (long row = worker.from(frame.piece().size()); row < end; row++) {
      int base = (int) row * width;
      Arrays.fill(change, 0, width, 0);
      for (int k = 0; k < inputs().size(); k++) {
        if (inputs().get(k).varies()) {
          frame.tangent(inputs().get(k)).read(row * width, x, 0, width);
          for (int i = 0; i < width; i++) {
            change[i] = winners[base + i] == k ? x[i] : change[i];
          }
        }
      }
      frame.tangent(output()).write(row * width, change, 0, width);
    }
  }

  @Override
  void pull(Worker worker, Frame frame) {
    byte[] winners = (byte[]) frame.piece().state(this);
    int width = output().size();
    double[] y = worker.scratch(0, width);
    double[] x = worker.scratch(1, width);
    long end = worker.to(frame.piece().size());
    for (long row = worker.from(frame.piece().size()); row < end; row++) {
      int base = (int) row * width;
      frame.cotangent(output()).read(row * width, y, 0, width);
      for (int k = 0; k < inputs().size(); k++) {
        Value input = inputs().get(k);
        if (input.varies()) {
          if (adds(k)) {
            frame.cotangent(input).read(row * width, x, 0, width);
          } else {
            Arrays.fill(x, 0, width, 0);
          }
          for (int i = 0; i < width; i++) {
            x[i] += winners[base + i] == k ? y[i] : 0;
          }
          frame.cotangent(input).write(row * width, x, 0, width);
        }
      }
    }
  }
}
