package org.eigenscope.cli;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.eigenscope.probes.curvature.DataBatches;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.MultiDataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.INDArrayIndex;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * Features and labels from files, in the shapes that a model takes.
 *
 * @param batches all examples in one batch
 * @param notes in plain words, what was done to the arrays that their files do not say
 */
record ProbeData(DataBatches batches, List<String> notes) {
  private static final int TRIAL_EXAMPLES = 2;

  /**
   * Returns the examples of a features and a labels file, fitted to a model.
   *
   * <p>A few examples are passed through the model to learn the shape of its output. Three shapes
   * are completed, because they can mean one thing only: images [N, H, W] get the one channel of a
   * model that does not take them otherwise; labels [N] become a column for a model of one output,
   * and, if they are integers, one-hot rows for a model of several.
   *
   * @throws ExpectedFailure if arrays differ in the number of examples, the model does not take the
   *     features, or the labels have neither its output's shape nor are classes of it
   */
  static ProbeData of(
      SavedModel model,
      NpyArray features,
      NpyArray labels,
      @Nullable NpyArray featuresMask,
      @Nullable NpyArray labelsMask) {
    checkExamples(features, labels);
    checkExamples(features, featuresMask);
    checkExamples(features, labelsMask);
    List<String> notes = new ArrayList<>();
    if (model.hasNormalizer()) {
      notes.add("the model's file holds a normalizer, which was not applied to the features");
    }
    INDArray mask = featuresMask == null ? null : featuresMask.values();
    INDArray fitted = features.values();
    INDArray output;
    try {
      output = trial(model, fitted, mask);
    } catch (RuntimeException e) {
      INDArray images = withChannel(fitted);
      output = images == null ? null : trialOrNull(model, images, mask);
      if (images == null || output == null) {
        throw new ExpectedFailure(
            "%s: features must fit the model, got shape %s: %s"
                .formatted(features.file(), features.shape(), e.getMessage()),
            e);
      }
      notes.add(
          "features of shape %s were taken as images of one channel, %s"
              .formatted(features.shape(), Arrays.toString(images.shape())));
      fitted = images;
    }
    return new ProbeData(
        DataBatches.of(
            new MultiDataSet(
                arrays(fitted),
                arrays(labelsFor(model, labels, output.shape())),
                mask == null ? null : arrays(mask),
                labelsMask == null ? null : arrays(labelsMask.values()))),
        List.copyOf(notes));
  }

  private static INDArray[] arrays(INDArray array) {
    return new INDArray[] {array};
  }

  private static void checkExamples(NpyArray features, @Nullable NpyArray other) {
    if (other != null && other.values().size(0) != features.values().size(0)) {
      throw new ExpectedFailure(
          "%s must have as many examples as %s, %d, got %d"
              .formatted(
                  other.file(),
                  features.file(),
                  features.values().size(0),
                  other.values().size(0)));
    }
  }

  private static INDArray trial(SavedModel model, INDArray features, @Nullable INDArray mask) {
    return model.output(firstOf(features), mask == null ? null : firstOf(mask));
  }

  private static @Nullable INDArray trialOrNull(
      SavedModel model, INDArray features, @Nullable INDArray mask) {
    try {
      return trial(model, features, mask);
    } catch (RuntimeException e) {
      return null; // the failure with the features as they are says more
    }
  }

  private static INDArray firstOf(INDArray array) {
    INDArrayIndex[] index = new INDArrayIndex[array.rank()];
    Arrays.fill(index, NDArrayIndex.all());
    index[0] = NDArrayIndex.interval(0, Math.min(array.size(0), TRIAL_EXAMPLES));
    return array.get(index).dup();
  }

  private static @Nullable INDArray withChannel(INDArray features) {
    return features.rank() == 3
        ? features.reshape('c', features.size(0), 1, features.size(1), features.size(2))
        : null;
  }

  private static INDArray labelsFor(SavedModel model, NpyArray labels, long[] output) {
    INDArray values = labels.values();
    if (!model.takesLabelsLikeOutput()) {
      return values;
    }
    long examples = values.size(0);
    long[] expected = output.clone();
    expected[0] = examples;
    boolean classNumbers = model.takesClassNumbers();
    if (classNumbers) {
      expected[1] = 1;
    }
    if (Arrays.equals(values.shape(), expected)) {
      if (classNumbers) {
        checkClasses(labels, output[1]);
      }
      return values;
    }
    boolean matrix = output.length == 2;
    if (values.rank() != 1 || !matrix) {
      throw new ExpectedFailure(
          "%s: labels must have shape %s%s, got %s"
              .formatted(
                  labels.file(),
                  Arrays.toString(expected),
                  matrix ? " or be classes [%d]".formatted(examples) : "",
                  labels.shape()));
    }
    if (output[1] == 1) {
      return values.reshape(examples, 1);
    }
    checkClasses(labels, output[1]);
    return classNumbers ? values.reshape(examples, 1) : oneHot(values, output[1]);
  }

  private static void checkClasses(NpyArray labels, long classes) {
    if (!labels.type().isInteger()) {
      throw new ExpectedFailure(
          "%s: classes [%d] must be of an integer type, got %s"
              .formatted(labels.file(), labels.values().size(0), labels.type()));
    }
    INDArray values = labels.values().ravel();
    for (long i = 0; i < values.length(); i++) {
      double value = values.getDouble(i);
      if (value < 0 || value >= classes) {
        throw new ExpectedFailure(
            "%s: classes must be between 0 and %d, the model's outputs less one, got %d at [%d]"
                .formatted(labels.file(), classes - 1, (long) value, i));
      }
    }
  }

  private static INDArray oneHot(INDArray classes, long outputs) {
    INDArray rows = Nd4j.zeros(DataType.FLOAT, classes.length(), outputs);
    for (long i = 0; i < classes.length(); i++) {
      rows.putScalar(i, classes.getLong(i), 1);
    }
    return rows;
  }
}
