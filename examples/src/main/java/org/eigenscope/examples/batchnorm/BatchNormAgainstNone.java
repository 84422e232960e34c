package org.eigenscope.examples.batchnorm;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import org.eigenscope.digits.Digits;
import org.eigenscope.listeners.ProbeSchedule;
import org.eigenscope.listeners.ReadingSink;
import org.eigenscope.listeners.journal.JournalSink;
import org.eigenscope.probes.NormalizationReading;
import org.eigenscope.probes.SpectrumProbe;
import org.eigenscope.probes.curvature.Precision;
import org.eigenscope.view.NormalizationFigure;
import org.eigenscope.view.NormalizationTable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * Trains networks with batch normalization, their twins without it and with population statistics,
 * in step, and shows what that does to the Hessian and to the gradient.
 */
@Command(
    name = "BatchNormAgainstNone",
    description =
        "Trains networks with batch norm and twins without, in step, and measures all of them.",
    mixinStandardHelpOptions = true,
    showDefaultValues = true,
    sortOptions = false)
public final class BatchNormAgainstNone implements Callable<Integer> {
  @Spec private CommandSpec spec = CommandSpec.create();

  @Option(
      names = "--data",
      paramLabel = "DIR",
      description =
          "Folder with MNIST's four IDX files, plain or .gz. Default: those in Deeplearning4j's"
              + " cache, or else digits drawn by the program.",
      showDefaultValue = CommandLine.Help.Visibility.NEVER)
  private @Nullable Path data;

  @Option(
      names = "--network",
      split = ",",
      defaultValue = "MLP,CNN",
      description = "What to train: ${COMPLETION-CANDIDATES}.")
  private List<ComparedNetwork> networks = List.of();

  @Option(names = "--updates", defaultValue = "300", description = "Minibatches to train on.")
  private int updates;

  @Option(names = "--learning-rate", defaultValue = "0.1", description = "Of gradient descent.")
  private double learningRate;

  @Option(names = "--batch-size", defaultValue = "64", description = "Images of a minibatch.")
  private int batchSize;

  @Option(
      names = "--statistics-every",
      defaultValue = "10",
      description = "Updates between population statistics.")
  private int statisticsEvery;

  @Option(
      names = "--images-per-class",
      defaultValue = "100",
      description = "Images of each class that are measured on.")
  private int imagesPerClass;

  @Option(names = "--draws", defaultValue = "2", description = "Test vectors of a density.")
  private int draws;

  @Option(names = "--steps", defaultValue = "60", description = "Lanczos steps of each of them.")
  private int steps;

  @Option(names = "--seed", defaultValue = "1", description = "Of weights and minibatches.")
  private long seed;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      defaultValue = "batch-norm-against-none",
      description = "Folder to write to.")
  private Path out = Path.of("batch-norm-against-none");

  /** Creates the command with its defaults. */
  BatchNormAgainstNone() {}

  /**
   * Trains, measures, and writes figures, tables and a journal.
   *
   * @param arguments options; {@code --help} lists them
   */
  public static void main(String[] arguments) {
    System.exit(commandLine().execute(arguments));
  }

  static CommandLine commandLine() {
    return new CommandLine(new BatchNormAgainstNone()).setCaseInsensitiveEnumValuesAllowed(true);
  }

  @Override
  public Integer call() throws IOException {
    Digits digits = Digits.choose(data, Digits.cache(), seed);
    Files.createDirectories(out);
    say(digits.description());
    for (ComparedNetwork network : networks) {
      compare(network, digits);
    }
    say("");
    say("Written to " + out);
    return 0;
  }

  private void compare(ComparedNetwork network, Digits digits) throws IOException {
    Comparison comparison =
        new Comparison(network, seed, learningRate, batchSize, statisticsEvery, imagesPerClass);
    SpectrumProbe probe =
        SpectrumProbe.builder()
            .top(Comparison.K + 2)
            .draws(draws)
            .steps(steps)
            .gradientMeasure(steps)
            .precision(Precision.FLOAT)
            .build();
    String name = network.name().toLowerCase(Locale.ROOT);
    NormalizationTable table = new NormalizationTable(Comparison.K);
    List<String> lines = new ArrayList<>(table.header());
    say("");
    say("%s on %s, seed %d".formatted(network.title(), digits.name(), seed));
    say("");
    lines.forEach(this::say);
    List<NormalizationReading> readings = new ArrayList<>();
    ReadingSink collector =
        reading -> {
          if (reading instanceof NormalizationReading comparable) {
            readings.add(comparable);
            for (String row : table.rows(comparable)) {
              lines.add(row);
              say(row);
            }
          }
        };
    Path journal = out.resolve(name + ".jsonl");
    Files.deleteIfExists(journal);
    try (JournalSink sink = JournalSink.open(journal)) {
      comparison.run(digits.train(), updates, probe, schedule(updates), collector, sink);
    }
    Files.write(out.resolve(name + ".md"), lines);
    NormalizationFigure figure =
        new NormalizationFigure(
            "%s on %s".formatted(network.title(), digits.name()), Comparison.K, readings);
    try {
      for (String arm : figure.arms()) {
        figure.write(arm, out.resolve(name + "-" + arm + ".png"));
      }
    } catch (IOException e) {
      say("cannot draw the figures: " + e.getMessage());
    }
  }

  /** Returns when 1, 3, 10, 30, 100, ... updates and all of them are done. */
  private static ProbeSchedule schedule(int updates) {
    int[] powers = IntStream.iterate(1, power -> power <= updates, power -> 10 * power).toArray();
    return ProbeSchedule.at(
        IntStream.concat(
                IntStream.of(updates),
                IntStream.of(powers).flatMap(power -> IntStream.of(power, 3 * power)))
            .map(done -> done - 1)
            .toArray());
  }

  private void say(String line) {
    PrintWriter writer = spec.commandLine().getOut();
    writer.println(line);
    writer.flush();
  }
}
