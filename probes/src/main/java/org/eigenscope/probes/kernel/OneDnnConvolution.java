package org.eigenscope.probes.kernel;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_WEIGHTS;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_WEIGHTS;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.bytedeco.dnnl.IntMemoryMap;
import org.bytedeco.dnnl.convolution_backward_data;
import org.bytedeco.dnnl.convolution_backward_weights;
import org.bytedeco.dnnl.convolution_forward;
import org.bytedeco.dnnl.global.dnnl.algorithm;
import org.bytedeco.dnnl.global.dnnl.prop_kind;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.post_ops;
import org.bytedeco.dnnl.primitive;
import org.bytedeco.dnnl.primitive_attr;
import org.bytedeco.dnnl.reorder;
import org.bytedeco.dnnl.stream;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;

/* IMPLEMENTATION NOTES
 *
 * A primitive of oneDNN is tied to a number of examples, and its scratch memory to the thread that made
 * it: each thread has its own, by the number of examples. Activations stay in plain [examples, height,
 * width, channels] memory, which is as fast here as the library's blocked layouts. Filters are copied
 * once into the layouts that the primitives of one example number chose; all others are told to use the
 * same. The direct algorithm is asked for: Winograd's rounds more.
 *
 * Pointers to memory that oneDNN allocated have to be kept reachable as long as it is used; the
 * kernels own all of them.
 */
/** A FLOAT convolution by oneDNN. */
final class OneDnnConvolution implements Convolution {
  private static final memory.data_type FLOAT = memory.data_type.f32;

  private final OneDnnKernels kernels;
  private final ConvolutionShape shape;
  private final memory.desc plainFilters;
  private final memory.desc forwardFilters;
  private final memory.desc dataFilters;
  private final memory.desc filterGradient;
  private final Map<Thread, Local> locals = new ConcurrentHashMap<>();

  OneDnnConvolution(OneDnnKernels kernels, ConvolutionShape shape) {
    this.kernels = kernels;
    this.shape = shape;
    long[] sizes = {
      shape.outChannels(), shape.inChannels(), shape.kernelHeight(), shape.kernelWidth()
    };
    this.plainFilters = kernels.own(new memory.desc(sizes, FLOAT, memory.format_tag.oihw, false));
    memory.desc any = kernels.own(new memory.desc(sizes, FLOAT, memory.format_tag.any, false));
    Descriptors chosen = new Descriptors(1, any, any, any);
    this.forwardFilters = kernels.own(chosen.forward.weights_desc());
    this.dataFilters = kernels.own(chosen.backwardData.weights_desc());
    this.filterGradient = kernels.own(chosen.backwardFilters.diff_weights_desc());
  }

  /** What oneDNN is asked for, for a number of examples. */
  private final class Descriptors {
    final memory.desc input;
    final memory.desc output;
    final convolution_forward.primitive_desc forward;
    final convolution_forward.primitive_desc forwardAdding;
    final convolution_backward_data.primitive_desc backwardData;
    final convolution_backward_weights.primitive_desc backwardFilters;

    Descriptors(int examples, memory.desc w, memory.desc dataW, memory.desc dw) {
      input = activations(examples, shape.inChannels(), shape.inHeight(), shape.inWidth());
      output = activations(examples, shape.outChannels(), shape.outHeight(), shape.outWidth());
      long[] strides = {shape.strideHeight(), shape.strideWidth()};
      long[] dilations = {shape.dilationHeight() - 1L, shape.dilationWidth() - 1L};
      long[] before = {shape.top(), shape.left()};
      long[] after = {
        behind(
            shape.inHeight(),
            shape.outHeight(),
            shape.kernelHeight(),
            shape.strideHeight(),
            shape.dilationHeight(),
            shape.top()),
        behind(
            shape.inWidth(),
            shape.outWidth(),
            shape.kernelWidth(),
            shape.strideWidth(),
            shape.dilationWidth(),
            shape.left())
      };
      convolution_forward.desc forwardDesc =
          kernels.own(
              new convolution_forward.desc(
                  prop_kind.forward_training,
                  algorithm.convolution_direct,
                  input,
                  w,
                  output,
                  strides,
                  dilations,
                  before,
                  after));
      forward =
          kernels.own(new convolution_forward.primitive_desc(forwardDesc, kernels.engine(), false));
      forwardAdding =
          kernels.own(
              new convolution_forward.primitive_desc(
                  forwardDesc, adding(), kernels.engine(), false));
      backwardData =
          kernels.own(
              new convolution_backward_data.primitive_desc(
                  kernels.own(
                      new convolution_backward_data.desc(
                          algorithm.convolution_direct,
                          input,
                          dataW,
                          output,
                          strides,
                          dilations,
                          before,
                          after)),
                  kernels.engine(),
                  forward,
                  false));
      backwardFilters =
          kernels.own(
              new convolution_backward_weights.primitive_desc(
                  kernels.own(
                      new convolution_backward_weights.desc(
                          algorithm.convolution_direct,
                          input,
                          dw,
                          output,
                          strides,
                          dilations,
                          before,
                          after)),
                  kernels.engine(),
                  forward,
                  false));
    }

    private memory.desc activations(long n, long channels, long height, long width) {
      return kernels.own(
          new memory.desc(
              new long[] {n, channels, height, width}, FLOAT, memory.format_tag.nhwc, false));
    }

    /** Returns the zeros that follow the input, fewer than none if its end is never read. */
    private long behind(int in, int out, int kernel, int stride, int dilation, int before) {
      return (out - 1L) * stride + (kernel - 1L) * dilation + 1 - in - before;
    }
  }

  private primitive_attr adding() {
    primitive_attr attributes = kernels.own(new primitive_attr());
    post_ops sum = kernels.own(new post_ops());
    sum.append_sum();
    attributes.set_post_ops(sum);
    return attributes;
  }

  /** Filters in the layouts of the primitives. */
  private final class Loaded implements Filters {
    final memory forward = kernels.own(new memory(forwardFilters, kernels.engine()));
    final memory data = kernels.own(new memory(dataFilters, kernels.engine()));

    @Override
    public void load(long address) {
      Local local = local();
      local.plain.set_data_handle(Cursors.ofThread().toFloats(0, address));
      local.toForward.execute(local.queue, local.plain, forward);
      local.toData.execute(local.queue, local.plain, data);
    }
  }

  @Override
  public Filters filters() {
    return new Loaded();
  }

  private Local local() {
    return locals.computeIfAbsent(Thread.currentThread(), thread -> new Local());
  }

  /** What one thread works with. */
  private final class Local {
    final stream queue = kernels.own(new stream(kernels.engine()));
    final memory plain = kernels.own(new memory(plainFilters, kernels.engine(), new Pointer()));
    final memory gradient = kernels.own(new memory(filterGradient, kernels.engine()));
    final reorder toForward = reorder(plainFilters, forwardFilters, false);
    final reorder toData = reorder(plainFilters, dataFilters, false);
    final reorder toPlain = reorder(filterGradient, plainFilters, false);
    final reorder addToPlain = reorder(filterGradient, plainFilters, true);
    final Map<Integer, Primitives> bySize = new HashMap<>();
    final float[] sum = new float[4096];
    final float[] other = new float[4096];

    private reorder reorder(memory.desc from, memory.desc to, boolean add) {
      reorder.primitive_desc desc =
          kernels.own(
              add
                  ? new reorder.primitive_desc(
                      kernels.engine(), from, kernels.engine(), to, adding(), false)
                  : new reorder.primitive_desc(kernels.engine(), from, kernels.engine(), to));
      return kernels.own(new reorder(desc));
    }

    Primitives primitives(int examples) {
      return bySize.computeIfAbsent(examples, Primitives::new);
    }
  }

  /** The primitives of one thread for a number of examples. */
  private final class Primitives {
    final memory input;
    final memory output;
    final memory scratch;
    final FloatPointer scratchData;
    final primitive forward;
    final primitive forwardAdding;
    final primitive backwardData;
    final primitive backwardFilters;

    Primitives(int examples) {
      Descriptors descriptors =
          new Descriptors(examples, forwardFilters, dataFilters, filterGradient);
      input = kernels.own(new memory(descriptors.input, kernels.engine(), new Pointer()));
      output = kernels.own(new memory(descriptors.output, kernels.engine(), new Pointer()));
      scratchData = kernels.own(new FloatPointer((long) examples * shape.inSize()));
      scratch = kernels.own(new memory(descriptors.input, kernels.engine(), scratchData));
      forward = kernels.own(new convolution_forward(descriptors.forward));
      forwardAdding = kernels.own(new convolution_forward(descriptors.forwardAdding));
      backwardData = kernels.own(new convolution_backward_data(descriptors.backwardData));
      backwardFilters = kernels.own(new convolution_backward_weights(descriptors.backwardFilters));
    }
  }

  @Override
  public void forward(int examples, long x, Filters filters, long y, boolean add) {
    Local local = local();
    Primitives primitives = local.primitives(examples);
    primitives.input.set_data_handle(Cursors.ofThread().toFloats(0, x));
    primitives.output.set_data_handle(Cursors.ofThread().toFloats(0, y));
    try (IntMemoryMap arguments = new IntMemoryMap()) {
      arguments
          .put(DNNL_ARG_SRC, primitives.input)
          .put(DNNL_ARG_WEIGHTS, ((Loaded) filters).forward)
          .put(DNNL_ARG_DST, primitives.output);
      (add ? primitives.forwardAdding : primitives.forward).execute(local.queue, arguments);
    }
  }

  @Override
  public void backwardData(int examples, long dy, Filters filters, long dx, boolean add) {
    Local local = local();
    Primitives primitives = local.primitives(examples);
    primitives.output.set_data_handle(Cursors.ofThread().toFloats(0, dy));
    if (!add) {
      primitives.input.set_data_handle(Cursors.ofThread().toFloats(0, dx));
    }
    try (IntMemoryMap arguments = new IntMemoryMap()) {
      arguments
          .put(DNNL_ARG_DIFF_SRC, add ? primitives.scratch : primitives.input)
          .put(DNNL_ARG_WEIGHTS, ((Loaded) filters).data)
          .put(DNNL_ARG_DIFF_DST, primitives.output);
      primitives.backwardData.execute(local.queue, arguments);
    }
    if (add) {
      // oneDNN has no such sum for this primitive.
      add(local, primitives.scratchData.address(), dx, (long) examples * shape.inSize());
    }
  }

  private static void add(Local local, long from, long to, long length) {
    Cursors cursors = Cursors.ofThread();
    for (long at = 0; at < length; at += local.sum.length) {
      int count = (int) Math.min(local.sum.length, length - at);
      cursors.toFloats(0, from + at * Float.BYTES).get(local.other, 0, count);
      FloatPointer sum = cursors.toFloats(1, to + at * Float.BYTES);
      sum.get(local.sum, 0, count);
      for (int i = 0; i < count; i++) {
        local.sum[i] += local.other[i];
      }
      sum.put(local.sum, 0, count);
    }
  }

  @Override
  public void backwardFilters(int examples, long x, long dy, long dw, boolean add) {
    Local local = local();
    Primitives primitives = local.primitives(examples);
    primitives.input.set_data_handle(Cursors.ofThread().toFloats(0, x));
    primitives.output.set_data_handle(Cursors.ofThread().toFloats(0, dy));
    try (IntMemoryMap arguments = new IntMemoryMap()) {
      arguments
          .put(DNNL_ARG_SRC, primitives.input)
          .put(DNNL_ARG_DIFF_DST, primitives.output)
          .put(DNNL_ARG_DIFF_WEIGHTS, local.gradient);
      primitives.backwardFilters.execute(local.queue, arguments);
    }
    local.plain.set_data_handle(Cursors.ofThread().toFloats(0, dw));
    (add ? local.addToPlain : local.toPlain).execute(local.queue, local.gradient, local.plain);
  }
}
