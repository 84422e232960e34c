package org.eigenscope.probes.curvature.tangent;

import static java.util.Objects.requireNonNull;

import java.util.Arrays;
import java.util.List;
import org.eigenscope.probes.kernel.Registers;
import org.eigenscope.probes.kernel.Tensor;
import org.eigenscope.probes.kernel.Worker;
import org.jspecify.annotations.Nullable;

/** a = f(z + b), with one b for each channel. */
final class ActivationStep extends Step {
  // Numbers of registers.
  private static final int CHANGE = 0;
  private static final int FACTOR = 1;
  private static final int OTHER = 2;
  private static final int SHIFT = 3;
  private static final int SUM = 3;

  private final ScalarFunction function;
  private final @Nullable Parameter bias;
  private final double[] biasValues;
  private final int channels;

  ActivationStep(
      String name,
      Value input,
      Value output,
      ScalarFunction function,
      @Nullable Parameter bias,
      Weights weights) {
    super(name, List.of(input), output);
    this.function = function;
    this.bias = bias;
    this.biasValues = bias == null ? new double[0] : weights.values(bias);
    this.channels = input.shape().channels();
  }

  /**
   * What products need.
   *
   * @param slopes f′, or null where it is 1
   * @param bends f″, times the loss's error on a when that is known; null where it is 0
   */
  private record State(@Nullable Tensor slopes, @Nullable Tensor bends) {}

  @Override
  boolean pushesInPlace() {
    return !function.curved();
  }

  @Override
  boolean pullsInPlace() {
    return true;
  }

  @Override
  boolean curved() {
    return function.curved();
  }

  @Override
  void open(Piece piece) {
    Tensor slopes = null;
    Tensor bends = null;
    if (output().varies() && !function.identity()) {
      slopes = piece.allocate(piece.elements(), piece.size(), input().size());
      if (function.curved()) {
        bends = piece.allocate(piece.elements(), piece.size(), input().size());
      }
    }
    piece.state(this, new State(slopes, bends));
  }

  @Override
  void forward(Worker worker, Piece piece) {
    State state = (State) piece.state(this);
    int width = input().size();
    Tiles tiles = new Tiles(channels);
    double[] shift = bias == null ? null : tiles.repeat(worker, 3, biasValues);
    double[] z = worker.scratch(0, tiles.length());
    double[] slope = worker.scratch(1, tiles.length());
    double[] bend = worker.scratch(2, tiles.length());
    long end = worker.to(piece.size()) * width;
    for (long at = worker.from(piece.size()) * width; at < end; at += tiles.length()) {
      int count = (int) Math.min(tiles.length(), end - at);
      piece.value(input()).read(at, z, 0, count);
      for (int i = 0; i < count; i++) {
        double x = shift == null ? z[i] : z[i] + shift[i];
        z[i] = function.value(x);
        slope[i] = function.slope(x);
        bend[i] = function.bend(x);
      }
      piece.value(output()).write(at, z, 0, count);
      if (state.slopes() != null) {
        state.slopes().write(at, slope, 0, count);
      }
      if (state.bends() != null) {
        state.bends().write(at, bend, 0, count);
      }
    }
  }

  @Override
  void push(Worker worker, Frame frame) {
    State state = (State) frame.piece().state(this);
    boolean shifts = bias != null && bias.active();
    Tensor from = frame.tangent(input());
    Tensor to = frame.tangent(output());
    if (state.slopes() == null && !shifts && from == to) {
      return;
    }
    int width = input().size();
    int bytes = frame.elements().bytes();
    Tiles tiles = new Tiles(channels);
    Registers registers = Registers.ofThread(frame.elements());
    if (shifts) {
      double[] values = new double[channels];
      frame.readVector(requireNonNull(bias), values);
      tiles.repeat(worker, registers, SHIFT, values);
    }
    long end = worker.to(frame.piece().size()) * width;
    for (long at = worker.from(frame.piece().size()) * width; at < end; at += tiles.length()) {
      int count = (int) Math.min(tiles.length(), end - at);
      long offset = at * bytes;
      registers.load(CHANGE, from.address(0) + offset, count);
      if (shifts) {
        registers.add(CHANGE, SHIFT, count);
        if (from != to) {
          registers.store(CHANGE, from.address(0) + offset, count);
        }
      }
      if (state.slopes() != null) {
        registers.load(FACTOR, state.slopes().address(0) + offset, count);
        registers.multiply(CHANGE, FACTOR, count);
      }
      registers.store(CHANGE, to.address(0) + offset, count);
    }
  }

  @Override
  void addSquaredNorms(Worker worker, Frame frame, double[] norms) {
    if (bias == null || !bias.active()) {
      return;
    }
    State state = (State) frame.piece().state(this);
    int width = input().size();
    double[] u = worker.scratch(0, width);
    double[] slopes = worker.scratch(1, width);
    double[] sums = worker.scratch(2, channels);
    Arrays.fill(slopes, 0, width, 1);
    long end = worker.to(norms.length);
    for (int row = (int) worker.from(norms.length); row < end; row++) {
      frame.cotangent(output()).read((long) row * width, u, 0, width);
      if (state.slopes() != null) {
        state.slopes().read((long) row * width, slopes, 0, width);
      }
      Arrays.fill(sums, 0, channels, 0);
      for (int at = 0; at < width; at += channels) {
        for (int c = 0; c < channels; c++) {
          sums[c] += u[at + c] * slopes[at + c];
        }
      }
      norms[row] += sumOfSquares(sums, channels);
    }
  }

  @Override
  void pull(Worker worker, Frame frame) {
    State state = (State) frame.piece().state(this);
    boolean learns = bias != null && bias.active();
    Tensor from = frame.cotangent(output());
    Tensor to = frame.cotangent(input());
    if (state.slopes() == null && !learns && from == to) {
      return;
    }
    int width = input().size();
    int bytes = frame.elements().bytes();
    Tiles tiles = new Tiles(channels);
    Registers registers = Registers.ofThread(frame.elements());
    Tiles.Sums sums = new Tiles.Sums(registers, tiles, SUM);
    long end = worker.to(frame.piece().size()) * width;
    for (long at = worker.from(frame.piece().size()) * width; at < end; at += tiles.length()) {
      int count = (int) Math.min(tiles.length(), end - at);
      long offset = at * bytes;
      registers.load(CHANGE, from.address(0) + offset, count);
      if (state.bends() != null && frame.mode() == Mode.ERRORS) {
        registers.load(FACTOR, state.bends().address(0) + offset, count);
        registers.multiply(FACTOR, CHANGE, count);
        registers.store(FACTOR, state.bends().address(0) + offset, count);
      }
      if (state.slopes() != null) {
        registers.load(FACTOR, state.slopes().address(0) + offset, count);
        registers.multiply(CHANGE, FACTOR, count);
      }
      if (state.bends() != null && frame.mode().secondOrder()) {
        registers.load(FACTOR, state.bends().address(0) + offset, count);
        registers.load(OTHER, frame.tangent(input()).address(0) + offset, count);
        registers.addProduct(CHANGE, FACTOR, OTHER, count);
      }
      if (learns) {
        registers.add(SUM, CHANGE, count);
        sums.tileAdded();
      }
      if (adds(0)) {
        registers.load(OTHER, to.address(0) + offset, count);
        registers.add(CHANGE, OTHER, count);
      }
      if (from != to || state.slopes() != null) {
        registers.store(CHANGE, to.address(0) + offset, count);
      }
    }
    if (learns) {
      frame.gradients().add(worker, requireNonNull(bias), tiles.fold(sums.total(SUM)));
    }
  }
}
