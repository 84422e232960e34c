package org.eigenscope.probes.curvature;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.eigenscope.probes.curvature.difference.DifferenceEngine;
import org.eigenscope.probes.curvature.tangent.TangentEngine;
import org.eigenscope.probes.curvature.tangent.UnsupportedNetworkException;
import org.eigenscope.probes.kernel.Tensor;
import org.eigenscope.probes.linalg.LinearOperator;
import org.eigenscope.probes.linalg.NonFiniteValueException;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Loss, gradient and second-order operators of a network on data.
 *
 * <p><b>Definition.</b> The loss is the mean over all examples of all batches, each example
 * weighing the same whatever the size of its batch, as Deeplearning4j scores it (a sequence counts
 * as one example, summed over its steps; MSE also divides by the number of outputs), without
 * regularisation unless {@link CurvatureOptions#regularization} asks for it. Its coordinates are
 * the active parameters ({@link ParameterArray#active}); operators have their number as order. The
 * Gauss–Newton matrix is mean JᵀH_ℓJ (Schraudolph 2002, "Fast Curvature Matrix–Vector Products for
 * Second-Order Gradient Descent", Neural Computation 14, equation 3), with J the derivative of what
 * the output layers hand to their loss functions, before their activation. Penalties belong to the
 * Hessian and the Gauss–Newton matrix; the residual is the difference of the two.
 *
 * <p>Dropout and weight noise are off; the network is not touched, and no random generator is read
 * or advanced.
 *
 * <p><b>Threading.</b> One thread at a time, together with all that {@link #layer} and {@link
 * #operator} return.
 */
public final class Curvature implements AutoCloseable {

  private final CurvatureEngine engine;
  private final Coordinates coordinates;
  private final @Nullable Penalty penalty;
  private final DataType dataType;
  private final long parameters;
  private final List<String> notes;
  private final boolean owner;

  private Curvature(
      CurvatureEngine engine,
      Coordinates coordinates,
      @Nullable Penalty penalty,
      DataType dataType,
      long parameters,
      List<String> notes,
      boolean owner) {
    this.engine = engine;
    this.coordinates = coordinates;
    this.penalty = penalty;
    this.dataType = dataType;
    this.parameters = parameters;
    this.notes = List.copyOf(notes);
    this.owner = owner;
  }

  /**
   * Returns the curvature of a network on data; nothing is computed yet.
   *
   * @param network the network; not modified, not kept
   * @param data the examples; with {@link BatchNormMode#BATCH} each batch has its own statistics
   * @param options how to compute
   * @throws IllegalArgumentException if the data do not fit the network or hold NaN or infinite
   *     values, the network has no output layer with a loss or no active parameters, the engine is
   *     TANGENT and does not know a part of the network, which the message names, or a
   *     regularisation to include is none of l1, l2 and weight decay
   * @throws IllegalStateException if the engine is DIFFERENCE, the mode POPULATION, and the memory
   *     does not suffice for all examples at once
   */
  public static Curvature of(Network network, DataBatches data, CurvatureOptions options) {
    DataCheck.check(network, data);
    Coordinates coordinates = Coordinates.of(network);
    List<String> notes = new ArrayList<>();
    if (network.hasBatchStatistics()) {
      notes.add(statistics(options.batchNorm(), data));
    }
    List<String> constant = network.layersWithConstantStatistics();
    if (!constant.isEmpty()) {
      notes.add(
          "batch normalization uses the statistics it keeps, as constants, whatever the mode, in "
              + String.join(", ", constant));
    }
    long inactive = network.parameters() - coordinates.size();
    if (inactive > 0) {
      notes.add(
          "%d of %d parameters are not coordinates: batch normalization statistics, frozen layers"
              .formatted(inactive, network.parameters()));
    }
    Penalty penalty = options.regularization() ? Penalty.of(network) : null;
    return new Curvature(
        engine(network, data, options, notes),
        coordinates,
        penalty,
        options.precision().dataType(),
        network.parameters(),
        notes,
        true);
  }

  private static CurvatureEngine engine(
      Network network, DataBatches data, CurvatureOptions options, List<String> notes) {
    if (options.engine() != Engine.DIFFERENCE) {
      try {
        return new TangentEngine(
            network, data, options.batchNorm(), options.precision().dataType(), options.threads());
      } catch (UnsupportedNetworkException e) {
        if (options.engine() == Engine.TANGENT) {
          throw new IllegalArgumentException(
              "engine tangent does not know %s; use auto or difference".formatted(e.getMessage()),
              e);
        }
        notes.add("engine difference, because the tangent engine does not know " + e.getMessage());
      }
    }
    return new DifferenceEngine(network, data, options.batchNorm());
  }

  private static String statistics(BatchNormMode mode, DataBatches data) {
    int count = data.batches().size();
    if (mode == BatchNormMode.FROZEN) {
      return "batch normalization uses its running statistics, as constants";
    }
    if (count == 1) {
      return "the data are one batch: batch normalization in batch and population mode coincide";
    }
    return mode == BatchNormMode.BATCH
        ? "batch normalization uses each batch's own statistics, over %d batches".formatted(count)
        : "batch normalization uses the statistics of all %d examples".formatted(data.examples());
  }

  /**
   * Returns the loss.
   *
   * @throws NonFiniteValueException if it is NaN or infinite
   */
  public double loss() {
    double loss = engine.loss();
    if (penalty != null) {
      loss += penalty.value();
    }
    if (!Double.isFinite(loss)) {
      throw NonFiniteValueException.ofScalar("loss", loss, engine.kinks().products());
    }
    return loss;
  }

  /**
   * Returns the gradient on the coordinates, a new array [n] of the options' precision.
   *
   * @throws NonFiniteValueException if the loss or an element is NaN or infinite
   */
  public INDArray gradient() {
    loss();
    INDArray flat = engine.gradient();
    if (penalty != null) {
      penalty.addGradient(flat);
    }
    INDArray gradient = coordinates.gather(flat.reshape(1, flat.length()));
    checkFinite("gradient", gradient);
    return gradient.castTo(dataType).reshape(gradient.length());
  }

  /**
   * Returns the operator of a matrix on the coordinates.
   *
   * <p>Its products throw {@link NonFiniteValueException} when they meet NaN or infinite values,
   * and UnsupportedOperationException, naming the layer, where a network has no such matrix.
   */
  public LinearOperator operator(CurvatureMatrix matrix) {
    return new Operator(matrix);
  }

  /** Returns {@code operator(HESSIAN)}. */
  public LinearOperator hessian() {
    return operator(CurvatureMatrix.HESSIAN);
  }

  /** Returns {@code operator(GAUSS_NEWTON)}. */
  public LinearOperator gaussNewton() {
    return operator(CurvatureMatrix.GAUSS_NEWTON);
  }

  /** Returns {@code operator(RESIDUAL)}. */
  public LinearOperator residual() {
    return operator(CurvatureMatrix.RESIDUAL);
  }

  /** Returns the derivative of what the loss functions take, with respect to the coordinates. */
  public Linearization linearization() {
    return new Linearization(engine, coordinates, dataType);
  }

  /**
   * Returns the curvature with respect to one layer alone: gradient and operators are the layer's
   * blocks of those here, the loss is the same. It shares the replica and need not be closed.
   *
   * @param name {@code NAME} for all active parameters of a layer or graph vertex, {@code NAME/KEY}
   *     for one array of it
   * @throws IllegalArgumentException if there is no such layer or array; lists those there are
   */
  public Curvature layer(String name) {
    return new Curvature(engine, coordinates.of(name), penalty, dataType, parameters, notes, false);
  }

  /**
   * Returns the layers with a matrix of weights among the coordinates.
   *
   * @throws UnsupportedOperationException if the engine does not see layers' inputs and outputs
   */
  public List<WeightLayer> weightLayers() {
    Set<String> present =
        coordinates.arrays().stream().map(ParameterArray::name).collect(Collectors.toSet());
    return engine.weightLayers().stream()
        .filter(layer -> present.contains(layer.weights()))
        .toList();
  }

  /**
   * Returns the Kronecker factors of layers: their output Hessians and input autocorrelations.
   *
   * <p><b>Cost.</b> A pass over the data for the inputs of all layers. For the output Hessians of
   * all layers as many backward passes as there are network outputs, where the matrix is
   * Gauss–Newton or the network piecewise linear behind the layer, and examples do not depend on
   * each other; otherwise for each layer two passes for each output, or as {@link OutputProbing}
   * says. 8·inputs² bytes for each layer.
   *
   * @param matrix HESSIAN or GAUSS_NEWTON
   * @param layers some of the {@link #weightLayers}
   * @param probing how to find output Hessians where examples or positions depend on each other
   * @return one for each layer, in the order of the list
   * @throws UnsupportedOperationException if the engine does not see layers' inputs and outputs
   * @throws IllegalArgumentException if the matrix is RESIDUAL
   * @throws IllegalStateException if this has regularisation, which is no function of inputs and
   *     outputs, or the autocorrelations do not fit into the memory
   * @throws NonFiniteValueException if a factor has NaN or infinite elements
   */
  public List<LayerFactors> layerFactors(
      CurvatureMatrix matrix, List<WeightLayer> layers, OutputProbing probing) {
    if (matrix == CurvatureMatrix.RESIDUAL) {
      throw new IllegalArgumentException("matrix must be hessian or gauss-newton, got residual");
    }
    if (penalty != null) {
      throw new IllegalStateException(
          "layer factors are those of the data loss alone; leave regularization out");
    }
    loss();
    List<InputMoments> moments = InputMoments.of(engine, layers);
    List<OutputHessian> hessians = engine.outputHessians(matrix, layers, probing);
    List<LayerFactors> factors = new ArrayList<>();
    for (int i = 0; i < layers.size(); i++) {
      OutputHessian hessian = hessians.get(i);
      InputMoments inputs = moments.get(i);
      checkFinite("output hessian of " + layers.get(i).name(), hessian.matrix());
      checkFinite("inputs of " + layers.get(i).name(), inputs.second());
      factors.add(new LayerFactors(hessian, inputs.second(), inputs.first()));
    }
    return factors;
  }

  /** Returns the length of the flat parameter vector of the network. */
  public long parameters() {
    return parameters;
  }

  /** Returns n, the order of the operators: the number of coordinates. */
  public long activeParameters() {
    return coordinates.size();
  }

  /** Returns the arrays whose coordinates, one array after the other, the operators live on. */
  public List<ParameterArray> arrays() {
    return coordinates.arrays();
  }

  /** Returns the engine in use, never AUTO. */
  public Engine engine() {
    return engine.engine();
  }

  /**
   * Returns caveats in plain words: what was switched off, modes that coincide, kinks met so far.
   */
  public List<String> notes() {
    List<String> all = new ArrayList<>(notes);
    all.addAll(engine.notes());
    return List.copyOf(all);
  }

  /** Returns what kinks did so far, in all operators of this replica. */
  public KinkCount kinks() {
    return engine.kinks();
  }

  /** Returns the work so far, of all operators of this replica. */
  public EvaluationCount evaluations() {
    return engine.evaluations();
  }

  /** Returns the bytes that the replica holds and that one product needs, as far as known. */
  public long expectedBytes() {
    return engine.expectedBytes();
  }

  @Override
  public void close() {
    if (owner) {
      engine.close();
    }
  }

  private void checkFinite(String quantity, INDArray rows) {
    // On this thread: an operation of ND4J's would leave OpenMP threads spinning where the engine's
    // own have to run.
    if (Tensor.sharing(rows, rows.rows()).allFinite()) {
      return;
    }
    for (long i = 0; i < rows.length(); i++) {
      if (!Double.isFinite(rows.getDouble(i))) {
        throw new NonFiniteValueException(quantity, i % rows.columns(), engine.kinks().products());
      }
    }
  }

  /** A matrix on the coordinates. */
  private final class Operator implements LinearOperator {
    private final CurvatureMatrix matrix;

    Operator(CurvatureMatrix matrix) {
      this.matrix = matrix;
    }

    @Override
    public long order() {
      return coordinates.size();
    }

    @Override
    public DataType dataType() {
      return dataType;
    }

    @Override
    public INDArray apply(INDArray block) {
      checkBlock(block);
      loss();
      INDArray flat = coordinates.scatter(block, engine.dataType());
      INDArray products = engine.apply(matrix, flat, coordinates.from(), coordinates.to());
      if (penalty != null && matrix != CurvatureMatrix.RESIDUAL) {
        penalty.addProduct(flat, products);
      }
      INDArray result = coordinates.gather(products);
      checkFinite(matrix.tag() + " product", result);
      return result.castTo(dataType);
    }

    @Override
    public String toString() {
      return "%s[%d]".formatted(matrix.tag(), order());
    }
  }
}
