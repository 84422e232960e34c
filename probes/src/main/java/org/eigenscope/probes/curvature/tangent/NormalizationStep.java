package org.eigenscope.probes.curvature.tangent;

import static java.util.Objects.requireNonNull;

import java.util.Arrays;
import java.util.List;
import org.eigenscope.probes.kernel.Registers;
import org.eigenscope.probes.kernel.Tensor;
import org.eigenscope.probes.kernel.Worker;
import org.jspecify.annotations.Nullable;

/* IMPLEMENTATION NOTES
 *
 * For each channel, with means over all examples and pixels, s = 1 / sqrt(variance + epsilon):
 *   x = s (z - mean z),   y = gamma x + beta.
 * R is the change along the vector, u the loss's error on y, and
 *   m0 = mean Rz, m1 = mean x Rz, e0 = mean u, e1 = mean x u, a = mean Ru, b = mean x Ru, d = mean u Rx.
 * Then
 *   Rx = s (Rz - m0 - x m1)
 *   Ry = gamma Rx + x Rgamma + Rbeta
 *   the error on z:  s gamma (u - e0 - x e1)
 *   its change:      s (gamma Ru + u Rgamma - (e0 Rgamma + gamma a) - x (e1 Rgamma + gamma (b + d)) - gamma e1 Rx)
 *                    - s m1 s gamma (u - e0 - x e1)
 *   gradients:       sum u x and sum u;  their changes: sum (x Ru + u Rx) and sum Ru.
 * With fixed statistics m0, m1, and all means in the errors are 0 and Rx = s Rz.
 */
/**
 * Batch normalization, with statistics that are differentiated through, of the piece or of all
 * pieces together, or with fixed ones.
 */
final class NormalizationStep extends Step {
  private final int channels;
  private final double epsilon;
  private final @Nullable Parameter gamma;
  private final @Nullable Parameter beta;
  private final double[] gammaValues;
  private final double[] betaValues;
  private final double @Nullable [] fixedMean;
  private final double @Nullable [] fixedVariance;

  /**
   * @param fixedMean running means, or null to take the piece's own statistics
   * @param fixedVariance running variances, or null
   */
  NormalizationStep(
      String name,
      Value input,
      Value output,
      double epsilon,
      @Nullable Parameter gamma,
      @Nullable Parameter beta,
      Weights weights,
      double @Nullable [] fixedMean,
      double @Nullable [] fixedVariance) {
    super(name, List.of(input), output);
    this.channels = input.shape().channels();
    this.epsilon = epsilon;
    this.gamma = gamma;
    this.beta = beta;
    this.gammaValues = gamma == null ? ones(channels) : weights.values(gamma);
    this.betaValues = beta == null ? new double[channels] : weights.values(beta);
    this.fixedMean = fixedMean;
    this.fixedVariance = fixedVariance;
  }

  private static double[] ones(int length) {
    double[] ones = new double[length];
    Arrays.fill(ones, 1);
    return ones;
  }

  /** What products need: x, s, and the means of the errors. */
  private static final class State {
    final Tensor standard;
    final double[] inverseDeviation;
    final double[] errorMean;
    final double[] errorStandardMean;

    State(Tensor standard, int channels) {
      this.standard = standard;
      this.inverseDeviation = new double[channels];
      this.errorMean = new double[channels];
      this.errorStandardMean = new double[channels];
    }
  }

  /** The means along one vector, from its way forward to its way back. */
  private static final class Means {
    final double[] m0;
    final double[] m1;
    final double[] errorTangent;

    Means(double[] m0, double[] m1, double[] errorTangent) {
      this.m0 = m0;
      this.m1 = m1;
      this.errorTangent = errorTangent;
    }
  }

  @Override
  boolean keepsErrors() {
    return true;
  }

  /** Returns whether the statistics are constants. */
  boolean fixed() {
    return fixedMean != null;
  }

  /** Returns how many numbers of each channel some examples have. */
  private double count(long examples) {
    return (double) examples * input().size() / channels;
  }

  @Override
  boolean curved() {
    return !fixed();
  }

  @Override
  void open(Piece piece) {
    Tensor standard = piece.allocate(piece.elements(), piece.size(), input().size());
    piece.state(this, new State(standard, channels));
  }

  @Override
  void forward(Worker worker, Piece piece) {
    State state = (State) piece.state(this);
    Tiles tiles = new Tiles(channels);
    double[] mean = new double[channels];
    double[] inverse = new double[channels];
    statistics(worker, piece, tiles, mean, inverse);
    if (worker.index() == 0) {
      System.arraycopy(inverse, 0, state.inverseDeviation, 0, channels);
    }
    double[] shift = tiles.repeat(worker, 1, mean);
    double[] scale = tiles.repeat(worker, 2, inverse);
    double[] gammas = tiles.repeat(worker, 3, gammaValues);
    double[] betas = tiles.repeat(worker, 4, betaValues);
    double[] z = worker.scratch(0, tiles.length());
    double[] x = worker.scratch(5, tiles.length());
    int width = input().size();
    long end = worker.to(piece.size()) * width;
    for (long at = worker.from(piece.size()) * width; at < end; at += tiles.length()) {
      int count = (int) Math.min(tiles.length(), end - at);
      piece.value(input()).read(at, z, 0, count);
      for (int i = 0; i < count; i++) {
        x[i] = (z[i] - shift[i]) * scale[i];
        z[i] = x[i] * gammas[i] + betas[i];
      }
      state.standard.write(at, x, 0, count);
      piece.value(output()).write(at, z, 0, count);
    }
  }

  /** Computes mean and 1 / deviation, the same for all members. */
  private void statistics(
      Worker worker, Piece piece, Tiles tiles, double[] mean, double[] inverse) {
    double[] variance;
    if (fixedMean != null) {
      System.arraycopy(fixedMean, 0, mean, 0, channels);
      variance = requireNonNull(fixedVariance);
    } else {
      Totals totals = piece.totals();
      double[] moments = totals == null ? moments(worker, piece, tiles) : totals.forward(this);
      System.arraycopy(moments, 0, mean, 0, channels);
      variance = new double[channels];
      for (int c = 0; c < channels; c++) {
        variance[c] = moments[channels + c] / count(piece.population());
      }
    }
    for (int c = 0; c < channels; c++) {
      inverse[c] = 1 / Math.sqrt(variance[c] + epsilon);
    }
  }

  /** Adds the moments of a piece's values to those of all pieces. */
  void gatherValues(Worker worker, Piece piece) {
    double[] moments = moments(worker, piece, new Tiles(channels));
    if (worker.index() == 0) {
      requireNonNull(piece.totals()).addForward(this, moments, this::pooled);
    }
  }

  /** Returns means, sums of squared deviations and, last, the count of the piece's values. */
  private double[] moments(Worker worker, Piece piece, Tiles tiles) {
    double n = count(piece.size());
    double[] mean = deviations(worker, piece, tiles, new double[channels], false);
    for (int c = 0; c < channels; c++) {
      mean[c] /= n;
    }
    double[] moments = Arrays.copyOf(mean, 2 * channels + 1);
    double[] squares = deviations(worker, piece, tiles, mean, true);
    System.arraycopy(squares, 0, moments, channels, channels);
    moments[2 * channels] = n;
    return moments;
  }

  /**
   * Returns the moments of two samples together (Chan, Golub and LeVeque 1983, "Algorithms for
   * Computing the Sample Variance", The American Statistician 37, equation 2.1).
   */
  private double[] pooled(double[] a, double[] b) {
    double na = a[2 * channels];
    double nb = b[2 * channels];
    double[] both = Totals.sum(a, b);
    for (int c = 0; c < channels; c++) {
      double difference = b[c] - a[c];
      both[c] = a[c] + difference * nb / (na + nb);
      both[channels + c] += difference * difference * na * nb / (na + nb);
    }
    return both;
  }

  private double[] deviations(
      Worker worker, Piece piece, Tiles tiles, double[] center, boolean squared) {
    double[] shift = tiles.repeat(worker, 1, center);
    double[] z = worker.scratch(0, tiles.length());
    double[] sums = tiles.zeros(worker, 2);
    int width = input().size();
    long end = worker.to(piece.size()) * width;
    for (long at = worker.from(piece.size()) * width; at < end; at += tiles.length()) {
      int count = (int) Math.min(tiles.length(), end - at);
      piece.value(input()).read(at, z, 0, count);
      for (int i = 0; i < count; i++) {
        double deviation = z[i] - shift[i];
        sums[i] += squared ? deviation * deviation : deviation;
      }
    }
    double[] result = tiles.fold(sums);
    worker.sum(result);
    return result;
  }

  @Override
  void push(Worker worker, Frame frame) {
    Piece piece = frame.piece();
    State state = (State) piece.state(this);
    Tiles tiles = new Tiles(channels);
    Means means = means(worker, frame, state, tiles);
    frame.note(worker, this, means);
    double[] gammaTangent = tangentOf(gamma, frame);
    double[] betaTangent = tangentOf(beta, frame);
    double[] byTangent = new double[channels];
    double[] byStandard = new double[channels];
    double[] constant = new double[channels];
    for (int c = 0; c < channels; c++) {
      double s = state.inverseDeviation[c];
      byTangent[c] = gammaValues[c] * s;
      byStandard[c] = gammaTangent[c] - byTangent[c] * means.m1[c];
      constant[c] = betaTangent[c] - byTangent[c] * means.m0[c];
    }
    Registers registers = Registers.ofThread(frame.elements());
    tiles.repeat(worker, registers, 2, byTangent);
    tiles.repeat(worker, registers, 3, byStandard);
    tiles.repeat(worker, registers, 4, constant);
    int width = input().size();
    boolean moves = input().varies();
    int bytes = frame.elements().bytes();
    long end = worker.to(piece.size()) * width;
    for (long at = worker.from(piece.size()) * width; at < end; at += tiles.length()) {
      int count = (int) Math.min(tiles.length(), end - at);
      registers.load(0, state.standard.address(0) + at * bytes, count);
      registers.multiply(0, 3, count);
      registers.add(0, 4, count);
      if (moves) {
        registers.load(1, frame.tangent(input()).address(0) + at * bytes, count);
        registers.addProduct(0, 1, 2, count);
      }
      registers.store(0, frame.tangent(output()).address(0) + at * bytes, count);
    }
  }

  private double[] tangentOf(@Nullable Parameter parameter, Frame frame) {
    double[] tangent = new double[channels];
    if (parameter != null && parameter.active()) {
      frame.readVector(parameter, tangent);
    }
    return tangent;
  }

  private Means means(Worker worker, Frame frame, State state, Tiles tiles) {
    double[] m0 = new double[channels];
    double[] m1 = new double[channels];
    double[] errorTangent = new double[channels];
    if (!input().varies() || (fixed() && !frame.mode().secondOrder())) {
      return new Means(m0, m1, errorTangent);
    }
    Totals totals = fixed() ? null : frame.totals();
    double[] all = totals == null ? tangentSums(worker, frame, tiles) : totals.forward(this);
    double n = count(fixed() ? frame.piece().size() : frame.piece().population());
    for (int c = 0; c < channels; c++) {
      m0[c] = all[c] / n;
      m1[c] = all[channels + c] / n;
      double s = state.inverseDeviation[c];
      errorTangent[c] =
          s
              * (all[2 * channels + c] / n
                  - m0[c] * state.errorMean[c]
                  - m1[c] * state.errorStandardMean[c]);
    }
    return new Means(m0, m1, errorTangent);
  }

  /** Adds what {@link #push} has to know of all pieces along a vector. */
  void gatherForward(Worker worker, Frame frame) {
    if (input().varies()) {
      double[] sums = tangentSums(worker, frame, new Tiles(channels));
      if (worker.index() == 0) {
        requireNonNull(frame.totals()).addForward(this, sums, Totals::sum);
      }
    }
  }

  /** Returns the sums of Rz, of x Rz and of u Rz over the piece. */
  private double[] tangentSums(Worker worker, Frame frame, Tiles tiles) {
    Piece piece = frame.piece();
    State state = (State) piece.state(this);
    boolean second = frame.mode().secondOrder();
    Registers registers = Registers.ofThread(frame.elements());
    Tiles.Sums sums = new Tiles.Sums(registers, tiles, 3, 4, 5);
    int width = input().size();
    int bytes = frame.elements().bytes();
    long end = worker.to(piece.size()) * width;
    for (long at = worker.from(piece.size()) * width; at < end; at += tiles.length()) {
      int count = (int) Math.min(tiles.length(), end - at);
      registers.load(0, frame.tangent(input()).address(0) + at * bytes, count);
      if (!fixed()) {
        registers.load(1, state.standard.address(0) + at * bytes, count);
        registers.add(3, 0, count);
        registers.addProduct(4, 1, 0, count);
      }
      if (second) {
        registers.load(2, piece.error(output()).address(0) + at * bytes, count);
        registers.addProduct(5, 2, 0, count);
      }
      sums.tileAdded();
    }
    double[] all = new double[3 * channels];
    System.arraycopy(tiles.fold(sums.total(3)), 0, all, 0, channels);
    System.arraycopy(tiles.fold(sums.total(4)), 0, all, channels, channels);
    System.arraycopy(tiles.fold(sums.total(5)), 0, all, 2 * channels, channels);
    worker.sum(all);
    return all;
  }

  @Override
  void addSquaredNorms(Worker worker, Frame frame, double[] norms) {
    boolean scales = gamma != null && gamma.active();
    boolean shifts = beta != null && beta.active();
    State state = (State) frame.piece().state(this);
    int width = input().size();
    double[] u = worker.scratch(0, width);
    double[] x = worker.scratch(1, width);
    double[] ofGamma = worker.scratch(2, channels);
    double[] ofBeta = worker.scratch(3, channels);
    long end = worker.to(norms.length);
    for (int row = (int) worker.from(norms.length); row < end; row++) {
      frame.cotangent(output()).read((long) row * width, u, 0, width);
      state.standard.read((long) row * width, x, 0, width);
      Arrays.fill(ofGamma, 0, channels, 0);
      Arrays.fill(ofBeta, 0, channels, 0);
      for (int at = 0; at < width; at += channels) {
        for (int c = 0; c < channels; c++) {
          ofGamma[c] += u[at + c] * x[at + c];
          ofBeta[c] += u[at + c];
        }
      }
      norms[row] += scales ? sumOfSquares(ofGamma, channels) : 0;
      norms[row] += shifts ? sumOfSquares(ofBeta, channels) : 0;
    }
  }

  @Override
  void pull(Worker worker, Frame frame) {
    Piece piece = frame.piece();
    State state = (State) piece.state(this);
    Tiles tiles = new Tiles(channels);
    double[] a = new double[channels];
    double[] b = new double[channels];
    Totals totals = fixed() ? null : frame.totals();
    double[] sums = totals == null ? errorSums(worker, frame, tiles) : totals.back(this);
    double n = count(totals == null ? piece.size() : piece.population());
    for (int c = 0; c < channels; c++) {
      a[c] = sums[c] / n;
      b[c] = sums[channels + c] / n;
    }
    boolean second = frame.mode().secondOrder();
    Means means = second ? (Means) frame.noted(worker, this) : null;
    if (worker.index() == 0) {
      if (frame.mode() == Mode.ERRORS) {
        System.arraycopy(a, 0, state.errorMean, 0, channels);
        System.arraycopy(b, 0, state.errorStandardMean, 0, channels);
      }
      if (totals == null || frame.first()) {
        writeGradients(worker, frame, a, b, means, n);
      }
    }
    if (input().varies()) {
      double[][] factors =
          means == null ? errorFactors(state, a, b) : changeFactors(frame, state, a, b, means);
      combine(worker, frame, state, tiles, factors, second);
    }
  }

  private void writeGradients(
      Worker worker, Frame frame, double[] a, double[] b, @Nullable Means means, double n) {
    double[] gradient = new double[channels];
    if (gamma != null && gamma.active()) {
      for (int c = 0; c < channels; c++) {
        gradient[c] = n * (b[c] + (means == null ? 0 : means.errorTangent[c]));
      }
      frame.gradients().add(worker, gamma, gradient);
    }
    if (beta != null && beta.active()) {
      for (int c = 0; c < channels; c++) {
        gradient[c] = n * a[c];
      }
      frame.gradients().add(worker, beta, gradient);
    }
  }

  /** Adds what {@link #pull} has to know of all pieces along a vector. */
  void gatherBack(Worker worker, Frame frame) {
    double[] sums = errorSums(worker, frame, new Tiles(channels));
    if (worker.index() == 0) {
      requireNonNull(frame.totals()).addBack(this, sums);
    }
  }

  /** Returns the sums over the piece of what comes back, itself and times x. */
  private double[] errorSums(Worker worker, Frame frame, Tiles tiles) {
    Piece piece = frame.piece();
    State state = (State) piece.state(this);
    Registers registers = Registers.ofThread(frame.elements());
    Tiles.Sums sums = new Tiles.Sums(registers, tiles, 2, 3);
    int width = input().size();
    int bytes = frame.elements().bytes();
    long end = worker.to(piece.size()) * width;
    for (long at = worker.from(piece.size()) * width; at < end; at += tiles.length()) {
      int count = (int) Math.min(tiles.length(), end - at);
      registers.load(0, frame.cotangent(output()).address(0) + at * bytes, count);
      registers.load(1, state.standard.address(0) + at * bytes, count);
      registers.add(2, 0, count);
      registers.addProduct(3, 1, 0, count);
      sums.tileAdded();
    }
    double[] all = new double[2 * channels];
    System.arraycopy(tiles.fold(sums.total(2)), 0, all, 0, channels);
    System.arraycopy(tiles.fold(sums.total(3)), 0, all, channels, channels);
    worker.sum(all);
    return all;
  }

  /** Returns the factors of what comes back, x and 1. */
  private double[][] errorFactors(State state, double[] a, double[] b) {
    double[][] factors = new double[3][channels];
    for (int c = 0; c < channels; c++) {
      double k = state.inverseDeviation[c] * gammaValues[c];
      factors[0][c] = k;
      if (!fixed()) {
        factors[1][c] = -k * b[c];
        factors[2][c] = -k * a[c];
      }
    }
    return factors;
  }

  /** Returns the factors of what comes back, x, 1, the loss's error on y, and the change of z. */
  private double[][] changeFactors(Frame frame, State state, double[] a, double[] b, Means means) {
    double[][] factors = new double[5][channels];
    double[] gammaTangent = tangentOf(gamma, frame);
    for (int c = 0; c < channels; c++) {
      double s = state.inverseDeviation[c];
      double k = s * gammaValues[c];
      factors[0][c] = k;
      factors[3][c] = s * gammaTangent[c];
      if (!fixed()) {
        double e0 = state.errorMean[c];
        double e1 = state.errorStandardMean[c];
        double m0 = means.m0[c];
        double m1 = means.m1[c];
        factors[1][c] =
            -s * gammaTangent[c] * e1 - k * (b[c] + means.errorTangent[c]) + 2 * s * k * m1 * e1;
        factors[2][c] = -s * gammaTangent[c] * e0 - k * a[c] + s * k * (e1 * m0 + m1 * e0);
        factors[3][c] -= s * k * m1;
        factors[4][c] = -s * k * e1;
      }
    }
    return factors;
  }

  private void combine(
      Worker worker, Frame frame, State state, Tiles tiles, double[][] factors, boolean second) {
    Piece piece = frame.piece();
    Registers registers = Registers.ofThread(frame.elements());
    for (int k = 0; k < factors.length; k++) {
      tiles.repeat(worker, registers, 2 + k, factors[k]);
    }
    int width = input().size();
    int bytes = frame.elements().bytes();
    long end = worker.to(piece.size()) * width;
    for (long at = worker.from(piece.size()) * width; at < end; at += tiles.length()) {
      int count = (int) Math.min(tiles.length(), end - at);
      long offset = at * bytes;
      registers.load(0, frame.cotangent(output()).address(0) + offset, count);
      registers.multiply(0, 2, count);
      registers.load(1, state.standard.address(0) + offset, count);
      registers.addProduct(0, 1, 3, count);
      registers.add(0, 4, count);
      if (second) {
        registers.load(1, piece.error(output()).address(0) + offset, count);
        registers.addProduct(0, 1, 5, count);
        registers.load(1, frame.tangent(input()).address(0) + offset, count);
        registers.addProduct(0, 1, 6, count);
      }
      if (adds(0)) {
        registers.load(1, frame.cotangent(input()).address(0) + offset, count);
        registers.add(0, 1, count);
      }
      registers.store(0, frame.cotangent(input()).address(0) + offset, count);
    }
  }
}
