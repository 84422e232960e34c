package org.eigenscope.listeners;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.eigenscope.listeners.journal.JournalSink;
import org.eigenscope.listeners.metrics.EigenscopeMetrics;
import org.eigenscope.probes.RecordedReading;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.dataset.DataSet;

/** What a training with a listener does when the machine lets it down. */
class FaultsTest {
  private static final List<DataSet> BATCHES = Trainings.flat(4);

  /** Linux's device on which there is never any space left. */
  private static final Path FULL = Path.of("/dev/full");

  private final RecordingSink sink = new RecordingSink();
  private final MultiLayerNetwork network = Trainings.perceptron();

  @Test
  void aFullDiskCostsReadingsOfTheJournalThatAreCountedAndNothingElse() {
    assumeTrue(Files.isWritable(FULL), "there is no " + FULL);
    EigenscopeMetrics metrics = EigenscopeMetrics.create();
    SimpleMeterRegistry registry = new SimpleMeterRegistry();
    metrics.bindTo(registry);
    MultiLayerNetwork alone = Trainings.perceptron();
    BATCHES.forEach(alone::fit);

    ProbeListener.Counts counts;
    try (JournalSink journal = JournalSink.open(FULL);
        ProbeListener listener =
            builder(FakeProbe.idle("probe")).sink(journal).sink(metrics).build()) {
      network.addListeners(listener);
      BATCHES.forEach(network::fit);
      counts = listener.counts();
    }

    assertThat(network.params()).isEqualTo(alone.params());
    assertThat(counts).isEqualTo(new ProbeListener.Counts(4, 0, 0, 4));
    assertThat(sink.told(RecordedReading.class)).hasSize(4);
    assertThat(sink.told(ProbeEvent.Undelivered.class))
        .extracting(ProbeEvent.Undelivered::sink)
        .containsOnly("JournalSink")
        .hasSize(4);
    assertThat(sink.told(ProbeEvent.Undelivered.class).get(3).cause())
        .hasMessageContaining("iteration 3")
        .hasMessageContaining("No space left on device");
    assertThat(
            registry
                .get("eigenscope.sink.missed")
                .tags("run", "default", "model", "model", "sink", "JournalSink")
                .counter()
                .count())
        .isEqualTo(4);
  }

  @Test
  void aClockThatGoesBackMovesTimestampsAndNothingElse() {
    List<Instant> times =
        List.of(
            Instant.parse("2026-11-21T12:00:00Z"),
            Instant.parse("2026-11-21T11:00:00Z"),
            Instant.EPOCH,
            Instant.parse("2026-11-21T12:00:03Z"));
    Iterator<Instant> wallClock = times.iterator();
    InstantSource source = wallClock::next;
    Clock clock = source.withZone(ZoneOffset.UTC);
    AtomicLong nanos = new AtomicLong(Long.MAX_VALUE - 30);
    FakeProbe probe = FakeProbe.doing(snapshot -> nanos.addAndGet(20));
    EigenscopeMetrics metrics = EigenscopeMetrics.create();
    SimpleMeterRegistry registry = new SimpleMeterRegistry();
    metrics.bindTo(registry);

    try (ProbeListener listener = builder(probe).sink(metrics).time(clock, nanos::get).build()) {
      network.addListeners(listener);
      for (int i = 0; i < times.size(); i++) {
        network.fit(BATCHES.get(i));
        assertThat(registry.get("eigenscope.probe.timestamp").gauge().value())
            .isEqualTo((double) times.get(i).getEpochSecond());
        assertThat(registry.get("eigenscope.probe.iteration").gauge().value()).isEqualTo(i);
      }
      assertThat(listener.counts()).isEqualTo(new ProbeListener.Counts(4, 0, 0, 0));
    }

    assertThat(sink.told(RecordedReading.class))
        .extracting(reading -> reading.provenance().time())
        .isEqualTo(times);
    assertThat(sink.told(ProbeEvent.Completed.class))
        .extracting(ProbeEvent.Completed::elapsedNanos)
        .containsOnly(20L);
    assertThat(sink.told(ProbeEvent.Completed.class))
        .extracting(ProbeEvent.Completed::overheadRatio)
        .allSatisfy(ratio -> assertThat(ratio).isBetween(0.0, 1.0));
  }

  private ProbeListener.Builder builder(FakeProbe probe) {
    return ProbeListener.builder()
        .probe(probe, ProbeSchedule.everyIterations(1))
        .data(BATCHES.get(0))
        .sink(sink);
  }
}
