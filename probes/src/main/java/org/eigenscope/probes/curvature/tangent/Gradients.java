package org.eigenscope.probes.curvature.tangent;

import java.util.List;
import org.eigenscope.probes.kernel.Elements;
import org.eigenscope.probes.kernel.Tensor;
import org.eigenscope.probes.kernel.Worker;

/**
 * Where a team writes a vector of parameters: the result itself, and a smaller vector for each
 * member but the first, whose sums are added to the result in the end.
 */
final class Gradients {
  private final Tensor result;
  private final List<Tensor> partials;

  /**
   * @param result one row [P]
   * @param partials one row for each member but the first
   */
  Gradients(Tensor result, List<Tensor> partials) {
    this.result = result;
    this.partials = partials;
  }

  /** Returns the address of a parameter in the result. */
  long result(Parameter parameter) {
    return result.address(0) + parameter.offset() * result.elements().bytes();
  }

  /** Returns the address where a member adds up its own part of a parameter's gradient. */
  long partial(Worker worker, Parameter parameter) {
    return worker.index() == 0
        ? result(parameter)
        : partials.get(worker.index() - 1).address(0)
            + parameter.partial() * result.elements().bytes();
  }

  /** Adds numbers to a member's own part. */
  void add(Worker worker, Parameter parameter, double[] numbers) {
    int length = Math.toIntExact(parameter.length());
    double[] sum = new double[length];
    Elements elements = result.elements();
    long address = partial(worker, parameter);
    elements.read(address, sum, 0, length);
    for (int i = 0; i < length; i++) {
      sum[i] += numbers[i];
    }
    elements.write(address, sum, 0, length);
  }

  /**
   * Sets to zeros what members add up: their own parts, and the result itself if it holds nothing
   * yet, of which each member clears a share.
   */
  void clear(Worker worker, boolean first, List<Parameter> parameters) {
    if (worker.index() > 0) {
      Tensor partial = partials.get(worker.index() - 1);
      clear(partial.address(0), partial.width());
    }
    if (first) {
      long at = 0;
      for (Parameter parameter : parameters) {
        clear(worker, at, parameter.offset());
        at = parameter.offset() + (parameter.isShared() ? parameter.length() : 0);
      }
      clear(worker, at, result.width());
    }
  }

  private void clear(Worker worker, long start, long end) {
    long from = start + worker.from(end - start);
    long to = start + worker.to(end - start);
    clear(result.address(0) + from * result.elements().bytes(), to - from);
  }

  private void clear(long address, long length) {
    double[] zeros = new double[(int) Math.min(Worker.TILE, length)];
    for (long at = 0; at < length; at += zeros.length) {
      long start = address + at * result.elements().bytes();
      result.elements().write(start, zeros, 0, (int) Math.min(zeros.length, length - at));
    }
  }

  /** Adds all members' own parts to the result, each member a share of every parameter. */
  void reduce(Worker worker, List<Parameter> parameters) {
    double[] sum = worker.scratch(0, Worker.TILE);
    double[] other = worker.scratch(1, Worker.TILE);
    Elements elements = result.elements();
    for (Parameter parameter : parameters) {
      if (parameter.isShared() || !parameter.active()) {
        continue;
      }
      long end = worker.to(parameter.length());
      for (long at = worker.from(parameter.length()); at < end; at += Worker.TILE) {
        int count = (int) Math.min(Worker.TILE, end - at);
        long address = result(parameter) + at * elements.bytes();
        elements.read(address, sum, 0, count);
        for (int member = 1; member < worker.size(); member++) {
          partials.get(member - 1).read(parameter.partial() + at, other, 0, count);
          for (int i = 0; i < count; i++) {
            sum[i] += other[i];
          }
        }
        elements.write(address, sum, 0, count);
      }
    }
  }
}
