package org.eigenscope.benchmarks.libtorch;

import static org.bytedeco.pytorch.global.torch.adaptive_avg_pool2d;
import static org.bytedeco.pytorch.global.torch.batch_norm;
import static org.bytedeco.pytorch.global.torch.conv2d;
import static org.bytedeco.pytorch.global.torch.linear;
import static org.bytedeco.pytorch.global.torch.max_pool2d;
import static org.bytedeco.pytorch.global.torch.relu;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

/** The networks of {@code benchmarks/run}; each returns logits. */
enum PeerNetwork {
  /** 784-512-256-10, ReLU. */
  MLP {
    @Override
    long[] inputShape() {
      return new long[] {256, 784};
    }

    @Override
    Layer build(Parameters parameters) {
      return chain(
          dense(parameters, 784, 512),
          torch::relu,
          dense(parameters, 512, 256),
          torch::relu,
          dense(parameters, 256, 10));
    }
  },
  /** Two 5 × 5 convolutions with max-pooling, then 500 and 10 units, ReLU. */
  LENET {
    @Override
    long[] inputShape() {
      return new long[] {128, 1, 28, 28};
    }

    @Override
    Layer build(Parameters parameters) {
      return chain(
          convolution(parameters, 1, 20, 5, 1, 0, true),
          torch::relu,
          PeerNetwork::maxPooling,
          convolution(parameters, 20, 50, 5, 1, 0, true),
          torch::relu,
          PeerNetwork::maxPooling,
          PeerNetwork::flat,
          dense(parameters, 800, 500),
          torch::relu,
          dense(parameters, 500, 10));
    }
  },
  /**
   * Three stages of three residual blocks, with batch normalization (He et al. 2016, section 4.2).
   */
  RESNET20 {
    @Override
    long[] inputShape() {
      return new long[] {128, 3, 32, 32};
    }

    @Override
    Layer build(Parameters parameters) {
      List<Layer> layers = new ArrayList<>();
      layers.add(convolution(parameters, 3, 16, 3, 1, 1, false));
      layers.add(normalization(parameters, 16));
      layers.add(torch::relu);
      int inputs = 16;
      for (int outputs : new int[] {16, 32, 64}) {
        for (int block = 0; block < 3; block++) {
          layers.add(residual(parameters, inputs, outputs));
          inputs = outputs;
        }
      }
      layers.add(x -> adaptive_avg_pool2d(x, new long[] {1, 1}));
      layers.add(PeerNetwork::flat);
      layers.add(dense(parameters, inputs, 10));
      return chain(layers);
    }
  };

  /** Returns the network as a function of a batch. */
  abstract Layer build(Parameters parameters);

  /** Returns the shape of a batch of inputs. */
  abstract long[] inputShape();

  /** Returns its name on the command line and in results. */
  String tag() {
    return name().toLowerCase(Locale.ROOT);
  }

  private static Layer chain(Layer... layers) {
    return chain(List.of(layers));
  }

  private static Layer chain(List<Layer> layers) {
    return x -> {
      Tensor y = x;
      for (Layer layer : layers) {
        y = layer.apply(y);
      }
      return y;
    };
  }

  private static Layer dense(Parameters parameters, int inputs, int outputs) {
    Tensor weights = parameters.weights(inputs, outputs, inputs);
    Tensor bias = parameters.zero(outputs);
    return x -> linear(x, weights, new TensorOptional(bias));
  }

  private static Layer convolution(
      Parameters parameters,
      int inputs,
      int outputs,
      int kernel,
      int stride,
      int padding,
      boolean biased) {
    Tensor weights =
        parameters.weights((long) inputs * kernel * kernel, outputs, inputs, kernel, kernel);
    TensorOptional bias =
        biased ? new TensorOptional(parameters.zero(outputs)) : new TensorOptional();
    return x ->
        conv2d(
            x,
            weights,
            bias,
            new long[] {stride, stride},
            new long[] {padding, padding},
            new long[] {1, 1},
            1);
  }

  /** Returns batch normalization by the batch's own statistics. */
  private static Layer normalization(Parameters parameters, int channels) {
    Tensor scale = parameters.one(channels);
    Tensor shift = parameters.zero(channels);
    return x ->
        batch_norm(
            x,
            new TensorOptional(scale),
            new TensorOptional(shift),
            new TensorOptional(),
            new TensorOptional(),
            true,
            0.1,
            1e-5,
            false);
  }

  /** Returns a basic block, with a 1 × 1 projection and a stride of 2 where the shape changes. */
  private static Layer residual(Parameters parameters, int inputs, int outputs) {
    boolean changes = inputs != outputs;
    int stride = changes ? 2 : 1;
    Layer branch =
        chain(
            convolution(parameters, inputs, outputs, 3, stride, 1, false),
            normalization(parameters, outputs),
            torch::relu,
            convolution(parameters, outputs, outputs, 3, 1, 1, false),
            normalization(parameters, outputs));
    Layer shortcut =
        changes
            ? chain(
                convolution(parameters, inputs, outputs, 1, stride, 0, false),
                normalization(parameters, outputs))
            : x -> x;
    return x -> relu(branch.apply(x).add(shortcut.apply(x)));
  }

  private static Tensor maxPooling(Tensor x) {
    long[] two = {2, 2};
    return max_pool2d(x, two, two, new long[] {0, 0}, new long[] {1, 1}, false);
  }

  private static Tensor flat(Tensor x) {
    return x.flatten(1, -1);
  }
}
