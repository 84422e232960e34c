package org.eigenscope.probes.curvature.tangent;

import java.util.function.Consumer;
import org.deeplearning4j.nn.params.DefaultParamInitializer;
import org.eigenscope.probes.curvature.WeightLayer;
import org.eigenscope.probes.kernel.Kernels;
import org.eigenscope.probes.kernel.Tensor;
import org.eigenscope.probes.kernel.Worker;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** z = x W, with W in memory as [outputs, inputs]. */
final class DenseStep extends WeightStep {
  private final Weights at;
  private final long in;
  private final long out;

  DenseStep(String name, Value input, Value output, Parameter weights, Weights at) {
    super(name, input, output, weights);
    this.at = at;
    this.in = input.size();
    this.out = output.size();
  }

  @Override
  boolean keepsErrors() {
    return weights().active() && input().varies();
  }

  @Override
  boolean finishes() {
    return weights().active();
  }

  @Override
  void forward(Worker worker, Piece piece) {
    long from = worker.from(piece.size());
    long rows = worker.to(piece.size()) - from;
    if (rows > 0) {
      at.exactKernels()
          .multiply(
              false,
              true,
              rows,
              out,
              in,
              1,
              piece.value(input()).address(from),
              in,
              at.exact(weights()),
              in,
              0,
              piece.value(output()).address(from),
              out);
    }
  }

  @Override
  void push(Worker worker, Frame frame) {
    long from = worker.from(frame.piece().size());
    long rows = worker.to(frame.piece().size()) - from;
    if (rows == 0) {
      return;
    }
    Kernels kernels = at.kernels();
    long z = frame.tangent(output()).address(from);
    // In a first layer the weights alone set the output.
    boolean moves = weights().active() && (frame.concerns(weights()) || !input().varies());
    if (moves) {
      long x = frame.piece().kept(input()).address(from);
      kernels.multiply(
          false, true, rows, out, in, 1, x, in, frame.vector(weights()), in, 0, z, out);
    }
    if (input().varies()) {
      long x = frame.tangent(input()).address(from);
      double keep = moves ? 1 : 0;
      kernels.multiply(
          false, true, rows, out, in, 1, x, in, at.rounded(weights()), in, keep, z, out);
    }
  }

  @Override
  void pull(Worker worker, Frame frame) {
    long from = worker.from(frame.piece().size());
    long rows = worker.to(frame.piece().size()) - from;
    if (rows == 0 || !input().varies()) {
      return;
    }
    Kernels kernels = at.kernels();
    long x = frame.cotangent(input()).address(from);
    long z = frame.cotangent(output()).address(from);
    double keep = adds(0) ? 1 : 0;
    kernels.multiply(
        false, false, rows, in, out, 1, z, out, at.rounded(weights()), in, keep, x, in);
    if (frame.mode().secondOrder() && frame.concerns(weights())) {
      long error = frame.piece().error(output()).address(from);
      kernels.multiply(
          false, false, rows, in, out, 1, error, out, frame.vector(weights()), in, 1, x, in);
    }
  }

  @Override
  void addSquaredNorms(Worker worker, Frame frame, double[] norms) {
    if (!weights().active()) {
      return;
    }
    // Of an outer product.
    double[] z = worker.scratch(0, (int) out);
    double[] x = worker.scratch(1, (int) in);
    long end = worker.to(norms.length);
    for (int row = (int) worker.from(norms.length); row < end; row++) {
      frame.cotangent(output()).read(row * out, z, 0, (int) out);
      frame.piece().kept(input()).read(row * in, x, 0, (int) in);
      norms[row] += sumOfSquares(z, (int) out) * sumOfSquares(x, (int) in);
    }
  }

  @Override
  void finish(Worker worker, Frame frame) {
    if (!frame.concerns(weights())) {
      return;
    }
    // Shares of the longer side, so that every member has something to do.
    boolean byOutput = out >= in;
    long from = worker.from(byOutput ? out : in);
    long count = worker.to(byOutput ? out : in) - from;
    if (count == 0) {
      return;
    }
    Piece piece = frame.piece();
    double keep = frame.first() ? 0 : 1;
    accumulate(frame, byOutput, from, count, frame.cotangent(output()), piece.kept(input()), keep);
    if (frame.mode().secondOrder() && input().varies()) {
      accumulate(frame, byOutput, from, count, piece.error(output()), frame.tangent(input()), 1);
    }
  }

  @Override
  WeightLayer layer() {
    return new WeightLayer(name(), DefaultParamInitializer.WEIGHT_KEY, in, out, 1);
  }

  @Override
  void visitInputs(Piece piece, Consumer<INDArray> visitor) {
    INDArray rows = piece.kept(input()).array();
    visitor.accept(rows.dataType() == DataType.DOUBLE ? rows : rows.castTo(DataType.DOUBLE));
  }

  private void accumulate(
      Frame frame,
      boolean byOutput,
      long from,
      long count,
      Tensor errors,
      Tensor values,
      double keep) {
    long bytes = frame.elements().bytes();
    long z = errors.address(0) + (byOutput ? from * bytes : 0);
    long x = values.address(0) + (byOutput ? 0 : from * bytes);
    long w = frame.gradients().result(weights()) + (byOutput ? from * in : from) * bytes;
    at.kernels()
        .multiply(
            true,
            false,
            byOutput ? count : out,
            byOutput ? in : count,
            frame.piece().size(),
            1,
            z,
            out,
            x,
            in,
            keep,
            w,
            in);
  }
}
