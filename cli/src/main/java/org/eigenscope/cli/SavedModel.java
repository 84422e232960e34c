package org.eigenscope.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.api.layers.IOutputLayer;
import org.deeplearning4j.nn.conf.layers.BaseOutputLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.objdetect.Yolo2OutputLayer;
import org.deeplearning4j.nn.conf.layers.samediff.SameDiffOutputLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.util.ModelSerializer;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.lossfunctions.impl.LossSparseMCXENT;

/**
 * A model from a file that Deeplearning4j's {@link ModelSerializer} wrote, with one input and one
 * output layer.
 *
 * @param file where it was read from
 * @param model a {@link MultiLayerNetwork} or a {@link ComputationGraph}
 * @param hasNormalizer whether the file also holds a normalizer of the model's training data
 */
record SavedModel(Path file, Model model, boolean hasNormalizer) {

  /**
   * Returns the model in a file, without its updater's state.
   *
   * @throws ExpectedFailure if the file cannot be read, holds no such model, or the model has more
   *     than one input or output, or nothing that a loss could be computed from
   */
  static SavedModel read(Path file) {
    if (Files.isDirectory(file)) {
      throw new ExpectedFailure("cannot read %s: it is a directory".formatted(file));
    }
    try (ZipFile zip = new ZipFile(file.toFile())) {
      JsonNode configuration = configuration(file, zip);
      Model model;
      if (configuration.has("vertices")) {
        model = restored(file, () -> ModelSerializer.restoreComputationGraph(file.toFile(), false));
      } else if (configuration.has("confs")) {
        model =
            restored(file, () -> ModelSerializer.restoreMultiLayerNetwork(file.toFile(), false));
      } else {
        throw foreign(file, "its configuration is of neither kind of network", null);
      }
      SavedModel saved =
          new SavedModel(file, model, zip.getEntry(ModelSerializer.NORMALIZER_BIN) != null);
      saved.checkUsable();
      return saved;
    } catch (ZipException e) {
      throw foreign(file, "it is not a whole zip file", e);
    } catch (IOException e) {
      throw ExpectedFailure.of("read", file, e);
    }
  }

  private static JsonNode configuration(Path file, ZipFile zip) throws IOException {
    ZipEntry entry = zip.getEntry(ModelSerializer.CONFIGURATION_JSON);
    if (entry == null) {
      throw foreign(file, "it has no entry " + ModelSerializer.CONFIGURATION_JSON, null);
    }
    try (InputStream json = zip.getInputStream(entry)) {
      return new ObjectMapper().readTree(json);
    } catch (JsonProcessingException e) {
      throw foreign(file, "its %s is not JSON".formatted(ModelSerializer.CONFIGURATION_JSON), e);
    }
  }

  private static Model restored(Path file, Restoration restoration) {
    try {
      return restoration.restore();
    } catch (IOException | RuntimeException e) {
      throw foreign(file, "Deeplearning4j cannot restore it: " + e.getMessage(), e);
    }
  }

  private static ExpectedFailure foreign(Path file, String why, @Nullable Exception cause) {
    String message =
        "%s is not a model saved by Deeplearning4j's ModelSerializer: %s".formatted(file, why);
    return cause == null ? new ExpectedFailure(message) : new ExpectedFailure(message, cause);
  }

  private void checkUsable() {
    if (model.params() == null || model.params().length() == 0) {
      throw new ExpectedFailure(file + ": a model must have parameters, got none");
    }
    if (model instanceof ComputationGraph graph
        && (graph.getNumInputArrays() != 1 || graph.getNumOutputArrays() != 1)) {
      throw new ExpectedFailure(
          "%s: a graph must have one input and one output, got inputs %s and outputs %s"
              .formatted(
                  file,
                  graph.getConfiguration().getNetworkInputs(),
                  graph.getConfiguration().getNetworkOutputs()));
    }
    if (!(lastLayer() instanceof IOutputLayer)) {
      throw new ExpectedFailure(
          "%s: a model must end in an output or loss layer, got %s"
              .formatted(
                  file,
                  lastLayer() == null
                      ? "a vertex without a layer"
                      : lastLayer().conf().getLayer().getClass().getSimpleName()));
    }
  }

  private org.deeplearning4j.nn.api.@Nullable Layer lastLayer() {
    return model instanceof ComputationGraph graph
        ? graph.getOutputLayer(0)
        : ((MultiLayerNetwork) model).getOutputLayer();
  }

  private Layer outputLayer() {
    org.deeplearning4j.nn.api.Layer last = lastLayer();
    if (last == null) {
      throw new AssertionError("checked when the model was read");
    }
    return last.conf().getLayer();
  }

  /** Returns whether labels are class numbers, [N, 1] for an output [N, C]. */
  boolean takesClassNumbers() {
    return outputLayer() instanceof BaseOutputLayer output
        && output.getLossFn() instanceof LossSparseMCXENT;
  }

  /** Returns whether labels have the shape of the output; if not, only the model knows theirs. */
  boolean takesLabelsLikeOutput() {
    Layer output = outputLayer();
    return !(output instanceof Yolo2OutputLayer || output instanceof SameDiffOutputLayer);
  }

  /** Returns the model's output for a few examples, outside training. */
  INDArray output(INDArray features, @Nullable INDArray mask) {
    if (model instanceof ComputationGraph graph) {
      INDArray[] inputs = {features};
      return mask == null
          ? graph.output(false, inputs)[0]
          : graph.output(false, inputs, new INDArray[] {mask})[0];
    }
    return ((MultiLayerNetwork) model).output(features, false, mask, null);
  }

  private interface Restoration {
    Model restore() throws IOException;
  }
}
