package org.eigenscope.examples.howto;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.deeplearning4j.datasets.iterator.utilty.ListDataSetIterator;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.optimize.api.BaseTrainingListener;
import org.eigenscope.listeners.OnDemandSchedule;
import org.eigenscope.listeners.ProbeListener;
import org.eigenscope.listeners.ProbeSchedule;
import org.eigenscope.listeners.ReadingSink;
import org.eigenscope.listeners.StopTrainingException;
import org.eigenscope.listeners.alerts.AlertSink;
import org.eigenscope.probes.Provenance;
import org.eigenscope.probes.SpectrumProbe;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.api.iterator.DataSetIterator;

/** The snippets of docs/how-to/be-alerted-without-prometheus.md, run. */
class AlertsTest {
  private final MultiLayerNetwork network = Quadrants.network(false);
  private final DataSet examples = Quadrants.examples();

  @Test
  void aLossThatIsNotFiniteIsToldAndStopsTheTraining() {
    List<String> messages = new ArrayList<>();
    network.params().assign(Double.NaN);
    DataSetIterator trainingData = new ListDataSetIterator<>(examples.asList(), 32);

    assertThatExceptionOfType(StopTrainingException.class)
        .isThrownBy(() -> train(network, trainingData, examples, messages::add));

    assertThat(messages)
        .singleElement()
        .asString()
        .isEqualTo(
            "CRITICAL: Run mnist, model model: 1 measurement(s) of sharpness since the last"
                + " reading met a NaN or an infinity");
  }

  @Test
  void aJumpIsMeasuredInFull() {
    List<Provenance> readings = new ArrayList<>();
    ReadingSink journal = reading -> readings.add(reading.provenance());

    try (ProbeListener listener = deepCapturing(examples, journal)) {
      network.addListeners(
          new BaseTrainingListener() {
            @Override
            public void iterationDone(Model model, int iteration, int epoch) {
              if (iteration == 70) {
                model.params().muli(20);
              }
            }
          },
          listener);
      for (int i = 0; i < 75; i++) {
        network.fit(examples);
      }
    }

    assertThat(readings)
        .filteredOn(provenance -> provenance.probe().equals("spectrum"))
        .extracting(Provenance::iteration)
        .containsExactly(71);
  }

  private static void train(
      MultiLayerNetwork network,
      DataSetIterator trainingData,
      DataSet probeSet,
      Consumer<String> messenger) {
    int epochs = 1;
    try (AlertSink alerts =
            AlertSink.builder()
                .onAlert(alert -> messenger.accept(alert.severity() + ": " + alert.summary()))
                .stopTraining(alert -> alert.name().equals("LossNotFinite")) // if you want that
                .build();
        ProbeListener listener =
            ProbeListener.builder()
                .probe(SpectrumProbe.sharpness(), ProbeSchedule.everyIterations(50))
                .data(probeSet)
                .sink(alerts)
                .run("mnist")
                .build()) {
      network.addListeners(listener);
      network.fit(trainingData, epochs);
    }
  }

  private static ProbeListener deepCapturing(DataSet probeSet, ReadingSink journal) {
    OnDemandSchedule deep = OnDemandSchedule.create();
    AlertSink alerts = AlertSink.builder().deepCapture(deep).build();
    ProbeListener listener =
        ProbeListener.builder()
            .probe(SpectrumProbe.sharpness(), ProbeSchedule.everyIterations(10))
            .probe(SpectrumProbe.defaults(), deep)
            .data(probeSet)
            .sink(alerts)
            .sink(journal)
            .build();
    return listener;
  }
}
