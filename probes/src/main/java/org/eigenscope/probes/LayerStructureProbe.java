package org.eigenscope.probes;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.eigenscope.probes.curvature.BatchNormMode;
import org.eigenscope.probes.curvature.Curvature;
import org.eigenscope.probes.curvature.CurvatureMatrix;
import org.eigenscope.probes.curvature.CurvatureOptions;
import org.eigenscope.probes.curvature.Engine;
import org.eigenscope.probes.curvature.Network;
import org.eigenscope.probes.curvature.Precision;
import org.eigenscope.probes.curvature.WeightLayer;
import org.eigenscope.probes.linalg.LinearOperator;
import org.eigenscope.probes.linalg.OperatorCheck;
import org.eigenscope.probes.structure.LayerStructure;
import org.eigenscope.probes.structure.LayerStructureOptions;
import org.eigenscope.probes.structure.LayerwiseStructure;

/**
 * Measures what the blocks of layers' weights are made of ({@link LayerStructure}): how far they
 * are Kronecker products, whether their top eigenvectors are of rank one, and whether a mean input
 * dominates.
 *
 * <p>A reading has a few scalars for each layer, with its name as the tag {@code layer}, and the
 * eigenvalues of both factors as spectra. The number of layers is bounded; {@link Builder#layers}
 * chooses them.
 *
 * <p><b>Cost.</b> For each layer some 200 to 400 products, or one for each weight of a small one;
 * before them a pass over the data for all inputs, and what {@link Curvature#layerFactors} says.
 *
 * <p><b>Threading.</b> As for any {@link Probe}; it remembers nothing between readings.
 */
public final class LayerStructureProbe implements Probe<LayerStructureReading> {
  /** Products that a layer is expected to cost: pairs, the distance's ends, bases and draws. */
  private static final int EXPECTED_MATVECS = 250;

  private final String name;
  private final CurvatureMatrix matrix;
  private final CurvatureOptions curvature;
  private final LayerStructureOptions options;
  private final int mostLayers;

  private LayerStructureProbe(Builder builder) {
    this.name = builder.name;
    this.matrix = builder.matrix;
    this.curvature = builder.curvature;
    this.options = builder.options;
    this.mostLayers = builder.mostLayers;
  }

  /** Returns a probe with the builder's defaults. */
  public static LayerStructureProbe defaults() {
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
   * @throws UnsupportedOperationException if only the difference engine knows the network: it does
   *     not see layers
   * @throws IllegalArgumentException if a layer asked for has no matrix of weights that learns
   * @throws org.eigenscope.probes.linalg.NonFiniteValueException if the loss, a factor or a product
   *     is NaN or infinite
   */
  @Override
  public LayerStructureReading measure(Snapshot snapshot) {
    long begin = System.nanoTime();
    try (Curvature whole = curvatureOf(snapshot)) {
      List<String> notes = new ArrayList<>();
      LayerStructureOptions chosen = chosen(whole, notes);
      LayerwiseStructure structure = LayerwiseStructure.of(whole, matrix, chosen);
      notes.addAll(whole.notes());
      Map<String, String> settings = new HashMap<>(tags(snapshot.network()));
      settings.putAll(ProbeTags.settings(curvature));
      settings.put("engine", ProbeTags.lower(whole.engine()));
      settings.put("layers", String.join(",", chosen.layers()));
      settings.put("top", Integer.toString(options.top()));
      settings.put("denseOrder", Long.toString(options.denseOrder()));
      settings.put("draws", Integer.toString(options.draws()));
      return new LayerStructureReading(
          Provenance.of(
              name,
              snapshot,
              (System.nanoTime() - begin) * 1e-9,
              options.seed(),
              structure.matvecs(),
              settings),
          tags(snapshot.network()),
          structure.layers(),
          notes);
    }
  }

  /**
   * {@inheritDoc}
   *
   * <p><b>Cost.</b> That of {@link OperatorCheck#measure} on the largest layer, which also times a
   * product.
   *
   * <p>It throws as {@link #measure} does.
   */
  @Override
  public Examination examine(Snapshot snapshot) {
    try (Curvature whole = curvatureOf(snapshot)) {
      List<String> notes = new ArrayList<>();
      List<String> names = chosen(whole, notes).layers();
      List<WeightLayer> layers =
          whole.weightLayers().stream().filter(layer -> names.contains(layer.name())).toList();
      whole.gradient(); // so that the check times products alone
      LinearOperator operator = whole.layer(layers.get(0).weights()).operator(matrix);
      long begin = System.nanoTime();
      OperatorCheck check = OperatorCheck.measure(operator, options.seed());
      double secondsPerMatvec = (System.nanoTime() - begin) * 1e-9 / check.matvecs();
      long matvecs = 0;
      long bytes = 0;
      for (WeightLayer layer : layers) {
        long order = layer.inputs() * layer.outputs();
        long products = order <= options.denseOrder() ? order : EXPECTED_MATVECS;
        matvecs += products;
        long factors = Double.BYTES * (layer.inputs() * layer.inputs());
        bytes = Math.max(bytes, 4 * factors + 2 * products * order * operator.dataType().width());
      }
      List<String> findings = new ArrayList<>();
      findings.add(
          "structure of the %s of %d layers on %d examples: %s"
              .formatted(
                  matrix.tag(),
                  layers.size(),
                  snapshot.data().examples(),
                  String.join(", ", names)));
      findings.addAll(notes);
      findings.addAll(whole.notes());
      findings.add(
          String.format(
              Locale.ROOT,
              "a reading costs about %d products and the layers' factors: %.3g s, up to %.0f MB",
              matvecs,
              matvecs * secondsPerMatvec,
              bytes * 1e-6));
      return new Examination(
          findings,
          LayerQuantity.declare(tags(snapshot.network()), layers, options.top()),
          matvecs,
          matvecs * secondsPerMatvec,
          whole.expectedBytes() + bytes);
    }
  }

  private Curvature curvatureOf(Snapshot snapshot) {
    return Curvature.of(snapshot.network(), snapshot.data(), curvature);
  }

  /** Returns the options with the names of all layers that are to be measured. */
  private LayerStructureOptions chosen(Curvature whole, List<String> notes) {
    List<String> all = whole.weightLayers().stream().map(WeightLayer::name).toList();
    for (String layer : options.layers()) {
      if (!all.contains(layer)) {
        throw new IllegalArgumentException(
            "layer must be one of %s, which have a matrix of weights, got '%s'"
                .formatted(String.join(", ", all), layer));
      }
    }
    if (!options.layers().isEmpty()) {
      return options;
    }
    if (all.isEmpty()) {
      throw new IllegalArgumentException(
          "the network must have a layer with a matrix of weights that learns, got none");
    }
    if (all.size() > mostLayers) {
      notes.add(
          "%d of %d layers are measured, the first; name others to measure them instead: %s"
              .formatted(
                  mostLayers, all.size(), String.join(", ", all.subList(mostLayers, all.size()))));
    }
    return options.withLayers(all.subList(0, Math.min(mostLayers, all.size())));
  }

  /** Returns the common tags of readings of a network, but for the layer. */
  private Map<String, String> tags(Network network) {
    return Map.of(
        "operator", matrix.tag(), "normalization", ProbeTags.normalization(network, curvature));
  }

  /** Settings of a {@link LayerStructureProbe}. */
  public static final class Builder {
    private static final int MOST_LAYERS = 8;
    private static final long DENSE_ORDER = 256;

    private String name = "layers";
    private CurvatureMatrix matrix = CurvatureMatrix.HESSIAN;
    private CurvatureOptions curvature = CurvatureOptions.defaults().withPrecision(Precision.FLOAT);
    private LayerStructureOptions options =
        LayerStructureOptions.defaults().withDenseOrder(DENSE_ORDER).withDraws(16);
    private int mostLayers = MOST_LAYERS;

    private Builder() {}

    /**
     * Sets the probe's name, which tells it from others of the same listener; default {@code
     * layers}.
     *
     * @throws IllegalArgumentException if {@code value} is blank
     */
    public Builder name(String value) {
      name = BuilderChecks.name(value);
      return this;
    }

    /**
     * Sets the matrix, HESSIAN or GAUSS_NEWTON; default HESSIAN.
     *
     * @throws IllegalArgumentException if it is RESIDUAL, which has no factors
     */
    public Builder matrix(CurvatureMatrix value) {
      if (value == CurvatureMatrix.RESIDUAL) {
        throw new IllegalArgumentException("matrix must be hessian or gauss-newton, got residual");
      }
      matrix = value;
      return this;
    }

    /**
     * Chooses the layers by name, as many as wanted; default the first {@link #mostLayers}. Each
     * has eight gauges and two spectra.
     */
    public Builder layers(String... names) {
      options = options.withLayers(List.of(names));
      return this;
    }

    /**
     * Sets how many layers are measured when none are named; default 8, which with their spectra
     * are fewer than a thousand time series.
     *
     * @throws IllegalArgumentException if {@code value} is less than 1
     */
    public Builder mostLayers(int value) {
      mostLayers = BuilderChecks.atLeast(1, "mostLayers", value);
      return this;
    }

    /**
     * Sets what is computed of each layer; default ten eigenpairs, dense matrices up to order 256,
     * 16 draws and seed 1, less than offline where a training waits. The layers named in it count.
     */
    public Builder options(LayerStructureOptions value) {
      options = value;
      return this;
    }

    /** Sets what batch normalization layers normalise with; default BATCH, what training does. */
    public Builder batchNorm(BatchNormMode mode) {
      curvature = curvature.withBatchNorm(mode);
      return this;
    }

    /**
     * Sets how products are computed; default AUTO.
     *
     * @throws IllegalArgumentException if it is DIFFERENCE, which does not see layers
     */
    public Builder engine(Engine engine) {
      if (engine == Engine.DIFFERENCE) {
        throw new IllegalArgumentException(
            "engine must be auto or tangent, which sees layers' inputs and outputs, got difference");
      }
      curvature = curvature.withEngine(engine);
      return this;
    }

    /** Sets the type of vectors and products; default FLOAT, the faster one. */
    public Builder precision(Precision precision) {
      curvature = curvature.withPrecision(precision);
      return this;
    }

    /**
     * Sets on how many threads products work; default as many as there are processors.
     *
     * @throws IllegalArgumentException if {@code value} is less than 1
     */
    public Builder threads(int value) {
      curvature = curvature.withThreads(value);
      return this;
    }

    /** Returns a probe with these settings. */
    public LayerStructureProbe build() {
      return new LayerStructureProbe(this);
    }
  }
}
