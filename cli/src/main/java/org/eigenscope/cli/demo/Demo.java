package org.eigenscope.cli.demo;

import java.io.IOException;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.util.ModelSerializer;
import org.eigenscope.digits.Digits;
import org.eigenscope.digits.Minibatches;
import org.eigenscope.listeners.ProbeListener;
import org.eigenscope.listeners.ProbeSchedule;
import org.eigenscope.listeners.journal.JournalSink;
import org.eigenscope.listeners.metrics.PrometheusEndpoint;
import org.eigenscope.probes.SpectrumProbe;
import org.eigenscope.view.SpectrumChart;
import org.nd4j.linalg.api.blas.Blas;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Trains a small convolutional network with the spectrum probe attached, and shows what readings
 * look like in a terminal, on a metrics page, in a journal and as a picture.
 *
 * <p><b>Threading.</b> One thread calls {@link #run}, once; any thread may call {@link #stop}.
 */
public final class Demo {
  private static final int HELD_OUT = 1000;

  private final DemoSettings settings;
  private final PrintWriter out;
  private final PrintWriter err;
  private final boolean terminal;
  private volatile boolean stopped;

  /**
   * Creates a demo.
   *
   * @param settings what to do
   * @param out where introduction, table and summary go
   * @param err where the progress bar and complaints go
   * @param terminal whether {@code err} can go back to the start of a line
   */
  public Demo(DemoSettings settings, PrintWriter out, PrintWriter err, boolean terminal) {
    this.settings = settings;
    this.out = out;
    this.err = err;
    this.terminal = terminal;
  }

  /** Returns whether the process writes, as far as Java can tell, to a terminal. */
  public static boolean onTerminal() {
    return Progress.onTerminal();
  }

  /** Asks the training to end after the minibatch, or the reading, that it is at. */
  public void stop() {
    stopped = true;
  }

  /**
   * Trains, measures and writes.
   *
   * @return what came of it
   * @throws IOException if the data can't be read or the folder not be written to
   * @throws java.io.UncheckedIOException if the port can't be listened on
   */
  public DemoOutcome run() throws IOException {
    DemoFiles files = DemoFiles.prepare(settings.out());
    Blas blas = Nd4j.factory().blas();
    int threads = blas.getMaxThreads();
    // Products of arrays as small as these take twice as long on four threads as on one.
    blas.setMaxThreads(1);
    try (JournalSink journal = JournalSink.open(files.journal());
        PrometheusEndpoint endpoint = PrometheusEndpoint.start(settings.port())) {
      Digits data = Digits.choose(settings.data(), Digits.cache(), settings.seed());
      // A seed for each thing that is random.
      SplittableRandom seeds = new SplittableRandom(settings.seed());
      MultiLayerNetwork network = DemoNetwork.create(seeds.nextLong());
      Minibatches minibatches =
          new Minibatches(data.train(), DemoNetwork.BATCH_SIZE, seeds.nextLong());
      DataSet probed =
          data.train().batch(data.train().firstOfEachClass(settings.probe().imagesPerClass()));
      introduce(data, network, probed, endpoint);

      SpectrumChart chart = new SpectrumChart("%s on %s".formatted(DemoNetwork.NAME, data.name()));
      long start = System.nanoTime();
      int iterations;
      DemoSink sink;
      try (Progress progress = Progress.start("training", settings.iterations(), err, terminal)) {
        sink = new DemoSink(chart, files.picture(), progress, out, err);
        try (ProbeListener listener =
            ProbeListener.builder()
                .run("demo")
                .probe(probe(seeds.nextLong()), schedule())
                .data(probed)
                .sink(endpoint.sink())
                .sink(journal)
                .sink(sink)
                .build()) {
          network.setListeners(listener);
          iterations = train(network, minibatches, progress);
        }
      }
      double seconds = secondsSince(start);
      network.setListeners();
      ModelSerializer.writeModel(network, files.model().toFile(), false);
      Nd4j.writeAsNumpy(probed.getFeatures(), files.features().toFile());
      Nd4j.writeAsNumpy(probed.getLabels(), files.labels().toFile());

      say("");
      say(
          "%s%d iterations and %d readings in %.0f s.",
          stopped ? "Stopped: " : "", iterations, sink.readings(), seconds);
      if (!stopped) {
        int images = Math.min(HELD_OUT, data.test().size());
        say(
            "The network gets %.1f %% of %d held-out images right.",
            100 * DemoNetwork.accuracy(network, data.test(), images), images);
      }
      summarise(files, sink);
      return new DemoOutcome(iterations, sink.readings(), sink.failure(), stopped);
    } finally {
      blas.setMaxThreads(threads);
    }
  }

  private SpectrumProbe probe(long seed) {
    DemoSettings.ProbeSize size = settings.probe();
    return SpectrumProbe.builder()
        .draws(size.draws())
        .steps(size.steps())
        .top(size.top())
        .gradientMeasure(size.draws() == 0 ? 0 : size.steps())
        .seed(seed)
        .build();
  }

  private ProbeSchedule schedule() {
    return ProbeSchedule.everyIterations(settings.every())
        .or(ProbeSchedule.at(settings.iterations() - 1));
  }

  private void introduce(
      Digits data, MultiLayerNetwork network, DataSet probed, PrometheusEndpoint endpoint) {
    say("Data     %s", data.description());
    say(
        "Network  %s, %d parameters; gradient descent, rate %s, minibatches of %d",
        DemoNetwork.NAME, network.numParams(), DemoNetwork.LEARNING_RATE, DemoNetwork.BATCH_SIZE);
    say(
        "Reading  Hessian on %d of the images, every %d iterations",
        probed.numExamples(), settings.every());
    say("Page     %s while it runs", endpoint.page());
    say("Metrics  %s", endpoint.uri());
    say("");
  }

  /** Trains until one of the bounds, or until asked to stop; returns the iterations done. */
  private int train(MultiLayerNetwork network, Minibatches minibatches, Progress progress) {
    long start = System.nanoTime();
    int done = 0;
    while (done < settings.iterations() && !stopped) {
      double spent = secondsSince(start) / settings.seconds();
      if (spent >= 1) {
        break;
      }
      network.fit(minibatches.next());
      done++;
      // Whichever bound comes first at this pace.
      double expected =
          Math.min(settings.iterations(), spent > 0 ? done / spent : Double.MAX_VALUE);
      progress.show(done, (int) Math.ceil(expected), "loss %.3f".formatted(network.score()));
    }
    return done;
  }

  private void summarise(DemoFiles files, DemoSink sink) {
    say("Written to %s:", files.folder());
    say("  %-22s readings, one JSON object a line", files.journal().getFileName());
    if (sink.pictured()) {
      say("  %-22s density and eigenvalues of the last reading", files.picture().getFileName());
    }
    say("  %-22s the network as it is now", files.model().getFileName());
    say(
        "  %-22s and %s: the images that were probed",
        files.features().getFileName(), files.labels().getFileName());
    say("Look closer with");
    say(
        "  eigenscope analyze --model %s --features %s --labels %s",
        files.model(), files.features(), files.labels());
  }

  private void say(String format, Object... arguments) {
    out.println(String.format(Locale.ROOT, format, arguments));
    out.flush();
  }

  private static double secondsSince(long start) {
    return (System.nanoTime() - start) / (double) TimeUnit.SECONDS.toNanos(1);
  }
}
