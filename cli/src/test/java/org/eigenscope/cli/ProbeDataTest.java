package org.eigenscope.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.stream.IntStream;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.api.MultiDataSet;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

class ProbeDataTest {
  @TempDir Path directory;

  private static double[] counting(long... shape) {
    int length = 1;
    for (long side : shape) {
      length *= (int) side;
    }
    return IntStream.range(0, length).mapToDouble(i -> i * 0.01).toArray();
  }

  private NpyArray array(String name, long... shape) {
    return NpyArray.read(Npy.doubles(directory.resolve(name), counting(shape), shape));
  }

  private NpyArray x(long... shape) {
    return array("x.npy", shape);
  }

  private NpyArray y(long... shape) {
    return array("y.npy", shape);
  }

  private NpyArray classes(long... classes) {
    return NpyArray.read(Npy.longs(directory.resolve("y.npy"), classes));
  }

  private ProbeData fit(Model model, NpyArray features, NpyArray labels) {
    return ProbeData.of(
        new SavedModel(directory.resolve("model.zip"), model, false), features, labels, null, null);
  }

  private static MultiDataSet batch(ProbeData data) {
    assertThat(data.batches().batches()).hasSize(1);
    return data.batches().batches().get(0);
  }

  private static INDArray features(ProbeData data) {
    return batch(data).getFeatures(0);
  }

  private static INDArray labels(ProbeData data) {
    return batch(data).getLabels(0);
  }

  private void assertLabelsRejected(Model model, NpyArray features, NpyArray labels, String why) {
    assertThatThrownBy(() -> fit(model, features, labels))
        .isInstanceOf(ExpectedFailure.class)
        .hasMessage(directory.resolve("y.npy") + why);
  }

  private void assertFeaturesRejected(Model model, NpyArray features, NpyArray labels) {
    assertThatThrownBy(() -> fit(model, features, labels))
        .isInstanceOf(ExpectedFailure.class)
        .hasMessageStartingWith(
            "%s: features must fit the model, got shape %s: "
                .formatted(directory.resolve("x.npy"), features.shape()));
  }

  @Test
  void passesOnArraysThatFitAsTheyAre() {
    ProbeData data = fit(Models.mlp(), x(5, 4), y(5, 3));

    assertThat(features(data)).isEqualTo(x(5, 4).values());
    assertThat(features(data).dataType()).isEqualTo(DataType.DOUBLE);
    assertThat(labels(data)).isEqualTo(y(5, 3).values());
    assertThat(data.notes()).isEmpty();
  }

  @Test
  void takesTheDataOfAGraph() {
    ProbeData data = fit(Models.graph(1), x(5, 4), classes(0, 1, 2, 1, 0));

    assertThat(features(data).shape()).containsExactly(5, 4);
    assertThat(labels(data).shape()).containsExactly(5, 3);
  }

  @Test
  void encodesClassesAsRows() {
    ProbeData data = fit(Models.mlp(), x(4, 4), classes(2, 0, 1, 2));

    assertThat(labels(data).toDoubleMatrix())
        .isDeepEqualTo(new double[][] {{0, 0, 1}, {1, 0, 0}, {0, 1, 0}, {0, 0, 1}});
  }

  @Test
  void makesAColumnOfTheLabelsOfOneOutput() {
    Model model = Models.single(LossFunction.MSE, Activation.IDENTITY, 1);

    assertThat(labels(fit(model, x(3, 4), y(3))).toDoubleMatrix())
        .isDeepEqualTo(new double[][] {{0}, {0.01}, {0.02}});
  }

  @Test
  void leavesClassesToALossThatTakesThem() {
    Model model = Models.single(LossFunction.SPARSE_MCXENT, Activation.SOFTMAX, 3);

    assertThat(labels(fit(model, x(3, 4), classes(2, 0, 1))).toDoubleMatrix())
        .isDeepEqualTo(new double[][] {{2}, {0}, {1}});
  }

  @Test
  void rejectsClassesOutOfRange() {
    assertLabelsRejected(
        Models.mlp(),
        x(3, 4),
        classes(0, 3, 1),
        ": classes must be between 0 and 2, the model's outputs less one, got 3 at [1]");
    assertLabelsRejected(
        Models.mlp(),
        x(3, 4),
        classes(0, 1, -1),
        ": classes must be between 0 and 2, the model's outputs less one, got -1 at [2]");
  }

  @Test
  void rejectsClassesThatAreNotIntegers() {
    assertLabelsRejected(
        Models.mlp(), x(3, 4), y(3), ": classes [3] must be of an integer type, got float64");
  }

  @Test
  void rejectsLabelsOfAnotherShape() {
    assertLabelsRejected(
        Models.mlp(),
        x(3, 4),
        y(3, 2),
        ": labels must have shape [3, 3] or be classes [3], got [3, 2]");
    assertLabelsRejected(
        Models.lstm(),
        x(2, 3, 5),
        y(2, 2, 4),
        ": labels must have shape [2, 2, 5], got" + " [2, 2, 4]");
  }

  @Test
  void rejectsLabelsOfAnotherLength() {
    assertLabelsRejected(
        Models.mlp(),
        x(3, 4),
        y(2, 3),
        " must have as many examples as %s, 3, got 2".formatted(directory.resolve("x.npy")));
  }

  @Test
  void rejectsFeaturesThatDoNotFit() {
    assertFeaturesRejected(Models.mlp(), x(3, 5), y(3, 3));
    assertFeaturesRejected(Models.mlp(), x(3), y(3, 3));
    assertFeaturesRejected(Models.mlp(), x(3, 2, 2), y(3, 3));
  }

  @Test
  void takesImagesFlatOrNotForAConvolutionOfFlatInput() {
    Model model = Models.cnn(InputType.convolutionalFlat(6, 6, 1));

    assertThat(features(fit(model, x(3, 36), y(3, 3))).shape()).containsExactly(3, 36);
    assertThat(features(fit(model, x(3, 1, 6, 6), y(3, 3))).shape()).containsExactly(3, 1, 6, 6);
  }

  @Test
  void givesImagesTheOneChannelAndSaysSo() {
    for (InputType input :
        new InputType[] {InputType.convolutionalFlat(6, 6, 1), InputType.convolutional(6, 6, 1)}) {
      ProbeData data = fit(Models.cnn(input), x(3, 6, 6), y(3, 3));

      assertThat(features(data)).isEqualTo(x(3, 1, 6, 6).values());
      assertThat(data.notes())
          .containsExactly(
              "features of shape [3, 6, 6] were taken as images of one channel, [3, 1, 6, 6]");
    }
  }

  @Test
  void rejectsImagesWithoutChannelsForSeveral() {
    assertFeaturesRejected(Models.cnn(InputType.convolutional(6, 6, 3)), x(3, 6, 6), y(3, 3));
  }

  @Test
  void keepsMasks() {
    NpyArray featuresMask = array("fm.npy", 2, 5);
    NpyArray labelsMask = array("lm.npy", 2, 5);

    MultiDataSet batch = batch(masked(featuresMask, labelsMask));

    assertThat(batch.getFeaturesMaskArray(0)).isEqualTo(featuresMask.values());
    assertThat(batch.getLabelsMaskArray(0)).isEqualTo(labelsMask.values());
  }

  @Test
  void rejectsMasksOfAnotherLength() {
    assertThatThrownBy(() -> masked(null, array("lm.npy", 3, 5)))
        .isInstanceOf(ExpectedFailure.class)
        .hasMessage(
            "%s must have as many examples as %s, 2, got 3"
                .formatted(directory.resolve("lm.npy"), directory.resolve("x.npy")));
  }

  private ProbeData masked(@Nullable NpyArray featuresMask, @Nullable NpyArray labelsMask) {
    return ProbeData.of(
        new SavedModel(directory.resolve("model.zip"), Models.lstm(), false),
        x(2, 3, 5),
        y(2, 2, 5),
        featuresMask,
        labelsMask);
  }

  @Test
  void tellsOfANormalizerThatWasNotApplied() {
    ProbeData data =
        ProbeData.of(
            new SavedModel(directory.resolve("model.zip"), Models.mlp(), true),
            x(3, 4),
            y(3, 3),
            null,
            null);

    assertThat(data.notes())
        .containsExactly(
            "the model's file holds a normalizer, which was not applied to the features");
  }
}
