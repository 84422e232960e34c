package org.eigenscope.probes.curvature.tangent;

import static java.util.Objects.requireNonNull;

import java.util.function.Consumer;
import org.deeplearning4j.nn.params.ConvolutionParamInitializer;
import org.eigenscope.probes.curvature.WeightLayer;
import org.eigenscope.probes.kernel.Convolution;
import org.eigenscope.probes.kernel.ConvolutionShape;
import org.eigenscope.probes.kernel.Worker;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** z = W ∗ x. */
final class ConvolutionStep extends WeightStep {
  /** Examples in one call of a kernel, few enough for its arrays to stay in a core's cache. */
  private static final int CHUNK_BYTES = 1 << 20;

  /** Unfolded inputs that are shown at once. */
  private static final long UNFOLDED_ELEMENTS = 1L << 22;

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
    super(name, input, output, filters);
    this.shape = shape;
    this.exact = weights.exactKernels().convolution(shape);
    this.exactFilters = exact.filters();
    exactFilters.load(weights.exact(filters));
    this.convolution = weights.kernels().convolution(shape);
    this.rounded = convolution.filters();
    rounded.load(weights.rounded(filters));
    int bytes = (shape.inSize() + shape.outSize()) * weights.elements().bytes();
    this.chunk = Math.max(1, CHUNK_BYTES / bytes);
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
    return weights().active() && input().varies();
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
    if (moves(frame)) {
      requireNonNull(moved[team]).load(frame.vector(weights()));
    }
  }

  /** Returns whether the weights change: in a first layer always, whose output they alone set. */
  private boolean moves(Frame frame) {
    return weights().active() && (frame.concerns(weights()) || !input().varies());
  }

  @Override
  void push(Worker worker, Frame frame) {
    Piece piece = frame.piece();
    boolean moves = moves(frame);
    long end = worker.to(piece.size());
    for (long row = worker.from(piece.size()); row < end; row += chunk) {
      int count = (int) Math.min(chunk, end - row);
      long z = frame.tangent(output()).address(row);
      if (moves) {
        Convolution.Filters vector = requireNonNull(moved[worker.team()]);
        convolution.forward(count, piece.kept(input()).address(row), vector, z, false);
      }
      if (input().varies()) {
        long x = frame.tangent(input()).address(row);
        convolution.forward(count, x, rounded, z, moves);
      }
    }
  }

  @Override
  void pull(Worker worker, Frame frame) {
    Piece piece = frame.piece();
    boolean concerned = frame.concerns(weights());
    boolean moves = frame.mode().secondOrder() && input().varies() && concerned;
    long w = concerned ? frame.gradients().partial(worker, weights()) : 0;
    long end = worker.to(piece.size());
    for (long row = worker.from(piece.size()); row < end; row += chunk) {
      int count = (int) Math.min(chunk, end - row);
      long z = frame.cotangent(output()).address(row);
      long error = moves ? piece.error(output()).address(row) : 0;
      if (concerned && frame.mode() != Mode.NORMS) {
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
  void addSquaredNorms(Worker worker, Frame frame, double[] norms) {
    if (!weights().active()) {
      return;
    }
    int length = (int) weights().length();
    double[] w = worker.scratch(0, length);
    long address = frame.gradients().partial(worker, weights());
    long end = worker.to(norms.length);
    for (int row = (int) worker.from(norms.length); row < end; row++) {
      long x = frame.piece().kept(input()).address(row);
      convolution.backwardFilters(1, x, frame.cotangent(output()).address(row), address, false);
      frame.elements().read(address, w, 0, length);
      norms[row] += sumOfSquares(w, length);
    }
  }

  @Override
  WeightLayer layer() {
    return new WeightLayer(
        name(),
        ConvolutionParamInitializer.WEIGHT_KEY,
        patchSize(),
        shape.outChannels(),
        (long) shape.outHeight() * shape.outWidth());
  }

  private int patchSize() {
    return shape.inChannels() * shape.kernelHeight() * shape.kernelWidth();
  }

  @Override
  void visitInputs(Piece piece, Consumer<INDArray> visitor) {
    int positions = shape.outHeight() * shape.outWidth();
    int atOnce = (int) Math.max(1, UNFOLDED_ELEMENTS / ((long) positions * patchSize()));
    double[] image = new double[shape.inSize()];
    for (long start = 0; start < piece.size(); start += atOnce) {
      int count = (int) Math.min(atOnce, piece.size() - start);
      double[][] rows = new double[count * positions][patchSize()];
      for (int n = 0; n < count; n++) {
        piece.kept(input()).read((start + n) * shape.inSize(), image, 0, image.length);
        for (int position = 0; position < positions; position++) {
          unfold(image, position, rows[n * positions + position]);
        }
      }
      visitor.accept(Nd4j.createFromArray(rows));
    }
  }

  /** Copies what the kernel covers at a position, in the order of the filters; 0 outside. */
  private void unfold(double[] image, int position, double[] patch) {
    int top = position / shape.outWidth() * shape.strideHeight() - shape.top();
    int left = position % shape.outWidth() * shape.strideWidth() - shape.left();
    int at = 0;
    for (int channel = 0; channel < shape.inChannels(); channel++) {
      for (int i = 0; i < shape.kernelHeight(); i++) {
        int y = top + i * shape.dilationHeight();
        for (int j = 0; j < shape.kernelWidth(); j++) {
          int x = left + j * shape.dilationWidth();
          boolean inside = y >= 0 && y < shape.inHeight() && x >= 0 && x < shape.inWidth();
          patch[at++] = inside ? image[input().shape().at(channel, y, x)] : 0;
        }
      }
    }
  }

  @Override
  public String toString() {
    return name() + " " + shape;
  }
}
