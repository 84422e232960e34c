package org.eigenscope.examples.structure;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.eigenscope.digits.Digits;
import org.eigenscope.digits.Minibatches;
import org.eigenscope.probes.curvature.DataBatches;
import org.eigenscope.probes.structure.FullApproximation;
import org.eigenscope.probes.structure.LayerOverlap;
import org.eigenscope.probes.structure.LayerStructure;
import org.eigenscope.view.LineFigure;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * Trains the networks of Wu et al. (arXiv 2010.04261) on digits, takes their Hessians apart, and
 * writes a figure and tables of each.
 */
@Command(
    name = "StructureOfDigits",
    description = "Trains networks twice, and shows what their Hessians are made of.",
    mixinStandardHelpOptions = true,
    showDefaultValues = true,
    sortOptions = false)
public final class StructureOfDigits implements Callable<Integer> {
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
      defaultValue = "MLP",
      description = "What to train: ${COMPLETION-CANDIDATES}.")
  private List<DissectedNetwork> networks = List.of();

  @Option(names = "--updates", defaultValue = "5000", description = "Minibatches to train on.")
  private int updates;

  @Option(names = "--learning-rate", defaultValue = "0.05", description = "Of gradient descent.")
  private double learningRate;

  @Option(names = "--batch-size", defaultValue = "128", description = "Images of a minibatch.")
  private int batchSize;

  @Option(
      names = "--images-per-class",
      defaultValue = "100",
      description = "Images of each class that are measured on.")
  private int imagesPerClass;

  @Option(
      names = "--overlap-top",
      defaultValue = "12",
      description =
          "Eigenvectors of each layer that are compared with those of the second training; 0: a"
              + " quarter more than the layer's outputs, at most 200.")
  private int overlapTop;

  @Option(
      names = "--seed",
      defaultValue = "1",
      description = "Of weights and minibatches; the second training has the next one.")
  private long seed;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      defaultValue = "structure-of-digits",
      description = "Folder to write to.")
  private Path out = Path.of("structure-of-digits");

  /** Creates the command with its defaults. */
  StructureOfDigits() {}

  /**
   * Trains, takes apart, and writes figures and tables.
   *
   * @param arguments options; {@code --help} lists them
   */
  public static void main(String[] arguments) {
    System.exit(commandLine().execute(arguments));
  }

  static CommandLine commandLine() {
    return new CommandLine(new StructureOfDigits()).setCaseInsensitiveEnumValuesAllowed(true);
  }

  @Override
  public Integer call() throws IOException {
    Digits digits = Digits.choose(data, Digits.cache(), seed);
    Files.createDirectories(out);
    say(digits.description());
    DataBatches probeSet =
        DataBatches.of(digits.train().batch(digits.train().firstOfEachClass(imagesPerClass)));
    for (DissectedNetwork network : networks) {
      long begin = System.nanoTime();
      Consumer<String> begins =
          what ->
              say(
                  format(
                      "%s, %.0f s: %s", network.title(), (System.nanoTime() - begin) * 1e-9, what));
      begins.accept("two trainings");
      Dissection dissection =
          Dissection.of(
              trained(network, digits, seed),
              trained(network, digits, seed + 1),
              probeSet,
              overlapTop,
              begins);
      write(network, digits, dissection);
    }
    say("");
    say("Written to " + out);
    return 0;
  }

  private MultiLayerNetwork trained(DissectedNetwork network, Digits digits, long from) {
    MultiLayerNetwork model = network.create(from, learningRate);
    Minibatches minibatches = new Minibatches(digits.train(), batchSize, from);
    for (int i = 0; i < updates; i++) {
      model.fit(minibatches.next());
    }
    return model;
  }

  private void write(DissectedNetwork network, Digits digits, Dissection dissection)
      throws IOException {
    String name = network.name().toLowerCase(Locale.ROOT).replace('_', '-');
    List<String> lines = new ArrayList<>();
    lines.add(
        "%s on %s, %d updates, seed %d".formatted(network.title(), digits.name(), updates, seed));
    lines.add("");
    lines.addAll(whole(dissection));
    lines.add("");
    lines.addAll(layers(dissection));
    lines.add("");
    lines.addAll(full(dissection.full()));
    say("");
    lines.forEach(this::say);
    Files.write(out.resolve(name + ".md"), lines);
    try {
      LineFigure.write(
          "%s on %s".formatted(network.title(), digits.name()),
          panels(dissection),
          out.resolve(name + ".png"));
    } catch (IOException e) {
      say("cannot draw the figure: " + e.getMessage());
    }
  }

  /** Returns a table of the eigenvalues of the whole network. */
  private static List<String> whole(Dissection dissection) {
    List<String> lines = new ArrayList<>();
    lines.add(
        format(
            "loss %.2g, outliers %s, largest eigenvalue of R over that of H %.3f",
            dissection.loss(),
            dissection.outliers() == null ? "unknown" : dissection.outliers(),
            dissection.residual().get(0) / dissection.hessian().get(0)));
    lines.add("");
    lines.add("| rank |       H |       G |       R |   A1 | of it in G |");
    lines.add("|-----:|--------:|--------:|--------:|-----:|-----------:|");
    for (int i = 0; i < 12; i++) {
      lines.add(
          format(
              "| %4d | %7.3g | %7.3g | %7.3g | %4s | %10s |",
              i + 1,
              dissection.hessian().get(i),
              dissection.gaussNewton().get(i),
              dissection.residual().get(i),
              at(dissection.classMeans(), i, "%.2g"),
              at(dissection.share(), i, "%.3f")));
    }
    return lines;
  }

  private static String at(List<Double> values, int index, String format) {
    return index < values.size() ? format(format, values.get(index)) : "-";
  }

  private static List<String> layers(Dissection dissection) {
    List<String> lines = new ArrayList<>();
    lines.add(
        "| layer | outputs | rank one | Kronecker overlap, 1, 9, 20 | decoupling error | mean input |"
            + " λ1/λ2 of E[xxᵀ] | overlap peaks at | with |");
    lines.add("|---|---:|---:|---|---:|---:|---:|---:|---:|");
    for (int i = 0; i < dissection.layers().size(); i++) {
      LayerStructure layer = dissection.layers().get(i);
      LayerOverlap overlap = dissection.overlaps().get(i);
      lines.add(
          format(
              "| %s | %d | %.3f | %s | %.2f | %.3f | %.2f | %d of %d | %.2f |",
              layer.layer(),
              layer.outputs(),
              layer.rankOneRatio().stream().limit(4).mapToDouble(v -> v).average().orElseThrow(),
              at(layer.overlap()),
              layer.decouplingError().spectral().value(),
              layer.meanInputAlignment(),
              layer.autocorrelationRatio(),
              overlap.peak(),
              overlap.overlap().size(),
              overlap.overlap().get(overlap.peak() - 1)));
    }
    return lines;
  }

  /** Returns the overlaps at 1, 9 and 20, as far as there are any. */
  private static String at(List<Double> overlap) {
    return IntStream.of(1, 9, 20)
        .filter(k -> k <= overlap.size())
        .mapToObj(k -> format("%.2f", overlap.get(k - 1)))
        .collect(Collectors.joining(", "));
  }

  /** Returns a table of the whole network beside what its layers make of it. */
  private static List<String> full(FullApproximation full) {
    List<String> lines = new ArrayList<>();
    lines.add("| whole network | eigenvalues 1, 2, 3, 9, 10 | overlap with H, 1, 9, 20 |");
    lines.add("|---|---|---|");
    lines.add("| H | %s | |".formatted(some(full.largest())));
    approximation("layer by layer", full.layerByLayer(), lines);
    approximation("across layers", full.acrossLayers(), lines);
    return lines;
  }

  private static void approximation(
      String name, FullApproximation.@Nullable Approximation approximation, List<String> lines) {
    if (approximation != null) {
      lines.add(
          "| %s | %s | %s |"
              .formatted(name, some(approximation.largest()), at(approximation.overlap())));
    }
  }

  private static String some(List<Double> values) {
    return IntStream.of(1, 2, 3, 9, 10)
        .filter(rank -> rank <= values.size())
        .mapToObj(rank -> format("%.3g", values.get(rank - 1)))
        .collect(Collectors.joining(", "));
  }

  private static List<LineFigure.Panel> panels(Dissection dissection) {
    LayerStructure layer = hidden(dissection.layers());
    int index = dissection.layers().indexOf(layer);
    List<LineFigure.Line> overlaps =
        IntStream.range(0, dissection.overlaps().size())
            .mapToObj(dissection.overlaps()::get)
            .map(
                o ->
                    new LineFigure.Line(
                        "%s, %d outputs".formatted(o.layer(), o.outputs()), o.overlap()))
            .toList();
    return List.of(
        new LineFigure.Panel(
            "rank",
            "eigenvalue",
            true,
            List.of(
                new LineFigure.Line("Hessian", dissection.hessian()),
                new LineFigure.Line("Gauss-Newton", dissection.gaussNewton()),
                new LineFigure.Line("class means", dissection.classMeans()),
                new LineFigure.Line("residual", dissection.residual()))),
        new LineFigure.Panel(
            "rank",
            "eigenvalue of layer " + layer.layer(),
            true,
            List.of(
                new LineFigure.Line("exact", dissection.layers().get(index).largest()),
                new LineFigure.Line("Kronecker", dissection.layers().get(index).kronecker()))),
        new LineFigure.Panel("k", "overlap with another training", false, overlaps));
  }

  /** Returns the first layer behind another one that is no convolution. */
  private static LayerStructure hidden(List<LayerStructure> layers) {
    return layers.stream()
        .skip(1)
        .filter(layer -> layer.positions() == 1)
        .findFirst()
        .orElseThrow();
  }

  private static String format(String format, Object... arguments) {
    return String.format(Locale.ROOT, format, arguments);
  }

  private void say(String line) {
    PrintWriter writer = spec.commandLine().getOut();
    writer.println(line);
    writer.flush();
  }
}
