package org.eigenscope.probes.curvature.difference;

import static java.util.Objects.requireNonNull;

import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.gradient.DefaultGradient;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.layers.normalization.BatchNormalization;
import org.deeplearning4j.nn.params.BatchNormalizationParamInitializer;
import org.deeplearning4j.nn.workspace.ArrayType;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.broadcast.BroadcastAddOp;
import org.nd4j.linalg.api.ops.impl.broadcast.BroadcastMulOp;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.ops.transforms.Transforms;

/**
 * Batch normalization with the running statistics, as constants, in training too: an affine map of
 * each channel. Deeplearning4j itself cannot back-propagate through it.
 */
@SuppressWarnings("serial") // lives in a replica, which nobody saves
final class FixedStatistics extends BatchNormalization {

  /**
   * @param original the layer in whose place this one computes; its parameters are shared
   */
  FixedStatistics(BatchNormalization original) {
    super(original.conf(), original.params().dataType());
    setParamsViewArray(original.params());
    setParamTable(original.paramTable());
    setIndex(original.getIndex());
    setListeners();
  }

  @Override
  public INDArray activate(boolean training, LayerWorkspaceMgr workspaces) {
    assertInputSet(false);
    INDArray out = normalised(workspaces, ArrayType.ACTIVATIONS);
    int channels = channelAxis(out);
    INDArray gamma = gamma();
    if (gamma != null) {
      Nd4j.exec(new BroadcastMulOp(out, gamma, out, channels));
      Nd4j.exec(
          new BroadcastAddOp(out, vector(BatchNormalizationParamInitializer.BETA), out, channels));
    } else if (layerConf().getGamma() != 1 && layerConf().getBeta() != 0) {
      // As Deeplearning4j's own forward pass reads locked values.
      out.muli(layerConf().getGamma()).addi(layerConf().getBeta());
    }
    return out;
  }

  @Override
  public Pair<Gradient, INDArray> backpropGradient(INDArray epsilon, LayerWorkspaceMgr workspaces) {
    assertInputSet(true);
    int channels = channelAxis(epsilon);
    Gradient gradient = new DefaultGradient();
    INDArray scale = inverseDeviation();
    INDArray gamma = gamma();
    if (gamma != null) {
      int[] others = otherAxes(epsilon.rank(), channels);
      INDArray standard = normalised(workspaces, ArrayType.BP_WORKING_MEM);
      put(gradient, BatchNormalizationParamInitializer.GAMMA, standard.muli(epsilon).sum(others));
      put(gradient, BatchNormalizationParamInitializer.BETA, epsilon.sum(others));
      scale.muli(gamma);
    } else if (layerConf().getGamma() != 1 && layerConf().getBeta() != 0) {
      scale.muli(layerConf().getGamma());
    }
    INDArray below = workspaces.dup(ArrayType.ACTIVATION_GRAD, epsilon, 'c');
    Nd4j.exec(new BroadcastMulOp(below, scale, below, channels));
    return Pair.of(gradient, below);
  }

  private void put(Gradient gradient, String key, INDArray value) {
    INDArray view = requireNonNull(gradientViews.get(key));
    view.assign(value.reshape(view.shape()));
    gradient.setGradientFor(key, view);
  }

  /** Returns (x − mean) / deviation in a new array. */
  private INDArray normalised(LayerWorkspaceMgr workspaces, ArrayType type) {
    INDArray x = workspaces.dup(type, input.castTo(dataType), 'c');
    int channels = channelAxis(x);
    INDArray mean = vector(BatchNormalizationParamInitializer.GLOBAL_MEAN);
    Nd4j.exec(new BroadcastAddOp(x, mean.neg(), x, channels));
    Nd4j.exec(new BroadcastMulOp(x, inverseDeviation(), x, channels));
    return x;
  }

  private INDArray inverseDeviation() {
    INDArray variance;
    if (layerConf().isUseLogStd()) {
      INDArray log10 = vector(BatchNormalizationParamInitializer.GLOBAL_LOG_STD);
      variance = Transforms.exp(log10.mul(2 * Math.log(10)), false);
    } else {
      variance = vector(BatchNormalizationParamInitializer.GLOBAL_VAR).dup();
    }
    return Transforms.sqrt(variance.addi(layerConf().getEps()), false).rdivi(1);
  }

  private @org.jspecify.annotations.Nullable INDArray gamma() {
    return layerConf().isLockGammaBeta() ? null : vector(BatchNormalizationParamInitializer.GAMMA);
  }

  private INDArray vector(String key) {
    INDArray array = getParam(key);
    return array.reshape(array.length());
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
