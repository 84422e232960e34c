package org.eigenscope.probes;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.eigenscope.probes.linalg.QuadratureRule;
import org.eigenscope.probes.structure.ClassComponent;
import org.eigenscope.probes.structure.ClassStructure;

/**
 * The class structure of a classifier's Gauss–Newton matrix at one moment, beside the matrix's own
 * largest eigenvalues.
 *
 * <p>Its spectra are the components' eigenvalues with the zeros that make them up to n; map and
 * traces with their error are in {@link #structure}.
 *
 * @param provenance where the reading comes from
 * @param tags the common tags of its measurements: operator, normalization, layer
 * @param ranks number of eigenvalues of A1 and of G among the measurements
 * @param structure components' eigenvalues and traces
 * @param largest largest eigenvalues of G, descending
 * @param subtracted largest eigenvalue of G − A1; NaN where A1 is zero
 * @param projected largest eigenvalue of G with the class means projected out; NaN likewise
 * @param notes caveats in plain words
 */
public record ClassStructureReading(
    Provenance provenance,
    Map<String, String> tags,
    int ranks,
    ClassStructure structure,
    List<SpectrumReading.Eigenvalue> largest,
    double subtracted,
    double projected,
    List<String> notes)
    implements Reading {

  /** Name of the components' spectra. */
  public static final String SPECTRUM = "eigenscope.structure.class.spectrum";

  private static final String TRACE = "eigenscope.structure.class.trace";
  private static final String TRACE_ERROR = "eigenscope.structure.class.trace.standard.error";
  private static final String EIGENVALUE = "eigenscope.structure.class.eigenvalue";
  private static final String RATIO = "eigenscope.structure.class.ratio";
  private static final String KNOCK_OUT = "eigenscope.structure.class.knockout";

  static final Map<String, String> DESCRIPTIONS =
      Map.of(
          TRACE,
          "Trace of a component of the Gauss-Newton matrix by classes",
          TRACE_ERROR,
          "Standard error of the trace of the Gauss-Newton matrix, 0 where it was not estimated",
          EIGENVALUE,
          "Eigenvalue of a component of the Gauss-Newton matrix by classes, by rank",
          RATIO,
          "Eigenvalue of the class means over that of the Gauss-Newton matrix, both of rank C",
          KNOCK_OUT,
          "Largest eigenvalue of the Gauss-Newton matrix without its class means");

  /** Copies the collections. */
  public ClassStructureReading {
    tags = Map.copyOf(tags);
    largest = List.copyOf(largest);
    notes = List.copyOf(notes);
  }

  /** Returns λ_C(A1)/λ_C(G), C the number of classes; NaN where one of the two is not known. */
  public double ratio() {
    int last = structure.classes() - 1;
    List<Double> means = structure.eigenvalues().getOrDefault(ClassComponent.A1, List.of());
    return last < means.size() && last < largest.size() && largest.get(last).value() > 0
        ? means.get(last) / largest.get(last).value()
        : Double.NaN;
  }

  @Override
  public List<Measurement> measurements() {
    Map<ClassComponent, Double> traces = new EnumMap<>(structure.traces());
    List<Double> means = structure.eigenvalues().getOrDefault(ClassComponent.A1, List.of());
    List<Double> whole = largest.stream().map(SpectrumReading.Eigenvalue::value).toList();
    return measurements(
        tags,
        ranks,
        traces,
        structure.trace().standardError(),
        means,
        whole,
        new double[] {ratio(), subtracted, projected});
  }

  /** Returns the measurements of a reading of which nothing is known. */
  static List<Measurement> unknown(Map<String, String> tags, int ranks) {
    double nan = Double.NaN;
    return measurements(
        tags, ranks, Map.of(), nan, List.of(), List.of(), new double[] {nan, nan, nan});
  }

  private static List<Measurement> measurements(
      Map<String, String> tags,
      int ranks,
      Map<ClassComponent, Double> traces,
      double traceError,
      List<Double> means,
      List<Double> whole,
      double[] single) {
    List<Measurement> all = new ArrayList<>();
    for (ClassComponent component : ClassComponent.values()) {
      if (component != ClassComponent.G12) {
        double trace = traces.getOrDefault(component, Double.NaN);
        all.add(new Measurement(TRACE, of(tags, component), trace));
      }
    }
    all.add(new Measurement(TRACE_ERROR, tags, traceError));
    for (int i = 0; i < ranks; i++) {
      String rank = Integer.toString(i + 1);
      all.add(
          new Measurement(
              EIGENVALUE,
              ProbeTags.with(of(tags, ClassComponent.A1), "rank", rank),
              i < means.size() ? means.get(i) : Double.NaN));
      all.add(
          new Measurement(
              EIGENVALUE,
              ProbeTags.with(of(tags, ClassComponent.G), "rank", rank),
              i < whole.size() ? whole.get(i) : Double.NaN));
    }
    all.add(new Measurement(RATIO, tags, single[0]));
    all.add(new Measurement(KNOCK_OUT, ProbeTags.with(tags, "method", "subtraction"), single[1]));
    all.add(new Measurement(KNOCK_OUT, ProbeTags.with(tags, "method", "projection"), single[2]));
    return List.copyOf(all);
  }

  private static Map<String, String> of(Map<String, String> tags, ClassComponent component) {
    return ProbeTags.with(tags, "component", ProbeTags.lower(component));
  }

  @Override
  public List<Spectrum> spectra() {
    List<Spectrum> all = new ArrayList<>();
    long order = structure.order();
    structure
        .eigenvalues()
        .forEach(
            (component, values) -> {
              double[] nodes = new double[values.size() + 1];
              double[] weights = new double[nodes.length];
              for (int i = 0; i < values.size(); i++) {
                // Ascending, after the zeros.
                nodes[i + 1] = values.get(values.size() - 1 - i);
                weights[i + 1] = 1.0 / order;
              }
              weights[0] = Math.max(0, 1 - (double) values.size() / order);
              all.add(
                  new Spectrum(
                      SPECTRUM,
                      of(tags, component),
                      order,
                      List.of(new QuadratureRule(nodes, weights))));
            });
    return List.copyOf(all);
  }
}
