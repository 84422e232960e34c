package org.eigenscope.probes.structure;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.eigenscope.probes.curvature.BatchNormMode;
import org.eigenscope.probes.curvature.Curvature;
import org.eigenscope.probes.curvature.CurvatureMatrix;
import org.eigenscope.probes.curvature.CurvatureOptions;
import org.eigenscope.probes.curvature.DataBatches;
import org.eigenscope.probes.curvature.Network;
import org.eigenscope.probes.curvature.ParameterArray;
import org.eigenscope.probes.curvature.Precision;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.api.MultiDataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.learning.GradientUpdater;
import org.nd4j.linalg.learning.config.RmsProp;
import org.nd4j.linalg.ops.transforms.Transforms;
import org.nd4j.linalg.schedule.ScheduleType;
import org.nd4j.linalg.schedule.StepSchedule;

/**
 * Trains a Gaussian posterior around a network to have a small {@link PacBayesBound} on its error,
 * and computes the bound (Dziugaite and Roy, arXiv 1703.11008, algorithm 1; in the Kronecker
 * eigenbasis of the Hessian: Wu et al., arXiv 2010.04261, section 6).
 *
 * <p>The prior is N(w_0, e^{2ϱ} I), w_0 the parameters that the network's own training began with;
 * the posterior is N(w, diag(e^{2ς})) in a {@link BoundBasis basis}. Stochastic gradient descent
 * (RMSProp) lowers L(w') + √(complexity/2) over w, ς and ϱ, where w' is drawn for each minibatch
 * and L is the loss in bits: −log₂ of a class's probability is above 1 where another class wins, so
 * that it bounds the error. Coordinates are the active parameters; batch normalization uses the
 * running statistics that the network comes with.
 *
 * <p>The bound is one on the error of the stochastic network, which draws new parameters for each
 * example, and holds for any parameters that this training ends with.
 */
public final class BoundTraining {
  /** ς of a parameter that is zero, or smaller than this deviation, at the beginning. */
  private static final double LEAST_LOG_DEVIATION = -10;

  private static final double FIRST_PRIOR_LOG_DEVIATION = -3;
  private static final double RMS_DECAY = 0.9;
  private static final double RMS_EPSILON = 1e-8;
  private static final double RATE_DECAY = 0.1;
  private static final int RATES = 5;

  /** Examples that are classified at a time. */
  private static final int EVALUATION_BATCH = 1000;

  /**
   * How a posterior is trained.
   *
   * @param epochs passes over the examples, at least 1; default 200 (the paper: 2000)
   * @param batchSize examples of a minibatch, at least 1; default 100
   * @param learningRate of RMSProp, above 0, a tenth after each fifth of the epochs; default 1e-3
   * @param renewEvery epochs between bases under {@link BoundBasis#ITER} and {@link
   *     BoundBasis#ITER_M}, at least 1; default 10
   * @param draws parameters drawn for the posterior's error on the examples, at least 1; default
   *     1000
   * @param seed of all draws and of the minibatches' order; default 1
   * @param bound confidences and prior variances
   */
  public record Options(
      int epochs,
      int batchSize,
      double learningRate,
      int renewEvery,
      int draws,
      long seed,
      PacBayesBound bound) {

    /** Checks the ranges. */
    public Options {
      requirePositive("epochs", epochs);
      requirePositive("batch size", batchSize);
      requirePositive("epochs between bases", renewEvery);
      requirePositive("draws", draws);
      if (!(learningRate > 0 && Double.isFinite(learningRate))) {
        throw new IllegalArgumentException(
            "learning rate must be above 0 and finite, got " + learningRate);
      }
    }

    private static void requirePositive(String what, int value) {
      if (value < 1) {
        throw new IllegalArgumentException("%s must be at least 1, got %d".formatted(what, value));
      }
    }

    /** Returns the defaults. */
    public static Options defaults() {
      return new Options(200, 100, 1e-3, 10, 1000, 1, PacBayesBound.defaults());
    }
  }

  /** Is told how far a training is. */
  public interface Progress {
    /** An epoch ended, of so many, with a mean objective over its minibatches. */
    void epoch(int epoch, int epochs, double objective);

    /** So many of all draws for the posterior's error are done. */
    void draw(int draw, int draws);
  }

  /**
   * A posterior's bound.
   *
   * @param certificate the bound and its parts
   * @param error mean error on the examples, over the draws
   * @param meanError error on the examples of the posterior's mean
   * @param trainedError error on the examples of the network as it came
   * @param dimensions number of coordinates
   * @param examples number of examples
   */
  public record Result(
      PacBayesBound.Certificate certificate,
      double error,
      double meanError,
      double trainedError,
      long dimensions,
      long examples) {}

  private final Network network;
  private final List<ParameterArray> arrays;
  private final long dimensions;
  private final List<DataBatches> minibatches;
  private final DataBatches evaluated;
  private final Options options;
  private final Function<Network, ParameterRotation> bases;
  private final boolean renewed;
  private final SplittableRandom random;
  private final INDArray prior;

  /** Means and logarithmic deviations of the posterior, then ϱ: DOUBLE [1, 2n + 1]. */
  private final INDArray state;

  private ParameterRotation rotation;

  /**
   * Creates a training.
   *
   * @param bases returns a basis at a network's parameters
   * @param renewed whether it is asked for anew every few epochs
   */
  BoundTraining(
      Network trained,
      Network initial,
      DataBatches data,
      Options options,
      Function<Network, ParameterRotation> bases,
      boolean renewed) {
    this.network = trained.replica();
    this.arrays = network.arrays().stream().filter(ParameterArray::active).toList();
    this.dimensions = network.activeParameters();
    // Each by itself once, and not again in every epoch.
    this.minibatches =
        data.rebatched(options.batchSize()).batches().stream().map(DataBatches::of).toList();
    this.evaluated = data.rebatched(EVALUATION_BATCH);
    this.options = options;
    this.bases = bases;
    this.renewed = renewed;
    this.random = new SplittableRandom(options.seed());
    this.prior = gather(initial.model());
    this.rotation = bases.apply(network);
    this.state = Nd4j.create(DataType.DOUBLE, 1, 2 * dimensions + 1);
    INDArray mean = gather(network.model());
    mean().assign(mean);
    logDeviations().assign(logMagnitudes(rotation.toRotated(mean)));
    state.putScalar(2 * dimensions, FIRST_PRIOR_LOG_DEVIATION);
  }

  /**
   * Returns the training of a posterior around a network; nothing is computed yet but the basis.
   *
   * @param trained a classifier: one output of classes, or of one probability; not modified
   * @param initial the same network with the parameters its training began with, on which the
   *     bound's validity rests; not modified
   * @param data the examples that it was trained with
   * @param basis directions of the posterior's variances
   * @param options how to train
   * @throws IllegalArgumentException if the networks differ in their arrays of parameters, labels
   *     are not one class for each example, or the data do not fit the network
   */
  public static BoundTraining of(
      Network trained, Network initial, DataBatches data, BoundBasis basis, Options options) {
    if (!trained.arrays().equals(initial.arrays())) {
      throw new IllegalArgumentException(
          "trained and initial network must have the same arrays of parameters, got %s and %s"
              .formatted(names(trained), names(initial)));
    }
    for (MultiDataSet batch : data.batches()) {
      INDArray labels = batch.getLabels(0);
      if (batch.getLabels().length != 1 || labels.rank() != 2) {
        throw new IllegalArgumentException(
            "a bound needs one class for each example, got %d arrays of labels, the first of shape %s"
                .formatted(batch.getLabels().length, Arrays.toString(labels.shape())));
      }
    }
    return new BoundTraining(
        trained,
        initial,
        data,
        options,
        basis == BoundBasis.BASE
            ? network -> ParameterRotation.none()
            : network ->
                KroneckerBasis.of(
                    network,
                    data.rebatched(EVALUATION_BATCH),
                    basis == BoundBasis.ITER_M
                        ? CurvatureMatrix.GAUSS_NEWTON
                        : CurvatureMatrix.HESSIAN),
        basis == BoundBasis.ITER || basis == BoundBasis.ITER_M);
  }

  private static String names(Network network) {
    return network.arrays().stream()
        .map(array -> "%s[%d]".formatted(array.name(), array.length()))
        .collect(Collectors.joining(", "));
  }

  private static INDArray logMagnitudes(INDArray values) {
    return Transforms.log(
        Transforms.max(Transforms.abs(values), Math.exp(LEAST_LOG_DEVIATION)), false);
  }

  /** Returns what is trained: w, ς and ϱ, one after the other. */
  INDArray state() {
    return state;
  }

  private INDArray mean() {
    return state.get(NDArrayIndex.point(0), NDArrayIndex.interval(0, dimensions));
  }

  private INDArray logDeviations() {
    return state.get(NDArrayIndex.point(0), NDArrayIndex.interval(dimensions, 2 * dimensions));
  }

  private double logPriorDeviation() {
    return state.getDouble(2 * dimensions);
  }

  private GaussianDivergence divergence() {
    INDArray logDeviations = logDeviations();
    return new GaussianDivergence(
        Transforms.exp(logDeviations.mul(2), false).sumNumber().doubleValue(),
        2 * logDeviations.sumNumber().doubleValue(),
        Math.pow(mean().sub(prior).norm2Number().doubleValue(), 2),
        dimensions);
  }

  /**
   * Trains, and returns the bound; once.
   *
   * @param progress told of epochs and draws, on this thread
   * @throws org.eigenscope.probes.linalg.NonFiniteValueException if the loss or its gradient
   *     becomes NaN or infinite
   */
  public Result run(Progress progress) {
    double trainedError = error(mean());
    train(progress);
    double errors = 0;
    INDArray deviations = deviations();
    for (int draw = 1; draw <= options.draws(); draw++) {
      errors += error(drawn(gaussian(), deviations));
      progress.draw(draw, options.draws());
    }
    double error = errors / options.draws();
    return new Result(
        options
            .bound()
            .certify(divergence()::at, logPriorDeviation(), error, options.draws(), examples()),
        error,
        error(mean()),
        trainedError,
        dimensions,
        examples());
  }

  private long examples() {
    return evaluated.examples();
  }

  private void train(Progress progress) {
    RmsProp rule =
        RmsProp.builder()
            .learningRateSchedule(
                new StepSchedule(
                    ScheduleType.EPOCH,
                    options.learningRate(),
                    RATE_DECAY,
                    Math.max(1, options.epochs() / RATES)))
            .rmsDecay(RMS_DECAY)
            .epsilon(RMS_EPSILON)
            .build();
    GradientUpdater<?> updater =
        rule.instantiate(Nd4j.create(DataType.DOUBLE, 1, state.length()), true);
    int iteration = 0;
    for (int epoch = 0; epoch < options.epochs(); epoch++) {
      if (renewed && epoch > 0 && epoch % options.renewEvery() == 0) {
        scatter(mean());
        rotation = bases.apply(network);
      }
      double objectives = 0;
      for (int batch : shuffled(minibatches.size())) {
        INDArray gradient = Nd4j.create(DataType.DOUBLE, 1, state.length());
        objectives += objective(minibatches.get(batch), gradient);
        updater.applyUpdater(gradient, iteration++, epoch);
        state.subi(gradient);
        state.putScalar(
            2 * dimensions, Math.min(logPriorDeviation(), options.bound().largestLogDeviation()));
      }
      progress.epoch(epoch + 1, options.epochs(), objectives / minibatches.size());
    }
  }

  private List<Integer> shuffled(int count) {
    List<Integer> order = IntStream.range(0, count).boxed().collect(Collectors.toList());
    Collections.shuffle(order, new Random(random.nextLong()));
    return order;
  }

  /** Returns L(w') + √(complexity/2) for one draw and minibatch, and sets its gradient. */
  double objective(DataBatches minibatch, INDArray gradient) {
    INDArray noise = gaussian();
    INDArray deviations = deviations();
    scatter(drawn(noise, deviations));
    double loss;
    INDArray lossGradient;
    CurvatureOptions how =
        CurvatureOptions.defaults().withPrecision(precision()).withBatchNorm(BatchNormMode.FROZEN);
    try (Curvature curvature = Curvature.of(network, minibatch, how)) {
      loss = curvature.loss() / Math.log(2);
      lossGradient = curvature.gradient().castTo(DataType.DOUBLE).divi(Math.log(2));
    }
    GaussianDivergence divergence = divergence();
    double rho = logPriorDeviation();
    double variance = Math.exp(2 * rho);
    double root =
        Math.sqrt(options.bound().complexity(divergence.at(variance), rho, examples()) / 2);
    // d root / d complexity, and d complexity / d KL after it.
    double byComplexity = 1 / (4 * root);
    double byDivergence = byComplexity / (examples() - 1);
    gradient
        .get(NDArrayIndex.point(0), NDArrayIndex.interval(0, dimensions))
        .assign(lossGradient.add(mean().sub(prior).muli(byDivergence / variance)));
    gradient
        .get(NDArrayIndex.point(0), NDArrayIndex.interval(dimensions, 2 * dimensions))
        .assign(
            rotation
                .toRotated(lossGradient)
                .muli(noise)
                .muli(deviations)
                .addi(deviations.mul(deviations).divi(variance).subi(1).muli(byDivergence)));
    gradient.putScalar(
        2 * dimensions,
        byDivergence
                * (dimensions - (divergence.variances() + divergence.squaredDistance()) / variance)
            + byComplexity * options.bound().slope(rho, examples()));
    return loss + root;
  }

  private Precision precision() {
    return network.model().params().dataType() == DataType.DOUBLE
        ? Precision.DOUBLE
        : Precision.FLOAT;
  }

  private INDArray deviations() {
    return Transforms.exp(logDeviations(), true);
  }

  /** Returns parameters drawn from the posterior with a noise of unit variances. */
  private INDArray drawn(INDArray noise, INDArray deviations) {
    return mean().add(rotation.toStandard(noise.mul(deviations)));
  }

  private INDArray gaussian() {
    SplittableRandom stream = random.split();
    double[] values = new double[Math.toIntExact(dimensions)];
    for (int i = 0; i < values.length; i++) {
      values[i] = stream.nextGaussian();
    }
    return Nd4j.createFromArray(values);
  }

  /** Returns the share of all examples that parameters put into a wrong class. */
  private double error(INDArray parameters) {
    scatter(parameters);
    long wrong = 0;
    for (MultiDataSet batch : evaluated.batches()) {
      INDArray output = output(network.model(), batch);
      INDArray predicted = classes(output, output.size(1));
      INDArray labels = classes(batch.getLabels(0), output.size(1));
      wrong += predicted.neq(labels).castTo(DataType.INT64).sumNumber().longValue();
    }
    return (double) wrong / examples();
  }

  private static INDArray output(Model model, MultiDataSet batch) {
    return model instanceof ComputationGraph graph
        ? graph.output(false, batch.getFeatures())[0]
        : ((MultiLayerNetwork) model).output(batch.getFeatures(0), false);
  }

  /** Returns the class of each row: its largest column, or the only one, rounded. */
  private static INDArray classes(INDArray rows, long outputs) {
    if (rows.size(1) > 1) {
      return rows.argMax(1).castTo(DataType.INT64);
    }
    INDArray column = rows.reshape(rows.size(0));
    return (outputs == 1 ? column.gt(0.5) : column).castTo(DataType.INT64);
  }

  private INDArray gather(Model model) {
    INDArray flat = model.params().reshape(network.parameters());
    List<INDArray> parts = new ArrayList<>();
    for (ParameterArray array : arrays) {
      parts.add(
          flat.get(NDArrayIndex.interval(array.offset(), array.offset() + array.length()))
              .castTo(DataType.DOUBLE));
    }
    return Nd4j.concat(0, parts.toArray(new INDArray[0]));
  }

  private void scatter(INDArray coordinates) {
    INDArray flat = network.model().params().reshape(network.parameters());
    long start = 0;
    for (ParameterArray array : arrays) {
      INDArray part = coordinates.get(NDArrayIndex.interval(start, start + array.length()));
      flat.get(NDArrayIndex.interval(array.offset(), array.offset() + array.length())).assign(part);
      start += array.length();
    }
  }
}
