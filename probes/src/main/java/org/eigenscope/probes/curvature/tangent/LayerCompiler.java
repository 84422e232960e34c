package org.eigenscope.probes.curvature.tangent;

import static java.util.Objects.requireNonNull;

import java.util.List;
import java.util.Map;
import java.util.Set;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.BaseLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.DropoutLayer;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.LossLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.conf.layers.Upsampling2D;
import org.deeplearning4j.nn.conf.layers.ZeroPaddingLayer;
import org.deeplearning4j.nn.conf.layers.convolutional.Cropping2D;
import org.deeplearning4j.nn.layers.FrozenLayer;
import org.deeplearning4j.nn.layers.FrozenLayerWithBackprop;
import org.deeplearning4j.nn.layers.wrapper.BaseWrapperLayer;
import org.deeplearning4j.nn.params.BatchNormalizationParamInitializer;
import org.deeplearning4j.nn.params.ConvolutionParamInitializer;
import org.deeplearning4j.nn.params.DefaultParamInitializer;
import org.eigenscope.probes.curvature.ConstantStatistics;
import org.eigenscope.probes.kernel.ConvolutionShape;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.lossfunctions.ILossFunction;

/** Turns layers into steps. */
final class LayerCompiler {
  private final Program.Builder program;
  private final INDArray flat;
  private final Weights weights;
  private final boolean fixedStatistics;
  private final Set<String> silenced;

  /**
   * @param flat the network's flat parameter vector, which the layers' arrays are views of
   * @param silenced collects the names of layers whose dropout or noise is left out
   */
  LayerCompiler(
      Program.Builder program,
      INDArray flat,
      Weights weights,
      boolean fixedStatistics,
      Set<String> silenced) {
    this.program = program;
    this.flat = flat;
    this.weights = weights;
    this.fixedStatistics = fixedStatistics;
    this.silenced = silenced;
  }

  /**
   * A layer on its way to steps.
   *
   * @param frozen whether its parameters are not to be differentiated with respect to, and its
   *     statistics are fixed
   * @param output which output of the network it is, or −1
   */
  private record Place(
      String name,
      org.deeplearning4j.nn.conf.layers.Layer conf,
      Map<String, INDArray> table,
      boolean frozen,
      int output) {

    INDArray array(String key) {
      return requireNonNull(table.get(key));
    }

    UnsupportedNetworkException unsupported() {
      return unsupported("");
    }

    UnsupportedNetworkException unsupported(String how) {
      return UnsupportedNetworkException.of(name, conf.getClass().getSimpleName() + how);
    }
  }

  /**
   * Adds the steps of a layer.
   *
   * @param output which output of the network it is, or −1
   * @return what it puts out; for an output layer, its values before the activation
   * @throws UnsupportedNetworkException if it is not known
   */
  Value compile(String name, Layer layer, Value input, int output) {
    boolean frozen = false;
    Layer inner = layer;
    while (inner instanceof BaseWrapperLayer wrapper) {
      if (!(inner instanceof FrozenLayer) && !(inner instanceof FrozenLayerWithBackprop)) {
        throw UnsupportedNetworkException.of(name, inner.getClass().getSimpleName());
      }
      frozen = true;
      inner = wrapper.getUnderlying();
    }
    org.deeplearning4j.nn.conf.layers.Layer conf = inner.conf().getLayer();
    if (conf.getIDropout() != null) {
      silenced.add("%s (%s)".formatted(name, conf.getIDropout().getClass().getSimpleName()));
    }
    if (conf instanceof BaseLayer base && base.getWeightNoise() != null) {
      silenced.add("%s (%s)".formatted(name, base.getWeightNoise().getClass().getSimpleName()));
    }
    Map<String, INDArray> table = inner.paramTable(false);
    Place place = new Place(name, conf, table == null ? Map.of() : table, frozen, output);
    return output >= 0 ? outputLayer(place, input) : hiddenLayer(place, input);
  }

  private Value outputLayer(Place place, Value input) {
    if (place.conf().getClass() == OutputLayer.class) {
      OutputLayer conf = (OutputLayer) place.conf();
      if (input.shape().image()) {
        throw place.unsupported(" on images");
      }
      Value z = dense(place, input, Math.toIntExact(conf.getNOut()));
      Parameter bias = summed(place, conf.hasBias(), DefaultParamInitializer.BIAS_KEY);
      Value shifted = activated(place, z, new ScalarFunction.Identity(), bias);
      return loss(place, shifted, conf.getLossFn(), conf.getActivationFn());
    }
    if (place.conf().getClass() == LossLayer.class && !input.shape().image()) {
      LossLayer conf = (LossLayer) place.conf();
      return loss(place, input, conf.getLossFn(), conf.getActivationFn());
    }
    throw place.unsupported();
  }

  private Value loss(Place place, Value input, ILossFunction function, IActivation activation) {
    OutputLoss loss = OutputLoss.of(function, activation, input.size());
    if (loss == null) {
      throw place.unsupported(
          " with %s and activation %s".formatted(function.getClass().getSimpleName(), activation));
    }
    program.add(new LossStep(place.name(), input, loss, place.output()));
    return input;
  }

  private Value hiddenLayer(Place place, Value input) {
    Class<?> type = place.conf().getClass();
    if (type == DenseLayer.class) {
      DenseLayer conf = (DenseLayer) place.conf();
      if (conf.hasLayerNorm() || input.shape().image()) {
        throw place.unsupported(conf.hasLayerNorm() ? " with layer normalization" : " on images");
      }
      Value z = dense(place, input, Math.toIntExact(conf.getNOut()));
      return activated(
          place,
          z,
          function(place, conf.getActivationFn()),
          summed(place, conf.hasBias(), DefaultParamInitializer.BIAS_KEY));
    }
    if (type == ConvolutionLayer.class) {
      return convolution(place, (ConvolutionLayer) place.conf(), input);
    }
    if (type == BatchNormalization.class
        || (place.conf() instanceof BatchNormalization
            && place.conf() instanceof ConstantStatistics)) {
      return normalized(place, (BatchNormalization) place.conf(), input);
    }
    if (type == ActivationLayer.class) {
      IActivation activation = ((ActivationLayer) place.conf()).getActivationFn();
      return activated(place, input, function(place, activation), null);
    }
    if (type == DropoutLayer.class) {
      return input;
    }
    if (!input.shape().image()) {
      throw place.unsupported();
    }
    if (type == SubsamplingLayer.class) {
      return pooled(place, (SubsamplingLayer) place.conf(), input);
    }
    if (type == GlobalPoolingLayer.class) {
      return pooled(place, (GlobalPoolingLayer) place.conf(), input);
    }
    if (type == ZeroPaddingLayer.class) {
      ZeroPaddingLayer conf = (ZeroPaddingLayer) place.conf();
      channelsFirst(place, conf.getDataFormat());
      int[] p = conf.getPadding();
      return moved(place, input, -p[0], -p[1], -p[2], -p[3]);
    }
    if (type == Cropping2D.class) {
      Cropping2D conf = (Cropping2D) place.conf();
      channelsFirst(place, conf.getDataFormat());
      int[] c = conf.getCropping();
      return moved(place, input, c[0], c[1], c[2], c[3]);
    }
    if (type == Upsampling2D.class) {
      Upsampling2D conf = (Upsampling2D) place.conf();
      channelsFirst(place, conf.getFormat());
      return upsampled(place, input, conf.getSize());
    }
    throw place.unsupported();
  }

  private static void channelsFirst(Place place, CNN2DFormat format) {
    if (format != CNN2DFormat.NCHW) {
      throw place.unsupported(" in format " + format);
    }
  }

  private static ScalarFunction function(Place place, IActivation activation) {
    ScalarFunction function = ScalarFunction.of(activation);
    if (function == null) {
      throw place.unsupported(" with activation " + activation);
    }
    return function;
  }

  private long offset(INDArray view) {
    return view.offset() - flat.offset();
  }

  private @Nullable Parameter summed(Place place, boolean present, String key) {
    if (!present) {
      return null;
    }
    INDArray view = place.table().get(key);
    return view == null ? null : program.summed(offset(view), view.length(), !place.frozen());
  }

  private Value dense(Place place, Value input, int outputs) {
    INDArray view = place.array(DefaultParamInitializer.WEIGHT_KEY);
    if (view.ordering() != 'f' || view.length() != (long) input.size() * outputs) {
      throw place.unsupported(" with weights of order " + view.ordering());
    }
    Parameter parameter = program.shared(offset(view), view.length(), !place.frozen());
    Value z = program.value(Shape.vector(outputs), input.varies() || !place.frozen());
    program.add(new DenseStep(place.name(), input, z, parameter, weights));
    return z;
  }

  private Value activated(Place place, Value z, ScalarFunction function, @Nullable Parameter bias) {
    if (function.identity() && bias == null) {
      return z;
    }
    boolean varies = z.varies() || (bias != null && bias.active());
    Value a = program.value(z.shape(), varies);
    program.add(new ActivationStep(place.name(), z, a, function, bias, weights));
    return a;
  }

  private Value convolution(Place place, ConvolutionLayer conf, Value input) {
    channelsFirst(place, conf.getCnn2dDataFormat());
    Window window =
        Window.of(
            input.shape(),
            conf.getKernelSize(),
            conf.getStride(),
            conf.getDilation(),
            conf.getPadding(),
            conf.getConvolutionMode());
    INDArray view = place.array(ConvolutionParamInitializer.WEIGHT_KEY);
    if (!input.shape().image() || conf.getNIn() != input.shape().channels()) {
      throw place.unsupported(" on %d channels".formatted(input.shape().channels()));
    }
    int outputs = Math.toIntExact(conf.getNOut());
    Parameter filters = program.summed(offset(view), view.length(), !place.frozen());
    Shape shape = Shape.image(outputs, window.outHeight(), window.outWidth());
    Value z = program.value(shape, input.varies() || !place.frozen());
    ConvolutionShape geometry =
        new ConvolutionShape(
            input.shape().channels(),
            input.shape().height(),
            input.shape().width(),
            outputs,
            window.outHeight(),
            window.outWidth(),
            window.kernel()[0],
            window.kernel()[1],
            window.stride()[0],
            window.stride()[1],
            window.dilation()[0],
            window.dilation()[1],
            window.top(),
            window.left());
    program.add(new ConvolutionStep(place.name(), input, z, filters, geometry, weights));
    return activated(
        place,
        z,
        function(place, conf.getActivationFn()),
        summed(place, conf.hasBias(), ConvolutionParamInitializer.BIAS_KEY));
  }

  private Value normalized(Place place, BatchNormalization conf, Value input) {
    if (input.shape().image()) {
      channelsFirst(place, conf.getCnn2DFormat());
    }
    if (conf.isLockGammaBeta() && (conf.getGamma() != 1 || conf.getBeta() != 0)) {
      // Deeplearning4j's forward and backward passes read such values differently.
      throw place.unsupported(
          " with locked gamma %s and beta %s".formatted(conf.getGamma(), conf.getBeta()));
    }
    Parameter gamma = null;
    Parameter beta = null;
    if (!conf.isLockGammaBeta()) {
      gamma = summed(place, true, BatchNormalizationParamInitializer.GAMMA);
      beta = summed(place, true, BatchNormalizationParamInitializer.BETA);
    }
    boolean fixed = fixedStatistics || place.frozen() || conf instanceof ConstantStatistics;
    double[] mean = null;
    double[] variance = null;
    if (fixed) {
      mean = vector(place, BatchNormalizationParamInitializer.GLOBAL_MEAN);
      variance = variance(place, conf);
    }
    boolean varies = input.varies() || !(place.frozen() || conf.isLockGammaBeta());
    Value output = program.value(input.shape(), varies);
    program.add(
        new NormalizationStep(
            place.name(), input, output, conf.getEps(), gamma, beta, weights, mean, variance));
    return output;
  }

  private double[] vector(Place place, String key) {
    INDArray view = place.array(key);
    return weights.values(new Parameter(offset(view), view.length(), false, -1));
  }

  private double[] variance(Place place, BatchNormalization conf) {
    if (!conf.isUseLogStd()) {
      return vector(place, BatchNormalizationParamInitializer.GLOBAL_VAR);
    }
    double[] variance = vector(place, BatchNormalizationParamInitializer.GLOBAL_LOG_STD);
    for (int c = 0; c < variance.length; c++) {
      variance[c] = Math.pow(10, 2 * variance[c]);
    }
    return variance;
  }

  private Value pooled(Place place, SubsamplingLayer conf, Value input) {
    channelsFirst(place, conf.getCnn2dDataFormat());
    Shape from = input.shape();
    Window window =
        Window.of(
            from,
            conf.getKernelSize(),
            conf.getStride(),
            conf.getDilation(),
            conf.getPadding(),
            conf.getConvolutionMode());
    Shape shape = Shape.image(from.channels(), window.outHeight(), window.outWidth());
    int[][] sources = window.sources(from);
    Value output = program.value(shape, input.varies());
    if (conf.getPoolingType() == PoolingType.MAX) {
      program.add(new SelectionStep(place.name(), input, output, sources));
    } else if (conf.getPoolingType() == PoolingType.AVG) {
      double[] factors = new double[sources.length];
      for (int i = 0; i < factors.length; i++) {
        factors[i] =
            1.0 / (conf.isAvgPoolIncludePadInDivisor() ? window.elements() : sources[i].length);
      }
      program.add(new RearrangementStep(place.name(), List.of(input), output, sources, factors));
    } else {
      throw place.unsupported(" of type " + conf.getPoolingType());
    }
    return output;
  }

  private Value pooled(Place place, GlobalPoolingLayer conf, Value input) {
    Shape from = input.shape();
    int[] axes = conf.getPoolingDimensions();
    if (!conf.isCollapseDimensions()
        || (axes != null && !(axes.length == 2 && axes[0] == 2 && axes[1] == 3))) {
      throw place.unsupported(" over other than height and width");
    }
    int pixels = from.height() * from.width();
    int[][] sources = new int[from.channels()][pixels];
    for (int c = 0; c < from.channels(); c++) {
      for (int i = 0; i < pixels; i++) {
        sources[c][i] = from.at(c, i / from.width(), i % from.width());
      }
    }
    Shape shape = Shape.vector(from.channels());
    switch (conf.getPoolingType()) {
      case MAX -> {
        Value output = program.value(shape, input.varies());
        program.add(new SelectionStep(place.name(), input, output, sources));
        return output;
      }
      case AVG, SUM -> {
        double factor = conf.getPoolingType() == PoolingType.SUM ? 1 : 1.0 / pixels;
        return VertexCompiler.rearranged(
            program, place.name(), List.of(input), shape, sources, factor);
      }
      default -> throw place.unsupported(" of type " + conf.getPoolingType());
    }
  }

  /** Adds a step that crops an image, or pads it with zeros where a number is negative. */
  private Value moved(Place place, Value input, int top, int bottom, int left, int right) {
    Shape from = input.shape();
    Shape shape =
        Shape.image(from.channels(), from.height() - top - bottom, from.width() - left - right);
    int[][] sources = new int[shape.size()][];
    for (int y = 0; y < shape.height(); y++) {
      for (int x = 0; x < shape.width(); x++) {
        int sourceY = y + top;
        int sourceX = x + left;
        boolean inside =
            sourceY >= 0 && sourceY < from.height() && sourceX >= 0 && sourceX < from.width();
        for (int c = 0; c < from.channels(); c++) {
          sources[shape.at(c, y, x)] =
              inside ? new int[] {from.at(c, sourceY, sourceX)} : new int[0];
        }
      }
    }
    return VertexCompiler.rearranged(program, place.name(), List.of(input), shape, sources, 1);
  }

  private Value upsampled(Place place, Value input, int[] size) {
    Shape from = input.shape();
    Shape shape =
        Shape.image(from.channels(), (long) from.height() * size[0], (long) from.width() * size[1]);
    int[][] sources = new int[shape.size()][];
    for (int y = 0; y < shape.height(); y++) {
      for (int x = 0; x < shape.width(); x++) {
        for (int c = 0; c < from.channels(); c++) {
          sources[shape.at(c, y, x)] = new int[] {from.at(c, y / size[0], x / size[1])};
        }
      }
    }
    return VertexCompiler.rearranged(program, place.name(), List.of(input), shape, sources, 1);
  }
}
