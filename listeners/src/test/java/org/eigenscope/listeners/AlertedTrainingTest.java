package org.eigenscope.listeners;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.tuple;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.eigenscope.listeners.alerts.Alert;
import org.eigenscope.listeners.alerts.AlertLimits;
import org.eigenscope.listeners.alerts.AlertSink;
import org.eigenscope.probes.Reading;
import org.eigenscope.probes.Spectrum;
import org.eigenscope.probes.SpectrumProbe;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/**
 * Alerts in process on trainings whose curvature the test chooses: a linear network's Hessian is
 * its data's second moment.
 */
@Timeout(120)
class AlertedTrainingTest {
  private static final int FEATURES = 6;
  private static final int EXAMPLES = 64;

  private final Random random = new Random(1);
  private final MultiLayerNetwork network = linearNetwork();
  private final List<Alert> told = Collections.synchronizedList(new ArrayList<>());
  private final BlockingQueue<ProbeEvent> events = new LinkedBlockingQueue<>();
  private final RecordingSink recording = new RecordingSink();

  @ParameterizedTest(name = "asynchronous: {0}")
  @ValueSource(booleans = {false, true})
  void aPlantedOutlierIsToldResolvedAndCapturedInFullOnce(boolean asynchronous) throws Exception {
    OnDemandSchedule deep = OnDemandSchedule.create();
    try (AlertSink alerts = alerts().deepCapture(deep).build();
        ProbeListener listener =
            listener(alerts, asynchronous)
                .probe(SpectrumProbe.builder().name("deep").top(3).draws(2).steps(6).build(), deep)
                .build()) {
      network.addListeners(listener);
      train(7, 1);
      List<Integer> high = new ArrayList<>(train(2, 4));
      assertThat(told).isEmpty();
      high.addAll(train(1, 4));
      assertThat(told)
          .extracting(Alert::name, Alert::state, Alert::iteration)
          .containsExactly(tuple("OutlierGrew", Alert.State.RAISED, high.get(2)));
      train(2, 1);

      assertThat(told)
          .extracting(Alert::state)
          .containsExactly(Alert.State.RAISED, Alert.State.RESOLVED);
      assertThat(listener.counts().failed()).isZero();
      // The first high reading asks, and the next is of the same iteration.
      assertThat(recording.told(Reading.class))
          .filteredOn(reading -> reading.provenance().probe().equals("deep"))
          .singleElement()
          .satisfies(
              reading -> {
                assertThat(reading.provenance().iteration()).isEqualTo(high.get(1));
                assertThat(reading.spectra())
                    .extracting(Spectrum::name)
                    .containsExactly(Spectrum.EIGENVALUES);
              });
    }
  }

  @Test
  void aLossThatIsNotFiniteStopsTheTrainingAtThisIteration() {
    try (AlertSink alerts = alerts().stopTraining(AlertedTrainingTest::isCritical).build();
        ProbeListener listener = listener(alerts, false).build()) {
      network.addListeners(listener);
      network.fit(minibatch(1));
      network.params().assign(Double.NaN);

      assertThatExceptionOfType(StopTrainingException.class)
          .isThrownBy(() -> network.fit(minibatch(1)))
          .withMessageStartingWith("alert LossNotFinite stops the training at iteration 1.");
      assertThat(told).extracting(Alert::name).containsExactly("LossNotFinite");
    }
  }

  @Test
  void aLossThatIsNotFiniteStopsAnAsynchronousTrainingAtTheNextIteration() throws Exception {
    try (AlertSink alerts = alerts().stopTraining(AlertedTrainingTest::isCritical).build();
        ProbeListener listener = listener(alerts, true).build()) {
      network.addListeners(listener);
      train(1, 1);
      network.params().assign(Double.NaN);
      train(1, 1);

      assertThatExceptionOfType(StopTrainingException.class)
          .isThrownBy(() -> network.fit(minibatch(1)))
          .withMessageStartingWith("alert LossNotFinite stops the training at iteration 1.");
    }
  }

  @Test
  void withoutTheHookNoAlertStopsATraining() {
    try (AlertSink alerts = alerts().build();
        ProbeListener listener = listener(alerts, false).build()) {
      network.addListeners(listener);
      network.params().assign(Double.NaN);

      assertThatCode(
              () -> {
                for (int i = 0; i < 3; i++) {
                  network.fit(minibatch(1));
                }
              })
          .doesNotThrowAnyException();
      assertThat(told).extracting(Alert::name).containsExactly("LossNotFinite", "ProbeFailing");
      assertThat(listener.counts()).isEqualTo(new ProbeListener.Counts(0, 3, 0, 0));
    }
  }

  private AlertSink.Builder alerts() {
    return AlertSink.builder()
        .withoutLog()
        .checkEvery(Duration.ZERO)
        // Probes that measure at every iteration of a tiny network.
        .limits(
            AlertLimits.defaults()
                .withOverhead(Double.POSITIVE_INFINITY)
                .withGradient(Double.POSITIVE_INFINITY))
        .onAlert(
            alert -> {
              // An asynchronous probe is right to complain of them.
              if (!alert.name().equals("ProbeSkipping")) {
                told.add(alert);
              }
            });
  }

  private ProbeListener.Builder listener(AlertSink alerts, boolean asynchronous) {
    ProbeListener.Builder builder =
        ProbeListener.builder()
            .probe(
                SpectrumProbe.builder().top(3).draws(0).build(), ProbeSchedule.everyIterations(1))
            .currentMinibatch()
            .sink(alerts)
            .sink(recording)
            .sink(
                new ReadingSink() {
                  @Override
                  public void accept(Reading reading) {}

                  @Override
                  public void report(ProbeEvent event) {
                    events.add(event);
                  }
                });
    return asynchronous ? builder.asynchronous() : builder;
  }

  /**
   * Trains on minibatches until some were measured; returns their iterations. An asynchronous probe
   * may still be busy when its reading has arrived, and the next minibatch be passed over.
   */
  private List<Integer> train(int measured, double scale) throws InterruptedException {
    List<Integer> iterations = new ArrayList<>();
    while (iterations.size() < measured) {
      int iteration = network.getIterationCount();
      network.fit(minibatch(scale));
      ProbeEvent event;
      do {
        event = events.poll(30, TimeUnit.SECONDS);
        assertThat(event).isNotNull();
      } while (event.iteration() != iteration || event.probe().equals("deep"));
      if (!(event instanceof ProbeEvent.Skipped)) {
        iterations.add(iteration);
      }
    }
    return iterations;
  }

  /** Returns normal features, the first of them scaled: one eigenvalue grows with its square. */
  private DataSet minibatch(double scale) {
    double[][] features = new double[EXAMPLES][FEATURES];
    double[][] labels = new double[EXAMPLES][1];
    for (int i = 0; i < EXAMPLES; i++) {
      for (int j = 0; j < FEATURES; j++) {
        features[i][j] = random.nextGaussian() * (j == 0 ? scale : 1);
      }
      labels[i][0] = random.nextGaussian();
    }
    return new DataSet(Nd4j.createFromArray(features), Nd4j.createFromArray(labels));
  }

  private static boolean isCritical(Alert alert) {
    return alert.severity() == Alert.Severity.CRITICAL;
  }

  private static MultiLayerNetwork linearNetwork() {
    MultiLayerNetwork network =
        new MultiLayerNetwork(
            new NeuralNetConfiguration.Builder()
                .seed(1)
                .updater(new Sgd(1e-3))
                .list()
                .layer(
                    new OutputLayer.Builder(LossFunction.MSE)
                        .nIn(FEATURES)
                        .nOut(1)
                        .activation(Activation.IDENTITY)
                        .build())
                .build());
    network.init();
    return network;
  }
}
