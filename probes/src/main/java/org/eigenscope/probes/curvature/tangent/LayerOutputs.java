package org.eigenscope.probes.curvature.tangent;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.eigenscope.probes.curvature.CurvatureMatrix;
import org.eigenscope.probes.curvature.OutputHessian;
import org.eigenscope.probes.curvature.OutputProbing;
import org.eigenscope.probes.curvature.WeightLayer;
import org.eigenscope.probes.kernel.Tensor;
import org.eigenscope.probes.kernel.Worker;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/* IMPLEMENTATION NOTES
 *
 * With respect to the outputs z of a layer's weights, the matrix of the mean loss has a row for each
 * example n, position p and channel i. Wanted are the sums of its diagonal blocks over (n, p).
 *
 * Where what is behind the layer is piecewise linear, or the matrix is Gauss-Newton, and examples
 * are independent, an example's matrix is G'AG with A = FF', G the derivative of the outputs: the
 * columns of F, one for each output of the network and all examples at once, are sent back, and
 * Z'Z is added up over the rows Z that arrive at each layer. This serves all layers together.
 *
 * Otherwise changes of z go forward and come back as in a product. A change of channel i at all
 * places of one colour, no two of which are coupled, gives column i of the blocks there. Places
 * are coupled within an example, and within examples that share statistics. Random signs s at all
 * places and channels give blocks y s' of the right mean instead (Bekas, Kokiopoulou and Saad 2007,
 * "An estimator for the diagonal of a matrix", Applied Numerical Mathematics 57).
 */
/** Second derivatives with respect to what layers' weights put out. */
final class LayerOutputs {
  /** Vectors at a time: enough for all teams, few enough for their gradients' memory. */
  private static final int BLOCK = 16;

  private final TangentEngine engine;
  private final Program program;
  private final Weights weights;
  private final long examples;
  private final List<WeightStep> steps;

  LayerOutputs(TangentEngine engine, Program program, Weights weights, long examples) {
    this.engine = engine;
    this.program = program;
    this.weights = weights;
    this.examples = examples;
    this.steps =
        program.steps().stream()
            .filter(WeightStep.class::isInstance)
            .map(WeightStep.class::cast)
            .filter(step -> step.weights().active())
            .toList();
  }

  List<WeightLayer> layers() {
    return steps.stream().map(WeightStep::layer).toList();
  }

  /**
   * Returns the steps of layers.
   *
   * @throws IllegalArgumentException if there is no such layer
   */
  List<WeightStep> steps(List<WeightLayer> layers) {
    return layers.stream().map(this::step).toList();
  }

  private WeightStep step(WeightLayer layer) {
    return steps.stream()
        .filter(step -> step.layer().equals(layer))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "layer must be one of %s, got %s".formatted(layers(), layer)));
  }

  /**
   * Returns the matrices of layers.
   *
   * @param factored whether the losses know factors of their Hessians
   * @param common whether all examples have common statistics, over several pieces
   */
  List<OutputHessian> hessians(
      CurvatureMatrix matrix,
      List<WeightLayer> layers,
      OutputProbing probing,
      boolean factored,
      boolean common) {
    Mode mode = matrix == CurvatureMatrix.HESSIAN ? Mode.HESSIAN : Mode.GAUSS_NEWTON;
    List<WeightStep> plain = new ArrayList<>();
    for (WeightStep step : steps(layers)) {
      boolean linear = mode == Mode.GAUSS_NEWTON || behind(step).noneMatch(Step::curved);
      if (factored && linear && !coupled(step)) {
        plain.add(step);
      }
    }
    List<double[]> sums = plain.isEmpty() ? List.of() : factorProducts(plain);
    List<OutputHessian> hessians = new ArrayList<>();
    for (WeightStep step : steps(layers)) {
      int index = plain.indexOf(step);
      hessians.add(index >= 0 ? exact(step, sums.get(index)) : probed(step, mode, probing, common));
    }
    return hessians;
  }

  private Stream<Step> behind(Step step) {
    return program.steps().stream().skip(step.number() + 1L);
  }

  private boolean coupled(Step step) {
    return program.coupled().stream().anyMatch(other -> other.number() > step.number());
  }

  private OutputHessian exact(WeightStep step, double[] sum) {
    WeightLayer layer = step.layer();
    return new OutputHessian(layer, matrix(sum, layer, 1), 0, 0);
  }

  /** Returns the symmetric part of a sum, over the positions and a number. */
  private static INDArray matrix(double[] sum, WeightLayer layer, double divisor) {
    INDArray full = Nd4j.createFromArray(sum).reshape('c', layer.outputs(), layer.outputs());
    return full.add(full.transpose()).divi(2 * divisor * layer.positions());
  }

  /** Returns the sums of Z'Z over all columns of the losses' factors, for each step. */
  private List<double[]> factorProducts(List<WeightStep> targets) {
    int columns = program.losses().stream().mapToInt(step -> step.input().size()).sum();
    List<double[]> sums = new ArrayList<>();
    targets.forEach(step -> sums.add(new double[Math.toIntExact(square(step))]));
    int block = Math.min(BLOCK, columns);
    INDArray unused = gradients(block);
    List<INDArray> products = new ArrayList<>();
    for (WeightStep step : targets) {
      products.add(Nd4j.create(weights.elements().type(), block, square(step)));
    }
    for (int from = 0; from < columns; from += block) {
      int count = Math.min(block, columns - from);
      engine.flow(Mode.TRANSPOSE, count, null, unused, new FactorRoute(targets, from, products));
      for (int i = 0; i < sums.size(); i++) {
        for (int j = 0; j < count; j++) {
          add(products.get(i).getRow(j), sums.get(i));
        }
      }
    }
    return sums;
  }

  private static void add(INDArray row, double[] sum) {
    double[] values = row.castTo(DataType.DOUBLE).toDoubleVector();
    for (int i = 0; i < sum.length; i++) {
      sum[i] += values[i];
    }
  }

  private static long square(WeightStep step) {
    return step.layer().outputs() * step.layer().outputs();
  }

  private INDArray gradients(int rows) {
    return Nd4j.createUninitialized(weights.elements().type(), rows, engine.parameters());
  }

  /** Columns of the losses' factors go back to layers' outputs. */
  private final class FactorRoute implements Route {
    private final List<WeightStep> targets;
    private final int first;
    private final List<INDArray> products;
    private final WeightStep lowest;

    /**
     * @param first number of the column that is vector 0
     * @param products for each target and vector Z'Z, is set
     */
    FactorRoute(List<WeightStep> targets, int first, List<INDArray> products) {
      this.targets = targets;
      this.first = first;
      this.products = products;
      this.lowest = targets.stream().min(Comparator.comparingInt(Step::number)).orElseThrow();
    }

    @Override
    public int lowest() {
      return lowest.number();
    }

    @Override
    public boolean concerns(Parameter parameter) {
      return false;
    }

    @Override
    public void enter(Worker worker, Frame frame, int vector, long start, int steps) {
      int column = first + vector;
      for (LossStep step : program.losses()) {
        if (step.input().varies()) {
          step.factor(worker, frame, column, Math.sqrt(1.0 / examples));
        }
        column -= step.input().size();
      }
    }

    @Override
    public void leave(Worker worker, Frame frame, int vector, long start) {
      Linearizer.goBackTo(lowest, program, worker, frame);
      worker.meet();
      for (int i = 0; i < targets.size(); i++) {
        Tensor product = Tensor.sharing(products.get(i).getRow(vector), 1);
        multiply(worker, frame, targets.get(i), product, start == 0 ? 0 : 1);
      }
      worker.meet();
    }

    /** Adds a member's share of the rows of Z'Z. */
    private void multiply(
        Worker worker, Frame frame, WeightStep step, Tensor product, double keep) {
      WeightLayer layer = step.layer();
      long m = layer.outputs();
      long from = worker.from(m);
      long count = worker.to(m) - from;
      if (count == 0) {
        return;
      }
      int bytes = frame.elements().bytes();
      long z = frame.cotangent(step.output()).address(0);
      long rows = frame.piece().size() * layer.positions();
      weights
          .kernels()
          .multiply(
              true,
              false,
              count,
              m,
              rows,
              1,
              z + from * bytes,
              m,
              z,
              m,
              keep,
              product.address(0) + from * m * bytes,
              m);
    }
  }

  private OutputHessian probed(WeightStep step, Mode mode, OutputProbing probing, boolean common) {
    WeightLayer layer = step.layer();
    long together = coupled(step) ? engine.coupledExamples() : 1;
    double passes = (double) together * layer.positions() * layer.outputs();
    return passes * examples * program.width() <= probing.exactWork()
        ? coloured(step, mode, new Colours(layer, together, common))
        : drawn(step, mode, probing);
  }

  private OutputHessian coloured(WeightStep step, Mode mode, Colours colours) {
    int m = Math.toIntExact(step.layer().outputs());
    double[] sum = new double[m * m];
    probe(
        step,
        mode,
        colours,
        colours.count(),
        (vector, row) -> {
          int at = colours.channel(vector) * m;
          for (int i = 0; i < m; i++) {
            sum[at + i] += row[i];
          }
        });
    return exact(step, sum);
  }

  private OutputHessian drawn(WeightStep step, Mode mode, OutputProbing probing) {
    WeightLayer layer = step.layer();
    int draws = probing.draws();
    double[] sum = new double[Math.toIntExact(square(step))];
    double[] squares = new double[1];
    probe(
        step,
        mode,
        new Signs(layer, probing, examples),
        draws,
        (vector, square) -> {
          for (int i = 0; i < sum.length; i++) {
            sum[i] += square[i];
          }
          squares[0] += squaredNorm(matrix(square, layer, 1));
        });
    INDArray mean = matrix(sum, layer, draws);
    double variance = Math.max(0, squares[0] - draws * squaredNorm(mean)) / (draws - 1);
    return new OutputHessian(layer, mean, Math.sqrt(variance / draws), draws);
  }

  private static double squaredNorm(INDArray matrix) {
    double sum = 0;
    for (double[] row : matrix.toDoubleMatrix()) {
      for (double element : row) {
        sum += element * element;
      }
    }
    return sum;
  }

  /** Changes of a layer's outputs, vector by vector. */
  private interface Design {
    /** Returns the first of the channels that a vector changes. */
    int channel(int vector);

    /** Returns how many channels a vector changes. */
    int channels();

    /**
     * Sets the change of an example's outputs, position by position.
     *
     * @param index number of the example in its piece
     * @param example number of the example among all
     */
    void change(int vector, long index, long example, double[] change);
  }

  /** Ones at one channel of all places of one colour. */
  private record Colours(WeightLayer layer, long together, boolean common) implements Design {
    int count() {
      return Math.toIntExact(together * layer.positions() * layer.outputs());
    }

    @Override
    public int channel(int vector) {
      return Math.toIntExact(vector % layer.outputs());
    }

    @Override
    public int channels() {
      return 1;
    }

    @Override
    public void change(int vector, long index, long example, double[] change) {
      Arrays.fill(change, 0);
      long colour = vector / layer.outputs();
      long owner = colour / layer.positions();
      if (together == 1 || owner == (common ? example : index)) {
        long position = colour % layer.positions();
        change[Math.toIntExact(position * layer.outputs()) + channel(vector)] = 1;
      }
    }
  }

  /** Random signs everywhere. */
  private static final class Signs implements Design {
    private final WeightLayer layer;
    private final long[][] seeds;

    Signs(WeightLayer layer, OutputProbing probing, long examples) {
      this.layer = layer;
      SplittableRandom root = new SplittableRandom(probing.seed());
      this.seeds = new long[probing.draws()][];
      for (int draw = 0; draw < seeds.length; draw++) {
        seeds[draw] = root.split().longs(examples).toArray();
      }
    }

    @Override
    public int channel(int vector) {
      return 0;
    }

    @Override
    public int channels() {
      return Math.toIntExact(layer.outputs());
    }

    @Override
    public void change(int vector, long index, long example, double[] change) {
      SplittableRandom random = new SplittableRandom(seeds[vector][Math.toIntExact(example)]);
      long bits = 0;
      for (int i = 0; i < change.length; i++) {
        bits = i % Long.SIZE == 0 ? random.nextLong() : bits >>> 1;
        change[i] = (bits & 1) == 0 ? 1 : -1;
      }
    }
  }

  /** Takes what came back: changed channels by channels, summed over all places. */
  private interface Collector {
    void accept(int vector, double[] product);
  }

  private void probe(WeightStep step, Mode mode, Design design, int count, Collector collector) {
    INDArray zeros = Nd4j.create(weights.elements().type(), 1, engine.parameters());
    int block = Math.min(BLOCK, count);
    INDArray unused = gradients(block);
    int length = Math.toIntExact(design.channels() * step.layer().outputs());
    for (int from = 0; from < count; from += block) {
      int size = Math.min(block, count - from);
      double[][] products = new double[size][length];
      engine.flow(mode, size, zeros, unused, new ProbeRoute(step, design, from, products));
      for (int j = 0; j < size; j++) {
        collector.accept(from + j, products[j]);
      }
    }
  }

  /** Changes of a layer's outputs go forward, and what they change of the errors comes back. */
  private final class ProbeRoute implements Route {
    private final WeightStep step;
    private final Design design;
    private final int first;
    private final double[][] products;
    private final int width;

    /**
     * @param first number of the design's vector that is vector 0 here
     * @param products takes what came back
     */
    ProbeRoute(WeightStep step, Design design, int first, double[][] products) {
      this.step = step;
      this.design = design;
      this.first = first;
      this.products = products;
      this.width = step.output().size();
    }

    @Override
    public int lowest() {
      return step.number();
    }

    @Override
    public boolean concerns(Parameter parameter) {
      return false;
    }

    @Override
    public void enter(Worker worker, Frame frame, int vector, long start, int steps) {
      engine.push(worker, frame, steps, step, () -> change(worker, frame, first + vector, start));
    }

    private void change(Worker worker, Frame frame, int vector, long start) {
      double[] change = new double[width];
      long end = worker.to(frame.piece().size());
      for (long n = worker.from(frame.piece().size()); n < end; n++) {
        design.change(vector, n, start + n, change);
        frame.tangent(step.output()).write(n * width, change, 0, width);
      }
    }

    @Override
    public void leave(Worker worker, Frame frame, int vector, long start) {
      Linearizer.goBackTo(step, program, worker, frame);
      worker.meet();
      int m = Math.toIntExact(step.layer().outputs());
      int channel = design.channel(first + vector);
      double[] change = new double[width];
      double[] back = new double[width];
      double[] product = new double[products[vector].length];
      long end = worker.to(frame.piece().size());
      for (long n = worker.from(frame.piece().size()); n < end; n++) {
        design.change(first + vector, n, start + n, change);
        frame.cotangent(step.output()).read(n * width, back, 0, width);
        for (int place = 0; place < width; place += m) {
          add(change, place + channel, back, place, m, product);
        }
      }
      worker.sum(product);
      if (worker.index() == 0) {
        for (int i = 0; i < product.length; i++) {
          products[vector][i] += product[i];
        }
      }
      worker.meet();
    }

    private void add(double[] change, int from, double[] back, int place, int m, double[] product) {
      for (int i = 0; i < design.channels(); i++) {
        double factor = change[from + i];
        for (int j = 0; factor != 0 && j < m; j++) {
          product[i * m + j] += factor * back[place + j];
        }
      }
    }
  }
}
