package org.eigenscope.benchmarks;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.http.HttpClient;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.eigenscope.digits.Digits;
import org.eigenscope.digits.Minibatches;
import org.eigenscope.listeners.metrics.PrometheusEndpoint;
import org.eigenscope.probes.Measurement;
import org.eigenscope.probes.Provenance;
import org.eigenscope.probes.Reading;
import org.eigenscope.probes.RecordedReading;
import org.eigenscope.probes.Spectrum;
import org.eigenscope.probes.SpectrumProbe;
import org.eigenscope.probes.curvature.Precision;
import org.eigenscope.probes.linalg.QuadratureRule;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.dataset.DataSet;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The command {@code benchmarks/scrapes}. */
@Command(
    name = "benchmarks/scrapes",
    description = {
      "Trains a LeNet with a spectrum probe and an endpoint, in turns without scrapers and with many"
          + " at once. Counts failed scrapes, times the others, and compares the turns.",
      "",
    },
    mixinStandardHelpOptions = true,
    sortOptions = false)
public final class Scrapes extends Benchmark {
  private static final int WARM_UP_ITERATIONS = 8;
  private static final int EIGENVALUES = 10;

  @Option(
      names = "--data",
      paramLabel = "DIR",
      description =
          "Folder with MNIST's four IDX files, plain or .gz. Default: those in Deeplearning4j's"
              + " cache, or else drawn digits.")
  private @Nullable Path data;

  @Option(
      names = "--scrapers",
      defaultValue = "50",
      description = "Clients at once; default ${DEFAULT-VALUE}.")
  private int scrapers;

  @Option(
      names = "--interval",
      paramLabel = "MILLISECONDS",
      defaultValue = "1000",
      description = "From one scrape of a client to its next; default ${DEFAULT-VALUE}.")
  private int interval;

  @Option(
      names = "--layers",
      defaultValue = "0",
      description = "Layers whose series the endpoint has besides; default none.")
  private int layers;

  @Option(
      names = "--examples",
      defaultValue = "32",
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
      description = "Turns without scrapers, and with; default ${DEFAULT-VALUE}.")
  private int turns;

  @Option(
      names = "--iterations",
      defaultValue = "32",
      description = "Iterations of a turn, which has one reading; default ${DEFAULT-VALUE}.")
  private int iterations;

  @Option(
      names = "--steps",
      defaultValue = "90",
      description = "Lanczos steps of a spectrum's draw; default ${DEFAULT-VALUE}.")
  private int steps;

  @Option(
      names = "--draws",
      defaultValue = "2",
      description = "Draws of a spectrum; default ${DEFAULT-VALUE}.")
  private int draws;

  Scrapes() {}

  /** Runs the command and ends the process with its exit status. */
  public static void main(String[] args) {
    System.exit(commandLine(new Scrapes()).execute(args));
  }

  @Override
  ScrapesReport measure() throws IOException {
    checkAtLeast(1, "--scrapers", scrapers);
    checkAtLeast(1, "--interval", interval);
    checkAtLeast(0, "--layers", layers);
    checkAtLeast(1, "--examples", examples);
    checkAtLeast(1, "--batch", batch);
    checkAtLeast(1, "--turns", turns);
    checkAtLeast(1, "--iterations", iterations);
    checkAtLeast(1, "--steps", steps);
    checkAtLeast(1, "--draws", draws);
    int threads = threads(Runtime.getRuntime().availableProcessors());
    Digits digits = Digits.choose(data, Digits.cache(), BenchmarkNetwork.SEED);
    DataSet probeSet = digits.train().batch(IntStream.range(0, examples).toArray());
    SpectrumProbe probe =
        SpectrumProbe.builder()
            .precision(Precision.FLOAT)
            .threads(threads)
            .steps(steps)
            .draws(draws)
            .build();
    try (PrometheusEndpoint endpoint = PrometheusEndpoint.start(0);
        TrainingArm arm =
            new TrainingArm(
                (MultiLayerNetwork) BenchmarkNetwork.LENET.build(DataType.FLOAT),
                new Minibatches(digits.train(), batch, BenchmarkNetwork.SEED))) {
      if (layers > 0) {
        endpoint.sink().accept(layers(layers));
      }
      arm.attach(probe, probeSet, false, endpoint.sink());
      arm.warmUp(WARM_UP_ITERATIONS);
      List<TrainingArm.Turn> alone = new ArrayList<>();
      List<TrainingArm.Turn> scraped = new ArrayList<>();
      List<Double> times = new ArrayList<>();
      int failed = 0;
      for (int turn = 1; turn <= turns; turn++) {
        // Each kind goes first in turn, so that what else the machine does meets both alike.
        boolean aloneFirst = turn % 2 == 1;
        if (aloneFirst) {
          alone.add(arm.turn(iterations));
        }
        Scrapers clients = start(endpoint);
        try {
          scraped.add(arm.turn(iterations));
        } finally {
          clients.stop();
        }
        times.addAll(clients.milliseconds());
        failed += clients.failed();
        if (!aloneFirst) {
          alone.add(arm.turn(iterations));
        }
        say("%d of %d turns", turn, turns);
      }
      return report(digits, threads, endpoint, alone, scraped, times, failed);
    }
  }

  private ScrapesReport report(
      Digits digits,
      int threads,
      PrometheusEndpoint endpoint,
      List<TrainingArm.Turn> alone,
      List<TrainingArm.Turn> scraped,
      List<Double> times,
      int failed)
      throws IOException {
    String scrape = scrape(endpoint);
    double[] sorted = times.stream().mapToDouble(Double::doubleValue).sorted().toArray();
    List<Double> slowdowns = new ArrayList<>();
    for (int i = 0; i < turns; i++) {
      slowdowns.add(seconds(scraped.get(i)).sum() / seconds(alone.get(i)).sum());
    }
    return new ScrapesReport(
        machine(),
        now(),
        BenchmarkNetwork.LENET.tag(),
        digits.description(),
        batch,
        examples,
        threads,
        scrapers,
        interval,
        scrape.lines().filter(line -> !line.startsWith("#")).count(),
        scrape.getBytes(StandardCharsets.UTF_8).length,
        turns,
        scraped.size(),
        sorted.length,
        failed,
        percentile(sorted, 50),
        percentile(sorted, 99),
        percentile(sorted, 100),
        1e3 * Stopwatch.median(alone.stream().flatMapToDouble(Scrapes::seconds).toArray()),
        Stopwatch.median(slowdowns.stream().mapToDouble(Double::doubleValue).toArray()),
        Collections.min(slowdowns),
        Collections.max(slowdowns));
  }

  private Scrapers start(PrometheusEndpoint endpoint) throws IOException {
    try {
      return Scrapers.start(endpoint.uri(), scrapers, interval);
    } catch (InterruptedException e) {
      throw interrupted(e);
    }
  }

  private static String scrape(PrometheusEndpoint endpoint) throws IOException {
    try {
      return Scrapers.scrape(HttpClient.newHttpClient(), endpoint.uri());
    } catch (InterruptedException e) {
      throw interrupted(e);
    }
  }

  private static InterruptedIOException interrupted(InterruptedException cause) {
    Thread.currentThread().interrupt();
    InterruptedIOException exception = new InterruptedIOException("interrupted");
    exception.initCause(cause);
    return exception;
  }

  private static DoubleStream seconds(TrainingArm.Turn turn) {
    return DoubleStream.of(turn.seconds());
  }

  /** Returns the value that p percent do not exceed, by nearest rank; NaN of none. */
  static double percentile(double[] sorted, int p) {
    return sorted.length == 0
        ? Double.NaN
        : sorted[Math.max(0, (int) Math.ceil(p / 100.0 * sorted.length) - 1)];
  }

  /** Returns a reading as a probe of every layer would give them, with eigenvalues and spectrum. */
  private static Reading layers(int layers) {
    double[] nodes = new double[EIGENVALUES];
    double[] weights = new double[EIGENVALUES];
    List<Measurement> measurements = new ArrayList<>();
    List<Spectrum> spectra = new ArrayList<>();
    for (int i = 0; i < EIGENVALUES; i++) {
      nodes[i] = 0.001 * (1 << i);
      weights[i] = 1.0 / EIGENVALUES;
    }
    QuadratureRule rule = new QuadratureRule(nodes, weights);
    for (int layer = 0; layer < layers; layer++) {
      Map<String, String> tags =
          Map.of("operator", "hessian", "normalization", "none", "layer", "layer" + layer);
      for (int i = 1; i <= EIGENVALUES; i++) {
        Map<String, String> ranked = new TreeMap<>(tags);
        ranked.put("end", "largest");
        ranked.put("rank", Integer.toString(i));
        measurements.add(new Measurement("eigenscope.eigenvalue", ranked, nodes[i - 1]));
        measurements.add(new Measurement("eigenscope.eigenvalue.residual", ranked, 1e-6));
        Map<String, String> dimension = new TreeMap<>(tags);
        dimension.put("k", Integer.toString(i));
        measurements.add(new Measurement("eigenscope.gradient.fraction", dimension, 0.1 * i));
        measurements.add(new Measurement("eigenscope.subspace.overlap", dimension, 1));
      }
      measurements.add(new Measurement("eigenscope.loss", tags, 1));
      spectra.add(new Spectrum(Spectrum.EIGENVALUES, tags, 1000, List.of(rule)));
    }
    return new RecordedReading(
        new Provenance(
            "layers", "default", "model", 0, 0, Instant.now(), 1, 1, 1, 1, Map.of(), Map.of()),
        measurements,
        spectra,
        List.of());
  }
}
