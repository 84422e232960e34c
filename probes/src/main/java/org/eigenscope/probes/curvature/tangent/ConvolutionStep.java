package org.eigenscope.probes.curvature.tangent;

import static java.util.Objects.requireNonNull;

import java.util.List;
import org.eigenscope.probes.kernel.Convolution;
import org.eigenscope.probes.kernel.ConvolutionShape;
import org.eigenscope.probes.kernel.Worker;
import org.jspecify.annotations.Nullable;

/** z = W ∗ x. */
final class ConvolutionStep extends Step {
  /** Examples in one call of a kernel, few enough for its arrays to stay in a core's cache. */
  private static final int CHUNK_BYTES = 1 << 20;

  private final Parameter filters;
  private final ConvolutionShape shape;
  private final Convolution exact;
  private final Convolution.Filters exactFilters;
  private final Convolution convolution;
  private final Convolution.Filters rounded;
  private final int chunk;
  private Convolution.@Nullable Filters[] moved = new Convolution.Filters[0];

  ConvolutionStep(
      String name,
      Value input,
      Value output,
      Parameter filters,
      ConvolutionShape shape,
      Weights weights) {
    super(name, List.of(input), output);
    this.filters = filters;
    this.shape = shape;
    this.exact = weights.exactKernels().convolution(shape);
    this.exactFilters = exact.filters();
    exactFilters.load(weights.exact(filters));
    this.convolution = weights.kernels().convolution(shape);
    this.rounded = convolution.filters();
    rounded.load(weights.rounded(filters));
    int bytes = (shape.inSize() + shape.outSize()) * weights.elements().bytes();
    this.chunk = Math.max(1, CHUNK_BYTES / bytes);
    if (filters.active()) {
      input.keep();
    }
  }

  @Override
  void teams(int count) {
    moved = new Convolution.Filters[count];
    for (int i = 0; i < count; i++) {
      moved[i] = convolution.filters();
    }
  }

  @Override
  boolean keepsErrors() {
    return filters.active() && input().varies();
  }

  @Override
  void forward(Worker worker, Piece piece) {
    long end = worker.to(piece.size());
    for (long row = worker.from(piece.size()); row < end; row += chunk) {
      int count = (int) Math.min(chunk, end - row);
      exact.forward(
          count,
          piece.value(input()).address(row),
          exactFilters,
          piece.value(output()).address(row),
          false);
    }
  }

  @Override
  void load(Frame frame, int team) {
    if (filters.active()) {
      requireNonNull(moved[team]).load(frame.vector(filters));
    }
  }

  @Override
  void push(Worker worker, Frame frame) {
    Piece piece = frame.piece();
    long end = worker.to(piece.size());
    for (long row = worker.from(piece.size()); row < end; row += chunk) {
      int count = (int) Math.min(chunk, end - row);
      long z = frame.tangent(output()).address(row);
      if (filters.active()) {
        Convolution.Filters vector = requireNonNull(moved[worker.team()]);
        convolution.forward(count, piece.kept(input()).address(row), vector, z, false);
      }
      if (input().varies()) {
        long x = frame.tangent(input()).address(row);
        convolution.forward(count, x, rounded, z, filters.active());
      }
    }
  }

  @Override
  void pull(Worker worker, Frame frame) {
    Piece piece = frame.piece();
    boolean moves = frame.mode().secondOrder() && input().varies() && filters.active();
    long w = filters.active() ? frame.gradients().partial(worker, filters) : 0;
    long end = worker.to(piece.size());
    for (long row = worker.from(piece.size()); row < end; row += chunk) {
      int count = (int) Math.min(chunk, end - row);
      long z = frame.cotangent(output()).address(row);
      long error = moves ? piece.error(output()).address(row) : 0;
      if (filters.active()) {
        convolution.backwardFilters(count, piece.kept(input()).address(row), z, w, true);
        if (moves) {
          convolution.backwardFilters(count, frame.tangent(input()).address(row), error, w, true);
        }
      }
      if (input().varies()) {
        long x = frame.cotangent(input()).address(row);
        convolution.backwardData(count, z, rounded, x, adds(0));
        if (moves) {
          convolution.backwardData(count, error, requireNonNull(moved[worker.team()]), x, true);
        }
      }
    }
  }

  @Override
  public String toString() {
    return name() + " " + shape;
  }
}
