package org.eigenscope.listeners;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.eigenscope.probes.SpectrumProbe;
import org.eigenscope.probes.SpectrumReading;
import org.eigenscope.probes.curvature.BatchNormMode;
import org.eigenscope.probes.curvature.DataBatches;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.dataset.DataSet;

/** What readings say of the statistics that batch normalization uses. */
class BatchStatisticsTest {

  @ParameterizedTest
  @EnumSource(names = {"BATCH", "POPULATION"})
  void readingsOnOneBatchSayThatItIsThePopulation(BatchNormMode mode) {
    List<DataSet> images = Trainings.images(2);
    String coincide =
        "the data are one batch: batch normalization in batch and population mode coincide";

    assertThat(notes(mode, DataBatches.of(images.get(0)))).contains(coincide);
    DataBatches two = DataBatches.of(images.stream().map(DataSet::toMultiDataSet).toList());
    assertThat(notes(mode, two)).doesNotContain(coincide);
  }

  @ParameterizedTest
  @EnumSource(names = {"BATCH", "POPULATION"})
  void readingsOnTheMinibatchSayThatItIsThePopulation(BatchNormMode mode) {
    assertThat(notes(mode, null)).anyMatch(note -> note.contains("coincide"));
  }

  /** Returns the notes of a reading on data, or on the current minibatch. */
  private static List<String> notes(BatchNormMode mode, @Nullable DataBatches data) {
    RecordingSink sink = new RecordingSink();
    SpectrumProbe probe =
        SpectrumProbe.builder().batchNorm(mode).steps(2).draws(1).top(1).bottom(0).build();
    ProbeListener.Builder builder =
        ProbeListener.builder().probe(probe, ProbeSchedule.at(0)).sink(sink);
    try (ProbeListener listener =
        (data == null ? builder.currentMinibatch() : builder.data(data)).build()) {
      MultiLayerNetwork network = Trainings.batchNormCnn();
      network.addListeners(listener);
      network.fit(Trainings.images(1).get(0));
    }
    return sink.told(SpectrumReading.class).get(0).notes();
  }
}
