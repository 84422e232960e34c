package org.eigenscope.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.eigenscope.probes.curvature.BatchNormMode;
import org.eigenscope.probes.curvature.Curvature;
import org.eigenscope.probes.curvature.CurvatureMatrix;
import org.eigenscope.probes.curvature.CurvatureOptions;
import org.eigenscope.probes.curvature.DataBatches;
import org.eigenscope.probes.curvature.Engine;
import org.eigenscope.probes.curvature.Network;
import org.eigenscope.probes.curvature.Precision;
import org.eigenscope.probes.structure.ClassStructure;
import org.eigenscope.probes.structure.ClassStructureOptions;
import org.eigenscope.probes.structure.LayerStructureOptions;
import org.eigenscope.probes.structure.LayerwiseStructure;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code eigenscope structure}: what a saved classifier's curvature is made of, as JSON. */
@Command(
    name = "structure",
    description = {
      "Takes the curvature of a saved classifier apart, by classes and by layers, and writes JSON.",
      "",
      "The loss is cross-entropy after softmax, its mean over all examples, without regularisation."
          + " Labels are one-hot rows, or integer classes [N].",
      "",
    },
    sortOptions = false,
    customSynopsis = "eigenscope structure --model=FILE --features=FILE --labels=FILE [OPTIONS]%n")
final class StructureCommand implements Callable<Integer> {

  @Spec private CommandSpec spec = CommandSpec.create();

  @Mixin private InputFiles inputs = new InputFiles();

  @Option(
      names = "--operator",
      paramLabel = "NAME",
      defaultValue = "hessian",
      converter = Names.LayeredOperator.class,
      description =
          "Matrix whose layers are taken apart, hessian or gauss-newton; classes are parts of the"
              + " Gauss-Newton matrix. Default: ${DEFAULT-VALUE}.")
  private CurvatureMatrix operator = CurvatureMatrix.HESSIAN;

  @Option(
      names = "--batch-norm",
      paramLabel = "MODE",
      defaultValue = "batch",
      converter = Names.BatchOrFrozen.class,
      description =
          "What batch normalization normalises with: statistics of each batch, or the frozen running"
              + " ones. Default: ${DEFAULT-VALUE}.")
  private BatchNormMode batchNorm = BatchNormMode.BATCH;

  @Option(
      names = "--precision",
      paramLabel = "TYPE",
      defaultValue = "double",
      converter = Names.PrecisionName.class,
      description = "Type of vectors and products, float or double. Default: ${DEFAULT-VALUE}.")
  private Precision precision = Precision.DOUBLE;

  @Option(
      names = "--top",
      paramLabel = "K",
      defaultValue = "10",
      description = "Eigenpairs of each layer. Default: ${DEFAULT-VALUE}, or all there are.")
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
      names = "--out",
      paramLabel = "FILE",
      description = "Where the JSON goes. Default: standard output.")
  private @Nullable Path out;

  @Override
  public Integer call() {
    Misuse.checkAtLeast(spec, 1, "--top", top);
    Misuse.checkAtLeast(spec, 1, "--batch-size", batchSize);
    if (inputs.include(out)) {
      throw Misuse.of(spec, "--out must not be one of the inputs, got " + out);
    }
    OutputFile file = out == null ? null : OutputFile.at(out);
    SavedModel saved = inputs.readModel();
    ProbeData data = inputs.readData(saved);
    Structure structure =
        ExpectedFailure.orRefusal(() -> measured(Network.of(saved.model()), data));
    JsonResult.write(structure.json(), file, spec.commandLine().getOut());
    return ExitCode.OK;
  }

  /** Layers where they are known, or why they are not. */
  private record Layers(@Nullable LayerwiseStructure structure, List<String> notes) {}

  private Layers layers(Network network, DataBatches batches, CurvatureOptions options) {
    try (Curvature curvature = Curvature.of(network, batches, options)) {
      if (curvature.engine() != Engine.TANGENT) {
        return new Layers(
            null,
            List.of("layers are known to the tangent engine alone, which this network is not"));
      }
      LayerwiseStructure structure =
          LayerwiseStructure.of(
              curvature, operator, LayerStructureOptions.defaults().withTop(top).withSeed(seed));
      return new Layers(structure, curvature.notes());
    }
  }

  private Structure measured(Network network, ProbeData data) {
    long begin = System.nanoTime();
    DataBatches batches = data.batches().rebatched(batchSize);
    CurvatureOptions curvature =
        CurvatureOptions.defaults().withBatchNorm(batchNorm).withPrecision(precision);
    ClassStructure classes =
        ClassStructure.of(
            network,
            batches,
            ClassStructureOptions.defaults().withCurvature(curvature).withSeed(seed));
    Layers layers = layers(network, batches, curvature);
    List<String> notes = new ArrayList<>(data.notes());
    notes.addAll(layers.notes());
    return new Structure(
        classes,
        layers.structure(),
        operator,
        batchNorm,
        precision,
        (System.nanoTime() - begin) * 1e-9,
        seed,
        notes);
  }
}
