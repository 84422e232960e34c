package org.eigenscope.benchmarks;

import static java.util.Objects.requireNonNull;

import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * How large a network is on a batch, whatever computes with it.
 *
 * @param productFlops floating-point operations of the matrix products that a Hessian product
 *     takes: six of the size of the forward product for each layer with weights, two for the first,
 *     whose input does not change along a vector and whose gradient on the input nobody reads
 * @param activationBytes the outputs of all layers and vertices of one forward pass, together
 */
record Workload(double productFlops, long activationBytes) {
  private static final int PRODUCTS = 6;
  private static final int FIRST_PRODUCTS = 2;

  /** A layer and what it hands on. */
  private record Output(Layer layer, INDArray activation) {}

  /** Measures a network by a forward pass. */
  static Workload of(Model model, INDArray features) {
    if (model instanceof MultiLayerNetwork network) {
      List<INDArray> passed = network.feedForward(features, false);
      Layer[] layers = network.getLayers();
      return of(
          IntStream.range(0, layers.length)
              .mapToObj(i -> new Output(layers[i], passed.get(i + 1)))
              .toList(),
          passed.subList(1, passed.size()));
    }
    ComputationGraph graph = (ComputationGraph) model;
    graph.setInput(0, features);
    Map<String, INDArray> passed = graph.feedForward(false, false, true);
    graph.getConfiguration().getNetworkInputs().forEach(passed::remove);
    return of(
        Stream.of(graph.getLayers())
            .map(layer -> new Output(layer, requireNonNull(passed.get(name(layer)))))
            .toList(),
        List.copyOf(passed.values()));
  }

  private static String name(Layer layer) {
    return layer.conf().getLayer().getLayerName();
  }

  private static Workload of(List<Output> outputs, List<INDArray> activations) {
    double flops = 0;
    for (Output output : outputs) {
      INDArray weights = output.layer().paramTable().get("W");
      if (weights != null) {
        // Each element of the output is an inner product with one output unit's weights.
        long inner = weights.length() / units(output.activation());
        flops +=
            2.0 * output.activation().length() * inner * (flops == 0 ? FIRST_PRODUCTS : PRODUCTS);
      }
    }
    return new Workload(
        flops, activations.stream().mapToLong(a -> a.length() * a.dataType().width()).sum());
  }

  /** Returns the units of a dense layer, the channels of a convolution. */
  private static long units(INDArray activation) {
    return activation.size(1);
  }

  /**
   * Returns the least milliseconds that a Hessian product can take, as long as its layers' products
   * are computed as such.
   */
  double floorMs(double gigaflops) {
    return productFlops / gigaflops / 1e6;
  }
}
