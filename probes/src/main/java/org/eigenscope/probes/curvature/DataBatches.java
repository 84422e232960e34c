package org.eigenscope.probes.curvature;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.api.DataSet;
import org.nd4j.linalg.dataset.api.MultiDataSet;
import org.nd4j.linalg.dataset.api.iterator.DataSetIterator;
import org.nd4j.linalg.dataset.api.iterator.MultiDataSetIterator;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.INDArrayIndex;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * The examples that a loss is averaged over, in batches.
 *
 * <p>The arrays are copies, detached from every workspace; whoever made them can go on changing
 * theirs. Every example weighs the same, whatever the size of its batch.
 */
public final class DataBatches {
  private final List<MultiDataSet> batches;

  private DataBatches(List<MultiDataSet> batches) {
    this.batches = List.copyOf(batches);
  }

  /**
   * Returns a copy of one batch.
   *
   * @param batch features and labels with at least one example; not modified, not kept
   * @throws IllegalArgumentException as {@link #of(List)} does
   */
  public static DataBatches of(DataSet batch) {
    return of(batch.toMultiDataSet());
  }

  /**
   * Returns a copy of one batch.
   *
   * @param batch features and labels with at least one example; not modified, not kept
   * @throws IllegalArgumentException as {@link #of(List)} does
   */
  public static DataBatches of(MultiDataSet batch) {
    return of(List.of(batch));
  }

  /**
   * Returns copies of several batches, in their order.
   *
   * @param batches at least one, each with at least one example, alike in the number of features
   *     and labels; not modified, not kept
   * @throws IllegalArgumentException if there is no batch, or a batch has no features or labels, or
   *     its arrays differ in the number of examples
   */
  public static DataBatches of(List<? extends MultiDataSet> batches) {
    if (batches.isEmpty()) {
      throw new IllegalArgumentException("data must hold at least one batch, got none");
    }
    List<MultiDataSet> copies = new ArrayList<>();
    for (MultiDataSet batch : batches) {
      check(batch, copies.size());
      copies.add(detachedCopy(batch));
    }
    return new DataBatches(copies);
  }

  /**
   * Reads an iterator to its end, once, from a reset if it can be reset, and resets it again.
   *
   * @throws IllegalArgumentException as {@link #of(List)} does
   */
  public static DataBatches from(DataSetIterator iterator) {
    if (iterator.resetSupported()) {
      iterator.reset();
    }
    List<MultiDataSet> copies = new ArrayList<>();
    while (iterator.hasNext()) {
      copies.add(detachedCopy(iterator.next().toMultiDataSet()));
    }
    if (iterator.resetSupported()) {
      iterator.reset();
    }
    return of(copies);
  }

  /**
   * Reads an iterator to its end, once, from a reset if it can be reset, and resets it again.
   *
   * @throws IllegalArgumentException as {@link #of(List)} does
   */
  public static DataBatches from(MultiDataSetIterator iterator) {
    if (iterator.resetSupported()) {
      iterator.reset();
    }
    List<MultiDataSet> copies = new ArrayList<>();
    while (iterator.hasNext()) {
      copies.add(detachedCopy(iterator.next()));
    }
    if (iterator.resetSupported()) {
      iterator.reset();
    }
    return of(copies);
  }

  /** Returns the batches; not to be modified. */
  public List<MultiDataSet> batches() {
    return batches;
  }

  /** Returns the number of examples of all batches together. */
  public long examples() {
    return batches.stream().mapToLong(DataBatches::examplesOf).sum();
  }

  /** Returns the number of examples of one batch. */
  public static long examplesOf(MultiDataSet batch) {
    return batch.getFeatures(0).size(0);
  }

  /**
   * Returns the same examples, in the same order, in consecutive batches of another size; a last
   * batch under half that size joins the one before.
   *
   * @param batchSize examples of a batch, at least 1; a size of all examples or more gives one
   *     batch
   * @throws IllegalArgumentException if {@code batchSize} is less than 1
   */
  public DataBatches rebatched(int batchSize) {
    if (batchSize < 1) {
      throw new IllegalArgumentException("batch size must be at least 1, got " + batchSize);
    }
    MultiDataSet all = merged();
    long examples = examples();
    List<MultiDataSet> sized = new ArrayList<>();
    long start = 0;
    while (start < examples) {
      long end = Math.min(examples, start + batchSize);
      // 2 * rest < size, without overflow: the rest would be a batch under half the size.
      if (examples - end < batchSize - (examples - end)) {
        end = examples;
      }
      sized.add(slice(all, start, end));
      start = end;
    }
    return new DataBatches(sized);
  }

  /**
   * Returns some of the examples as one batch.
   *
   * @param examples numbers of examples, counted from 0 over all batches, in the order they are to
   *     have; at least one
   * @throws IllegalArgumentException if there is no number, or one that no example has
   */
  public DataBatches selected(int... examples) {
    if (examples.length == 0) {
      throw new IllegalArgumentException("at least one example must be selected, got none");
    }
    for (int example : examples) {
      if (example < 0 || example >= examples()) {
        throw new IllegalArgumentException(
            "examples must be between 0 and %d, got %d".formatted(examples() - 1, example));
      }
    }
    MultiDataSet all = merged();
    return new DataBatches(
        List.of(
            new org.nd4j.linalg.dataset.MultiDataSet(
                rows(all.getFeatures(), examples),
                rows(all.getLabels(), examples),
                rows(all.getFeaturesMaskArrays(), examples),
                rows(all.getLabelsMaskArrays(), examples))));
  }

  @SuppressWarnings("try") // the scope itself is the use
  private static INDArray @Nullable [] rows(INDArray @Nullable [] arrays, int[] examples) {
    if (arrays == null) {
      return null;
    }
    @Nullable INDArray[] rows = new INDArray[arrays.length];
    try (MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
      for (int i = 0; i < arrays.length; i++) {
        if (arrays[i] != null) {
          long[] shape = arrays[i].shape().clone();
          INDArray matrix =
              arrays[i].dup('c').reshape('c', shape[0], arrays[i].length() / shape[0]);
          shape[0] = examples.length;
          rows[i] = Nd4j.pullRows(matrix, 1, examples, 'c').reshape('c', shape);
        }
      }
    }
    return rows;
  }

  /**
   * Returns all examples as one batch. Sequences of different lengths are padded and masked, as
   * Deeplearning4j merges them.
   */
  MultiDataSet merged() {
    if (batches.size() == 1) {
      return batches.get(0);
    }
    List<INDArray @Nullable []> features = batches.stream().map(MultiDataSet::getFeatures).toList();
    List<INDArray @Nullable []> labels = batches.stream().map(MultiDataSet::getLabels).toList();
    List<INDArray @Nullable []> featuresMasks = new ArrayList<>();
    List<INDArray @Nullable []> labelsMasks = new ArrayList<>();
    for (MultiDataSet batch : batches) {
      featuresMasks.add(batch.getFeaturesMaskArrays());
      labelsMasks.add(batch.getLabelsMaskArrays());
    }
    if (!(alike(features) && alike(labels) && alike(featuresMasks) && alike(labelsMasks))) {
      return org.nd4j.linalg.dataset.MultiDataSet.merge(batches);
    }
    // Deeplearning4j's own merge would rewrite a mask of one column to one of all outputs.
    return new org.nd4j.linalg.dataset.MultiDataSet(
        joined(features), joined(labels), joined(featuresMasks), joined(labelsMasks));
  }

  /** Returns whether the arrays of all batches are present alike and differ in axis 0 alone. */
  private static boolean alike(List<INDArray @Nullable []> batches) {
    INDArray @Nullable [] first = batches.get(0);
    for (INDArray @Nullable [] arrays : batches) {
      if (arrays == null || first == null) {
        if (arrays != first) {
          return false;
        }
        continue;
      }
      for (int i = 0; i < first.length; i++) {
        if (!alike(first[i], arrays[i])) {
          return false;
        }
      }
    }
    return true;
  }

  private static boolean alike(@Nullable INDArray a, @Nullable INDArray b) {
    if (a == null || b == null) {
      return a == b;
    }
    long[] shape = b.shape().clone();
    if (shape.length != a.rank()) {
      return false;
    }
    shape[0] = a.size(0);
    return Arrays.equals(a.shape(), shape);
  }

  private static INDArray @Nullable [] joined(List<INDArray @Nullable []> batches) {
    INDArray @Nullable [] first = batches.get(0);
    if (first == null) {
      return null;
    }
    @Nullable INDArray[] joined = new INDArray[first.length];
    for (int i = 0; i < joined.length; i++) {
      if (first[i] != null) {
        INDArray[] parts = new INDArray[batches.size()];
        for (int batch = 0; batch < parts.length; batch++) {
          parts[batch] = Objects.requireNonNull(batches.get(batch))[i];
        }
        joined[i] = Nd4j.concat(0, parts);
      }
    }
    return joined;
  }

  private static MultiDataSet slice(MultiDataSet all, long start, long end) {
    if (start == 0 && end == examplesOf(all)) {
      return all;
    }
    return new org.nd4j.linalg.dataset.MultiDataSet(
        slices(all.getFeatures(), start, end),
        slices(all.getLabels(), start, end),
        slices(all.getFeaturesMaskArrays(), start, end),
        slices(all.getLabelsMaskArrays(), start, end));
  }

  private static INDArray @Nullable [] slices(INDArray @Nullable [] arrays, long start, long end) {
    if (arrays == null) {
      return null;
    }
    @Nullable INDArray[] slices = new INDArray[arrays.length];
    for (int i = 0; i < arrays.length; i++) {
      if (arrays[i] != null) {
        INDArrayIndex[] index = new INDArrayIndex[arrays[i].rank()];
        index[0] = NDArrayIndex.interval(start, end);
        for (int axis = 1; axis < index.length; axis++) {
          index[axis] = NDArrayIndex.all();
        }
        slices[i] = arrays[i].get(index).dup();
      }
    }
    return slices;
  }

  @SuppressWarnings("try") // the scope itself is the use
  private static MultiDataSet detachedCopy(MultiDataSet batch) {
    try (MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
      return new org.nd4j.linalg.dataset.MultiDataSet(
          copies(batch.getFeatures()),
          copies(batch.getLabels()),
          copies(batch.getFeaturesMaskArrays()),
          copies(batch.getLabelsMaskArrays()));
    }
  }

  private static INDArray @Nullable [] copies(INDArray @Nullable [] arrays) {
    if (arrays == null) {
      return null;
    }
    @Nullable INDArray[] copies = new INDArray[arrays.length];
    for (int i = 0; i < arrays.length; i++) {
      copies[i] = arrays[i] == null ? null : arrays[i].dup();
    }
    return copies;
  }

  private static void check(MultiDataSet batch, int index) {
    INDArray[] features = batch.getFeatures();
    INDArray[] labels = batch.getLabels();
    if (features == null || features.length == 0 || labels == null || labels.length == 0) {
      throw new IllegalArgumentException(
          "a batch must have features and labels, got batch %d without".formatted(index));
    }
    long examples = features[0].size(0);
    if (examples == 0) {
      throw new IllegalArgumentException(
          "a batch must have at least one example, got none in batch " + index);
    }
    checkExamples("features", features, examples, index);
    checkExamples("labels", labels, examples, index);
    checkExamples("features mask", batch.getFeaturesMaskArrays(), examples, index);
    checkExamples("labels mask", batch.getLabelsMaskArrays(), examples, index);
  }

  private static void checkExamples(
      String what, INDArray @Nullable [] arrays, long examples, int index) {
    if (arrays == null) {
      return;
    }
    for (int i = 0; i < arrays.length; i++) {
      if (arrays[i] != null && arrays[i].size(0) != examples) {
        throw new IllegalArgumentException(
            "%s %d has %d examples but features 0 has %d, in batch %d"
                .formatted(what, i, arrays[i].size(0), examples, index));
      }
    }
  }
}
