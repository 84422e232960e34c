package org.eigenscope.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.eigenscope.cli.demo.Progress;
import org.eigenscope.probes.curvature.Network;
import org.eigenscope.probes.structure.BoundBasis;
import org.eigenscope.probes.structure.BoundTraining;
import org.eigenscope.probes.structure.PacBayesBound;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code eigenscope bound}: a PAC-Bayes bound on a saved classifier's error, as JSON. */
@Command(
    name = "bound",
    description = {
      "Trains a Gaussian posterior around a saved classifier and writes a PAC-Bayes bound on its"
          + " error as JSON.",
      "",
      "Takes as long as a training does. Labels are one-hot rows, or integer classes [N].",
      "",
    },
    sortOptions = false,
    customSynopsis =
        "eigenscope bound --model=FILE --initial=FILE --features=FILE --labels=FILE [OPTIONS]%n")
final class BoundCommand implements Callable<Integer> {

  @Spec private CommandSpec spec = CommandSpec.create();

  @Mixin private InputFiles inputs = new InputFiles();

  @Option(
      names = "--initial",
      required = true,
      paramLabel = "FILE",
      description =
          "The same model before its training, saved in the same way: the prior's mean. The bound"
              + " holds only if no example had a part in it.")
  private Path initial = Path.of("");

  @Option(
      names = "--basis",
      paramLabel = "NAME",
      defaultValue = "iter",
      converter = Names.Basis.class,
      description =
          "Directions of the posterior's variances: base, the parameters; appr, the Kronecker"
              + " eigenbasis of the trained model; iter, that of the mean, found anew; iter-m, the"
              + " same with the Gauss-Newton matrix of layers' outputs. Default:"
              + " ${DEFAULT-VALUE}.")
  private BoundBasis basis = BoundBasis.ITER;

  @Option(
      names = "--epochs",
      paramLabel = "N",
      defaultValue = "200",
      description = "Passes over the examples. Default: ${DEFAULT-VALUE}.")
  private int epochs;

  @Option(
      names = "--batch-size",
      paramLabel = "N",
      defaultValue = "100",
      description = "Examples of a minibatch. Default: ${DEFAULT-VALUE}.")
  private int batchSize;

  @Option(
      names = "--learning-rate",
      paramLabel = "RATE",
      defaultValue = "0.001",
      description =
          "Of RMSProp; a tenth after each fifth of the epochs. Default: ${DEFAULT-VALUE}.")
  private double learningRate;

  @Option(
      names = "--renew-every",
      paramLabel = "N",
      defaultValue = "10",
      description = "Epochs between bases of iter. Default: ${DEFAULT-VALUE}.")
  private int renewEvery;

  @Option(
      names = "--draws",
      paramLabel = "K",
      defaultValue = "1000",
      description =
          "Networks drawn to estimate the posterior's error; few make the bound loose. Default:"
              + " ${DEFAULT-VALUE}.")
  private int draws;

  @Option(
      names = "--seed",
      paramLabel = "S",
      defaultValue = "1",
      description = "Seed of every random choice. Default: ${DEFAULT-VALUE}.")
  private long seed;

  @Option(
      names = "--out",
      paramLabel = "FILE",
      description = "Where the JSON goes. Default: standard output.")
  private @Nullable Path out;

  /** Whether somebody watches standard error: scripts find it empty. */
  private boolean watched = Progress.onTerminal();

  /** Sets whether a progress bar is drawn on standard error. */
  void watch(boolean value) {
    watched = value;
  }

  @Override
  public Integer call() {
    if (inputs.include(out)) {
      throw Misuse.of(spec, "--out must not be one of the inputs, got " + out);
    }
    BoundTraining.Options options = options();
    OutputFile file = out == null ? null : OutputFile.at(out);
    long begin = System.nanoTime();
    SavedModel saved = inputs.readModel();
    SavedModel before = SavedModel.read(initial);
    ProbeData data = inputs.readData(saved);
    BoundTraining.Result result =
        ExpectedFailure.orRefusal(
            () -> trained(Network.of(saved.model()), Network.of(before.model()), data, options));
    ObjectNode object = json(result, options, (System.nanoTime() - begin) * 1e-9, data.notes());
    JsonResult.write(JsonResult.text(object), file, spec.commandLine().getOut());
    return ExitCode.OK;
  }

  private BoundTraining.Result trained(
      Network network, Network before, ProbeData data, BoundTraining.Options options) {
    BoundTraining training = BoundTraining.of(network, before, data.batches(), basis, options);
    return watched ? watched(training) : training.run(new Silent());
  }

  private BoundTraining.Options options() {
    try {
      return new BoundTraining.Options(
          epochs, batchSize, learningRate, renewEvery, draws, seed, PacBayesBound.defaults());
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()), e);
    }
  }

  private BoundTraining.Result watched(BoundTraining training) {
    try (Progress bar =
        Progress.start("bound", epochs + draws, spec.commandLine().getErr(), true)) {
      return training.run(
          new BoundTraining.Progress() {
            @Override
            public void epoch(int epoch, int epochs, double objective) {
              bar.show(
                  epoch, epochs + draws, String.format(Locale.ROOT, "objective %.3f", objective));
            }

            @Override
            public void draw(int draw, int draws) {
              bar.show(epochs + draw, epochs + draws, "drawing networks");
            }
          });
    }
  }

  private ObjectNode json(
      BoundTraining.Result result,
      BoundTraining.Options options,
      double seconds,
      List<String> notes) {
    PacBayesBound.Certificate certificate = result.certificate();
    PacBayesBound settings = options.bound();
    ObjectNode object = JsonResult.object();
    JsonResult.put(object, "bound", certificate.bound());
    JsonResult.put(object, "confidence", 1 - settings.confidence() - settings.samplingConfidence());
    JsonResult.put(object, "errorBound", certificate.errorBound());
    JsonResult.put(object, "error", result.error());
    JsonResult.put(object, "meanError", result.meanError());
    JsonResult.put(object, "trainedError", result.trainedError());
    JsonResult.put(object, "divergence", certificate.divergence());
    JsonResult.put(object, "priorLogDeviation", certificate.logDeviation());
    object.put("parameters", result.dimensions());
    object.put("examples", result.examples());
    object.put("basis", Names.Basis.name(basis));
    object.put("epochs", epochs);
    object.put("batchSize", batchSize);
    object.put("learningRate", learningRate);
    object.put("renewEvery", renewEvery);
    object.put("draws", draws);
    object.put("seed", seed);
    JsonResult.put(object, "seconds", seconds);
    notes.forEach(object.putArray("notes")::add);
    return object;
  }

  /** Tells nobody. */
  private static final class Silent implements BoundTraining.Progress {
    @Override
    public void epoch(int epoch, int epochs, double objective) {}

    @Override
    public void draw(int draw, int draws) {}
  }
}
