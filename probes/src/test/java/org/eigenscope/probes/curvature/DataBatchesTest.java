package org.eigenscope.probes.curvature;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import org.deeplearning4j.datasets.iterator.utilty.ListDataSetIterator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.MultiDataSet;
import org.nd4j.linalg.dataset.adapter.MultiDataSetIteratorAdapter;
import org.nd4j.linalg.factory.Nd4j;

class DataBatchesTest {

  private static DataSet numbered(int from, int to) {
    INDArray features = Nd4j.arange(from, to).castTo(DataType.DOUBLE).reshape(to - from, 1);
    return new DataSet(features, features.mul(-1));
  }

  @ParameterizedTest(name = "{0} examples in batches of {1} give {2}")
  @CsvSource({
    "12, 5, '5 7'", // 2 left over are under half of 5 and join
    "13, 5, '5 5 3'", // 3 are not
    "10, 4, '4 4 2'", // exactly half stays
    "10, 5, '5 5'",
    "3, 5, '3'",
    "1, 1, '1'",
    "7, 2147483647, '7'"
  })
  void lastBatchUnderHalfTheSizeJoins(int examples, int size, String expected) {
    DataBatches batches = DataBatches.of(numbered(0, examples)).rebatched(size);

    List<Long> sizes = batches.batches().stream().map(DataBatches::examplesOf).toList();
    assertThat(sizes.toString().replaceAll("[\\[\\],]", "")).isEqualTo(expected);
    assertThat(batches.examples()).isEqualTo(examples);
  }

  @Test
  void rebatchingKeepsOrderAndMasks() {
    INDArray features = Nd4j.arange(12).castTo(DataType.DOUBLE).reshape(6, 2);
    INDArray mask = Nd4j.arange(6).castTo(DataType.DOUBLE).reshape(6, 1);
    MultiDataSet all =
        new MultiDataSet(
            new INDArray[] {features, features.add(1)},
            new INDArray[] {features.add(2)},
            null,
            new INDArray[] {mask});

    DataBatches batches = DataBatches.of(DataBatches.of(all).rebatched(4).batches()).rebatched(3);

    assertThat(batches.batches()).hasSize(2);
    assertThat(batches.merged().getFeatures(1)).isEqualTo(features.add(1));
    assertThat(batches.merged().getLabels(0)).isEqualTo(features.add(2));
    assertThat(batches.batches().get(1).getLabelsMaskArray(0).toDoubleVector())
        .containsExactly(3, 4, 5);
  }

  @Test
  void selectsExamplesOfAllBatchesInTheOrderAskedFor() {
    INDArray images = Nd4j.arange(24).castTo(DataType.DOUBLE).reshape(6, 1, 2, 2);
    INDArray labels = Nd4j.arange(6).castTo(DataType.DOUBLE).reshape(6, 1);
    MultiDataSet all =
        new MultiDataSet(
            new INDArray[] {images}, new INDArray[] {labels}, null, new INDArray[] {labels});

    DataBatches selected = DataBatches.of(all).rebatched(2).selected(4, 0, 3);

    assertThat(selected.batches()).hasSize(1);
    var batch = selected.batches().get(0);
    assertThat(batch.getLabels(0).toDoubleVector()).containsExactly(4, 0, 3);
    assertThat(batch.getLabelsMaskArray(0).toDoubleVector()).containsExactly(4, 0, 3);
    assertThat(batch.getFeatures(0).shape()).containsExactly(3, 1, 2, 2);
    assertThat(batch.getFeatures(0).slice(0)).isEqualTo(images.slice(4));
    assertThat(batch.getFeatures(0).slice(2)).isEqualTo(images.slice(3));
  }

  @Test
  void rejectsASelectionOfNoneOrOfOthers() {
    DataBatches batches = DataBatches.of(numbered(0, 3));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> batches.selected())
        .withMessage("at least one example must be selected, got none");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> batches.selected(1, 3))
        .withMessage("examples must be between 0 and 2, got 3");
  }

  @Test
  void copiesItsArrays() {
    DataSet data = numbered(0, 3);
    DataBatches batches = DataBatches.of(data);

    data.getFeatures().assign(9);

    assertThat(batches.batches().get(0).getFeatures(0).toDoubleVector()).containsExactly(0, 1, 2);
  }

  @Test
  void readsAnIteratorFromItsStartAndLeavesItThere() {
    ListDataSetIterator<DataSet> iterator = new ListDataSetIterator<>(numbered(0, 5).batchBy(1), 2);
    iterator.next();

    assertThat(DataBatches.from(iterator).examples()).isEqualTo(5);
    assertThat(iterator.next().getFeatures().getDouble(0)).isZero();
    assertThat(DataBatches.from(new MultiDataSetIteratorAdapter(iterator)).examples()).isEqualTo(5);
  }

  @Test
  void rejectsWhatIsNoBatch() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> DataBatches.of(List.of()))
        .withMessage("data must hold at least one batch, got none");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> DataBatches.of(new DataSet(Nd4j.ones(3, 2), Nd4j.ones(2, 1))))
        .withMessage("labels 0 has 2 examples but features 0 has 3, in batch 0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> DataBatches.of(new DataSet(Nd4j.ones(3, 2), null)))
        .withMessage("a batch must have features and labels, got batch 0 without");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> DataBatches.of(numbered(0, 3)).rebatched(0))
        .withMessage("batch size must be at least 1, got 0");
  }
}
