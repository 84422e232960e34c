package org.eigenscope.listeners;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.nio.file.Path;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.dataset.DataSet;
import org.slf4j.LoggerFactory;

class SavedListenerTest {
  private final FakeProbe probe = FakeProbe.idle("probe");
  private final DataSet batch = Trainings.flat(1).get(0);
  private final ProbeListener listener =
      ProbeListener.builder()
          .probe(probe, ProbeSchedule.everyIterations(1))
          .currentMinibatch()
          .sink(new RecordingSink())
          .asynchronous()
          .run("tuesday")
          .build();

  @AfterEach
  void close() {
    listener.close();
  }

  @Test
  void aNetworkWithTheListenerClonesAndSavesAndSerialises(@TempDir Path directory)
      throws Exception {
    MultiLayerNetwork network = Trainings.perceptron();
    network.addListeners(listener);
    network.fit(batch);

    MultiLayerNetwork clone = network.clone();
    Path file = directory.resolve("model.zip");
    ModelSerializer.writeModel(network, file.toFile(), true);
    MultiLayerNetwork restored = ModelSerializer.restoreMultiLayerNetwork(file.toFile());
    MultiLayerNetwork copy = serialised(network);

    assertThat(clone.params()).isEqualTo(network.params());
    assertThat(restored.params()).isEqualTo(network.params());
    assertThat(copy.params()).isEqualTo(network.params());
    assertThat(network.getListeners()).containsExactly(listener);
  }

  @Test
  void aGraphWithTheListenerClonesAndSavesAndSerialises(@TempDir Path directory) throws Exception {
    ComputationGraph graph = Trainings.graph();
    graph.addListeners(listener);
    graph.fit(Trainings.pairs(1).get(0));

    ComputationGraph clone = graph.clone();
    Path file = directory.resolve("model.zip");
    ModelSerializer.writeModel(graph, file.toFile(), true);
    ComputationGraph restored = ModelSerializer.restoreComputationGraph(file.toFile());
    ComputationGraph copy = serialised(graph);

    assertThat(clone.params()).isEqualTo(graph.params());
    assertThat(restored.params()).isEqualTo(graph.params());
    assertThat(copy.params()).isEqualTo(graph.params());
    assertThat(graph.getListeners()).containsExactly(listener);
  }

  @Test
  void aDeserialisedListenerDoesNothingAndSaysSoOnce() throws Exception {
    ProbeListener detached = serialised(listener);
    Logger logger = (Logger) LoggerFactory.getLogger(ProbeListener.class);
    ListAppender<ILoggingEvent> logged = new ListAppender<>();
    logged.start();
    logger.addAppender(logged);
    logger.setAdditive(false);
    Level level = logger.getLevel();
    logger.setLevel(Level.WARN);
    try {
      MultiLayerNetwork network = Trainings.perceptron();
      network.addListeners(detached);
      network.fit(Trainings.iterator(Trainings.flat(3)), 2);
      detached.close();
    } finally {
      logger.detachAppender(logged);
      logger.setAdditive(true);
      logger.setLevel(level);
    }

    assertThat(probe.snapshots()).isEmpty();
    assertThat(detached.counts()).isEqualTo(new ProbeListener.Counts(0, 0, 0, 0));
    assertThat(logged.list)
        .extracting(ILoggingEvent::getFormattedMessage)
        .containsExactly(
            "The probe listener of run tuesday, model model was deserialised without its probes "
                + "and sinks and does nothing; attach a new one");
  }

  @SuppressWarnings("unchecked")
  private static <T> T serialised(T object) throws IOException, ClassNotFoundException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(object);
    }
    try (ObjectInputStream in =
        new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
      return (T) in.readObject();
    }
  }
}
