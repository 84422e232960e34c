package org.eigenscope.probes.kernel;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A convolution as a matrix product: each output pixel's window becomes a row of a matrix, kernel
 * row by kernel row, each [kernelWidth, inChannels].
 */
final class UnfoldedConvolution implements Convolution {
  /** Bytes of the unfolded windows of the examples that are multiplied at once. */
  private static final long CHUNK_BYTES = 4L << 20;

  private final BlasKernels kernels;
  private final Elements elements;
  private final ConvolutionShape shape;
  private final int pixels;
  private final int window;
  private final int chunk;
  private final boolean plain;
  private final Map<Thread, Scratch> scratches = new ConcurrentHashMap<>();

  UnfoldedConvolution(BlasKernels kernels, ConvolutionShape shape) {
    this.kernels = kernels;
    this.elements = kernels.elements();
    this.shape = shape;
    this.pixels = shape.outHeight() * shape.outWidth();
    this.window = shape.kernelHeight() * shape.kernelWidth() * shape.inChannels();
    this.chunk = (int) Math.max(1, CHUNK_BYTES / ((long) pixels * window * elements.bytes()));
    this.plain =
        shape.kernelHeight() == 1
            && shape.kernelWidth() == 1
            && shape.strideHeight() == 1
            && shape.strideWidth() == 1
            && shape.top() == 0
            && shape.left() == 0
            && shape.outHeight() == shape.inHeight()
            && shape.outWidth() == shape.inWidth();
  }

  /** What one thread works with. */
  private final class Scratch {
    final Tensor columns = kernels.allocate(plain ? 1 : chunk * pixels * window);
    final Tensor filters = kernels.allocate(shape.filterSize());
    final double[] image = new double[shape.inSize()];
    final double[] unfolded = new double[plain ? 0 : pixels * window];
    final double[] plainFilters = new double[shape.filterSize()];
    final double[] ordered = new double[shape.filterSize()];
  }

  private Scratch scratch() {
    return scratches.computeIfAbsent(Thread.currentThread(), thread -> new Scratch());
  }

  /** Filters as [outChannels, kernelHeight, kernelWidth, inChannels]. */
  private final class Ordered implements Filters {
    final Tensor tensor = kernels.allocate(shape.filterSize());

    @Override
    public void load(long address) {
      Scratch scratch = scratch();
      elements.read(address, scratch.plainFilters, 0, shape.filterSize());
      reorder(scratch.plainFilters, scratch.ordered, true);
      tensor.write(0, scratch.ordered, 0, shape.filterSize());
    }
  }

  @Override
  public Filters filters() {
    return new Ordered();
  }

  /** Moves filters between [out, in, height, width] and [out, height, width, in]. */
  private void reorder(double[] from, double[] to, boolean fromPlain) {
    int area = shape.kernelHeight() * shape.kernelWidth();
    for (int o = 0; o < shape.outChannels(); o++) {
      for (int c = 0; c < shape.inChannels(); c++) {
        for (int i = 0; i < area; i++) {
          int plainAt = (o * shape.inChannels() + c) * area + i;
          int orderedAt = (o * area + i) * shape.inChannels() + c;
          if (fromPlain) {
            to[orderedAt] = from[plainAt];
          } else {
            to[plainAt] = from[orderedAt];
          }
        }
      }
    }
  }

  @Override
  public void forward(int examples, long x, Filters filters, long y, boolean add) {
    Scratch scratch = scratch();
    long weights = ((Ordered) filters).tensor.address(0);
    int step = plain ? examples : chunk;
    for (int start = 0; start < examples; start += step) {
      int count = Math.min(step, examples - start);
      long columns = unfold(scratch, count, at(x, start, shape.inSize()));
      kernels.multiply(
          false,
          true,
          (long) count * pixels,
          shape.outChannels(),
          window,
          1,
          columns,
          window,
          weights,
          window,
          add ? 1 : 0,
          at(y, start, shape.outSize()),
          shape.outChannels());
    }
  }

  @Override
  public void backwardData(int examples, long dy, Filters filters, long dx, boolean add) {
    Scratch scratch = scratch();
    long weights = ((Ordered) filters).tensor.address(0);
    int step = plain ? examples : chunk;
    for (int start = 0; start < examples; start += step) {
      int count = Math.min(step, examples - start);
      long image = at(dx, start, shape.inSize());
      long columns = plain ? image : scratch.columns.address(0);
      kernels.multiply(
          false,
          false,
          (long) count * pixels,
          window,
          shape.outChannels(),
          1,
          at(dy, start, shape.outSize()),
          shape.outChannels(),
          weights,
          window,
          plain && add ? 1 : 0,
          columns,
          window);
      if (!plain) {
        fold(scratch, count, image, add);
      }
    }
  }

  @Override
  public void backwardFilters(int examples, long x, long dy, long dw, boolean add) {
    Scratch scratch = scratch();
    long sum = scratch.filters.address(0);
    int step = plain ? examples : chunk;
    for (int start = 0; start < examples; start += step) {
      int count = Math.min(step, examples - start);
      long columns = unfold(scratch, count, at(x, start, shape.inSize()));
      kernels.multiply(
          true,
          false,
          shape.outChannels(),
          window,
          (long) count * pixels,
          1,
          at(dy, start, shape.outSize()),
          shape.outChannels(),
          columns,
          window,
          start == 0 ? 0 : 1,
          sum,
          window);
    }
    int size = shape.filterSize();
    scratch.filters.read(0, scratch.ordered, 0, size);
    reorder(scratch.ordered, scratch.plainFilters, false);
    if (add) {
      elements.read(dw, scratch.ordered, 0, size);
      for (int i = 0; i < size; i++) {
        scratch.plainFilters[i] += scratch.ordered[i];
      }
    }
    elements.write(dw, scratch.plainFilters, 0, size);
  }

  private long at(long address, int example, int size) {
    return address + (long) example * size * elements.bytes();
  }

  /** Returns the address of the windows of some examples. */
  private long unfold(Scratch scratch, int count, long x) {
    if (plain) {
      return x;
    }
    for (int n = 0; n < count; n++) {
      elements.read(at(x, n, shape.inSize()), scratch.image, 0, shape.inSize());
      move(scratch, true);
      scratch.columns.write((long) n * pixels * window, scratch.unfolded, 0, pixels * window);
    }
    return scratch.columns.address(0);
  }

  /** Adds up the windows of some examples to images. */
  private void fold(Scratch scratch, int count, long x, boolean add) {
    for (int n = 0; n < count; n++) {
      long image = at(x, n, shape.inSize());
      if (add) {
        elements.read(image, scratch.image, 0, shape.inSize());
      } else {
        java.util.Arrays.fill(scratch.image, 0);
      }
      scratch.columns.read((long) n * pixels * window, scratch.unfolded, 0, pixels * window);
      move(scratch, false);
      elements.write(image, scratch.image, 0, shape.inSize());
    }
  }

  /** Copies an image's elements to its windows, or adds the windows' to the image. */
  private void move(Scratch scratch, boolean out) {
    int run = shape.inChannels();
    int to = 0;
    for (int y = 0; y < shape.outHeight(); y++) {
      for (int x = 0; x < shape.outWidth(); x++) {
        for (int i = 0; i < shape.kernelHeight(); i++) {
          int sourceY = y * shape.strideHeight() - shape.top() + i * shape.dilationHeight();
          for (int j = 0; j < shape.kernelWidth(); j++, to += run) {
            int sourceX = x * shape.strideWidth() - shape.left() + j * shape.dilationWidth();
            boolean inside =
                sourceY >= 0
                    && sourceY < shape.inHeight()
                    && sourceX >= 0
                    && sourceX < shape.inWidth();
            int from = (sourceY * shape.inWidth() + sourceX) * run;
            if (out && inside) {
              System.arraycopy(scratch.image, from, scratch.unfolded, to, run);
            } else if (out) {
              java.util.Arrays.fill(scratch.unfolded, to, to + run, 0);
            } else if (inside) {
              for (int c = 0; c < run; c++) {
                scratch.image[from + c] += scratch.unfolded[to + c];
              }
            }
          }
        }
      }
    }
  }
}
