package org.eigenscope.probes.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;

/** All kernels against loops in double. */
class KernelsTest {
  /** Which kernels. */
  enum Kind {
    BLAS_DOUBLE(Elements.DOUBLE, 1e-13),
    BLAS_FLOAT(Elements.FLOAT, 2e-6),
    ONE_DNN(Elements.FLOAT, 2e-6);

    private final Elements elements;

    /** Relative to sums of a few hundred products of order 1: that many roundoffs at most. */
    private final double tolerance;

    Kind(Elements elements, double tolerance) {
      this.elements = elements;
      this.tolerance = tolerance;
    }

    Kernels open() {
      if (this == ONE_DNN) {
        assumeTrue(OneDnnLibrary.isAvailable(), "oneDNN's natives are not on the class path");
        return new OneDnnKernels();
      }
      return Kernels.portable(elements.type());
    }
  }

  private static Tensor tensor(Elements elements, double[] values) {
    Tensor tensor = Tensor.allocate(elements, 1, values.length);
    tensor.write(0, values, 0, values.length);
    return tensor;
  }

  private static double[] values(Tensor tensor) {
    double[] values = new double[tensor.width()];
    tensor.read(0, values, 0, values.length);
    return values;
  }

  /** Returns normal numbers that FLOAT holds exactly. */
  private static double[] random(long seed, int length) {
    Random random = new Random(seed);
    double[] values = new double[length];
    for (int i = 0; i < length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  private static void close(double[] actual, double[] expected, double tolerance) {
    double scale = Arrays.stream(expected).map(Math::abs).max().orElse(1);
    for (int i = 0; i < expected.length; i++) {
      assertThat(Math.abs(actual[i] - expected[i])).isLessThanOrEqualTo(tolerance * (scale + 1));
    }
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void multiplyMatchesLoops(Kind kind) {
    try (Kernels kernels = kind.open()) {
      for (int variant = 0; variant < 8; variant++) {
        for (int[] size : new int[][] {{7, 5, 33}, {7, 1, 33}, {1, 5, 33}, {1, 1, 33}, {4, 3, 1}}) {
          multiplyMatchesLoops(
              kernels, kind, (variant & 1) > 0, (variant & 2) > 0, variant >= 4, size);
        }
      }
    }
  }

  private static void multiplyMatchesLoops(
      Kernels kernels,
      Kind kind,
      boolean transposeA,
      boolean transposeB,
      boolean adds,
      int[] size) {
    int m = size[0];
    int n = size[1];
    int k = size[2];
    int strideA = (transposeA ? m : k) + 2;
    int strideB = (transposeB ? k : n) + 1;
    int strideC = n + 3;
    double[] a = random(1, (transposeA ? k : m) * strideA);
    double[] b = random(2, (transposeB ? n : k) * strideB);
    double[] c = random(3, m * strideC);
    if (!adds) {
      Arrays.fill(c, Double.NaN);
    }
    double[] expected = c.clone();
    for (int i = 0; i < m; i++) {
      for (int j = 0; j < n; j++) {
        double sum = 0;
        for (int l = 0; l < k; l++) {
          sum +=
              a[transposeA ? l * strideA + i : i * strideA + l]
                  * b[transposeB ? j * strideB + l : l * strideB + j];
        }
        int at = i * strideC + j;
        expected[at] = 0.5 * sum + (adds ? 2 * expected[at] : 0);
      }
    }
    try (Tensor ta = tensor(kind.elements, a);
        Tensor tb = tensor(kind.elements, b);
        Tensor tc = tensor(kind.elements, c)) {
      kernels.multiply(
          transposeA,
          transposeB,
          m,
          n,
          k,
          0.5,
          ta.address(0),
          strideA,
          tb.address(0),
          strideB,
          adds ? 2 : 0,
          tc.address(0),
          strideC);
      double[] actual = values(tc);
      for (int i = 0; i < m; i++) {
        int from = i * strideC;
        close(
            Arrays.copyOfRange(actual, from, from + n),
            Arrays.copyOfRange(expected, from, from + n),
            kind.tolerance);
        assertThat(Arrays.copyOfRange(actual, from + n, from + strideC))
            .isEqualTo(Arrays.copyOfRange(c, from + n, from + strideC));
      }
    }
  }

  private record Layer(Kind kind, ConvolutionShape shape) {}

  static Stream<Layer> layers() {
    List<ConvolutionShape> shapes =
        List.of(
            new ConvolutionShape(1, 9, 8, 20, 5, 4, 5, 5, 1, 1, 1, 1, 0, 0),
            new ConvolutionShape(3, 7, 6, 16, 7, 6, 3, 3, 1, 1, 1, 1, 1, 1),
            new ConvolutionShape(16, 8, 8, 32, 4, 4, 3, 3, 2, 2, 1, 1, 0, 0),
            new ConvolutionShape(5, 7, 9, 33, 3, 3, 2, 3, 3, 3, 1, 1, 1, 0),
            new ConvolutionShape(8, 9, 9, 8, 5, 5, 3, 3, 1, 1, 2, 2, 0, 0),
            new ConvolutionShape(16, 5, 5, 8, 5, 5, 1, 1, 1, 1, 1, 1, 0, 0),
            new ConvolutionShape(16, 6, 6, 8, 3, 3, 1, 1, 2, 2, 1, 1, 0, 0),
            new ConvolutionShape(20, 4, 5, 50, 1, 1, 4, 5, 1, 1, 1, 1, 0, 0));
    return Arrays.stream(Kind.values())
        .flatMap(kind -> shapes.stream().map(shape -> new Layer(kind, shape)));
  }

  /** One convolution used for different numbers of examples, plain and adding. */
  @ParameterizedTest
  @MethodSource("layers")
  void convolutionsMatchLoops(Layer layer) {
    ConvolutionShape s = layer.shape();
    Elements elements = layer.kind().elements;
    double tolerance = layer.kind().tolerance;
    try (Kernels kernels = layer.kind().open();
        Tensor w = tensor(elements, random(1, s.filterSize()))) {
      Convolution convolution = kernels.convolution(s);
      Convolution.Filters filters = convolution.filters();
      filters.load(w.address(0));
      for (int n : new int[] {1, 7, 2}) {
        double[] x = random(2, n * s.inSize());
        double[] y = random(3, n * s.outSize());
        for (boolean add : new boolean[] {false, true}) {
          try (Tensor tx = tensor(elements, x);
              Tensor ty = tensor(elements, y);
              Tensor toY = tensor(elements, y);
              Tensor toX = tensor(elements, x);
              Tensor toW = tensor(elements, values(w))) {
            convolution.forward(n, tx.address(0), filters, toY.address(0), add);
            close(values(toY), loops(s, n, x, values(w), y, 0, add), tolerance);
            convolution.backwardData(n, ty.address(0), filters, toX.address(0), add);
            close(values(toX), loops(s, n, x, values(w), y, 1, add), tolerance);
            convolution.backwardFilters(n, tx.address(0), ty.address(0), toW.address(0), add);
            close(values(toW), loops(s, n, x, values(w), y, 2, add), tolerance);
          }
        }
      }
    }
  }

  /** Returns y for 0, the gradient on x for 1, on w for 2; on top of the old ones or not. */
  private static double[] loops(
      ConvolutionShape s, int n, double[] x, double[] w, double[] y, int what, boolean add) {
    double[] old = what == 0 ? y : what == 1 ? x : w;
    double[] result = add ? old.clone() : new double[old.length];
    for (int b = 0; b < n; b++) {
      for (int oy = 0; oy < s.outHeight(); oy++) {
        for (int ox = 0; ox < s.outWidth(); ox++) {
          for (int i = 0; i < s.kernelHeight(); i++) {
            for (int j = 0; j < s.kernelWidth(); j++) {
              int iy = oy * s.strideHeight() - s.top() + i * s.dilationHeight();
              int ix = ox * s.strideWidth() - s.left() + j * s.dilationWidth();
              if (iy < 0 || ix < 0 || iy >= s.inHeight() || ix >= s.inWidth()) {
                continue;
              }
              for (int o = 0; o < s.outChannels(); o++) {
                int yAt = b * s.outSize() + (oy * s.outWidth() + ox) * s.outChannels() + o;
                for (int c = 0; c < s.inChannels(); c++) {
                  int xAt = b * s.inSize() + (iy * s.inWidth() + ix) * s.inChannels() + c;
                  int wAt = ((o * s.inChannels() + c) * s.kernelHeight() + i) * s.kernelWidth() + j;
                  switch (what) {
                    case 0 -> result[yAt] += w[wAt] * x[xAt];
                    case 1 -> result[xAt] += w[wAt] * y[yAt];
                    default -> result[wAt] += x[xAt] * y[yAt];
                  }
                }
              }
            }
          }
        }
      }
    }
    return result;
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void threadsShareConvolutionsAndFilters(Kind kind) throws Exception {
    ConvolutionShape s = new ConvolutionShape(3, 7, 6, 16, 7, 6, 3, 3, 1, 1, 1, 1, 1, 1);
    ExecutorService threads = Executors.newFixedThreadPool(4);
    try (Kernels kernels = kind.open();
        Tensor w = tensor(kind.elements, random(1, s.filterSize()));
        Tensor x = tensor(kind.elements, random(2, 5 * s.inSize()))) {
      Convolution convolution = kernels.convolution(s);
      Convolution.Filters filters = convolution.filters();
      filters.load(w.address(0));
      List<Future<double[]>> results = new ArrayList<>();
      for (int i = 0; i < 16; i++) {
        results.add(
            threads.submit(
                () -> {
                  kernels.enterThread();
                  try (Tensor y = Tensor.allocate(kind.elements, 1, 5 * s.outSize())) {
                    convolution.forward(5, x.address(0), filters, y.address(0), false);
                    return values(y);
                  }
                }));
      }
      for (Future<double[]> result : results) {
        assertThat(result.get()).isEqualTo(results.get(0).get());
      }
    } finally {
      threads.shutdown();
    }
  }

  @Test
  void takesTheFastestThereIs() {
    try (Kernels single = Kernels.of(DataType.FLOAT);
        Kernels exact = Kernels.of(DataType.DOUBLE)) {
      assertThat(single.library()).startsWith(OneDnnLibrary.isAvailable() ? "oneDNN 2.5" : "BLAS");
      assertThat(exact.library()).isEqualTo("BLAS");
      assertThat(exact.type()).isEqualTo(DataType.DOUBLE);
    }
    assertThatThrownBy(() -> Kernels.of(DataType.INT32))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("type must be FLOAT or DOUBLE, got INT");
  }

  @ParameterizedTest
  @EnumSource(Elements.class)
  void tensorsHoldWhatIsWrittenToThem(Elements elements) {
    double[] numbers = random(1, 5001);
    try (Tensor tensor = Tensor.allocate(elements, 3, 1667)) {
      tensor.write(0, numbers, 0, 5001);
      double[] part = new double[4000];
      tensor.read(999, part, 1, 3999);
      assertThat(Arrays.copyOfRange(part, 1, 4000))
          .isEqualTo(Arrays.copyOfRange(numbers, 999, 4998));
      assertThat(tensor.array().getDouble(2, 5)).isEqualTo(numbers[2 * 1667 + 5]);
      assertThat(tensor.bytes()).isEqualTo(5001L * elements.bytes());
    }
    assertThatThrownBy(() -> Tensor.sharing(Nd4j.create(DataType.FLOAT, 3, 4).transpose(), 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("array must be dense and in 'c' order");
  }

  @ParameterizedTest
  @EnumSource(Elements.class)
  void seesEveryElementThatIsNotFinite(Elements elements) {
    double[] numbers = random(1, 5001);
    numbers[0] = elements == Elements.FLOAT ? Float.MAX_VALUE : Double.MAX_VALUE;
    numbers[1] = elements == Elements.FLOAT ? -Float.MIN_VALUE : -Double.MIN_VALUE;
    numbers[2] = -0.0;
    try (Tensor tensor = tensor(elements, numbers)) {
      assertThat(tensor.allFinite()).isTrue();
      for (int at : new int[] {0, 2047, 2048, 5000}) {
        for (double bad :
            new double[] {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY}) {
          tensor.write(at, new double[] {bad}, 0, 1);
          assertThat(tensor.allFinite()).as("%s at %d", bad, at).isFalse();
          tensor.write(at, numbers, at, 1);
        }
      }
      assertThat(tensor.allFinite()).isTrue();
    }
  }
}
