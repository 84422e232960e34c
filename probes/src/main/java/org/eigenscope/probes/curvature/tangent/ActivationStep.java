package org.eigenscope.probes.curvature.tangent;

import static java.util.Objects.requireNonNull;

import java.util.List;
import org.eigenscope.probes.kernel.Tensor;
import org.eigenscope.probes.kernel.Worker;
import org.jspecify.annotations.Nullable;

/** a = f(z + b), with one b for each channel. */
final class ActivationStep extends Step {
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
    Tiles tiles = new Tiles(channels);
    double[] shift = null;
    if (shifts) {
      double[] values = new double[channels];
      frame.readVector(requireNonNull(bias), values);
      shift = tiles.repeat(worker, 3, values);
    }
    double[] z = worker.scratch(0, tiles.length());
    double[] slope = worker.scratch(1, tiles.length());
    long end = worker.to(frame.piece().size()) * width;
    for (long at = worker.from(frame.piece().size()) * width; at < end; at += tiles.length()) {
      int count = (int) Math.min(tiles.length(), end - at);
      from.read(at, z, 0, count);
      if (shift != null) {
        for (int i = 0; i < count; i++) {
          z[i] += shift[i];
        }
        if (from != to) {
          from.write(at, z, 0, count);
        }
      }
      if (state.slopes() != null) {
        state.slopes().read(at, slope, 0, count);
        for (int i = 0; i < count; i++) {
          z[i] *= slope[i];
        }
      }
      to.write(at, z, 0, count);
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
    Tiles tiles = new Tiles(channels);
    double[] a = worker.scratch(0, tiles.length());
    double[] other = worker.scratch(1, tiles.length());
    double[] z = worker.scratch(2, tiles.length());
    double[] sums = tiles.zeros(worker, 3);
    long end = worker.to(frame.piece().size()) * width;
    for (long at = worker.from(frame.piece().size()) * width; at < end; at += tiles.length()) {
      int count = (int) Math.min(tiles.length(), end - at);
      from.read(at, a, 0, count);
      if (state.bends() != null && frame.mode() == Mode.ERRORS) {
        state.bends().read(at, other, 0, count);
        for (int i = 0; i < count; i++) {
          other[i] *= a[i];
        }
        state.bends().write(at, other, 0, count);
      }
      if (state.slopes() != null) {
        state.slopes().read(at, other, 0, count);
        for (int i = 0; i < count; i++) {
          a[i] *= other[i];
        }
      }
      if (state.bends() != null && frame.mode().secondOrder()) {
        state.bends().read(at, other, 0, count);
        frame.tangent(input()).read(at, z, 0, count);
        for (int i = 0; i < count; i++) {
          a[i] += other[i] * z[i];
        }
      }
      if (learns) {
        for (int i = 0; i < count; i++) {
          sums[i] += a[i];
        }
      }
      if (adds(0)) {
        to.read(at, z, 0, count);
        for (int i = 0; i < count; i++) {
          a[i] += z[i];
        }
      }
      if (from != to || state.slopes() != null) {
        to.write(at, a, 0, count);
      }
    }
    if (learns) {
      frame.gradients().add(worker, requireNonNull(bias), tiles.fold(sums));
    }
  }
}
