package org.eigenscope.probes.structure;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.eigenscope.probes.curvature.CurvatureOptions;
import org.eigenscope.probes.curvature.DataBatches;
import org.eigenscope.probes.curvature.Engine;
import org.eigenscope.probes.curvature.Network;
import org.eigenscope.probes.linalg.FreeMemory;
import org.eigenscope.probes.linalg.TraceEstimate;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/* IMPLEMENTATION NOTES
 *
 * Kept are weighted sums R_{c,c'} = sum over i in c of w_{i,c'} g_{i,c'}, and means delta_{c,c'}
 * where the classes are balanced. Every component of low rank is V'V, with V = T R or T delta for a
 * small matrix T. Without cross-class means the rows are R_{c,c}, and delta_{c,c} before delta_c;
 * since the sum over c' of p_c' (p - e_c') is 0, w_c g_c = -R_{c,c}.
 */
/**
 * Class and cross-class means of a classifier's gradients: the vectors that the components of low
 * rank of its Gauss–Newton matrix are made of.
 *
 * <p><b>Cost.</b> For each class C passes back over its examples, twice that where classes are
 * balanced, or three with class means alone; over all examples where batch normalization couples
 * them. C² vectors of n numbers for each of the two decompositions, or 3C with class means alone.
 * The trace of G takes C passes more where the tangent engine has the examples' norms at once, and
 * else what {@link ClassStructureOptions} says.
 *
 * <p><b>References.</b> Those of {@link ClassComponent}.
 */
public final class ClassMeans {
  private final ClassLabels labels;
  private final boolean cross;

  /** w_{c,c′}. */
  private final double[][] weights;

  private final INDArray weighted;
  private final @Nullable INDArray balanced;
  private final TraceEstimate trace;
  private final Engine engine;
  private final long products;
  private final List<String> notes;

  private ClassMeans(
      ClassLabels labels,
      boolean cross,
      double[][] weights,
      INDArray weighted,
      @Nullable INDArray balanced,
      TraceEstimate trace,
      Engine engine,
      long products,
      List<String> notes) {
    this.labels = labels;
    this.cross = cross;
    this.weights = weights;
    this.weighted = weighted;
    this.balanced = balanced;
    this.trace = trace;
    this.engine = engine;
    this.products = products;
    this.notes = List.copyOf(notes);
  }

  /**
   * Computes the means.
   *
   * @param network a network with one output layer, whose loss is cross-entropy after softmax; not
   *     modified
   * @param data examples with one class each; with BATCH statistics, in their batches
   * @param options how to compute
   * @throws IllegalArgumentException if the loss or the labels are of another kind, or as {@link
   *     org.eigenscope.probes.curvature.Curvature#of} does
   */
  public static ClassMeans of(Network network, DataBatches data, ClassStructureOptions options) {
    return new Computation(network, data, options).run();
  }

  /** Returns C. */
  public int classes() {
    return labels.classes();
  }

  /** Returns the number of examples of each class. */
  public List<Integer> examples() {
    return Arrays.stream(labels.sizes()).boxed().toList();
  }

  /** Returns n, the length of the vectors. */
  public long order() {
    return weighted.columns();
  }

  /** Returns whether there are cross-class means, and not class means alone. */
  public boolean crossClasses() {
    return cross;
  }

  /** Returns the trace of G; its standard error is 0 where it was computed example by example. */
  public TraceEstimate trace() {
    return trace;
  }

  /** Returns the engine that computed the products, never AUTO. */
  public Engine engine() {
    return engine;
  }

  /** Returns how many products with a transposed Jacobian were computed. */
  public long products() {
    return products;
  }

  /** Returns caveats in plain words. */
  public List<String> notes() {
    return notes;
  }

  /**
   * Returns rows V with a component equal to VᵀV, an array [r, n]; null where it is not known, has
   * no low rank, or is zero.
   */
  public @Nullable INDArray factor(ClassComponent component) {
    INDArray rows = rows(component);
    double[][] coefficients = coefficients(component);
    return rows == null || coefficients.length == 0
        ? null
        : Nd4j.createFromArray(coefficients).castTo(rows.dataType()).mmul(rows);
  }

  /** Returns the rows that a component is made of, or null. */
  @Nullable INDArray rows(ClassComponent component) {
    return switch (component) {
      case G, B2, G3 -> null;
      case A1, A2 -> weighted;
      case B1 -> cross ? weighted : null;
      case G0, G1 -> balanced;
      case G2, G12 -> cross ? balanced : null;
    };
  }

  /** Returns T: a component is VᵀV with V = T times its rows. */
  double[][] coefficients(ClassComponent component) {
    List<double[]> all = new ArrayList<>();
    INDArray rows = rows(component);
    if (rows == null) {
      return new double[0][];
    }
    for (int c = 0; c < classes(); c++) {
      if (sum(weights[c]) > 0) {
        for (double[] row : coefficients(component, c, rows.rows())) {
          all.add(row);
        }
      }
    }
    return all.toArray(double[][]::new);
  }

  private double[][] coefficients(ClassComponent component, int c, int rows) {
    int classes = classes();
    double[] one = new double[rows];
    return switch (component) {
      case A1 -> {
        double scale = inverseRoot(othersWeight(c));
        if (!cross) {
          one[c] = -scale;
        } else {
          others(c).forEach(k -> one[c * classes + k] = scale);
        }
        yield new double[][] {one};
      }
      case A2 -> {
        one[cross ? c * classes + c : c] = inverseRoot(weights[c][c]);
        yield new double[][] {one};
      }
      case B1 ->
          others(c)
              .mapToObj(
                  k -> {
                    double[] row = new double[rows];
                    double mean =
                        weights[c][k] > 0 ? Math.sqrt(weights[c][k]) / othersWeight(c) : 0;
                    others(c).forEach(j -> row[c * classes + j] = -mean);
                    row[c * classes + k] += inverseRoot(weights[c][k]);
                    return row;
                  })
              .toArray(double[][]::new);
      case G0 -> {
        one[cross ? c * classes + c : c] = Math.sqrt(1.0 / classes);
        yield new double[][] {one};
      }
      case G1 -> {
        double root = Math.sqrt((classes - 1.0) / classes);
        if (!cross) {
          one[classes + c] = root;
        } else {
          others(c).forEach(k -> one[c * classes + k] = root / (classes - 1));
        }
        yield new double[][] {one};
      }
      case G2 ->
          others(c)
              .mapToObj(
                  k -> {
                    double[] row = new double[rows];
                    double root = Math.sqrt(1.0 / classes);
                    others(c).forEach(j -> row[c * classes + j] = -root / (classes - 1));
                    row[c * classes + k] += root;
                    return row;
                  })
              .toArray(double[][]::new);
      case G12 ->
          IntStream.range(0, classes)
              .mapToObj(
                  k -> {
                    double[] row = new double[rows];
                    row[c * classes + k] = Math.sqrt(1.0 / classes);
                    return row;
                  })
              .toArray(double[][]::new);
      case G, B2, G3 -> new double[0][];
    };
  }

  /**
   * Returns coefficients of the means g_c, or of a mean g_{c,c′}, in the weighted rows.
   *
   * @param candidate c′, or −1 for the class mean
   */
  double[] meanCoefficients(int c, int candidate) {
    double[] row = new double[weighted.rows()];
    if (candidate >= 0) {
      row[c * classes() + candidate] = 1 / weights[c][candidate];
    } else if (cross) {
      others(c).forEach(k -> row[c * classes() + k] = 1 / othersWeight(c));
    } else {
      row[c] = -1 / othersWeight(c);
    }
    return row;
  }

  /** Returns w_{c,c′}. */
  double weight(int c, int candidate) {
    return weights[c][candidate];
  }

  /** Returns w_c. */
  double othersWeight(int c) {
    return others(c).mapToDouble(k -> weights[c][k]).sum();
  }

  private IntStream others(int c) {
    return IntStream.range(0, classes()).filter(k -> k != c);
  }

  /** Returns 1/√w, or 0 for a mean that nothing contributes to. */
  private static double inverseRoot(double weight) {
    return weight > 0 ? 1 / Math.sqrt(weight) : 0;
  }

  private static double sum(double[] values) {
    return Arrays.stream(values).sum();
  }

  /** Sets p − e_{c′}, times a factor, without cancellation where p_{c′} is near 1. */
  private static void residual(double[] p, int candidate, double factor, double[] into) {
    double others = 0;
    for (int k = 0; k < p.length; k++) {
      if (k != candidate) {
        others += p[k];
        into[k] += factor * p[k];
      }
    }
    into[candidate] -= factor * others;
  }

  /** One computation of means. */
  private static final class Computation {
    private final Network network;
    private final DataBatches data;
    private final ClassStructureOptions options;
    private final ClassLabels labels;
    private final int classes;
    private final boolean cross;
    private final double[][] weights;
    private final INDArray weighted;
    private final @Nullable INDArray balanced;
    private final double[] estimates;
    private double exact;
    private final List<String> notes = new ArrayList<>();

    Computation(Network network, DataBatches data, ClassStructureOptions options) {
      this.network = network;
      this.data = data;
      this.options = options;
      this.labels = ClassLabels.of(network, data);
      this.classes = labels.classes();
      this.weights = new double[classes][classes];
      DataType type = options.curvature().precision().dataType();
      long order = network.activeParameters();
      boolean isBalanced = labels.balanced();
      this.cross = keepsCrossClasses(order * type.width(), isBalanced);
      long squared = (long) classes * classes;
      this.weighted = Nd4j.create(type, cross ? squared : classes, order);
      this.balanced = isBalanced ? Nd4j.create(type, cross ? squared : 2L * classes, order) : null;
      if (!isBalanced) {
        notes.add(
            "classes have different sizes, %s: G0 to G3 are defined for equal ones"
                .formatted(Arrays.toString(labels.sizes())));
      }
      this.estimates = new double[options.draws()];
    }

    private boolean keepsCrossClasses(long vectorBytes, boolean both) {
      if (classes > options.mostCrossClasses()) {
        notes.add(
            "class means alone: %d classes are more than %d"
                .formatted(classes, options.mostCrossClasses()));
        return false;
      }
      long wanted = (both ? 2L : 1L) * classes * classes * vectorBytes;
      long usable = FreeMemory.usable(wanted, Long.MAX_VALUE);
      if (wanted > usable) {
        notes.add(
            "class means alone: cross-class means of %d classes need %s, and %s may be used"
                .formatted(classes, FreeMemory.format(wanted), FreeMemory.format(usable)));
        return false;
      }
      return true;
    }

    ClassMeans run() {
      SplittableRandom random = new SplittableRandom(options.seed());
      Engine engine = null;
      CurvatureOptions curvature = options.curvature();
      try (ClassExamples examples = new ClassExamples(network, data, curvature, labels)) {
        for (int c = 0; c < classes; c++) {
          SplittableRandom own = random.split();
          if (labels.sizes()[c] == 0) {
            continue;
          }
          try (ClassExamples.OfClass some = examples.open(c)) {
            addWeights(c, some);
            addWeighted(c, some);
            addBalanced(c, some);
            addTrace(some, own);
            if (engine == null) {
              engine = some.engine();
              notes.addAll(some.curvature().notes());
            }
          }
        }
        if (engine == null) {
          throw new AssertionError("data have at least one example");
        }
        return new ClassMeans(
            labels,
            cross,
            weights,
            weighted,
            balanced,
            trace(),
            engine,
            examples.products(),
            notes);
      }
    }

    private void addWeights(int c, ClassExamples.OfClass some) {
      for (int i = 0; i < some.size(); i++) {
        double[] p = some.probabilities(i);
        for (int k = 0; k < classes; k++) {
          weights[c][k] += p[k] / labels.examples();
        }
      }
    }

    private void addWeighted(int c, ClassExamples.OfClass some) {
      double share = 1.0 / labels.examples();
      some.sums(
          cross ? classes : 1,
          (row, i, p, u) -> {
            int candidate = cross ? row : c;
            residual(p, candidate, p[candidate] * share, u);
          },
          weighted,
          cross ? c * classes : c);
    }

    private void addBalanced(int c, ClassExamples.OfClass some) {
      INDArray rows = balanced;
      if (rows == null) {
        return;
      }
      double share = -1.0 / some.size();
      if (cross) {
        some.sums(
            classes,
            (row, i, p, u) -> residual(p, row, Math.sqrt(p[row]) * share, u),
            rows,
            c * classes);
        return;
      }
      some.sums(1, (row, i, p, u) -> residual(p, c, Math.sqrt(p[c]) * share, u), rows, c);
      double others = share / (classes - 1);
      some.sums(
          1,
          (row, i, p, u) -> {
            for (int k = 0; k < classes; k++) {
              if (k != c) {
                residual(p, k, Math.sqrt(p[k]) * others, u);
              }
            }
          },
          rows,
          classes + c);
    }

    /**
     * Adds tr Σ_i J_iᵀ A_i J_i / N: the squared norms of all columns of its root, or those of sums
     * of columns with random signs.
     */
    private void addTrace(ClassExamples.OfClass some, SplittableRandom random) {
      double share = 1.0 / labels.examples();
      double sum =
          some.sumOfSquaredNorms(
              classes, (row, i, p, u) -> residual(p, row, Math.sqrt(p[row] * share), u));
      if (!Double.isNaN(sum)) {
        exact += sum;
      } else if ((long) labels.examples() * classes <= options.exactProducts()) {
        some.sums(
            some.size() * classes,
            (row, i, p, u) -> {
              if (row / classes == i) {
                int k = row % classes;
                residual(p, k, Math.sqrt(p[k] * share), u);
              }
            },
            (first, block) -> exact += sum(squaredNorms(block)));
      } else {
        exact = Double.NaN;
        addEstimates(some, random, share);
      }
    }

    private void addEstimates(ClassExamples.OfClass some, SplittableRandom random, double share) {
      SplittableRandom[] signs = new SplittableRandom[estimates.length];
      for (int draw = 0; draw < signs.length; draw++) {
        signs[draw] = random.split();
      }
      some.sums(
          estimates.length,
          (row, i, p, u) -> {
            for (int k = 0; k < classes; k++) {
              double sign = signs[row].nextBoolean() ? 1 : -1;
              residual(p, k, sign * Math.sqrt(p[k] * share), u);
            }
          },
          (first, block) -> {
            double[] squares = squaredNorms(block);
            for (int row = 0; row < squares.length; row++) {
              estimates[first + row] += squares[row];
            }
          });
    }

    private static double[] squaredNorms(INDArray rows) {
      INDArray norms = rows.castTo(DataType.DOUBLE).norm2(1);
      return norms.mul(norms).toDoubleVector();
    }

    private TraceEstimate trace() {
      if (!Double.isNaN(exact)) {
        return new TraceEstimate(exact, 0, 1);
      }
      int draws = estimates.length;
      double mean = sum(estimates) / draws;
      double squares = 0;
      for (double one : estimates) {
        squares += (one - mean) * (one - mean);
      }
      return new TraceEstimate(mean, Math.sqrt(squares / (draws - 1) / draws), draws);
    }
  }
}
