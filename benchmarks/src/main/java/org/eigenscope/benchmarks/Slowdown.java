package org.eigenscope.benchmarks;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.eigenscope.digits.Digits;
import org.eigenscope.digits.Minibatches;
import org.eigenscope.probes.Provenance;
import org.eigenscope.probes.SpectrumProbe;
import org.eigenscope.probes.curvature.Precision;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.dataset.DataSet;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The command {@code benchmarks/slowdown}. */
@Command(
    name = "benchmarks/slowdown",
    description = {
      "Trains three copies of a LeNet on the same minibatches, in turns: without a probe, with a"
          + " sharpness probe, with a spectrum probe. Compares their times.",
      "",
    },
    mixinStandardHelpOptions = true,
    sortOptions = false)
public final class Slowdown extends Benchmark {
  /** Slowdowns to stay under. */
  private static final double SHARPNESS_TARGET = 1.03;

  private static final double SPECTRUM_TARGET = 1.10;

  /** Iterations from one reading to the next. */
  private static final int SHARPNESS_EVERY = 64;

  private static final int SPECTRUM_EVERY = 512;

  private static final int WARM_UP_ITERATIONS = 8;

  @Option(
      names = "--data",
      paramLabel = "DIR",
      description =
          "Folder with MNIST's four IDX files, plain or .gz. Default: those in Deeplearning4j's"
              + " cache, or else drawn digits.")
  private @Nullable Path data;

  @Option(
      names = "--asynchronous",
      description = "Probe on a background thread, with one thread unless --threads says more.")
  private boolean asynchronous;

  @Option(
      names = "--examples",
      defaultValue = "128",
      description = "Examples of the probe set; default ${DEFAULT-VALUE}.")
  private int examples;

  @Option(
      names = "--batch",
      defaultValue = "128",
      description = "Examples of a training step; default ${DEFAULT-VALUE}.")
  private int batch;

  @Option(
      names = "--turns",
      defaultValue = "5",
      description = "Turns of each training, with one reading; default ${DEFAULT-VALUE}.")
  private int turns;

  @Option(
      names = "--iterations",
      defaultValue = "64",
      description = "Iterations of a turn, more while a reading lasts; default ${DEFAULT-VALUE}.")
  private int iterations;

  @Option(
      names = "--steps",
      defaultValue = "90",
      description = "Lanczos steps of a spectrum's draw; default ${DEFAULT-VALUE}.")
  private int steps;

  @Option(
      names = "--draws",
      defaultValue = "10",
      description = "Draws of a spectrum; default ${DEFAULT-VALUE}.")
  private int draws;

  Slowdown() {}

  /** Runs the command and ends the process with its exit status. */
  public static void main(String[] args) {
    System.exit(commandLine(new Slowdown()).execute(args));
  }

  @Override
  SlowdownReport measure() throws IOException {
    checkAtLeast(1, "--examples", examples);
    checkAtLeast(1, "--batch", batch);
    checkAtLeast(1, "--turns", turns);
    checkAtLeast(1, "--iterations", iterations);
    checkAtLeast(1, "--steps", steps);
    checkAtLeast(1, "--draws", draws);
    int threads = threads(asynchronous ? 1 : Runtime.getRuntime().availableProcessors());
    Digits digits = Digits.choose(data, Digits.cache(), BenchmarkNetwork.SEED);
    DataSet probeSet = digits.train().batch(IntStream.range(0, examples).toArray());
    try (TrainingArm none = arm(digits);
        TrainingArm sharpness = arm(digits);
        TrainingArm spectrum = arm(digits)) {
      sharpness.attach(sharpness(threads), probeSet, asynchronous);
      spectrum.attach(builder(threads).steps(steps).draws(draws).build(), probeSet, asynchronous);
      train(List.of(none, sharpness, spectrum));
      return new SlowdownReport(
          machine(),
          now(),
          BenchmarkNetwork.LENET.tag(),
          digits.description(),
          batch,
          examples,
          Precision.FLOAT.name().toLowerCase(Locale.ROOT),
          threads,
          asynchronous,
          turns,
          List.of(
              figures("none", none, none, null, null),
              figures("sharpness", sharpness, none, SHARPNESS_EVERY, SHARPNESS_TARGET),
              figures("spectrum", spectrum, none, SPECTRUM_EVERY, SPECTRUM_TARGET)));
    }
  }

  private TrainingArm arm(Digits digits) {
    return new TrainingArm(
        (MultiLayerNetwork) BenchmarkNetwork.LENET.build(DataType.FLOAT),
        new Minibatches(digits.train(), batch, BenchmarkNetwork.SEED));
  }

  /** Returns {@link SpectrumProbe#sharpness}, with a number of threads. */
  private static SpectrumProbe sharpness(int threads) {
    return builder(threads).bottom(0).draws(0).tolerance(1e-2).build();
  }

  private static SpectrumProbe.Builder builder(int threads) {
    return SpectrumProbe.builder().precision(Precision.FLOAT).threads(threads);
  }

  /** Trains in turns, so that what else the machine does meets all alike. */
  private void train(List<TrainingArm> arms) {
    arms.forEach(arm -> arm.warmUp(WARM_UP_ITERATIONS));
    for (int turn = 1; turn <= turns; turn++) {
      arms.forEach(arm -> arm.turn(iterations));
      say("%d of %d turns", turn, turns);
    }
  }

  private static SlowdownReport.Arm figures(
      String name,
      TrainingArm arm,
      TrainingArm none,
      @Nullable Integer every,
      @Nullable Double target) {
    double[] seconds =
        arm.turns().stream().flatMapToDouble(turn -> DoubleStream.of(turn.seconds())).toArray();
    List<Double> slowdowns = every == null ? List.of(1.0) : slowdowns(arm, none, every);
    List<Provenance> readings = arm.readings();
    return new SlowdownReport.Arm(
        name,
        every,
        seconds.length,
        1e3 * Stopwatch.median(seconds),
        Stopwatch.median(slowdowns.stream().mapToDouble(Double::doubleValue).toArray()),
        Collections.min(slowdowns),
        Collections.max(slowdowns),
        target,
        every == null ? null : median(readings, Provenance::matvecs),
        every == null ? null : median(readings, Provenance::seconds),
        readings.stream().map(Slowdown::cost).toList());
  }

  /** Returns the slowdown of each turn, against the other training's turn beside it. */
  private static List<Double> slowdowns(TrainingArm arm, TrainingArm none, int every) {
    List<Double> slowdowns = new ArrayList<>();
    for (int i = 0; i < arm.turns().size(); i++) {
      slowdowns.add(TrainingArm.slowdown(arm.turns().get(i), none.turns().get(i), every));
    }
    return slowdowns;
  }

  private static SlowdownReport.Cost cost(Provenance reading) {
    return new SlowdownReport.Cost(
        reading.iteration(),
        String.valueOf(reading.settings().get("engine")),
        reading.matvecs(),
        reading.seconds());
  }

  /** Returns the median over the readings of the turns. */
  private static double median(List<Provenance> readings, ToDoubleFunction<Provenance> cost) {
    return Stopwatch.median(readings.stream().skip(1).mapToDouble(cost).toArray());
  }
}
