package org.eigenscope.probes;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.eigenscope.probes.curvature.BatchNormMode;
import org.eigenscope.probes.curvature.Curvature;
import org.eigenscope.probes.curvature.CurvatureMatrix;
import org.eigenscope.probes.curvature.CurvatureOptions;
import org.eigenscope.probes.curvature.Engine;
import org.eigenscope.probes.curvature.Network;
import org.eigenscope.probes.curvature.Precision;
import org.eigenscope.probes.linalg.ExtremeEigenpairs;
import org.eigenscope.probes.linalg.FreeMemory;
import org.eigenscope.probes.linalg.LinearOperator;
import org.eigenscope.probes.linalg.RitzPair;
import org.eigenscope.probes.structure.ClassComponent;
import org.eigenscope.probes.structure.ClassMeans;
import org.eigenscope.probes.structure.ClassStructure;
import org.eigenscope.probes.structure.ClassStructureOptions;
import org.eigenscope.probes.structure.KnockOut;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Measures the class and cross-class structure of a classifier's Gauss–Newton matrix: its
 * components by classes, its own largest eigenvalues, and what is left of the largest one without
 * the class means.
 *
 * <p><b>Definition.</b> {@link ClassStructure}; eigenpairs by {@link ExtremeEigenpairs}; {@link
 * KnockOut} of A1.
 *
 * <p><b>Cost.</b> That of {@link ClassMeans#of}, and some tens of matvecs of the matrix.
 *
 * <p><b>Threading.</b> One listener owns it, and calls it from one thread at a time.
 */
public final class ClassStructureProbe implements Probe<ClassStructureReading> {
  private final String name;
  private final ClassStructureOptions options;
  private final int ranks;

  private final boolean wholeMatrix;

  private ClassStructureProbe(
      String name, ClassStructureOptions options, int ranks, boolean wholeMatrix) {
    this.name = name;
    this.options = options;
    this.ranks = ranks;
    this.wholeMatrix = wholeMatrix;
  }

  /**
   * What products with the whole matrix G show.
   *
   * @param largest its largest eigenvalues, descending
   * @param subtracted the largest one of G − A1; NaN where there are no class means
   * @param projected the largest one off the class means; NaN likewise
   */
  private record Whole(
      List<SpectrumReading.Eigenvalue> largest, double subtracted, double projected, long matvecs) {
    static final Whole UNKNOWN = new Whole(List.of(), Double.NaN, Double.NaN, 0);
  }

  /** Returns a probe with the builder's defaults. */
  public static ClassStructureProbe defaults() {
    return builder().build();
  }

  /** Returns a builder; each of its methods names its default. */
  public static Builder builder() {
    return new Builder();
  }

  @Override
  public String name() {
    return name;
  }

  /**
   * {@inheritDoc}
   *
   * @throws IllegalArgumentException if the network is no classifier, the examples have not one
   *     class each, or the data do not fit the network
   * @throws org.eigenscope.probes.linalg.NonFiniteValueException if a product is NaN or infinite
   */
  @Override
  public ClassStructureReading measure(Snapshot snapshot) {
    long begin = System.nanoTime();
    ClassMeans means = ClassMeans.of(snapshot.network(), snapshot.data(), options);
    ClassStructure structure = ClassStructure.of(means);
    List<String> notes = new ArrayList<>(structure.notes());
    Whole whole = wholeMatrix ? whole(snapshot, means, structure, notes) : Whole.UNKNOWN;
    Map<String, String> settings = ProbeTags.settings(options.curvature());
    settings.put("engine", ProbeTags.lower(structure.engine()));
    settings.put("ranks", Integer.toString(ranks));
    settings.put("wholeMatrix", Boolean.toString(wholeMatrix));
    settings.put("mostCrossClasses", Integer.toString(options.mostCrossClasses()));
    settings.put("exactProducts", Long.toString(options.exactProducts()));
    settings.put("draws", Integer.toString(options.draws()));
    return new ClassStructureReading(
        Provenance.of(
            name,
            snapshot,
            (System.nanoTime() - begin) * 1e-9,
            options.seed(),
            means.products() + whole.matvecs(),
            settings),
        tags(snapshot.network()),
        ranks,
        structure,
        whole.largest(),
        whole.subtracted(),
        whole.projected(),
        notes);
  }

  private Whole whole(
      Snapshot snapshot, ClassMeans means, ClassStructure structure, List<String> notes) {
    try (Curvature curvature = curvature(snapshot)) {
      LinearOperator matrix = curvature.gaussNewton();
      int count = (int) Math.min(Math.max(ranks, structure.classes()), matrix.order());
      ExtremeEigenpairs pairs = largest(matrix, count, notes);
      List<SpectrumReading.Eigenvalue> eigenvalues =
          pairs.largest().stream()
              .map(pair -> new SpectrumReading.Eigenvalue(pair.value(), pair.residualNorm()))
              .toList();
      INDArray factor = means.factor(ClassComponent.A1);
      if (factor == null || !(structure.traces().getOrDefault(ClassComponent.A1, 0.0) > 0)) {
        return new Whole(eigenvalues, Double.NaN, Double.NaN, pairs.matvecs());
      }
      ExtremeEigenpairs less = largest(KnockOut.subtraction(matrix, factor), 1, notes);
      ExtremeEigenpairs without = largest(KnockOut.projection(matrix, factor), 1, notes);
      return new Whole(
          eigenvalues,
          less.largest().get(0).value(),
          without.largest().get(0).value(),
          pairs.matvecs() + less.matvecs() + without.matvecs());
    }
  }

  private ExtremeEigenpairs largest(LinearOperator matrix, int count, List<String> notes) {
    ExtremeEigenpairs pairs =
        ExtremeEigenpairs.compute(
            matrix,
            ExtremeEigenpairs.Options.of(count, 0)
                .withSeed(options.seed())
                .withThreads(options.curvature().threads()));
    if (!pairs.converged()) {
      List<RitzPair> found = pairs.largest();
      notes.add(
          "not all eigenvalues converged in %d products: the residual of the last is %.1e"
              .formatted(pairs.matvecs(), found.get(found.size() - 1).residualNorm()));
    }
    return pairs;
  }

  private Curvature curvature(Snapshot snapshot) {
    return Curvature.of(
        snapshot.network(), snapshot.data(), options.curvature().withRegularization(false));
  }

  private Map<String, String> tags(Network network) {
    return ProbeTags.with(
        ProbeTags.whole(network, options.curvature()),
        "operator",
        CurvatureMatrix.GAUSS_NEWTON.tag());
  }

  /**
   * {@inheritDoc}
   *
   * <p><b>Cost.</b> None: no product is computed and no time estimated.
   */
  @Override
  public Examination examine(Snapshot snapshot) {
    Network network = snapshot.network();
    long classes = snapshot.data().batches().get(0).getLabels(0).size(1);
    boolean cross = classes <= options.mostCrossClasses();
    long vectors = cross ? 2 * classes * classes : 3 * classes;
    long bytes =
        vectors * network.activeParameters() * options.curvature().precision().dataType().width();
    List<String> findings =
        List.of(
            "class structure of the whole network, on %d examples of %d classes, %d parameters"
                .formatted(snapshot.data().examples(), classes, network.activeParameters()),
            "%s take up to %s"
                .formatted(
                    cross ? "class and cross-class means" : "class means",
                    FreeMemory.format(bytes)));
    return new Examination(
        findings,
        ProbeTags.quantities(
            ClassStructureReading.unknown(tags(network), ranks),
            ClassStructureReading.DESCRIPTIONS),
        cross ? 3 * classes * classes : 4 * classes,
        Double.NaN,
        bytes);
  }

  /** Settings of a {@link ClassStructureProbe}. */
  public static final class Builder {
    private String name = "classes";
    private ClassStructureOptions options = ClassStructureOptions.defaults();
    private int ranks = 10;
    private boolean wholeMatrix = true;

    private Builder() {}

    /**
     * Sets the probe's name, which tells it from others of the same listener; default {@code
     * classes}.
     *
     * @throws IllegalArgumentException if {@code value} is blank
     */
    public Builder name(String value) {
      name = BuilderChecks.name(value);
      return this;
    }

    /** Sets what batch normalization layers normalise with; default BATCH. */
    public Builder batchNorm(BatchNormMode mode) {
      return curvature(options.curvature().withBatchNorm(mode));
    }

    /** Sets how products are computed; default AUTO. */
    public Builder engine(Engine engine) {
      return curvature(options.curvature().withEngine(engine));
    }

    /** Sets the type of vectors and products; default DOUBLE. */
    public Builder precision(Precision precision) {
      return curvature(options.curvature().withPrecision(precision));
    }

    /**
     * Sets on how many threads the tangent engine works; default as many as there are processors.
     *
     * @throws IllegalArgumentException if {@code value} is less than 1
     */
    public Builder threads(int value) {
      return curvature(options.curvature().withThreads(value));
    }

    private Builder curvature(CurvatureOptions value) {
      options = options.withCurvature(value);
      return this;
    }

    /**
     * Sets the number of eigenvalues of A1 and of G among the measurements; default 10. There are
     * at least as many as classes in the reading itself.
     *
     * @throws IllegalArgumentException if {@code value} is less than 1
     */
    public Builder ranks(int value) {
      ranks = BuilderChecks.atLeast(1, "ranks", value);
      return this;
    }

    /**
     * Sets whether G itself is measured beside its components: its largest eigenvalues, their ratio
     * to those of the class means, and the largest one without the class means; default true.
     * Without, these measurements are NaN, and a reading takes the products for the means alone: on
     * LeNet with a thousand examples of each of ten classes, some third of the time.
     */
    public Builder wholeMatrix(boolean value) {
      wholeMatrix = value;
      return this;
    }

    /** Sets up to how many classes there are cross-class means; default 32. */
    public Builder mostCrossClasses(int value) {
      options = options.withMostCrossClasses(value);
      return this;
    }

    /** Sets the seed of every random choice; default 1. */
    public Builder seed(long value) {
      options = options.withSeed(value);
      return this;
    }

    /** Returns a probe with these settings. */
    public ClassStructureProbe build() {
      return new ClassStructureProbe(name, options, ranks, wholeMatrix);
    }
  }
}
