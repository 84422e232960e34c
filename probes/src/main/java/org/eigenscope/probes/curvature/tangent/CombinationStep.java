package org.eigenscope.probes.curvature.tangent;

import java.util.Arrays;
import java.util.List;
import org.eigenscope.probes.kernel.Registers;
import org.eigenscope.probes.kernel.Worker;

/** A linear combination of inputs of one shape, plus a constant. */
final class CombinationStep extends Step {
  // Numbers of registers.
  private static final int SUM = 0;
  private static final int TERM = 1;
  private static final int FACTOR = 2;

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
    int bytes = frame.elements().bytes();
    Registers registers = Registers.ofThread(frame.elements());
    long end = worker.to(frame.piece().size()) * width;
    for (long at = worker.from(frame.piece().size()) * width; at < end; at += Worker.TILE) {
      int count = (int) Math.min(Worker.TILE, end - at);
      registers.fill(SUM, 0, count);
      for (int k = 0; k < factors.length; k++) {
        if (inputs().get(k).varies()) {
          registers.load(TERM, frame.tangent(inputs().get(k)).address(0) + at * bytes, count);
          addTerm(registers, k, count);
        }
      }
      registers.store(SUM, frame.tangent(output()).address(0) + at * bytes, count);
    }
  }

  @Override
  void pull(Worker worker, Frame frame) {
    int width = output().size();
    int bytes = frame.elements().bytes();
    Registers registers = Registers.ofThread(frame.elements());
    long end = worker.to(frame.piece().size()) * width;
    for (long at = worker.from(frame.piece().size()) * width; at < end; at += Worker.TILE) {
      int count = (int) Math.min(Worker.TILE, end - at);
      registers.load(TERM, frame.cotangent(output()).address(0) + at * bytes, count);
      for (int k = 0; k < factors.length; k++) {
        Value input = inputs().get(k);
        if (input.varies()) {
          long to = frame.cotangent(input).address(0) + at * bytes;
          if (adds(k)) {
            registers.load(SUM, to, count);
          } else {
            registers.fill(SUM, 0, count);
          }
          addTerm(registers, k, count);
          registers.store(SUM, to, count);
        }
      }
    }
  }

  private void addTerm(Registers registers, int k, int count) {
    if (factors[k] == 1) {
      registers.add(SUM, TERM, count);
    } else {
      registers.fill(FACTOR, factors[k], count);
      registers.addProduct(SUM, TERM, FACTOR, count);
    }
  }

  private static void addTo(double[] sum, double factor, double[] x, int count) {
    for (int i = 0; i < count; i++) {
      sum[i] += factor * x[i];
    }
  }
}
