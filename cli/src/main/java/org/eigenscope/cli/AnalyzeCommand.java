package org.eigenscope.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.Callable;
import org.eigenscope.cli.demo.Demo;
import org.eigenscope.probes.Probe;
import org.eigenscope.probes.Snapshot;
import org.eigenscope.probes.SpectrumProbe;
import org.eigenscope.probes.SpectrumReading;
import org.eigenscope.probes.curvature.BatchNormMode;
import org.eigenscope.probes.curvature.CurvatureMatrix;
import org.eigenscope.probes.curvature.DataBatches;
import org.eigenscope.probes.curvature.Engine;
import org.eigenscope.probes.curvature.Network;
import org.eigenscope.probes.curvature.ParameterArray;
import org.eigenscope.probes.curvature.Precision;
import org.eigenscope.probes.structure.ClassSample;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code eigenscope analyze}: the spectrum of a saved model on data from files, as JSON. */
@Command(
    name = "analyze",
    description = {
      "Measures the spectrum of a saved model's Hessian and writes it as JSON.",
      "",
      "The Hessian is that of the mean loss over all examples, without regularisation. Labels are"
          + " arrays of the output's shape, or integer classes [N].",
      "",
    },
    sortOptions = false,
    customSynopsis = "eigenscope analyze --model=FILE --features=FILE --labels=FILE [OPTIONS]%n")
final class AnalyzeCommand implements Callable<Integer> {

  @Spec private CommandSpec spec = CommandSpec.create();

  @Mixin private InputFiles inputs = new InputFiles();

  @Option(
      names = "--operator",
      paramLabel = "NAME",
      defaultValue = "hessian",
      converter = Names.Operator.class,
      description =
          "hessian, gauss-newton, or residual, their difference. Default: ${DEFAULT-VALUE}.")
  private CurvatureMatrix operator = CurvatureMatrix.HESSIAN;

  @Option(
      names = "--layer",
      paramLabel = "NAME",
      description =
          "Only the diagonal block of this layer, or of one array of it: NAME/W. Default: the whole"
              + " network.")
  private @Nullable String layer;

  @Option(
      names = "--batch-norm",
      paramLabel = "MODE",
      defaultValue = "batch",
      converter = Names.BatchNorm.class,
      description =
          "What batch normalization normalises with: statistics of each batch, the frozen running"
              + " ones, or those of the whole population of examples. Default: ${DEFAULT-VALUE}.")
  private BatchNormMode batchNorm = BatchNormMode.BATCH;

  @Option(
      names = "--engine",
      paramLabel = "NAME",
      defaultValue = "auto",
      converter = Names.EngineName.class,
      description = "auto, tangent or difference. Default: ${DEFAULT-VALUE}.")
  private Engine engine = Engine.AUTO;

  @Option(
      names = "--precision",
      paramLabel = "TYPE",
      defaultValue = "double",
      converter = Names.PrecisionName.class,
      description = "Type of the Lanczos vectors, float or double. Default: ${DEFAULT-VALUE}.")
  private Precision precision = Precision.DOUBLE;

  @Option(
      names = "--steps",
      paramLabel = "M",
      defaultValue = "90",
      description =
          "Lanczos steps of each draw and of the gradient's spectral measure. Default:"
              + " ${DEFAULT-VALUE}.")
  private int steps;

  @Option(
      names = "--draws",
      paramLabel = "K",
      defaultValue = "10",
      description =
          "Random test vectors for the trace and the density; with 0 there is neither, and an answer"
              + " in a fraction of the time. Default: ${DEFAULT-VALUE}.")
  private int draws;

  @Option(
      names = "--top",
      paramLabel = "K",
      defaultValue = "10",
      description =
          "Eigenvalues at either end of the spectrum. Default: ${DEFAULT-VALUE}, or all there are.")
  private int top;

  @Option(
      names = "--seed",
      paramLabel = "S",
      defaultValue = "1",
      description = "Seed of every random choice. Default: ${DEFAULT-VALUE}.")
  private long seed;

  @Option(
      names = "--batch-size",
      paramLabel = "N",
      defaultValue = "1024",
      description =
          "Examples of a batch; with --batch-norm batch, each has its own statistics. Default:"
              + " ${DEFAULT-VALUE}.")
  private int batchSize;

  @Option(
      names = "--per-class",
      paramLabel = "N",
      split = ",",
      description =
          "Also measure on the first N examples of each class, for each N of a list: 10,100,1000.")
  private List<Integer> perClass = List.of();

  @Option(
      names = "--out",
      paramLabel = "FILE",
      description = "Where the JSON goes. Default: standard output.")
  private @Nullable Path out;

  /** Whether somebody waits, and is told what for: scripts find standard error empty. */
  private boolean announcing = Demo.onTerminal();

  /** Sets whether one line on standard error says beforehand what is measured and its cost. */
  void announce(boolean announced) {
    announcing = announced;
  }

  @Override
  public Integer call() {
    Misuse.checkAtLeast(spec, 1, "--steps", steps);
    Misuse.checkAtLeast(spec, 0, "--draws", draws);
    Misuse.checkAtLeast(spec, 1, "--top", top);
    Misuse.checkAtLeast(spec, 1, "--batch-size", batchSize);
    perClass.forEach(examples -> Misuse.checkAtLeast(spec, 1, "--per-class", examples));
    if (inputs.include(out)) {
      throw Misuse.of(spec, "--out must not be one of the inputs, got " + out);
    }
    OutputFile file = out == null ? null : OutputFile.at(out);

    SavedModel saved = inputs.readModel();
    Network network = Network.of(saved.model());
    int size = checkedTop(order(network));
    ProbeData data = inputs.readData(saved);
    // Samples first: that there are not enough examples shouldn't be found out after an hour.
    List<DataBatches> samples = perClass.stream().map(n -> sample(network, data, n)).toList();
    Analysis analysis = analysis(network, data.batches(), size, data.notes());
    List<Analysis> parts =
        samples.stream().map(part -> analysis(network, part, size, List.of())).toList();
    JsonResult.write(analysis.json(perClass, parts), file, spec.commandLine().getOut());
    return ExitCode.OK;
  }

  /** Returns the order of the operator: of the network, or of the layer's block. */
  private long order(Network network) {
    String name = layer;
    if (name == null) {
      return network.activeParameters();
    }
    List<ParameterArray> active = network.arrays().stream().filter(ParameterArray::active).toList();
    long order =
        active.stream()
            .filter(array -> array.layer().equals(name) || array.name().equals(name))
            .mapToLong(ParameterArray::length)
            .sum();
    if (order == 0) {
      throw Misuse.of(
          spec,
          "--layer must be one of %s, or one array of it as in %s, got '%s'"
              .formatted(
                  String.join(", ", network.layers()),
                  active.isEmpty() ? "NAME/W" : active.get(0).name(),
                  name));
    }
    return order;
  }

  private int checkedTop(long order) {
    boolean given = spec.commandLine().getParseResult().hasMatchedOption("--top");
    if (top > order && given) {
      throw Misuse.of(
          spec,
          "--top must be at most %d, the number of eigenvalues of %s, got %d"
              .formatted(order, layer == null ? "the network" : "layer " + layer, top));
    }
    return (int) Math.min(top, order);
  }

  private static DataBatches sample(Network network, ProbeData data, int examples) {
    return ExpectedFailure.orRefusal(() -> ClassSample.first(network, data.batches(), examples));
  }

  private Analysis analysis(Network network, DataBatches data, int size, List<String> notes) {
    return new Analysis(
        ExpectedFailure.orRefusal(() -> measured(network, data, size)),
        operator,
        layer,
        batchNorm,
        precision,
        notes);
  }

  private SpectrumReading measured(Network network, DataBatches data, int size) {
    SpectrumProbe probe =
        SpectrumProbe.builder()
            .matrix(operator)
            .layer(layer)
            .batchNorm(batchNorm)
            .engine(engine)
            .precision(precision)
            .steps(steps)
            .draws(draws)
            .top(size)
            .bottom(size)
            .gradientMeasure(draws == 0 ? 0 : steps)
            .seed(seed)
            .build();
    Snapshot snapshot = Snapshot.of(network, data.rebatched(batchSize), Instant.now());
    if (announcing) {
      printCost(probe.examine(snapshot));
    }
    return probe.measure(snapshot);
  }

  private void printCost(Probe.Examination examination) {
    long seconds = (long) Math.ceil(examination.expectedSeconds());
    PrintWriter err = spec.commandLine().getErr();
    err.println(
        "eigenscope: %s; about %d products, %s"
            .formatted(
                examination.findings().get(0),
                examination.expectedMatvecs(),
                seconds < 100 ? seconds + " s" : (seconds + 59) / 60 + " min"));
    err.flush();
  }
}
