package org.eigenscope.probes;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import org.eigenscope.probes.HessianDecompositionReading.Outlier;
import org.eigenscope.probes.HessianDecompositionReading.Part;
import org.eigenscope.probes.HessianDecompositionReading.Side;
import org.eigenscope.probes.curvature.BatchNormMode;
import org.eigenscope.probes.curvature.Curvature;
import org.eigenscope.probes.curvature.CurvatureMatrix;
import org.eigenscope.probes.curvature.CurvatureOptions;
import org.eigenscope.probes.curvature.DataBatches;
import org.eigenscope.probes.curvature.Engine;
import org.eigenscope.probes.curvature.Network;
import org.eigenscope.probes.curvature.Precision;
import org.eigenscope.probes.linalg.ExtremeEigenpairs;
import org.eigenscope.probes.linalg.LinearOperator;
import org.eigenscope.probes.linalg.LowRankDeflation;
import org.eigenscope.probes.linalg.QuadratureRule;
import org.eigenscope.probes.linalg.RitzPair;
import org.eigenscope.probes.linalg.SpectralEstimate;
import org.eigenscope.probes.linalg.StochasticLanczosQuadrature;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Measures the Hessian and the two matrices that add up to it, Gauss–Newton and residual, on the
 * data of a training and, where there are some, on held-out data.
 *
 * <p><b>Definition.</b> Each matrix loses its eigenvalues of largest magnitude ({@link
 * LowRankDeflation}), and what is left has its density by stochastic Lanczos quadrature; each of
 * the Hessian's eigenvectors is attributed by its Rayleigh quotient in the Gauss–Newton matrix and
 * by its part in the eigenvectors of the other two (Papyan 2018, "The Full Spectrum of Deepnet
 * Hessians at Scale", arXiv 1811.07062, sections 4 and 5).
 *
 * <p><b>Cost.</b> For each matrix and each set of data the extreme eigenpairs of both ends, and
 * {@code steps · draws} matvecs.
 *
 * <p><b>Threading.</b> One listener owns it, and calls it from one thread at a time.
 */
public final class HessianDecompositionProbe implements Probe<HessianDecompositionReading> {
  private static final String TRAIN = "train";
  private static final String HELD_OUT = "held-out";

  /** Products of the pairs of one matrix, where few of them crowd. */
  private static final int EXPECTED_MATVECS_PER_PAIR = 12;

  private final Builder settings;

  private HessianDecompositionProbe(Builder settings) {
    this.settings = settings;
  }

  /** Returns a probe with the builder's defaults. */
  public static HessianDecompositionProbe defaults() {
    return builder().build();
  }

  /** Returns a builder; each of its methods names its default. */
  public static Builder builder() {
    return new Builder();
  }

  @Override
  public String name() {
    return settings.name;
  }

  /**
   * {@inheritDoc}
   *
   * @throws IllegalArgumentException if the rank exceeds the order of the matrices, or the data do
   *     not fit the network
   * @throws UnsupportedOperationException if the network has no Gauss–Newton matrix
   * @throws org.eigenscope.probes.linalg.NonFiniteValueException if a product is NaN or infinite
   */
  @Override
  public HessianDecompositionReading measure(Snapshot snapshot) {
    long begin = System.nanoTime();
    List<Side> sides = new ArrayList<>();
    Set<String> notes = new LinkedHashSet<>();
    long matvecs = 0;
    String engine = "";
    for (Map.Entry<String, DataBatches> entry : data(snapshot).entrySet()) {
      try (Curvature curvature =
          Curvature.of(snapshot.network(), entry.getValue(), settings.curvature)) {
        Decomposition decomposition = new Decomposition(curvature, entry.getKey(), notes);
        sides.add(decomposition.side());
        matvecs += decomposition.matvecs;
        notes.addAll(curvature.notes());
        engine = ProbeTags.lower(curvature.engine());
      }
    }
    Map<String, String> used = ProbeTags.settings(settings.curvature);
    used.put("engine", engine);
    used.put("rank", Integer.toString(settings.rank));
    used.put("steps", Integer.toString(settings.steps));
    used.put("draws", Integer.toString(settings.draws));
    used.put("tolerance", Double.toString(settings.tolerance));
    return new HessianDecompositionReading(
        Provenance.of(
            name(), snapshot, (System.nanoTime() - begin) * 1e-9, settings.seed, matvecs, used),
        tags(snapshot.network()),
        settings.rank,
        sides,
        List.copyOf(notes));
  }

  private Map<String, DataBatches> data(Snapshot snapshot) {
    Map<String, DataBatches> data = new LinkedHashMap<>();
    data.put(TRAIN, snapshot.data());
    DataBatches heldOut = settings.heldOut;
    if (heldOut != null) {
      data.put(HELD_OUT, heldOut);
    }
    return data;
  }

  private Map<String, String> tags(Network network) {
    return ProbeTags.whole(network, settings.curvature);
  }

  /**
   * {@inheritDoc}
   *
   * <p><b>Cost.</b> None: no product is computed and no time estimated.
   */
  @Override
  public Examination examine(Snapshot snapshot) {
    Map<String, DataBatches> data = data(snapshot);
    long order = snapshot.network().activeParameters();
    long pairs = Math.min(order, 2L * settings.rank);
    long matvecs =
        data.size()
            * (long) CurvatureMatrix.values().length
            * (EXPECTED_MATVECS_PER_PAIR * pairs
                + settings.draws * Math.min(order, settings.steps));
    long vectors =
        Math.max(2L * EXPECTED_MATVECS_PER_PAIR * pairs, (long) settings.draws * settings.steps);
    return new Examination(
        List.of(
            "Hessian, Gauss-Newton matrix and residual of the whole network, on %s, %d parameters"
                .formatted(
                    data.size() == 1 ? "training data" : "training and held-out data", order),
            "about %d products".formatted(matvecs)),
        ProbeTags.quantities(
            HessianDecompositionReading.unknown(
                tags(snapshot.network()), settings.rank, List.copyOf(data.keySet())),
            HessianDecompositionReading.DESCRIPTIONS),
        matvecs,
        Double.NaN,
        vectors * order * settings.curvature.precision().dataType().width());
  }

  /** One set of data. */
  private final class Decomposition {
    private final Curvature curvature;
    private final String data;
    private final Set<String> notes;
    private final Map<CurvatureMatrix, List<RitzPair>> pairs = new EnumMap<>(CurvatureMatrix.class);
    private long matvecs;

    Decomposition(Curvature curvature, String data, Set<String> notes) {
      this.curvature = curvature;
      this.data = data;
      this.notes = notes;
    }

    Side side() {
      List<Part> parts = new ArrayList<>();
      SplittableRandom seeds = new SplittableRandom(settings.seed);
      for (CurvatureMatrix matrix : CurvatureMatrix.values()) {
        parts.add(part(matrix, seeds.nextLong(), seeds.nextLong()));
      }
      return new Side(data, parts, outliers());
    }

    private Part part(CurvatureMatrix matrix, long pairsSeed, long drawsSeed) {
      LinearOperator operator = curvature.operator(matrix);
      LowRankDeflation deflation =
          LowRankDeflation.of(
              operator,
              settings.rank,
              ExtremeEigenpairs.Options.of(settings.rank, 0)
                  .withRelativeTolerance(settings.tolerance)
                  .withMaxMatvecs(settings.maxMatvecs)
                  .withSeed(pairsSeed)
                  .withThreads(settings.curvature.threads()));
      matvecs += deflation.matvecs();
      pairs.put(matrix, deflation.pairs());
      if (!deflation.converged()) {
        notes.add(
            "not all eigenvalues of the %s on %s data converged in %d products: see their residuals"
                .formatted(matrix.tag(), data, deflation.matvecs()));
      }
      return new Part(
          matrix,
          deflation.pairs().stream()
              .map(pair -> new SpectrumReading.Eigenvalue(pair.value(), pair.residualNorm()))
              .toList(),
          operator.order(),
          rest(deflation.rest(), drawsSeed));
    }

    private List<QuadratureRule> rest(LinearOperator operator, long seed) {
      if (settings.draws == 0) {
        return List.of();
      }
      SpectralEstimate estimate =
          StochasticLanczosQuadrature.estimate(
              operator,
              StochasticLanczosQuadrature.Options.defaults()
                  .withSteps(settings.steps)
                  .withDraws(settings.draws)
                  .withSeed(seed)
                  .withThreads(settings.curvature.threads()));
      matvecs += estimate.matvecs();
      return estimate.draws();
    }

    private List<Outlier> outliers() {
      List<RitzPair> ofHessian = pairs.getOrDefault(CurvatureMatrix.HESSIAN, List.of());
      INDArray vectors = rows(ofHessian);
      INDArray products = curvature.gaussNewton().apply(vectors);
      matvecs += ofHessian.size();
      double[] newton = overlaps(vectors, CurvatureMatrix.GAUSS_NEWTON);
      double[] residual = overlaps(vectors, CurvatureMatrix.RESIDUAL);
      List<Outlier> outliers = new ArrayList<>();
      for (int i = 0; i < ofHessian.size(); i++) {
        double value = ofHessian.get(i).value();
        double quotient =
            Nd4j.getBlasWrapper().dot(vectors.getRow(i).dup(), products.getRow(i).dup());
        outliers.add(
            new Outlier(value == 0 ? Double.NaN : quotient / value, newton[i], residual[i]));
      }
      return outliers;
    }

    /** Returns the squared norms of rows in the span of a matrix' vectors. */
    private double[] overlaps(INDArray vectors, CurvatureMatrix matrix) {
      INDArray basis = rows(pairs.getOrDefault(matrix, List.of()));
      INDArray norms = vectors.mmul(basis.transpose()).norm2(1);
      double[] squares = norms.mul(norms).toDoubleVector();
      for (int i = 0; i < squares.length; i++) {
        squares[i] = Math.min(1, squares[i]); // up to rounding
      }
      return squares;
    }

    private INDArray rows(List<RitzPair> of) {
      return Nd4j.vstack(
          of.stream()
              .map(pair -> pair.vector().reshape(1, pair.vector().length()))
              .toArray(INDArray[]::new));
    }
  }

  /** Settings of a {@link HessianDecompositionProbe}. */
  public static final class Builder {
    private String name = "decomposition";
    private CurvatureOptions curvature = CurvatureOptions.defaults();
    private @Nullable DataBatches heldOut;
    private int rank = 10;
    private int steps = 90;
    private int draws = 1;
    private double tolerance = 1e-3;
    private long maxMatvecs = 1000;
    private long seed = 1;

    private Builder() {}

    /**
     * Sets the probe's name, which tells it from others of the same listener; default {@code
     * decomposition}.
     *
     * @throws IllegalArgumentException if {@code value} is blank
     */
    public Builder name(String value) {
      name = BuilderChecks.name(value);
      return this;
    }

    /** Sets data that are measured beside those of the training; default null, none. */
    public Builder heldOut(@Nullable DataBatches data) {
      heldOut = data;
      return this;
    }

    /** Sets what batch normalization layers normalise with; default BATCH. */
    public Builder batchNorm(BatchNormMode mode) {
      curvature = curvature.withBatchNorm(mode);
      return this;
    }

    /** Sets how products are computed; default AUTO. */
    public Builder engine(Engine engine) {
      curvature = curvature.withEngine(engine);
      return this;
    }

    /** Sets the type of vectors and products; default DOUBLE. */
    public Builder precision(Precision precision) {
      curvature = curvature.withPrecision(precision);
      return this;
    }

    /**
     * Sets on how many threads the tangent engine works; default as many as there are processors.
     *
     * @throws IllegalArgumentException if {@code value} is less than 1
     */
    public Builder threads(int value) {
      curvature = curvature.withThreads(value);
      return this;
    }

    /**
     * Sets how many eigenvalues of largest magnitude each matrix loses, as many as classes in
     * Papyan 2018; default 10.
     *
     * @throws IllegalArgumentException if {@code value} is less than 1
     */
    public Builder rank(int value) {
      rank = BuilderChecks.atLeast(1, "rank", value);
      return this;
    }

    /**
     * Sets the Lanczos steps of a draw; default 90.
     *
     * @throws IllegalArgumentException if {@code value} is less than 1
     */
    public Builder steps(int value) {
      steps = BuilderChecks.atLeast(1, "steps", value);
      return this;
    }

    /**
     * Sets the number of test vectors for the density of what is left; default 1, as in the code
     * published with Papyan 2018. With 0 there is none.
     *
     * @throws IllegalArgumentException if {@code value} is negative
     */
    public Builder draws(int value) {
      draws = BuilderChecks.atLeast(0, "draws", value);
      return this;
    }

    /**
     * Sets the residual norm that is good enough for an eigenpair, as a fraction of the largest
     * absolute eigenvalue; default 1e-3, since eigenvalues crowd at the lower end.
     *
     * @throws IllegalArgumentException if {@code value} is not between 0 and 1
     */
    public Builder tolerance(double value) {
      if (!(value > 0 && value < 1)) {
        throw new IllegalArgumentException("tolerance must be between 0 and 1, got " + value);
      }
      tolerance = value;
      return this;
    }

    /**
     * Sets the most products for the eigenpairs of one matrix; default 1000.
     *
     * @throws IllegalArgumentException if {@code value} is less than 1
     */
    public Builder maxMatvecs(long value) {
      if (value < 1) {
        throw new IllegalArgumentException("maxMatvecs must be at least 1, got " + value);
      }
      maxMatvecs = value;
      return this;
    }

    /** Sets the seed of every random choice; default 1. */
    public Builder seed(long value) {
      seed = value;
      return this;
    }

    /** Returns a probe with these settings. */
    public HessianDecompositionProbe build() {
      Builder copy = new Builder();
      copy.name = name;
      copy.curvature = curvature;
      copy.heldOut = heldOut;
      copy.rank = rank;
      copy.steps = steps;
      copy.draws = draws;
      copy.tolerance = tolerance;
      copy.maxMatvecs = maxMatvecs;
      copy.seed = seed;
      return new HessianDecompositionProbe(copy);
    }
  }
}
