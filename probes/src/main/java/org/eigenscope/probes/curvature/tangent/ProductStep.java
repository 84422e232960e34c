package org.eigenscope.probes.curvature.tangent;

import java.util.List;
import org.eigenscope.probes.kernel.Worker;

/** The product of inputs of one shape, element by element. */
final class ProductStep extends Step {
  private final int count;

  ProductStep(String name, List<Value> inputs, Value output) {
    super(name, inputs, output);
    this.count = inputs.size();
    inputs.forEach(Value::keep);
  }

  @Override
  boolean keepsErrors() {
    return true;
  }

  @Override
  boolean curved() {
    return true;
  }

  @Override
  void forward(Worker worker, Piece piece) {
    int width = output().size();
    double[] product = worker.scratch(0, width);
    double[] x = worker.scratch(1, width);
    long end = worker.to(piece.size());
    for (long row = worker.from(piece.size()); row < end; row++) {
      java.util.Arrays.fill(product, 0, width, 1);
      for (Value input : inputs()) {
        piece.value(input).read(row * width, x, 0, width);
        for (int i = 0; i < width; i++) {
          product[i] *= x[i];
        }
      }
      piece.value(output()).write(row * width, product, 0, width);
    }
  }

  private double[][] values(Frame frame, long row) {
    int width = output().size();
    double[][] values = new double[count][width];
    for (int k = 0; k < count; k++) {
      frame.piece().kept(inputs().get(k)).read(row * width, values[k], 0, width);
    }
    return values;
  }

  /** Returns the changes of the inputs; zeros where nothing changes. */
  private double[][] tangents(Frame frame, long row) {
    int width = output().size();
    double[][] tangents = new double[count][width];
    for (int k = 0; k < count; k++) {
      if (inputs().get(k).varies()) {
        frame.tangent(inputs().get(k)).read(row * width, tangents[k], 0, width);
      }
    }
    return tangents;
  }

  /** Returns the product of all values at a place but one or two. */
  private static double others(double[][] values, int place, int one, int two) {
    double product = 1;
    for (int k = 0; k < values.length; k++) {
      product *= k == one || k == two ? 1 : values[k][place];
    }
    return product;
  }

  @Override
  void push(Worker worker, Frame frame) {
    int width = output().size();
    double[] change = worker.scratch(0, width);
    long end = worker.to(frame.piece().size());
    for (long row = worker.from(frame.piece().size()); row < end; row++) {
      double[][] values = values(frame, row);
      double[][] tangents = tangents(frame, row);
      for (int i = 0; i < width; i++) {
        double sum = 0;
        for (int k = 0; k < count; k++) {
          sum += tangents[k][i] * others(values, i, k, k);
        }
        change[i] = sum;
      }
      frame.tangent(output()).write(row * width, change, 0, width);
    }
  }

  @Override
  void pull(Worker worker, Frame frame) {
    int width = output().size();
    boolean second = frame.mode().secondOrder();
    double[] y = worker.scratch(0, width);
    double[] error = worker.scratch(1, width);
    double[] x = worker.scratch(2, width);
    long end = worker.to(frame.piece().size());
    for (long row = worker.from(frame.piece().size()); row < end; row++) {
      double[][] values = values(frame, row);
      double[][] tangents = second ? tangents(frame, row) : values;
      frame.cotangent(output()).read(row * width, y, 0, width);
      if (second) {
        frame.piece().error(output()).read(row * width, error, 0, width);
      }
      for (int k = 0; k < count; k++) {
        Value input = inputs().get(k);
        if (!input.varies()) {
          continue;
        }
        if (adds(k)) {
          frame.cotangent(input).read(row * width, x, 0, width);
        } else {
          java.util.Arrays.fill(x, 0, width, 0);
        }
        for (int i = 0; i < width; i++) {
          x[i] += y[i] * others(values, i, k, k);
          for (int l = 0; second && l < count; l++) {
            x[i] += l == k ? 0 : error[i] * tangents[l][i] * others(values, i, k, l);
          }
        }
        frame.cotangent(input).write(row * width, x, 0, width);
      }
    }
  }
}
