package org.eigenscope.listeners.normalization;

import static java.util.Objects.requireNonNull;

import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.gradient.DefaultGradient;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.layers.normalization.BatchNormalization;
import org.deeplearning4j.nn.params.BatchNormalizationParamInitializer;
import org.deeplearning4j.nn.workspace.ArrayType;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.jspecify.annotations.Nullable;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.broadcast.BroadcastDivOp;
import org.nd4j.linalg.api.ops.impl.broadcast.BroadcastMulOp;
import org.nd4j.linalg.api.ops.impl.broadcast.BroadcastSubOp;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.ops.transforms.Transforms;

/** Computes {@link PopulationNormalization}. */
@SuppressWarnings("serial") // as Deeplearning4j's own layers: configurations are what is saved
final class PopulationNormalizationLayer extends BatchNormalization {
  private @Nullable ChannelMoments gathered;

  PopulationNormalizationLayer(NeuralNetConfiguration conf, DataType dataType) {
    super(conf, dataType);
  }

  /** Makes every forward pass from now on set the statistics to those of all inputs seen since. */
  void startGathering() {
    gathered = new ChannelMoments();
  }

  void stopGathering() {
    gathered = null;
  }

  @Override
  public INDArray activate(boolean training, LayerWorkspaceMgr workspaces) {
    assertInputSet(false);
    ChannelMoments moments = gathered;
    if (moments != null) {
      moments.add(input, channelAxis(input));
      keep(moments);
    }
    INDArray out = preOutput(input, TrainingMode.TEST, workspaces);
    // Deeplearning4j holds these for its own way back, as copies outside of workspaces.
    std = null;
    xMu = null;
    xHat = null;
    return out;
  }

  private void keep(ChannelMoments moments) {
    set(BatchNormalizationParamInitializer.GLOBAL_MEAN, moments.mean());
    INDArray variance = moments.variance();
    if (layerConf().isUseLogStd()) {
      // A channel that never changes would have minus infinity; the root of ε is far above this.
      INDArray positive = Transforms.max(variance, Float.MIN_NORMAL);
      INDArray log10 = Transforms.log(positive, false).divi(2 * Math.log(10));
      set(BatchNormalizationParamInitializer.GLOBAL_LOG_STD, log10);
    } else {
      set(BatchNormalizationParamInitializer.GLOBAL_VAR, variance);
    }
  }

  private void set(String key, INDArray values) {
    INDArray array = getParam(key);
    array.assign(values.castTo(array.dataType()).reshape(array.shape()));
  }

  @Override
  public Pair<Gradient, INDArray> backpropGradient(INDArray epsilon, LayerWorkspaceMgr workspaces) {
    assertInputSet(true);
    int channels = channelAxis(epsilon);
    INDArray deviation = deviation();
    Gradient gradient = new DefaultGradient();
    INDArray below = workspaces.dup(ArrayType.ACTIVATION_GRAD, epsilon, 'c');
    Nd4j.exec(new BroadcastDivOp(below, deviation, below, channels));
    if (!layerConf().isLockGammaBeta()) {
      int[] others = otherAxes(epsilon.rank(), channels);
      INDArray standard = workspaces.dup(ArrayType.BP_WORKING_MEM, input.castTo(dataType), 'c');
      INDArray mean = vector(BatchNormalizationParamInitializer.GLOBAL_MEAN);
      Nd4j.exec(new BroadcastSubOp(standard, mean, standard, channels));
      Nd4j.exec(new BroadcastDivOp(standard, deviation, standard, channels));
      put(gradient, BatchNormalizationParamInitializer.GAMMA, standard.muli(epsilon).sum(others));
      put(gradient, BatchNormalizationParamInitializer.BETA, epsilon.sum(others));
      INDArray gamma = vector(BatchNormalizationParamInitializer.GAMMA);
      Nd4j.exec(new BroadcastMulOp(below, gamma, below, channels));
    } else if (layerConf().getGamma() != 1 && layerConf().getBeta() != 0) {
      // As Deeplearning4j's forward pass reads locked values.
      below.muli(layerConf().getGamma());
    }
    // What Deeplearning4j would subtract from the statistics, with no learning rate in between.
    for (String key : paramTable().keySet()) {
      if (!updaterDivideByMinibatch(key)) {
        INDArray view = view(key);
        view.assign(0);
        gradient.setGradientFor(key, view);
      }
    }
    return Pair.of(gradient, below);
  }

  private void put(Gradient gradient, String key, INDArray value) {
    INDArray view = view(key);
    view.assign(value.reshape(view.shape()));
    gradient.setGradientFor(key, view);
  }

  private INDArray view(String key) {
    return requireNonNull(gradientViews.get(key));
  }

  private INDArray vector(String key) {
    INDArray array = getParam(key);
    return array.reshape(array.length());
  }

  /** Returns √(σ² + ε), rounded as Deeplearning4j's forward pass rounds it. */
  private INDArray deviation() {
    INDArray variance;
    if (layerConf().isUseLogStd()) {
      INDArray log10 = vector(BatchNormalizationParamInitializer.GLOBAL_LOG_STD);
      variance = Transforms.pow(Nd4j.valueArrayOf(log10.shape(), 10.0, dataType), log10);
      variance.muli(variance);
    } else {
      variance = vector(BatchNormalizationParamInitializer.GLOBAL_VAR);
    }
    return Transforms.sqrt(variance.add(layerConf().getEps()), false);
  }

  private int channelAxis(INDArray array) {
    return array.rank() == 4 && layerConf().getCnn2DFormat() == CNN2DFormat.NHWC ? 3 : 1;
  }

  private static int[] otherAxes(int rank, int axis) {
    int[] axes = new int[rank - 1];
    for (int i = 0, next = 0; i < rank; i++) {
      if (i != axis) {
        axes[next++] = i;
      }
    }
    return axes;
  }
}
