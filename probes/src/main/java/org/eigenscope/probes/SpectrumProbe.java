package org.eigenscope.probes;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.eigenscope.probes.curvature.BatchNormMode;
import org.eigenscope.probes.curvature.Curvature;
import org.eigenscope.probes.curvature.CurvatureMatrix;
import org.eigenscope.probes.curvature.CurvatureOptions;
import org.eigenscope.probes.curvature.Engine;
import org.eigenscope.probes.curvature.Network;
import org.eigenscope.probes.curvature.Precision;
import org.eigenscope.probes.linalg.ExtremeEigenpairs;
import org.eigenscope.probes.linalg.GradientFraction;
import org.eigenscope.probes.linalg.Lanczos;
import org.eigenscope.probes.linalg.LinearOperator;
import org.eigenscope.probes.linalg.OperatorCheck;
import org.eigenscope.probes.linalg.Outliers;
import org.eigenscope.probes.linalg.QuadratureRule;
import org.eigenscope.probes.linalg.RandomVectors;
import org.eigenscope.probes.linalg.Reorthogonalization;
import org.eigenscope.probes.linalg.RitzPair;
import org.eigenscope.probes.linalg.SpectralEstimate;
import org.eigenscope.probes.linalg.SpectralMeasure;
import org.eigenscope.probes.linalg.SpectralMoments;
import org.eigenscope.probes.linalg.StochasticLanczosQuadrature;
import org.eigenscope.probes.linalg.SubspaceOverlap;
import org.eigenscope.probes.linalg.TopEigenspace;
import org.eigenscope.probes.linalg.TraceEstimate;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Measures the spectrum of a curvature matrix and the part of the gradient in its top eigenspace.
 *
 * <p><b>Definition.</b> Extreme eigenpairs until their residuals are small ({@link
 * ExtremeEigenpairs}); nodes of the density, trace and negative mass by stochastic Lanczos
 * quadrature (Ghorbani, Krishnan, Xiao 2019, "An Investigation into Neural Net Optimization via
 * Hessian Eigenvalue Density", algorithm 1, arXiv 1901.10159); {@link Outliers}; the gradient's
 * fraction ‖P_k g‖²/‖g‖² in the top-k eigenspace (Gur-Ari, Roberts, Dyer 2018, "Gradient Descent
 * Happens in a Tiny Subspace", arXiv 1812.04754). Gradient and matrix are those of the same mean
 * loss, on the active coordinates.
 *
 * <p><b>Cost.</b> {@code steps · draws} matvecs for the quadrature and, for the eigenpairs, five to
 * ten for each pair in the first reading; later readings start from the eigenvectors of the one
 * before. The gradient's spectral measure costs the steps that {@link Builder#gradientMeasure} asks
 * for.
 *
 * <p><b>Without draws</b> ({@code draws(0)}, {@link #sharpness()}) there is no quadrature and a
 * reading costs its eigenpairs alone: it has no spectrum, no trace and no negative mass, and its
 * outliers are told from the top eigenvalues only. Such a probe beside one with draws, each on its
 * schedule, gives sharpness often and the density now and then.
 *
 * <p><b>Threading.</b> A probe remembers the last eigenvectors: one listener owns it, and calls it
 * from one thread at a time.
 */
public final class SpectrumProbe implements Probe<SpectrumReading> {

  /** Matvecs of the first reading for each wanted pair, where eigenvalues stand apart. */
  private static final int EXPECTED_MATVECS_PER_PAIR = 6;

  /** The same with a tolerance of at least {@link #LOOSE}. */
  private static final int EXPECTED_MATVECS_PER_LOOSE_PAIR = 4;

  private static final double LOOSE = 1e-2;

  /** Room to converge in for one pair or two. */
  private static final int FEWEST_BASIS_VECTORS = 50;

  private final Settings settings;

  /** Eigenvectors of the last reading: the next one's warm start, and what overlaps refer to. */
  private @Nullable LastReading last;

  private record LastReading(TopEigenspace top, INDArray vectors) {}

  /** What the draws tell. */
  private record Density(
      List<QuadratureRule> draws,
      TraceEstimate trace,
      double negativeMass,
      long matvecs,
      List<String> notes) {
    static final Density UNKNOWN =
        new Density(
            List.of(), new TraceEstimate(Double.NaN, Double.NaN, 0), Double.NaN, 0, List.of());
  }

  private record Settings(
      String name,
      CurvatureMatrix matrix,
      @Nullable String layer,
      CurvatureOptions curvature,
      int steps,
      int draws,
      RandomVectors.Distribution testVectors,
      int top,
      int bottom,
      OptionalDouble tolerance,
      int gradientSteps,
      long seed) {

    Settings in(BatchNormMode mode) {
      return new Settings(
          name,
          matrix,
          layer,
          curvature.withBatchNorm(mode),
          steps,
          draws,
          testVectors,
          top,
          bottom,
          tolerance,
          gradientSteps,
          seed);
    }
  }

  private SpectrumProbe(Settings settings) {
    this.settings = settings;
  }

  /** Returns a probe of the whole network's Hessian with the builder's defaults. */
  public static SpectrumProbe defaults() {
    return builder().build();
  }

  /**
   * Returns a probe of the sharpness: the ten largest eigenvalues of the whole network's Hessian
   * and the gradient's fractions in their eigenspaces, without draws, in FLOAT, to a {@linkplain
   * Builder#tolerance tolerance} of 1e-2.
   *
   * <p><b>Cost.</b> A gradient and about 40 matvecs in the first reading, 30 in later ones where
   * eigenvalues stand apart, against 950 of the defaults; 200 vectors of memory, 0.8 kB for each
   * parameter.
   */
  public static SpectrumProbe sharpness() {
    return builder().top(10).bottom(0).draws(0).precision(Precision.FLOAT).tolerance(1e-2).build();
  }

  /** Returns a builder; each of its methods names its default. */
  public static Builder builder() {
    return new Builder();
  }

  @Override
  public String name() {
    return settings.name();
  }

  /**
   * {@inheritDoc}
   *
   * @throws IllegalArgumentException if {@code top} or {@code bottom} exceeds the order of the
   *     matrix, the layer does not exist, or the data do not fit the network
   * @throws org.eigenscope.probes.linalg.NonFiniteValueException if the loss, the gradient or a
   *     product is NaN or infinite
   */
  @Override
  public SpectrumReading measure(Snapshot snapshot) {
    long begin = System.nanoTime();
    try (Curvature whole = curvatureOf(snapshot)) {
      Curvature curvature = block(whole);
      double loss = curvature.loss();
      INDArray gradient = curvature.gradient();
      LinearOperator operator = curvature.operator(settings.matrix());
      checkOrder(operator);

      ExtremeEigenpairs pairs = eigenpairs(operator);
      TopEigenspace top = TopEigenspace.of(pairs.largest());
      List<Double> overlap = overlapWithLast(top);
      Density density = density(operator);
      SpectralMeasure measure = gradientMeasure(operator, gradient);
      Outliers outliers =
          Outliers.find(
              values(pairs.largest()),
              pairs.largest().stream().mapToDouble(RitzPair::residualNorm).toArray(),
              operator.order(),
              density.draws());
      last = new LastReading(top, pairs.vectors());

      List<String> notes = new ArrayList<>(curvature.notes());
      if (!pairs.converged()) {
        notes.add(
            "not all eigenvalues converged in %d products: see their residuals"
                .formatted(pairs.matvecs()));
      }
      notes.addAll(density.notes());
      addNotes(measure, gradient, notes);
      return new SpectrumReading(
          provenance(
              snapshot,
              curvature,
              pairs.matvecs() + density.matvecs() + (measure == null ? 0 : measure.matvecs()),
              (System.nanoTime() - begin) * 1e-9),
          tags(snapshot.network()),
          loss,
          gradient.norm2Number().doubleValue(),
          curvature.parameters(),
          curvature.activeParameters(),
          eigenvalues(pairs.largest()),
          eigenvalues(pairs.smallest()),
          density.trace(),
          density.negativeMass(),
          outliers.count(),
          outliers.bulkEdge(),
          boxed(GradientFraction.of(top, gradient)),
          overlap,
          stabilityRatio(snapshot, top.value(0)),
          density.draws(),
          measure == null ? null : measure.rule(),
          notes);
    }
  }

  /**
   * {@inheritDoc}
   *
   * <p><b>Cost.</b> That of {@link OperatorCheck#measure}, which also times a product.
   *
   * @throws IllegalArgumentException as {@link #measure} does
   * @throws org.eigenscope.probes.linalg.NonFiniteValueException as {@link #measure} does
   */
  @Override
  public Examination examine(Snapshot snapshot) {
    try (Curvature whole = curvatureOf(snapshot)) {
      Curvature curvature = block(whole);
      LinearOperator operator = curvature.operator(settings.matrix());
      checkOrder(operator);
      curvature.gradient(); // so that the check times products alone
      long begin = System.nanoTime();
      OperatorCheck check = OperatorCheck.measure(operator, settings.seed());
      double secondsPerMatvec = (System.nanoTime() - begin) * 1e-9 / check.matvecs();
      long matvecs = expectedMatvecs(operator.order());
      double seconds = matvecs * secondsPerMatvec;
      long bytes = curvature.expectedBytes() + vectorBytes(operator);

      List<String> findings = new ArrayList<>();
      findings.add(
          "%s of the %s of %s, on %d examples, %d of %d parameters"
              .formatted(
                  settings.draws() == 0 ? "extreme eigenvalues alone" : "spectrum",
                  settings.matrix().tag(),
                  settings.layer() == null ? "the whole network" : "layer " + settings.layer(),
                  snapshot.data().examples(),
                  curvature.activeParameters(),
                  curvature.parameters()));
      findings.addAll(curvature.notes());
      findings.add(
          "engine %s, %s vectors: symmetry defect %.1e of the norm, products %s"
              .formatted(
                  ProbeTags.lower(curvature.engine()),
                  ProbeTags.lower(settings.curvature().precision()),
                  check.relativeSymmetryDefect(),
                  check.deterministic() ? "repeat bit for bit" : "do NOT repeat bit for bit"));
      findings.add(
          String.format(
              Locale.ROOT,
              "a reading costs about %d products: %.3g s, up to %.0f MB",
              matvecs,
              seconds,
              bytes * 1e-6));
      return new Examination(findings, quantities(snapshot.network()), matvecs, seconds, bytes);
    }
  }

  /** Returns a probe with the same settings in a mode, which remembers nothing yet. */
  SpectrumProbe in(BatchNormMode mode) {
    return new SpectrumProbe(settings.in(mode));
  }

  /** Returns what batch normalization layers normalise with. */
  BatchNormMode mode() {
    return settings.curvature().batchNorm();
  }

  /** Returns the number of largest eigenvalues. */
  int top() {
    return settings.top();
  }

  /** Returns the scalars that readings of a network hold. */
  List<Quantity> quantities(Network network) {
    return SpectrumQuantity.declare(
        tags(network), settings.top(), settings.bottom(), settings.draws() > 0);
  }

  private Curvature curvatureOf(Snapshot snapshot) {
    return Curvature.of(snapshot.network(), snapshot.data(), settings.curvature());
  }

  private Curvature block(Curvature whole) {
    String layer = settings.layer();
    return layer == null ? whole : whole.layer(layer);
  }

  private void checkOrder(LinearOperator operator) {
    checkOrder("top", settings.top(), operator.order());
    checkOrder("bottom", settings.bottom(), operator.order());
  }

  private static void checkOrder(String name, int count, long order) {
    if (count > order) {
      throw new IllegalArgumentException(
          "%s must be at most the order of the matrix, %d, got %d".formatted(name, order, count));
    }
  }

  private ExtremeEigenpairs eigenpairs(LinearOperator operator) {
    ExtremeEigenpairs.Options options =
        ExtremeEigenpairs.Options.of(settings.top(), settings.bottom())
            .withSeed(seeds()[1])
            .withMemoryBytes(vectorBytes(operator))
            .withThreads(settings.curvature().threads());
    if (settings.tolerance().isPresent()) {
      options = options.withRelativeTolerance(settings.tolerance().getAsDouble());
    }
    return last != null && last.vectors().columns() == operator.order()
        ? ExtremeEigenpairs.compute(operator, options, last.vectors())
        : ExtremeEigenpairs.compute(operator, options);
  }

  private Density density(LinearOperator operator) {
    if (settings.draws() == 0) {
      return Density.UNKNOWN;
    }
    SpectralEstimate estimate =
        StochasticLanczosQuadrature.estimate(
            operator,
            StochasticLanczosQuadrature.Options.defaults()
                .withSteps(settings.steps())
                .withDraws(settings.draws())
                .withDistribution(settings.testVectors())
                .withSeed(seeds()[0])
                .withThreads(settings.curvature().threads()));
    List<String> notes = new ArrayList<>();
    if (estimate.reorthogonalization() == Reorthogonalization.NONE) {
      notes.add("no Krylov basis fitted into memory: the draws were not re-orthogonalised");
    } else if (estimate.groupSize() < estimate.draws().size()) {
      notes.add(
          "memory for the Krylov bases of %d of %d draws at a time"
              .formatted(estimate.groupSize(), estimate.draws().size()));
    }
    SpectralMoments moments = SpectralMoments.of(estimate.draws(), estimate.order());
    return new Density(
        estimate.draws(),
        moments.trace(),
        moments.negativeMass().estimate(),
        estimate.matvecs(),
        notes);
  }

  private @Nullable SpectralMeasure gradientMeasure(LinearOperator operator, INDArray gradient) {
    if (settings.gradientSteps() == 0 || isZero(gradient)) {
      return null;
    }
    return SpectralMeasure.of(
        operator,
        gradient,
        Lanczos.Options.ofSteps(settings.gradientSteps())
            .withThreads(settings.curvature().threads()));
  }

  /** Returns independent seeds for the quadrature and for the eigenpairs. */
  private long[] seeds() {
    return new SplittableRandom(settings.seed()).longs(2).toArray();
  }

  private List<Double> overlapWithLast(TopEigenspace top) {
    if (last == null || last.top().order() != top.order()) {
      return Collections.nCopies(top.k(), Double.NaN);
    }
    return boxed(SubspaceOverlap.of(last.top(), top));
  }

  private double stabilityRatio(Snapshot snapshot, double sharpness) {
    if (settings.matrix() != CurvatureMatrix.HESSIAN || settings.layer() != null) {
      return Double.NaN;
    }
    int iteration = Math.max(0, snapshot.iteration());
    int epoch = Math.max(0, snapshot.epoch());
    return sharpness / snapshot.network().stabilityLimit(iteration, epoch);
  }

  private long pairs() {
    return settings.top() + (long) settings.bottom();
  }

  private void addNotes(@Nullable SpectralMeasure measure, INDArray gradient, List<String> notes) {
    if (settings.gradientSteps() > 0 && isZero(gradient)) {
      notes.add("the gradient is zero: it has no spectral measure");
    }
    if (measure != null && measure.reorthogonalization() == Reorthogonalization.NONE) {
      notes.add("no Krylov basis fitted into memory: the gradient's was not re-orthogonalised");
    }
  }

  private static boolean isZero(INDArray gradient) {
    return gradient.amaxNumber().doubleValue() == 0;
  }

  private long expectedMatvecs(long order) {
    return Math.min(settings.steps(), order) * settings.draws()
        + Math.min(settings.gradientSteps(), order)
        + expectedMatvecsPerPair() * Math.min(order, pairs());
  }

  private int expectedMatvecsPerPair() {
    return settings.tolerance().orElse(0) < LOOSE
        ? EXPECTED_MATVECS_PER_PAIR
        : EXPECTED_MATVECS_PER_LOOSE_PAIR;
  }

  /**
   * Returns what the vectors may take: those of the draws or of the gradient's measure, or before
   * them the eigenpairs' basis, its images and some for each pair. The basis has room for twice the
   * expected matvecs, so that most readings never restart from a part of it.
   */
  private long vectorBytes(LinearOperator operator) {
    long order = operator.order();
    long ofDraws = Math.min(settings.steps(), order) * settings.draws();
    long ofGradient = Math.min(settings.gradientSteps(), order);
    long expected = expectedMatvecsPerPair() * pairs();
    long basis = Math.min(order, Math.max(FEWEST_BASIS_VECTORS, 2 * expected));
    long most = Math.max(Math.max(ofDraws, ofGradient), 2 * basis + 4 * pairs());
    return most * order * operator.dataType().width();
  }

  private Provenance provenance(
      Snapshot snapshot, Curvature curvature, long matvecs, double seconds) {
    Map<String, String> used = new TreeMap<>(tags(snapshot.network()));
    used.put("engine", ProbeTags.lower(curvature.engine()));
    used.putAll(ProbeTags.settings(settings.curvature()));
    used.put("regularization", Boolean.toString(settings.curvature().regularization()));
    used.put("steps", Integer.toString(settings.steps()));
    used.put("draws", Integer.toString(settings.draws()));
    used.put("testVectors", ProbeTags.lower(settings.testVectors()));
    used.put("top", Integer.toString(settings.top()));
    used.put("bottom", Integer.toString(settings.bottom()));
    settings.tolerance().ifPresent(value -> used.put("tolerance", Double.toString(value)));
    used.put("gradientSteps", Integer.toString(settings.gradientSteps()));
    return Provenance.of(name(), snapshot, seconds, settings.seed(), matvecs, used);
  }

  /** Returns the common tags of readings of a network. */
  Map<String, String> tags(Network network) {
    return Map.of(
        "operator",
        settings.matrix().tag(),
        "normalization",
        ProbeTags.normalization(network, settings.curvature()),
        "layer",
        settings.layer() == null ? "all" : settings.layer());
  }

  private static double[] values(List<RitzPair> pairs) {
    return pairs.stream().mapToDouble(RitzPair::value).toArray();
  }

  private static List<SpectrumReading.Eigenvalue> eigenvalues(List<RitzPair> pairs) {
    return pairs.stream()
        .map(pair -> new SpectrumReading.Eigenvalue(pair.value(), pair.residualNorm()))
        .toList();
  }

  private static List<Double> boxed(double[] values) {
    return Arrays.stream(values).boxed().toList();
  }

  /** Settings of a {@link SpectrumProbe}. */
  public static final class Builder {
    private @Nullable String name;
    private CurvatureMatrix matrix = CurvatureMatrix.HESSIAN;
    private @Nullable String layer;
    private CurvatureOptions curvature = CurvatureOptions.defaults();
    private int steps = 90;
    private int draws = 10;
    private RandomVectors.Distribution testVectors = RandomVectors.Distribution.RADEMACHER;
    private int top = 10;
    private int bottom = 1;
    private OptionalDouble tolerance = OptionalDouble.empty();
    private int gradientSteps;
    private long seed = 1;

    private Builder() {}

    /**
     * Sets the probe's name, which tells it from others of the same listener: meters show the last
     * reading of each name. Default {@code spectrum}, or {@code sharpness} without draws.
     *
     * @throws IllegalArgumentException if {@code value} is blank
     */
    public Builder name(String value) {
      name = BuilderChecks.name(value);
      return this;
    }

    /** Sets the matrix; default HESSIAN. */
    public Builder matrix(CurvatureMatrix value) {
      matrix = value;
      return this;
    }

    /**
     * Restricts matrix and gradient to a layer's block; default null, the whole network.
     *
     * @param name {@code NAME} for all parameters of a layer, {@code NAME/KEY} for one array of it
     */
    public Builder layer(@Nullable String name) {
      layer = name;
      return this;
    }

    /**
     * Sets what batch normalization layers normalise with; default BATCH, what training does. Has
     * no effect without such layers.
     */
    public Builder batchNorm(BatchNormMode mode) {
      curvature = curvature.withBatchNorm(mode);
      return this;
    }

    /** Sets how products are computed; default AUTO. */
    public Builder engine(Engine engine) {
      curvature = curvature.withEngine(engine);
      return this;
    }

    /**
     * Sets the type of vectors and of the tangent engine's products; default DOUBLE. FLOAT halves
     * their memory, and is several times as fast where oneDNN is on the class path.
     */
    public Builder precision(Precision precision) {
      curvature = curvature.withPrecision(precision);
      return this;
    }

    /**
     * Sets on how many threads the tangent engine works; default as many as there are processors.
     * Fewer leave more to a training that goes on at the same time.
     *
     * @throws IllegalArgumentException if {@code value} is less than 1
     */
    public Builder threads(int value) {
      curvature = curvature.withThreads(value);
      return this;
    }

    /** Sets whether l1, l2 and weight decay belong to the loss; default false. */
    public Builder regularization(boolean included) {
      curvature = curvature.withRegularization(included);
      return this;
    }

    /**
     * Sets the Lanczos steps of a draw; default 90, as in the notebooks published with Ghorbani et
     * al. 2019. A matrix of smaller order takes as many as its order.
     *
     * @throws IllegalArgumentException if {@code value} is less than 1
     */
    public Builder steps(int value) {
      steps = BuilderChecks.atLeast(1, "steps", value);
      return this;
    }

    /**
     * Sets the number of test vectors; default 10, as in the same code. With 0 there is no
     * quadrature: a reading then has no spectrum, no trace and no negative mass, and knows its
     * outliers only where they stand apart within the {@code top} eigenvalues.
     *
     * @throws IllegalArgumentException if {@code value} is negative
     */
    public Builder draws(int value) {
      draws = BuilderChecks.atLeast(0, "draws", value);
      return this;
    }

    /** Sets the law of the test vectors; default RADEMACHER, whose traces vary least. */
    public Builder testVectors(RandomVectors.Distribution distribution) {
      testVectors = distribution;
      return this;
    }

    /**
     * Sets how many algebraically largest eigenpairs are computed, and up to which k the gradient's
     * fraction and the overlap are; default 10.
     *
     * @throws IllegalArgumentException if {@code value} is less than 1
     */
    public Builder top(int value) {
      top = BuilderChecks.atLeast(1, "top", value);
      return this;
    }

    /**
     * Sets how many algebraically smallest eigenvalues are computed; default 1, and 0 for the upper
     * end alone.
     *
     * @throws IllegalArgumentException if {@code value} is negative
     */
    public Builder bottom(int value) {
      bottom = BuilderChecks.atLeast(0, "bottom", value);
      return this;
    }

    /**
     * Sets the residual norm that is good enough for an eigenpair, as a fraction of the largest
     * absolute eigenvalue; default 1e-6 in DOUBLE and 1e-4 in FLOAT. An eigenvalue that stands
     * apart errs by its square over the gap: 1e-2 takes about half of the products of 1e-4, and a
     * LeNet's largest eigenvalue was still right to 3e-5, its tenth to a tenth. Outliers may be
     * unknown where residuals are as large as gaps.
     *
     * @throws IllegalArgumentException if {@code value} is not between 0 and 1
     */
    public Builder tolerance(double value) {
      if (!(value > 0 && value < 1)) {
        throw new IllegalArgumentException("tolerance must be between 0 and 1, got " + value);
      }
      tolerance = OptionalDouble.of(value);
      return this;
    }

    /**
     * Sets the Lanczos steps of the gradient's spectral measure: where its squared norm lies over
     * the whole spectrum ({@link SpectralMeasure}). Default 0, no such measure, because it costs as
     * many matvecs as steps and the fractions in the top eigenspaces cost none; 90 is a tenth of a
     * default reading more. A matrix of smaller order takes as many as its order.
     *
     * @throws IllegalArgumentException if {@code steps} is negative
     */
    public Builder gradientMeasure(int steps) {
      gradientSteps = BuilderChecks.atLeast(0, "gradientMeasure", steps);
      return this;
    }

    /** Sets the seed of every random choice; default 1. */
    public Builder seed(long value) {
      seed = value;
      return this;
    }

    /** Returns a probe with these settings. */
    public SpectrumProbe build() {
      String nameOrDefault = name != null ? name : draws == 0 ? "sharpness" : "spectrum";
      return new SpectrumProbe(
          new Settings(
              nameOrDefault,
              matrix,
              layer,
              curvature,
              steps,
              draws,
              testVectors,
              top,
              bottom,
              tolerance,
              gradientSteps,
              seed));
    }
  }
}
