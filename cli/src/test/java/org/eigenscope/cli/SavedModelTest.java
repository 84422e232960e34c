package org.eigenscope.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.graph.ScaleVertex;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.LossLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.dataset.api.preprocessor.ImagePreProcessingScaler;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

class SavedModelTest {
  private static final String FOREIGN =
      "%s is not a model saved by Deeplearning4j's ModelSerializer: ";

  @TempDir Path directory;

  private Path file() {
    return directory.resolve("model.zip");
  }

  private void zip(String entry, String content) throws IOException {
    try (OutputStream stream = Files.newOutputStream(file());
        ZipOutputStream zip = new ZipOutputStream(stream)) {
      zip.putNextEntry(new ZipEntry(entry));
      zip.write(content.getBytes(StandardCharsets.UTF_8));
    }
  }

  private void assertFails(String message) {
    assertThatThrownBy(() -> SavedModel.read(file()))
        .isInstanceOf(ExpectedFailure.class)
        .hasMessage(message.formatted(file()));
  }

  @Test
  void readsAMultiLayerNetwork() {
    MultiLayerNetwork original = Models.mlp();
    SavedModel saved = SavedModel.read(Models.save(original, file()));

    assertThat(saved.model()).isInstanceOf(MultiLayerNetwork.class);
    assertThat(saved.model().params()).isEqualTo(original.params());
    assertThat(saved.hasNormalizer()).isFalse();
  }

  @Test
  void readsAComputationGraph() {
    ComputationGraph original = Models.graph(1);
    SavedModel saved = SavedModel.read(Models.save(original, file()));

    assertThat(saved.model()).isInstanceOf(ComputationGraph.class);
    assertThat(saved.model().params()).isEqualTo(original.params());
  }

  @Test
  void tellsOfANormalizerInTheFile() {
    Models.save(Models.mlp(), file());
    ModelSerializer.addNormalizerToModel(file().toFile(), new ImagePreProcessingScaler());

    assertThat(SavedModel.read(file()).hasNormalizer()).isTrue();
  }

  @Test
  void knowsLossesThatTakeClassNumbers() {
    Model sparse = Models.single(LossFunction.SPARSE_MCXENT, Activation.SOFTMAX, 3);

    assertThat(SavedModel.read(Models.save(sparse, file())).takesClassNumbers()).isTrue();
    assertThat(SavedModel.read(Models.save(Models.mlp(), file())).takesClassNumbers()).isFalse();
  }

  @Test
  void namesAFileThatIsMissing() {
    assertFails("cannot read %s: no such file or directory");
  }

  @Test
  void refusesADirectory() throws IOException {
    Files.createDirectory(file());

    assertFails("cannot read %s: it is a directory");
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, 0.1, 0.5, 0.99})
  void refusesATruncatedModel(double part) throws IOException {
    byte[] whole = Files.readAllBytes(Models.save(Models.mlp(), file()));
    Files.write(file(), Arrays.copyOf(whole, (int) (part * whole.length)));

    assertFails(FOREIGN + "it is not a whole zip file");
  }

  @Test
  void refusesAText() throws IOException {
    Files.writeString(file(), "no model\n");

    assertFails(FOREIGN + "it is not a whole zip file");
  }

  @Test
  void refusesAZipOfSomethingElse() throws IOException {
    zip("readme.txt", "no model");

    assertFails(FOREIGN + "it has no entry configuration.json");
  }

  @Test
  void refusesAConfigurationThatIsNoJson() throws IOException {
    zip("configuration.json", "no: {json");

    assertFails(FOREIGN + "its configuration.json is not JSON");
  }

  @Test
  void refusesAConfigurationOfSomethingElse() throws IOException {
    zip("configuration.json", "{\"layers\": []}");

    assertFails(FOREIGN + "its configuration is of neither kind of network");
  }

  @Test
  void refusesAModelWithoutItsParameters() throws IOException {
    zip("configuration.json", Models.mlp().getLayerWiseConfigurations().toJson());

    assertThatThrownBy(() -> SavedModel.read(file()))
        .isInstanceOf(ExpectedFailure.class)
        .hasMessageStartingWith(FOREIGN.formatted(file()) + "Deeplearning4j cannot restore it: ");
  }

  @Test
  void refusesAGraphOfSeveralInputs() {
    Models.save(Models.graph(2), file());

    assertFails(
        "%s: a graph must have one input and one output, got inputs [left, right] and outputs"
            + " [out]");
  }

  @Test
  void refusesANetworkWithoutAnOutputLayer() {
    Models.save(
        Models.initialised(
            Models.seeded()
                .list()
                .layer(new DenseLayer.Builder().nIn(4).nOut(3).build())
                .layer(new ActivationLayer(Activation.TANH))
                .build()),
        file());

    assertFails("%s: a model must end in an output or loss layer, got ActivationLayer");
  }

  @Test
  void refusesAGraphThatEndsInAVertex() {
    ComputationGraph graph =
        new ComputationGraph(
            Models.seeded()
                .graphBuilder()
                .addInputs("in")
                .addLayer("dense", new DenseLayer.Builder().nIn(4).nOut(4).build(), "in")
                .addVertex("scaled", new ScaleVertex(2), "dense")
                .setOutputs("scaled")
                .build());
    graph.init();
    Models.save(graph, file());

    assertFails("%s: a model must end in an output or loss layer, got a vertex without a layer");
  }

  @Test
  void refusesAModelWithoutParameters() {
    Models.save(
        Models.initialised(
            Models.seeded().list().layer(new LossLayer.Builder(LossFunction.MSE).build()).build()),
        file());

    assertFails("%s: a model must have parameters, got none");
  }
}
