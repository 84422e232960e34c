package org.eigenscope.cli;

import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import org.eigenscope.probes.curvature.BatchNormMode;
import org.eigenscope.probes.curvature.Curvature;
import org.eigenscope.probes.curvature.CurvatureMatrix;
import org.eigenscope.probes.curvature.CurvatureOptions;
import org.eigenscope.probes.curvature.Network;
import org.eigenscope.probes.curvature.Precision;
import org.eigenscope.probes.structure.LayerOverlap;
import org.eigenscope.probes.structure.LayerStructureOptions;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code eigenscope compare}: the top eigenspaces of two models' layers side by side, as JSON. */
@Command(
    name = "compare",
    description = {
      "Compares the top eigenspaces of two saved models, layer by layer, and writes JSON.",
      "",
      "The models are two checkpoints of one training, or two trainings of one architecture; both"
          + " are measured on the same examples.",
      "",
    },
    sortOptions = false,
    customSynopsis =
        "eigenscope compare FIRST.zip SECOND.zip --features=FILE --labels=FILE [OPTIONS]%n")
final class CompareCommand implements Callable<Integer> {
  private static final String EVERY_LAYER = "all";

  @Spec private CommandSpec spec = CommandSpec.create();

  @Parameters(
      index = "0",
      paramLabel = "FIRST.zip",
      description = "Model saved by Deeplearning4j's ModelSerializer.")
  private Path first = Path.of("");

  @Parameters(index = "1", paramLabel = "SECOND.zip", description = "The model beside it.")
  private Path second = Path.of("");

  @Option(
      names = "--features",
      required = true,
      paramLabel = "FILE",
      description = "Features of N examples, .npy, as the models take them.")
  private Path features = Path.of("");

  @Option(
      names = "--labels",
      required = true,
      paramLabel = "FILE",
      description = "Labels of the same examples, .npy.")
  private Path labels = Path.of("");

  @Option(
      names = "--operator",
      paramLabel = "NAME",
      defaultValue = "hessian",
      converter = Names.LayeredOperator.class,
      description = "hessian or gauss-newton. Default: ${DEFAULT-VALUE}.")
  private CurvatureMatrix operator = CurvatureMatrix.HESSIAN;

  @Option(
      names = "--layer",
      paramLabel = "NAME",
      defaultValue = EVERY_LAYER,
      description =
          "Only this layer. Default: ${DEFAULT-VALUE}, every layer with a matrix of weights.")
  private String layer = EVERY_LAYER;

  @Option(
      names = "--top",
      paramLabel = "K",
      description =
          "Eigenvectors of each layer, or all there are. Default: a quarter more than the layer's"
              + " outputs, at most 200 and half of all.")
  private @Nullable Integer top;

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
      names = "--precision",
      paramLabel = "TYPE",
      defaultValue = "double",
      converter = Names.PrecisionName.class,
      description = "Type of vectors and products, float or double. Default: ${DEFAULT-VALUE}.")
  private Precision precision = Precision.DOUBLE;

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
    if (top != null) {
      Misuse.checkAtLeast(spec, 1, "--top", top);
    }
    Misuse.checkAtLeast(spec, 1, "--batch-size", batchSize);
    if (InputFiles.include(List.of(first, second, features, labels), out)) {
      throw Misuse.of(spec, "--out must not be one of the inputs, got " + out);
    }
    OutputFile file = out == null ? null : OutputFile.at(out);
    SavedModel one = SavedModel.read(first);
    SavedModel other = SavedModel.read(second);
    NpyArray x = NpyArray.read(features);
    NpyArray y = NpyArray.read(labels);
    ProbeData ofOne = ProbeData.of(one, x, y, null, null);
    ProbeData ofOther = ProbeData.of(other, x, y, null, null);
    ModelComparison comparison =
        ExpectedFailure.orRefusal(() -> measured(one, ofOne, other, ofOther));
    JsonResult.write(comparison.json(), file, spec.commandLine().getOut());
    return ExitCode.OK;
  }

  private ModelComparison measured(
      SavedModel one, ProbeData ofOne, SavedModel other, ProbeData ofOther) {
    long begin = System.nanoTime();
    CurvatureOptions options =
        CurvatureOptions.defaults().withBatchNorm(batchNorm).withPrecision(precision);
    LayerStructureOptions layered =
        LayerStructureOptions.defaults()
            .withSeed(seed)
            .withLayers(layer.equals(EVERY_LAYER) ? List.of() : List.of(layer));
    try (Curvature ours = curvature(one, ofOne, options);
        Curvature theirs = curvature(other, ofOther, options)) {
      List<LayerOverlap> layers =
          LayerOverlap.of(ours, theirs, operator, layered, top == null ? 0 : top);
      Set<String> notes = new LinkedHashSet<>(ofOne.notes());
      notes.addAll(ofOther.notes());
      notes.addAll(ours.notes());
      notes.addAll(theirs.notes());
      return new ModelComparison(
          layers,
          operator,
          batchNorm,
          precision,
          ofOne.batches().examples(),
          (System.nanoTime() - begin) * 1e-9,
          seed,
          List.copyOf(notes));
    }
  }

  private Curvature curvature(SavedModel saved, ProbeData data, CurvatureOptions options) {
    return Curvature.of(Network.of(saved.model()), data.batches().rebatched(batchSize), options);
  }
}
