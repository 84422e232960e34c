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
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The command {@code benchmarks/structure}. */
@Command(
    name = "benchmarks/structure",
    description = "Measures readings of structure probes, of ten classes of one size.",
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
      names = "--probe",
      split = ",",
      description = "What to read: ${COMPLETION-CANDIDATES}; default all.")
  private List<StructureProbe> probes = List.of(StructureProbe.values());

  @Option(
      names = "--layers",
      split = ",",
      paramLabel = "NAME",
      description =
          "Layers to read, of layers and comparison; default the first eight and all of them.")
  private List<String> layers = List.of();

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
    checkAtLeast(1, "--examples", examples);
    int threads = threads(Runtime.getRuntime().availableProcessors());
    List<StructureReport.Case> cases = new ArrayList<>();
    for (BenchmarkNetwork network : networks) {
      for (Precision precision : precisions) {
        for (StructureProbe probe : probes) {
          say("%s %s %s ...", network.tag(), precision, probe);
          cases.add(measure(network, precision, probe, threads));
        }
      }
    }
    return new StructureReport(machine(), now(), threads, cases);
  }

  private StructureReport.Case measure(
      BenchmarkNetwork network, Precision precision, StructureProbe probe, int threads) {
    DataType type = precision.dataType();
    StructureProbe.Subject subject =
        new StructureProbe.Subject(
            Network.of(network.build(type)),
            Network.of(network.build(type, BenchmarkNetwork.SEED + 1)),
            DataBatches.of(network.balanced(type, examples)).rebatched(network.batch()),
            CurvatureOptions.defaults()
                .withBatchNorm(probe.batchNorm())
                .withPrecision(precision)
                .withThreads(threads),
            layers);
    long before = NativeMemory.bytesInUse();
    AtomicReference<StructureProbe.@Nullable Work> done = new AtomicReference<>();
    long begin = System.nanoTime();
    long most = NativeMemory.mostBytes(() -> done.set(probe.read(subject)));
    double seconds = (System.nanoTime() - begin) / 1e9;
    StructureProbe.Work work = Objects.requireNonNull(done.get());
    return new StructureReport.Case(
        network.tag(),
        lower(probe),
        BenchmarkNetwork.CLASSES,
        examples,
        subject.first().activeParameters(),
        lower(precision),
        subject.first().hasBatchNormalization() ? lower(probe.batchNorm()) : "none",
        work.engine(),
        work.products(),
        seconds,
        most - before);
  }

  private static String lower(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }
}
