package org.eigenscope.listeners;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.eigenscope.probes.Measurement;
import org.eigenscope.probes.Provenance;
import org.eigenscope.probes.RecordedReading;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class LogSinkTest {
  private final Logger logger = new LoggerContext().getLogger("test");
  private final ListAppender<ILoggingEvent> logged = new ListAppender<>();

  @BeforeEach
  void collect() {
    logged.start();
    logger.addAppender(logged);
    logger.setLevel(Level.INFO);
  }

  @Test
  void aReadingIsOneLineWithItsHeadlines() {
    accept(
        List.of(
            new Measurement("eigenscope.eigenvalue", largest(1), 12.34567),
            new Measurement("eigenscope.eigenvalue", largest(2), 8),
            new Measurement("eigenscope.outliers", Map.of("operator", "hessian"), 9),
            new Measurement("eigenscope.trace", Map.of(), 103.25),
            new Measurement("eigenscope.trace.standard.error", Map.of(), 2.125),
            new Measurement("eigenscope.loss", Map.of(), 0.30119)),
        List.of("dropout is switched off"));

    assertThat(logged.list)
        .singleElement()
        .satisfies(event -> assertThat(event.getLevel()).isEqualTo(Level.INFO))
        .extracting(ILoggingEvent::getFormattedMessage)
        .isEqualTo(
            "spectrum of run/model, iteration 100, epoch 2: loss 0.3012; eigenvalue{rank=1} 12.35; "
                + "outliers 9; trace 103.3 ± 2.125; 3.250 s; dropout is switched off");
  }

  @Test
  void aReadingWithoutHeadlinesShowsItsFirstScalars() {
    accept(
        List.of(
            new Measurement("a.b", Map.of(), Double.NaN),
            new Measurement("a.b.standard.error", Map.of(), 0.5),
            new Measurement("eigenscope.c", Map.of(), -1e-9),
            new Measurement("d", Map.of(), 1e9),
            new Measurement("e", Map.of(), 1),
            new Measurement("f", Map.of(), 2),
            new Measurement("g", Map.of(), 3),
            new Measurement("h", Map.of(), 4)),
        List.of());

    assertThat(logged.list)
        .extracting(ILoggingEvent::getFormattedMessage)
        .containsExactly(
            "spectrum of run/model, iteration 100, epoch 2: a b NaN ± 0.5000; c -1.000e-09; "
                + "d 1.000e+09; e 1; f 2; g 3; 3.250 s");
  }

  @Test
  void aReadingWithoutDrawsHasNoTraceInItsLine() {
    new LogSink(logger).accept(HandmadeReadings.withoutDraws(64));

    assertThat(logged.list)
        .extracting(ILoggingEvent::getFormattedMessage)
        .containsExactly(
            "sharpness of run-1/lenet, iteration 64, epoch 2: loss 0.5000; eigenvalue{rank=1} 14; "
                + "outliers NaN; 1.250 s");
  }

  @Test
  void aPairedReadingSaysWhoseHeadlinesItShows() {
    new LogSink(logger).accept(HandmadeReadings.paired(64));

    assertThat(logged.list)
        .singleElement()
        .extracting(ILoggingEvent::getFormattedMessage)
        .asString()
        .startsWith(
            "normalization of run-1/lenet, iteration 64, epoch 2: loss{normalization=batch}")
        .endsWith("population: could not be measured: loss must be finite");
  }

  @Test
  void aMessageIsNoPattern() {
    accept(List.of(), List.of("what {} is"));

    assertThat(logged.list.get(0).getFormattedMessage()).endsWith("3.250 s; what {} is");
  }

  private void accept(List<Measurement> measurements, List<String> notes) {
    Provenance provenance =
        new Provenance(
            "spectrum",
            "run",
            "model",
            100,
            2,
            Instant.EPOCH,
            3.25,
            64,
            1,
            900,
            Map.of(),
            Map.of());
    new LogSink(logger).accept(new RecordedReading(provenance, measurements, List.of(), notes));
  }

  private static Map<String, String> largest(int rank) {
    return Map.of("operator", "hessian", "end", "largest", "rank", Integer.toString(rank));
  }
}
