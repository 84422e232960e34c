package org.eigenscope.benchmarks;

import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.eigenscope.probes.curvature.Curvature;
import org.eigenscope.probes.curvature.CurvatureOptions;
import org.eigenscope.probes.curvature.DataBatches;
import org.eigenscope.probes.curvature.Engine;
import org.eigenscope.probes.curvature.Network;
import org.eigenscope.probes.curvature.Precision;
import org.eigenscope.probes.linalg.LinearOperator;
import org.eigenscope.probes.linalg.RandomVectors;
import org.eigenscope.probes.linalg.SpectralEstimate;
import org.eigenscope.probes.linalg.StochasticLanczosQuadrature;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;

/** Measures networks. */
final class Measurements {
  private static final int BLOCK = 8;

  private final Engine engine;
  private final int threads;
  private final Stopwatch stopwatch;
  private final Map<Precision, Double> peaks = new EnumMap<>(Precision.class);

  Measurements(Engine engine, int threads, Stopwatch stopwatch) {
    this.engine = engine;
    this.threads = threads;
    this.stopwatch = stopwatch;
  }

  /** Measures a network in one precision. */
  Case measure(BenchmarkNetwork network, Precision precision, boolean spectrum) {
    DataType type = precision.dataType();
    Model model = network.build(type);
    DataSet data = network.data(type);
    double peak = peaks.computeIfAbsent(precision, p -> Peak.gigaflops(p.dataType(), threads));
    Workload workload = Workload.of(model, data.getFeatures());
    double dl4jGradient = stopwatch.medianMilliseconds(() -> gradient(model, data));
    Network view = Network.of(model);
    DataBatches batches = DataBatches.of(data);
    CurvatureOptions options =
        CurvatureOptions.defaults()
            .withPrecision(precision)
            .withEngine(engine)
            .withThreads(threads);
    double gradient =
        stopwatch.medianMilliseconds(
            () -> {
              try (Curvature curvature = Curvature.of(view, batches, options)) {
                curvature.gradient().close();
              }
            });
    long before = NativeMemory.bytesInUse();
    try (Curvature curvature = Curvature.of(view, batches, options)) {
      LinearOperator hessian = curvature.hessian();
      LinearOperator gaussNewton = curvature.gaussNewton();
      RandomVectors vectors = new RandomVectors(RandomVectors.Distribution.GAUSSIAN, 1);
      INDArray block = vectors.next(BLOCK, hessian.order(), type);
      INDArray one = vectors.next(1, hessian.order(), type);
      double blockTime = stopwatch.medianMilliseconds(() -> apply(hessian, block));
      long peakBytes = mostBytes(hessian, block) - before;
      double oneTime = stopwatch.medianMilliseconds(() -> apply(hessian, one));
      double gaussNewtonTime = stopwatch.medianMilliseconds(() -> apply(gaussNewton, one));
      Spectrum found = spectrum ? spectrum(hessian) : null;
      return new Case(
          network.tag(),
          network.batch(),
          view.parameters(),
          lower(precision),
          lower(curvature.engine()),
          dl4jGradient,
          gradient,
          oneTime,
          blockTime / BLOCK,
          gaussNewtonTime,
          peakBytes,
          found == null ? null : found.seconds(),
          found == null ? null : found.matvecs(),
          kernels(curvature.notes()),
          workload.activationBytes(),
          (double) peakBytes / BLOCK / workload.activationBytes(),
          workload.floorMs(peak),
          peak);
    }
  }

  private record Spectrum(double seconds, long matvecs) {}

  private static Spectrum spectrum(LinearOperator hessian) {
    StochasticLanczosQuadrature.Options options =
        StochasticLanczosQuadrature.Options.defaults().withSteps(90).withDraws(10).withSeed(1);
    long start = System.nanoTime();
    SpectralEstimate estimate = StochasticLanczosQuadrature.estimate(hessian, options);
    return new Spectrum((System.nanoTime() - start) / 1e9, estimate.matvecs());
  }

  private static long mostBytes(LinearOperator operator, INDArray block) {
    // Vectors of earlier products are not this one's.
    NativeMemory.bytesInUse();
    return NativeMemory.mostBytes(() -> apply(operator, block));
  }

  private static void apply(LinearOperator operator, INDArray block) {
    operator.apply(block).close();
  }

  private static void gradient(Model model, DataSet data) {
    if (model instanceof MultiLayerNetwork network) {
      network.setInput(data.getFeatures());
      network.setLabels(data.getLabels());
      network.computeGradientAndScore();
    } else {
      ComputationGraph graph = (ComputationGraph) model;
      graph.setInput(0, data.getFeatures());
      graph.setLabels(data.getLabels());
      graph.computeGradientAndScore();
    }
  }

  private static String kernels(List<String> notes) {
    @Nullable String found = null;
    for (String note : notes) {
      found = note.startsWith("products are") ? note : found;
    }
    return found == null ? "" : found;
  }

  private static String lower(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }
}
