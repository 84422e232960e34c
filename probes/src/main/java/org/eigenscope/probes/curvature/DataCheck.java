package org.eigenscope.probes.curvature;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.api.layers.IOutputLayer;
import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.layers.BaseOutputLayer;
import org.deeplearning4j.nn.conf.layers.BaseRecurrentLayer;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.layers.wrapper.BaseWrapperLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.api.MultiDataSet;

/** Says what is wrong with data for a network before Deeplearning4j stumbles over it. */
final class DataCheck {
  private final Network network;

  private DataCheck(Network network) {
    this.network = network;
  }

  /**
   * Checks that the data fit a network, as far as its input and output layers tell.
   *
   * @throws IllegalArgumentException if they do not, or if the network has no loss
   */
  static void check(Network network, DataBatches data) {
    DataCheck check = new DataCheck(network);
    List<Named> outputs = check.outputs();
    for (Named output : outputs) {
      if (!(output.layer() instanceof IOutputLayer)) {
        throw new IllegalArgumentException(
            "the network must end in output layers with a loss, got %s (%s)"
                .formatted(
                    output.name(),
                    output.layer() == null
                        ? "no layer"
                        : output.layer().getClass().getSimpleName()));
      }
    }
    for (int i = 0; i < data.batches().size(); i++) {
      check.batch(data.batches().get(i), i, outputs);
    }
  }

  /** A layer, or the lack of one, and the name of its place. */
  private record Named(String name, @Nullable Layer layer) {}

  private List<Named> outputs() {
    List<Named> outputs = new ArrayList<>();
    if (network.model() instanceof MultiLayerNetwork multi) {
      Layer last = multi.getOutputLayer();
      outputs.add(new Named("its last layer", unwrapped(last)));
    } else {
      ComputationGraph graph = (ComputationGraph) network.model();
      for (String name : graph.getConfiguration().getNetworkOutputs()) {
        outputs.add(new Named("'" + name + "'", unwrapped(graph.getVertex(name).getLayer())));
      }
    }
    return outputs;
  }

  private static @Nullable Layer unwrapped(@Nullable Layer layer) {
    Layer inner = layer;
    while (inner instanceof BaseWrapperLayer wrapper) {
      inner = wrapper.getUnderlying();
    }
    return inner;
  }

  private void batch(MultiDataSet batch, int index, List<Named> outputs) {
    long inputs = network.model() instanceof ComputationGraph graph ? graph.getNumInputArrays() : 1;
    count("features", batch.getFeatures().length, inputs);
    count("labels", batch.getLabels().length, outputs.size());
    finite("features", batch.getFeatures(), index);
    finite("labels", batch.getLabels(), index);
    for (int i = 0; i < outputs.size(); i++) {
      labels(batch.getLabels(i), i, outputs.get(i));
    }
    if (network.model() instanceof MultiLayerNetwork multi) {
      boolean prepared = multi.getLayerWiseConfigurations().getInputPreProcess(0) != null;
      if (!prepared) {
        features(batch.getFeatures(0), multi.getLayer(0));
      }
    }
  }

  private static void count(String what, long got, long expected) {
    if (got != expected) {
      throw new IllegalArgumentException(
          "the network takes %d arrays of %s, got %d".formatted(expected, what, got));
    }
  }

  private static void finite(String what, INDArray[] arrays, int batch) {
    for (int i = 0; i < arrays.length; i++) {
      if (!Double.isFinite(arrays[i].castTo(DataType.DOUBLE).sumNumber().doubleValue())) {
        throw new IllegalArgumentException(
            "%s must be finite, got NaN or infinite values in array %d of batch %d"
                .formatted(what, i, batch));
      }
    }
  }

  private static void labels(INDArray labels, int index, Named output) {
    Layer layer = output.layer();
    if (layer != null
        && layer.conf().getLayer() instanceof BaseOutputLayer conf
        && !conf.getLossFn().getClass().getSimpleName().contains("Sparse")
        && labels.rank() == 2
        && labels.size(1) != conf.getNOut()) {
      throw new IllegalArgumentException(
          "labels %d must be [examples, %d] for the output layer %s, got %s"
              .formatted(index, conf.getNOut(), output.name(), Arrays.toString(labels.shape())));
    }
  }

  private static void features(INDArray features, Layer layer) {
    org.deeplearning4j.nn.conf.layers.Layer conf = layer.conf().getLayer();
    if (conf instanceof DenseLayer dense) {
      shape(features, layer, "[examples, %d]".formatted(dense.getNIn()), 2, 1, dense.getNIn());
    } else if (conf instanceof ConvolutionLayer convolution
        && conf.getClass() == ConvolutionLayer.class) {
      boolean first = convolution.getCnn2dDataFormat() == CNN2DFormat.NCHW;
      long channels = convolution.getNIn();
      shape(
          features,
          layer,
          (first ? "[examples, %d, height, width]" : "[examples, height, width, %d]")
              .formatted(channels),
          4,
          first ? 1 : 3,
          channels);
    } else if (conf instanceof BaseRecurrentLayer recurrent) {
      boolean first = recurrent.getRnnDataFormat() != org.deeplearning4j.nn.conf.RNNFormat.NWC;
      long size = recurrent.getNIn();
      shape(
          features,
          layer,
          (first ? "[examples, %d, time]" : "[examples, time, %d]").formatted(size),
          3,
          first ? 1 : 2,
          size);
    }
  }

  private static void shape(
      INDArray features, Layer layer, String expected, int rank, int axis, long size) {
    if (features.rank() != rank || features.size(axis) != size) {
      String name = layer.conf().getLayer().getLayerName();
      throw new IllegalArgumentException(
          "features must be %s for the first layer%s, got %s"
              .formatted(
                  expected,
                  name == null ? "" : " '" + name + "'",
                  Arrays.toString(features.shape())));
    }
  }
}
