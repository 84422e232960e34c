package org.eigenscope.benchmarks;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import org.eigenscope.probes.curvature.CurvatureOptions;
import org.eigenscope.probes.curvature.DataBatches;
import org.eigenscope.probes.curvature.Network;
import org.eigenscope.probes.curvature.Precision;
import org.eigenscope.probes.structure.ClassStructure;
import org.eigenscope.probes.structure.ClassStructureOptions;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The command {@code benchmarks/structure}. */
@Command(
    name = "benchmarks/structure",
    description = "Measures class structures, of ten classes of one size.",
    mixinStandardHelpOptions = true,
    sortOptions = false)
public final class StructureBenchmark extends Benchmark {
  @Option(
      names = "--network",
      split = ",",
      defaultValue = "LENET",
      description = "Networks to measure: ${COMPLETION-CANDIDATES}; default ${DEFAULT-VALUE}.")
  private List<BenchmarkNetwork> networks = List.of(BenchmarkNetwork.LENET);

  @Option(
      names = "--precision",
      split = ",",
      description = "Precisions to measure: ${COMPLETION-CANDIDATES}; default both.")
  private List<Precision> precisions = List.of(Precision.FLOAT, Precision.DOUBLE);

  @Option(
      names = "--examples",
      defaultValue = "1000",
      description = "Examples of each class; default ${DEFAULT-VALUE}.")
  private int examples;

  StructureBenchmark() {}

  /** Runs the command and ends the process with its exit status. */
  public static void main(String[] args) {
    System.exit(commandLine(new StructureBenchmark()).execute(args));
  }

  @Override
  StructureReport measure() throws IOException {
    if (examples < 1) {
      throw misuse("--examples must be at least 1, got " + examples);
    }
    int threads = threads(Runtime.getRuntime().availableProcessors());
    List<StructureReport.Case> cases = new ArrayList<>();
    for (BenchmarkNetwork network : networks) {
      for (Precision precision : precisions) {
        say("%s %s ...", network.tag(), precision);
        cases.add(measure(network, precision, threads));
      }
    }
    return new StructureReport(machine(), now(), threads, cases);
  }

  private StructureReport.Case measure(BenchmarkNetwork network, Precision precision, int threads) {
    Network view = Network.of(network.build(precision.dataType()));
    DataBatches data =
        DataBatches.of(network.balanced(precision.dataType(), examples)).rebatched(network.batch());
    ClassStructureOptions options =
        ClassStructureOptions.defaults()
            .withCurvature(
                CurvatureOptions.defaults().withPrecision(precision).withThreads(threads));
    long before = NativeMemory.bytesInUse();
    AtomicReference<@Nullable ClassStructure> measured = new AtomicReference<>();
    long begin = System.nanoTime();
    long most = NativeMemory.mostBytes(() -> measured.set(ClassStructure.of(view, data, options)));
    double seconds = (System.nanoTime() - begin) / 1e9;
    ClassStructure structure = Objects.requireNonNull(measured.get());
    return new StructureReport.Case(
        network.tag(),
        structure.classes(),
        examples,
        structure.order(),
        precision.name().toLowerCase(Locale.ROOT),
        structure.engine().name().toLowerCase(Locale.ROOT),
        structure.products(),
        seconds,
        most - before,
        structure.trace().standardError() / structure.trace().estimate());
  }
}
