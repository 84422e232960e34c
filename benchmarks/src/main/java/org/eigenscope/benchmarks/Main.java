package org.eigenscope.benchmarks;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.eigenscope.probes.curvature.Engine;
import org.eigenscope.probes.curvature.Precision;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The command {@code benchmarks/run}. */
@Command(
    name = "benchmarks/run",
    description = "Measures products, spectra and gradients.",
    mixinStandardHelpOptions = true,
    sortOptions = false)
public final class Main extends Benchmark {
  @Option(
      names = "--network",
      split = ",",
      description = "Networks to measure: ${COMPLETION-CANDIDATES}; default all.")
  private List<BenchmarkNetwork> networks = List.of(BenchmarkNetwork.values());

  @Option(
      names = "--precision",
      split = ",",
      description = "Precisions to measure: ${COMPLETION-CANDIDATES}; default both.")
  private List<Precision> precisions = List.of(Precision.FLOAT, Precision.DOUBLE);

  @Option(
      names = "--engine",
      defaultValue = "AUTO",
      description = "Engine: ${COMPLETION-CANDIDATES}; default auto.")
  private Engine engine = Engine.AUTO;

  @Option(names = "--no-spectrum", description = "Leave the spectra out.")
  private boolean noSpectrum;

  @Option(
      names = "--repetitions",
      defaultValue = "9",
      description = "Runs that a median is taken of, at least 7; default 9.")
  private int repetitions = 9;

  Main() {}

  /** Runs the command and ends the process with its exit status. */
  public static void main(String[] args) {
    System.exit(commandLine(new Main()).execute(args));
  }

  @Override
  Report measure() throws IOException {
    Stopwatch stopwatch;
    try {
      stopwatch = new Stopwatch(repetitions);
    } catch (IllegalArgumentException e) {
      throw misuse(String.valueOf(e.getMessage()));
    }
    int threads = threads(Runtime.getRuntime().availableProcessors());
    Measurements measurements = new Measurements(engine, threads, stopwatch);
    List<Case> cases = new ArrayList<>();
    for (BenchmarkNetwork network : networks) {
      for (Precision precision : precisions) {
        boolean spectrum =
            !noSpectrum && (precision == Precision.FLOAT || network == BenchmarkNetwork.MLP);
        say("%s %s ...", network.tag(), precision);
        cases.add(measurements.measure(network, precision, spectrum));
      }
    }
    return new Report(machine(), now(), threads, cases);
  }
}
