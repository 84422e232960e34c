package org.eigenscope.probes.curvature.difference;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.stream.Collectors;
import org.eigenscope.probes.curvature.BatchNormMode;
import org.eigenscope.probes.curvature.CurvatureEngine;
import org.eigenscope.probes.curvature.CurvatureMatrix;
import org.eigenscope.probes.curvature.DataBatches;
import org.eigenscope.probes.curvature.Engine;
import org.eigenscope.probes.curvature.EvaluationCount;
import org.eigenscope.probes.curvature.KinkCount;
import org.eigenscope.probes.curvature.Network;
import org.eigenscope.probes.curvature.OutputHessian;
import org.eigenscope.probes.curvature.OutputProbing;
import org.eigenscope.probes.curvature.WeightLayer;
import org.eigenscope.probes.linalg.FreeMemory;
import org.jspecify.annotations.Nullable;
import org.nd4j.common.util.ArrayUtil;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.MultiDataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * Second-order products by central differences of Deeplearning4j's own gradients, in DOUBLE, for
 * any network that Deeplearning4j can differentiate once.
 *
 * <p><b>Definition.</b> With u = v/‖v‖, H v ≈ ‖v‖ (∇L(θ + h u) − ∇L(θ − h u)) / 2h, h = {@value
 * #STEP}, whatever the norm of θ. Gauss–Newton products are Jᵀ H_ℓ (J v) / N: J v by differences of
 * what the output layers hand to their loss functions, the loss's Hessian H_ℓ by differences of the
 * loss's gradient in those values, Jᵀ by back-propagating the result in the place of the error. The
 * residual is their difference.
 *
 * <p><b>Accuracy.</b> About 1e-10 of the norm of the matrix for networks whose gradients are of
 * order 1. Rectifiers and max-pooling windows are held in the branch they take at θ ({@link
 * KinkCount} says how often that mattered), so kinks cost no accuracy.
 *
 * <p><b>Cost.</b> For each vector: HESSIAN 2 gradients, GAUSS_NEWTON 2 forward passes and 1
 * gradient, RESIDUAL both.
 *
 * <p>Dropout and weight noise are switched off; the model itself is not touched, and no random
 * generator is read or advanced.
 */
public final class DifferenceEngine implements CurvatureEngine {
  /** How far the parameters move along a unit vector, to either side. */
  public static final double STEP = 1e-5;

  private final Replica replica;
  private final List<org.nd4j.linalg.dataset.api.MultiDataSet> batches;
  private final long examples;
  private double loss;
  private @Nullable INDArray gradient;
  private long products;
  private long heldProducts;
  private long gradients;
  private long forwards;
  private final long expectedBytes;

  /**
   * Copies a network.
   *
   * @param network the network; not modified, not kept
   * @param data the examples, in their batches; copied
   * @param mode what batch normalization layers normalise with
   * @throws IllegalStateException if the mode is POPULATION and the memory does not suffice for all
   *     examples at once, as Deeplearning4j computes common statistics
   */
  public DifferenceEngine(Network network, DataBatches data, BatchNormMode mode) {
    this(network, data, mode, Long.MAX_VALUE);
  }

  /**
   * @param memoryBytes limit for all examples at once
   */
  DifferenceEngine(Network network, DataBatches data, BatchNormMode mode, long memoryBytes) {
    boolean atOnce = mode == BatchNormMode.POPULATION && network.hasBatchStatistics();
    DataBatches chosen = atOnce ? data.rebatched(Integer.MAX_VALUE) : data;
    this.expectedBytes = Footprint.of(network.model(), chosen.batches());
    this.examples = data.examples();
    if (atOnce) {
      requireMemory(memoryBytes);
    }
    this.replica = Replica.of(network.model(), mode == BatchNormMode.FROZEN);
    this.batches = chosen.batches().stream().map(DifferenceEngine::inDouble).toList();
  }

  private void requireMemory(long memoryBytes) {
    long usable = FreeMemory.usable(expectedBytes, memoryBytes);
    if (expectedBytes > usable) {
      throw new IllegalStateException(
          "population statistics of %d examples need %s in the difference engine, which takes them all at once, but %s may be used; take fewer examples, batch or frozen statistics, or the tangent engine where it knows the network"
              .formatted(examples, FreeMemory.format(expectedBytes), FreeMemory.format(usable)));
    }
  }

  private static org.nd4j.linalg.dataset.api.MultiDataSet inDouble(
      org.nd4j.linalg.dataset.api.MultiDataSet batch) {
    return new MultiDataSet(
        inDouble(batch.getFeatures()),
        inDouble(batch.getLabels()),
        inDouble(batch.getFeaturesMaskArrays()),
        inDouble(batch.getLabelsMaskArrays()));
  }

  private static INDArray @Nullable [] inDouble(INDArray @Nullable [] arrays) {
    if (arrays == null) {
      return null;
    }
    @Nullable INDArray[] converted = new INDArray[arrays.length];
    for (int i = 0; i < arrays.length; i++) {
      converted[i] = arrays[i] == null ? null : arrays[i].castTo(DataType.DOUBLE);
    }
    return converted;
  }

  @Override
  public Engine engine() {
    return Engine.DIFFERENCE;
  }

  @Override
  public DataType dataType() {
    return DataType.DOUBLE;
  }

  @Override
  public double loss() {
    atOrigin();
    return loss;
  }

  @Override
  public INDArray gradient() {
    return atOrigin().dup();
  }

  /** Returns the gradient at θ; notes regions, loss and outputs there the first time. */
  private INDArray atOrigin() {
    if (gradient == null) {
      double sum = 0;
      INDArray total = Nd4j.create(DataType.DOUBLE, replica.parameters());
      replica.restore();
      for (int i = 0; i < batches.size(); i++) {
        replica.regions().record(i);
        total.addi(firstPass(i));
        long size = DataBatches.examplesOf(batches.get(i));
        sum += size * replica.score(size);
      }
      gradients++;
      loss = sum / examples;
      gradient = total.divi(examples);
    }
    return gradient;
  }

  /** Runs a batch for the first time, when Deeplearning4j may find that it does not fit. */
  private INDArray firstPass(int index) {
    org.nd4j.linalg.dataset.api.MultiDataSet batch = batches.get(index);
    try {
      return replica.backpropagate(batch);
    } catch (RuntimeException cause) {
      throw new IllegalArgumentException(
          "batch %d with features %s and labels %s does not go through the network: %s"
              .formatted(
                  index,
                  shapes(batch.getFeatures()),
                  shapes(batch.getLabels()),
                  cause.getMessage()),
          cause);
    }
  }

  private static String shapes(INDArray[] arrays) {
    return Arrays.stream(arrays)
        .map(array -> Arrays.toString(array.shape()))
        .collect(Collectors.joining(", "));
  }

  @Override
  public INDArray apply(CurvatureMatrix matrix, INDArray block) {
    if (matrix != CurvatureMatrix.HESSIAN) {
      requireTaps(matrix.tag(), "; use hessian");
    }
    atOrigin();
    INDArray result = Nd4j.create(DataType.DOUBLE, block.rows(), block.columns());
    try {
      for (int row = 0; row < block.rows(); row++) {
        result.putRow(row, product(matrix, block.getRow(row).dup()));
      }
    } finally {
      replica.restore();
    }
    return result;
  }

  private void requireTaps(String what, String remedy) {
    if (replica.configuration().untapped() != null) {
      throw new UnsupportedOperationException(
          "%s needs output layers whose loss is a function of their own values, got %s%s"
              .formatted(what, replica.configuration().untapped(), remedy));
    }
  }

  @Override
  public long outputs() {
    requireTaps("the number of outputs", "");
    atOrigin();
    long sum = 0;
    for (LossTap tap : replica.taps()) {
      for (int i = 0; i < batches.size(); i++) {
        sum += ArrayUtil.prodLong(tap.shape(i));
      }
    }
    return sum;
  }

  @Override
  public INDArray outputValues() {
    requireTaps("the outputs", "");
    atOrigin();
    List<INDArray> parts = new ArrayList<>();
    for (LossTap tap : replica.taps()) {
      for (int i = 0; i < batches.size(); i++) {
        INDArray values = tap.masked(i, tap.values(i));
        parts.add(values.dup('c').reshape(values.length()));
      }
    }
    return Nd4j.concat(0, parts.toArray(new INDArray[0]));
  }

  @Override
  public INDArray jvp(INDArray block) {
    requireTaps("the derivative of the outputs", "");
    INDArray result = Nd4j.create(DataType.DOUBLE, block.rows(), outputs());
    try {
      for (int row = 0; row < block.rows(); row++) {
        INDArray direction = block.getRow(row).dup();
        double norm = direction.norm2Number().doubleValue();
        if (norm > 0) {
          result.putRow(row, outputChange(direction.divi(norm)).muli(norm));
        }
      }
    } finally {
      replica.restore();
    }
    return result;
  }

  private INDArray outputChange(INDArray direction) {
    List<List<INDArray>> ahead = outputsAt(direction, STEP);
    List<List<INDArray>> behind = outputsAt(direction, -STEP);
    List<INDArray> parts = new ArrayList<>();
    for (int t = 0; t < replica.taps().size(); t++) {
      for (int i = 0; i < batches.size(); i++) {
        INDArray change = ahead.get(i).get(t).sub(behind.get(i).get(t)).divi(2 * STEP);
        replica.taps().get(t).masked(i, change);
        parts.add(change.dup('c').reshape(change.length()));
      }
    }
    return Nd4j.concat(0, parts.toArray(new INDArray[0]));
  }

  @Override
  public INDArray vjp(INDArray block) {
    requireTaps("the derivative of the outputs", "");
    atOrigin();
    INDArray result = Nd4j.create(DataType.DOUBLE, block.rows(), replica.parameters());
    List<LossTap> taps = replica.taps();
    try {
      for (int row = 0; row < block.rows(); row++) {
        INDArray cotangent = block.getRow(row);
        for (int i = 0; i < batches.size(); i++) {
          for (LossTap tap : taps) {
            tap.inject(part(cotangent, tap, i));
          }
          replica.regions().hold(i);
          result.getRow(row).addi(replica.backpropagate(batches.get(i)));
        }
        gradients++;
      }
    } finally {
      taps.forEach(tap -> tap.inject(null));
    }
    return result;
  }

  @Override
  public @Nullable INDArray squaredNorms(INDArray block) {
    return null;
  }

  /** Returns what a vector of outputs has for a loss function and a batch. */
  private INDArray part(INDArray outputs, LossTap wanted, int batch) {
    long start = 0;
    for (LossTap tap : replica.taps()) {
      for (int i = 0; i < batches.size(); i++) {
        long length = ArrayUtil.prodLong(tap.shape(i));
        if (tap == wanted && i == batch) {
          INDArray values = outputs.get(NDArrayIndex.interval(start, start + length)).dup();
          return tap.masked(i, values.reshape('c', tap.shape(i)));
        }
        start += length;
      }
    }
    throw new AssertionError("no such loss function");
  }

  private INDArray product(CurvatureMatrix matrix, INDArray vector) {
    products++;
    double norm = vector.norm2Number().doubleValue();
    if (norm == 0) {
      return vector;
    }
    INDArray direction = vector.divi(norm);
    INDArray product =
        switch (matrix) {
          case HESSIAN -> hessian(direction);
          case GAUSS_NEWTON -> gaussNewton(direction);
          case RESIDUAL -> hessian(direction).subi(gaussNewton(direction));
        };
    if (replica.regions().takeCrossed()) {
      heldProducts++;
    }
    return product.muli(norm);
  }

  private INDArray hessian(INDArray direction) {
    INDArray difference = gradientAt(direction, STEP);
    return difference.subi(gradientAt(direction, -STEP)).divi(2 * STEP * examples);
  }

  /** Returns the sum of the examples' gradients. */
  private INDArray gradientAt(INDArray direction, double step) {
    replica.move(direction, step);
    INDArray sum = Nd4j.create(DataType.DOUBLE, direction.length());
    for (int i = 0; i < batches.size(); i++) {
      replica.regions().hold(i);
      sum.addi(replica.backpropagate(batches.get(i)));
    }
    gradients++;
    return sum;
  }

  private INDArray gaussNewton(INDArray direction) {
    List<List<INDArray>> ahead = outputsAt(direction, STEP);
    List<List<INDArray>> behind = outputsAt(direction, -STEP);
    replica.restore();
    INDArray sum = Nd4j.create(DataType.DOUBLE, direction.length());
    List<LossTap> taps = replica.taps();
    try {
      for (int i = 0; i < batches.size(); i++) {
        replica.regions().hold(i);
        for (int t = 0; t < taps.size(); t++) {
          INDArray change = ahead.get(i).get(t).subi(behind.get(i).get(t)).divi(2 * STEP);
          taps.get(t).inject(taps.get(t).hessianProduct(i, change, STEP));
        }
        replica.regions().hold(i);
        sum.addi(replica.backpropagate(batches.get(i)));
      }
    } finally {
      taps.forEach(tap -> tap.inject(null));
    }
    gradients++;
    return sum.divi(examples);
  }

  /** Returns what each loss function is handed, by batch. */
  private List<List<INDArray>> outputsAt(INDArray direction, double step) {
    replica.move(direction, step);
    List<List<INDArray>> outputs = new ArrayList<>();
    for (int i = 0; i < batches.size(); i++) {
      replica.regions().hold(i);
      replica.forward(batches.get(i));
      outputs.add(replica.taps().stream().map(LossTap::heard).toList());
    }
    forwards++;
    return outputs;
  }

  @Override
  public List<WeightLayer> weightLayers() {
    throw unseen();
  }

  @Override
  public void visitInputs(List<WeightLayer> layers, BiConsumer<WeightLayer, INDArray> visitor) {
    throw unseen();
  }

  @Override
  public List<OutputHessian> outputHessians(
      CurvatureMatrix matrix, List<WeightLayer> layers, OutputProbing probing) {
    throw unseen();
  }

  private static UnsupportedOperationException unseen() {
    return new UnsupportedOperationException(
        "engine difference does not see layers' inputs and outputs; use the tangent engine, which"
            + " knows most feed-forward networks");
  }

  @Override
  public List<String> notes() {
    List<String> notes = new ArrayList<>(replica.configuration().notes());
    notes.add(
        "products are central differences of Deeplearning4j's DOUBLE gradients over a step of %s"
                .formatted(STEP)
            + " along the normalised vector");
    if (heldProducts > 0) {
      notes.add(
          "%d of %d products would have crossed kinks; the units were held in their regions"
              .formatted(heldProducts, products));
    }
    return notes;
  }

  @Override
  public KinkCount kinks() {
    return new KinkCount(
        products,
        heldProducts,
        replica.regions().held(),
        replica.configuration().unwatched().size());
  }

  @Override
  public EvaluationCount evaluations() {
    return new EvaluationCount(gradients, forwards);
  }

  @Override
  public long expectedBytes() {
    return expectedBytes;
  }

  @Override
  public void close() {
    // Nothing but arrays, which go with the engine.
  }
}
