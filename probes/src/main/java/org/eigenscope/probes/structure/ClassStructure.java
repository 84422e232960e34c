package org.eigenscope.probes.structure;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.eigenscope.probes.curvature.DataBatches;
import org.eigenscope.probes.curvature.Engine;
import org.eigenscope.probes.curvature.Network;
import org.eigenscope.probes.linalg.DenseEigenpairs;
import org.eigenscope.probes.linalg.GramMatrix;
import org.eigenscope.probes.linalg.TraceEstimate;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The class and cross-class structure of a classifier's Gauss–Newton matrix: eigenvalues and traces
 * of its components.
 *
 * <p><b>Definition.</b> {@link ClassComponent} has the formulas. Eigenvalues come from the Gram
 * matrices of the components' vectors, of order C² at most. Listed is the part that is not zero:
 * values above {@value #ZERO_DOUBLE} (in FLOAT {@value #ZERO_FLOAT}) of the largest of their
 * component and above {@value #DIFFERENCE_SHARE} times that of the decomposition's trace without
 * its part within classes, and no more than the component's rank can be.
 *
 * @param examples number of examples of each class
 * @param order number of coordinates
 * @param eigenvalues non-zero eigenvalues of A1, A2, B1, G0, G1, G2 and G12, descending; those of
 *     components that are not known are missing: G0 to G12 where classes differ in size, B1, G2 and
 *     G12 with class means alone
 * @param traces traces of all components but G12, likewise; B2 and G3 are what the others leave of
 *     G, at least 0
 * @param trace the trace of G with its standard error, 0 where it was computed example by example
 * @param map the means g_c and g_{c,c′} in two dimensions
 * @param engine what computed the products, never AUTO
 * @param products products with a transposed Jacobian
 * @param notes caveats in plain words
 */
public record ClassStructure(
    List<Integer> examples,
    long order,
    Map<ClassComponent, List<Double>> eigenvalues,
    Map<ClassComponent, Double> traces,
    TraceEstimate trace,
    List<Point> map,
    Engine engine,
    long products,
    List<String> notes) {

  /** Share of a component's largest eigenvalue up to which an eigenvalue counts as zero. */
  public static final double ZERO_DOUBLE = 1e-12;

  /** The same in FLOAT. */
  public static final double ZERO_FLOAT = 1e-9;

  /** What rounding leaves of differences of means, as a share of the above times the trace. */
  public static final double DIFFERENCE_SHARE = 1e-3;

  /** Copies the collections. */
  public ClassStructure {
    examples = List.copyOf(examples);
    eigenvalues = Collections.unmodifiableMap(new EnumMap<>(eigenvalues));
    traces = Collections.unmodifiableMap(new EnumMap<>(traces));
    map = List.copyOf(map);
    notes = List.copyOf(notes);
  }

  /**
   * A mean gradient in the plane that shows squared distances best (classical scaling: Torgerson
   * 1952, "Multidimensional Scaling: I. Theory and Method", Psychometrika 17).
   *
   * @param label c
   * @param candidate c′, or null for the class mean g_c
   * @param x first coordinate, in units of the gradient
   * @param y second coordinate
   */
  public record Point(int label, @Nullable Integer candidate, double x, double y) {}

  /**
   * Computes the structure.
   *
   * <p><b>Cost.</b> That of {@link ClassMeans#of}, and C⁴n flops for the Gram matrices.
   *
   * @throws IllegalArgumentException as {@link ClassMeans#of} does
   */
  public static ClassStructure of(
      Network network, DataBatches data, ClassStructureOptions options) {
    return of(ClassMeans.of(network, data, options));
  }

  /** Computes the structure from means. */
  public static ClassStructure of(ClassMeans means) {
    Reduction reduction = new Reduction(means);
    reduction.reduce();
    return new ClassStructure(
        means.examples(),
        means.order(),
        reduction.eigenvalues,
        reduction.traces,
        means.trace(),
        reduction.map(),
        means.engine(),
        means.products(),
        means.notes());
  }

  /** Returns C. */
  public int classes() {
    return examples.size();
  }

  /** From means to numbers. */
  private static final class Reduction {
    private final ClassMeans means;
    private final double zero;
    private final INDArray weightedGram;
    private final @Nullable INDArray balancedGram;
    private final Map<ClassComponent, List<Double>> eigenvalues =
        new EnumMap<>(ClassComponent.class);
    private final Map<ClassComponent, Double> traces = new EnumMap<>(ClassComponent.class);

    Reduction(ClassMeans means) {
      this.means = means;
      INDArray weighted = rows(ClassComponent.A1);
      INDArray balanced = means.rows(ClassComponent.G0);
      this.zero = weighted.dataType() == DataType.FLOAT ? ZERO_FLOAT : ZERO_DOUBLE;
      this.weightedGram = GramMatrix.of(weighted);
      this.balancedGram = balanced == null ? null : GramMatrix.of(balanced);
    }

    private INDArray rows(ClassComponent component) {
      INDArray rows = means.rows(component);
      if (rows == null) {
        throw new AssertionError("there are always class means");
      }
      return rows;
    }

    void reduce() {
      reduce(ClassComponent.A1, ClassComponent.A2, ClassComponent.B1);
      reduce(ClassComponent.G0, ClassComponent.G1, ClassComponent.G2);
      if (traces.containsKey(ClassComponent.G2)) {
        reduce(ClassComponent.G12);
        traces.remove(ClassComponent.G12);
      }
      double whole = means.trace().estimate();
      traces.put(ClassComponent.G, whole);
      putRest(ClassComponent.B2, ClassComponent.A1, ClassComponent.A2, ClassComponent.B1);
      putRest(ClassComponent.G3, ClassComponent.G0, ClassComponent.G1, ClassComponent.G2);
    }

    /** Adds the components of one decomposition that are known. */
    private void reduce(ClassComponent... components) {
      Map<ClassComponent, INDArray> grams = new EnumMap<>(ClassComponent.class);
      double total = 0;
      for (ClassComponent component : components) {
        INDArray gram = gram(component);
        if (gram != null) {
          double trace = trace(gram);
          grams.put(component, gram);
          traces.put(component, trace);
          total += trace;
        }
      }
      for (Map.Entry<ClassComponent, INDArray> entry : grams.entrySet()) {
        eigenvalues.put(entry.getKey(), nonZero(entry.getValue(), entry.getKey(), total));
      }
    }

    private static double trace(INDArray gram) {
      double sum = 0;
      for (int i = 0; !gram.isEmpty() && i < gram.rows(); i++) {
        sum += gram.getDouble(i, i);
      }
      return sum;
    }

    /** Returns the Gram matrix of a component's vectors, or null if they are not known. */
    private @Nullable INDArray gram(ClassComponent component) {
      INDArray rows = means.rows(component);
      if (rows == null) {
        return null;
      }
      double[][] coefficients = means.coefficients(component);
      if (coefficients.length == 0) {
        return Nd4j.empty(DataType.DOUBLE);
      }
      boolean weighted = component.name().charAt(0) != 'G';
      INDArray gram = weighted ? weightedGram : balancedGram;
      INDArray matrix = Nd4j.createFromArray(coefficients);
      return matrix.mmul(gram).mmul(matrix.transpose());
    }

    private List<Double> nonZero(INDArray gram, ClassComponent component, double total) {
      if (gram.isEmpty()) {
        return List.of();
      }
      double[] values = DenseEigenpairs.of(gram).values();
      double least = zero * Math.max(values[0], DIFFERENCE_SHARE * total);
      return Arrays.stream(values)
          .limit(rank(component, gram.rows()))
          .filter(value -> value > least)
          .boxed()
          .toList();
    }

    /** Returns how many eigenvalues can differ from 0: deviations from C − 1 means add up to 0. */
    private long rank(ClassComponent component, long rows) {
      boolean deviations = component == ClassComponent.B1 || component == ClassComponent.G2;
      long perClass = means.classes() - 1L;
      return deviations ? rows / perClass * (perClass - 1) : rows;
    }

    private void putRest(ClassComponent rest, ClassComponent... known) {
      double sum = 0;
      for (ClassComponent component : known) {
        Double trace = traces.get(component);
        if (trace == null) {
          return;
        }
        sum += trace;
      }
      traces.put(rest, Math.max(0, means.trace().estimate() - sum));
    }

    /** Returns the means in two dimensions. */
    List<Point> map() {
      List<Point> labels = new ArrayList<>();
      List<double[]> coefficients = new ArrayList<>();
      for (int c = 0; c < means.classes(); c++) {
        if (!(means.othersWeight(c) > 0)) {
          continue;
        }
        labels.add(new Point(c, null, 0, 0));
        coefficients.add(means.meanCoefficients(c, -1));
        for (int k = 0; means.crossClasses() && k < means.classes(); k++) {
          if (k != c && means.weight(c, k) > 0) {
            labels.add(new Point(c, k, 0, 0));
            coefficients.add(means.meanCoefficients(c, k));
          }
        }
      }
      if (labels.size() < 2) {
        return labels;
      }
      INDArray matrix = Nd4j.createFromArray(coefficients.toArray(double[][]::new));
      // About their centre: what classical scaling makes of the squared distances.
      matrix.subiRowVector(matrix.mean(0));
      INDArray gram = matrix.mmul(weightedGram).mmul(matrix.transpose());
      DenseEigenpairs pairs = DenseEigenpairs.of(gram);
      double[] x = coordinates(pairs, 0);
      double[] y = coordinates(pairs, 1);
      List<Point> points = new ArrayList<>();
      for (int i = 0; i < labels.size(); i++) {
        Point point = labels.get(i);
        points.add(new Point(point.label(), point.candidate(), x[i], y[i]));
      }
      return points;
    }

    /** Returns coordinates along an axis, of which the largest is positive. */
    private static double[] coordinates(DenseEigenpairs pairs, int axis) {
      double root = Math.sqrt(Math.max(0, pairs.value(axis)));
      double[] vector = pairs.vectors().getRow(axis).toDoubleVector();
      double largest = 0;
      for (double entry : vector) {
        largest = Math.abs(entry) > Math.abs(largest) ? entry : largest;
      }
      double factor = largest < 0 ? -root : root;
      return Arrays.stream(vector).map(entry -> factor * entry).toArray();
    }
  }
}
