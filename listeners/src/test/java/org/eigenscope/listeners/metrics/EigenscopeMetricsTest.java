package org.eigenscope.listeners.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.eigenscope.listeners.Announcement;
import org.eigenscope.listeners.HandmadeReadings;
import org.eigenscope.listeners.ProbeEvent;
import org.eigenscope.probes.Measurement;
import org.eigenscope.probes.NormalizationReading;
import org.eigenscope.probes.Quantity;
import org.eigenscope.probes.Reading;
import org.eigenscope.probes.RecordedReading;
import org.eigenscope.probes.Spectrum;
import org.eigenscope.probes.SpectrumReading;
import org.eigenscope.probes.linalg.NonFiniteValueException;
import org.eigenscope.probes.linalg.QuadratureRule;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EigenscopeMetricsTest {

  private static final String[] PROBE = {"run", "run-1", "model", "lenet", "probe", "spectrum"};

  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
  private final EigenscopeMetrics metrics = EigenscopeMetrics.create();

  EigenscopeMetricsTest() {
    metrics.bindTo(registry);
  }

  @ParameterizedTest
  @CsvSource({
    "eigenscope.eigenvalue, end=largest rank=1, 12.5",
    "eigenscope.eigenvalue, end=largest rank=3, 2",
    "eigenscope.eigenvalue, end=smallest rank=1, -1.5",
    "eigenscope.eigenvalue.residual, end=largest rank=2, 2e-6",
    "eigenscope.eigenvalue.residual, end=smallest rank=1, 4e-6",
    "eigenscope.outliers, '', 2",
    "eigenscope.bulk.edge, side=upper, 2",
    "eigenscope.outlier.ratio, '', 6.25",
    "eigenscope.trace, '', 99",
    "eigenscope.trace.standard.error, '', 4.5",
    "eigenscope.negative.mass, '', 0.0625",
    "eigenscope.gradient.fraction, k=1, 0.5",
    "eigenscope.gradient.fraction, k=3, 0.7",
    "eigenscope.gradient.norm, '', 0.125",
    "eigenscope.loss, '', 0.75",
    "eigenscope.subspace.overlap, k=2, NaN",
    "eigenscope.stability.ratio, '', 0.25"
  })
  void showsEveryScalarOfASpectrumReading(String name, String more, double value) {
    metrics.accept(HandmadeReadings.spectrum(300));

    assertThat(gauge(name, tags(more)).value()).isEqualTo((Double) value);
  }

  @Test
  void everyMeterHasADescription() {
    metrics.announce(HandmadeReadings.announcementOf(HandmadeReadings.spectrum(0)));
    metrics.accept(HandmadeReadings.scalar("other", 1, "unannounced", Map.of(), 1));

    assertThat(registry.getMeters())
        .isNotEmpty()
        .allSatisfy(meter -> assertThat(meter.getId().getDescription()).isNotBlank());
  }

  @Test
  void announcedQuantitiesAreNaNBeforeTheFirstReading() {
    SpectrumReading reading = HandmadeReadings.spectrum(0);
    metrics.announce(HandmadeReadings.announcementOf(reading));

    for (Measurement measurement : reading.measurements()) {
      assertThat(gauge(measurement.name(), measurement.tags()).value()).isNaN();
    }
    assertThat(registry.get("eigenscope.probe.iteration").tags(PROBE).gauge().value()).isNaN();
    assertThat(registry.get("eigenscope.probe.timestamp").tags(PROBE).gauge().value()).isNaN();
    assertThat(registry.get("eigenscope.overhead.ratio").gauge().value()).isNaN();
    assertThat(registry.get("eigenscope.probe.failures").tags(PROBE).counter().count()).isZero();
    assertThat(registry.get("eigenscope.loss").gauge().getId().getDescription())
        .isEqualTo("What eigenscope.loss is, in a sentence");
  }

  @Test
  void saysWhatTheValuesBelongTo() {
    metrics.accept(HandmadeReadings.spectrum(300));

    assertThat(registry.get("eigenscope.probe.iteration").tags(PROBE).gauge().value())
        .isEqualTo(300);
    assertThat(registry.get("eigenscope.probe.timestamp").tags(PROBE).gauge().value())
        .isEqualTo(1767323045.5);
  }

  @Test
  void countsWhatHappensToProbes() {
    metrics.report(completed(100, 1_500_000_000L, 940, 0.125));
    metrics.report(completed(200, 500_000_000L, 60, 0.25));
    metrics.report(
        new ProbeEvent.Failed(
            "run-1", "lenet", "spectrum", 300, 250_000_000L, new IllegalStateException("boom")));
    metrics.report(new ProbeEvent.Skipped("run-1", "lenet", "spectrum", 400));

    var success =
        registry.get("eigenscope.probe.duration").tags(PROBE).tag("outcome", "success").timer();
    var failure =
        registry.get("eigenscope.probe.duration").tags(PROBE).tag("outcome", "failure").timer();
    assertThat(success.count()).isEqualTo(2);
    assertThat(success.totalTime(TimeUnit.MILLISECONDS)).isEqualTo(2000);
    assertThat(failure.count()).isEqualTo(1);
    assertThat(failure.totalTime(TimeUnit.MILLISECONDS)).isEqualTo(250);
    assertThat(counter("eigenscope.probe.matvecs")).isEqualTo(1000);
    assertThat(counter("eigenscope.probe.failures")).isEqualTo(1);
    assertThat(counter("eigenscope.probe.skipped")).isEqualTo(1);
    Gauge overhead = registry.get("eigenscope.overhead.ratio").gauge();
    assertThat(overhead.value()).isEqualTo(0.25);
    assertThat(overhead.getId().getTags())
        .containsExactly(Tag.of("model", "lenet"), Tag.of("run", "run-1"));
  }

  @Test
  void countsApartTheFailuresThatNonFiniteValuesCause() {
    var cause = NonFiniteValueException.ofScalar("loss", Double.NaN, 0);
    for (Throwable thrown :
        List.of(cause, new IllegalStateException(cause), new IllegalStateException("boom"))) {
      metrics.report(new ProbeEvent.Failed("run-1", "lenet", "spectrum", 100, 1, thrown));
    }

    assertThat(counter("eigenscope.probe.failures")).isEqualTo(3);
    assertThat(counter("eigenscope.probe.nonfinite")).isEqualTo(2);
  }

  @Test
  void countsWhatSinksMissedForEachSink() {
    metrics.report(undelivered("JournalSink", 1));
    metrics.report(undelivered("JournalSink", 2));
    metrics.report(undelivered("LogSink", 5));

    assertThat(missed("JournalSink")).isEqualTo(3);
    assertThat(missed("LogSink")).isEqualTo(5);
    assertThat(registry.find("eigenscope.probe.iteration").gauge()).isNull();
  }

  @Test
  void sinksThatMissThingsAreSeriesWithinTheBound() {
    EigenscopeMetrics bounded = EigenscopeMetrics.create(1);
    SimpleMeterRegistry own = new SimpleMeterRegistry();
    bounded.bindTo(own);

    for (int i = 0; i < 3; i++) {
      bounded.report(undelivered("JournalSink", 1));
      bounded.report(undelivered("LogSink", 1));
    }

    assertThat(own.get("eigenscope.sink.missed").counters()).hasSize(1);
    assertThat(own.get("eigenscope.series.refused").functionCounter().count()).isEqualTo(3);
  }

  private double missed(String sink) {
    return registry
        .get("eigenscope.sink.missed")
        .tags("run", "run-1", "model", "lenet", "sink", sink)
        .counter()
        .count();
  }

  private static ProbeEvent undelivered(String sink, long deliveries) {
    return new ProbeEvent.Undelivered("run-1", "lenet", "spectrum", 100, sink, deliveries, null);
  }

  @Test
  void keepsThePreviousValuesWhenAProbeFails() {
    metrics.accept(HandmadeReadings.spectrum(100));
    metrics.report(
        new ProbeEvent.Failed(
            "run-1", "lenet", "spectrum", 200, 1, new IllegalStateException("boom")));

    assertThat(gauge("eigenscope.loss", HandmadeReadings.TAGS).value()).isEqualTo(0.75);
    assertThat(registry.get("eigenscope.probe.iteration").gauge().value()).isEqualTo(100);
    assertThat(counter("eigenscope.probe.failures")).isEqualTo(1);
  }

  @Test
  void aScalarThatTheLastReadingLacksIsNaN() {
    metrics.accept(HandmadeReadings.scalar("p", 1, "first", Map.of(), 1));
    metrics.accept(HandmadeReadings.scalar("p", 2, "second", Map.of(), 2));

    assertThat(gauge("first", Map.of()).value()).isNaN();
    assertThat(gauge("second", Map.of()).value()).isEqualTo(2);
  }

  @Test
  void bindsToSeveralRegistriesAtAnyTime() {
    metrics.accept(HandmadeReadings.spectrum(100));
    SimpleMeterRegistry late = new SimpleMeterRegistry();
    metrics.bindTo(late);
    metrics.bindTo(late);
    metrics.accept(HandmadeReadings.scalar("other", 7, "later", Map.of(), 3));

    assertThat(ids(late)).containsExactlyInAnyOrderElementsOf(ids(registry));
    assertThat(late.get("eigenscope.loss").gauge().value()).isEqualTo(0.75);
    assertThat(late.get("later").gauge().value()).isEqualTo(3);
    assertThat(registry.get("later").gauge().value()).isEqualTo(3);
  }

  @Test
  void keepsRunsModelsAndProbesApart() {
    RecordedReading reading = RecordedReading.of(HandmadeReadings.spectrum(1));
    metrics.accept(reading);
    metrics.accept(HandmadeReadings.scalar("other", 2, "eigenscope.accuracy", Map.of(), 0.5));

    assertThat(registry.find("eigenscope.probe.iteration").gauges())
        .extracting(g -> g.getId().getTag("probe") + "=" + (int) g.value())
        .containsExactlyInAnyOrder("spectrum=1", "other=2");
    assertThat(registry.find("eigenscope.overhead.ratio").gauges()).hasSize(1);
  }

  @Test
  void runAndModelOfTheProvenanceWinOverTagsOfThatName() {
    metrics.accept(HandmadeReadings.scalar("p", 1, "value", Map.of("run", "mine"), 1));

    assertThat(registry.get("value").gauge().getId().getTag("run")).isEqualTo("run-1");
  }

  @Test
  void refusesANameWithOtherTagKeysAndCountsIt() {
    metrics.accept(HandmadeReadings.spectrum(1));
    metrics.accept(
        HandmadeReadings.scalar("other", 1, "eigenscope.loss", Map.of("dataset", "test"), 9));
    metrics.accept(
        HandmadeReadings.scalar("other", 2, "eigenscope.loss", Map.of("dataset", "test"), 9));

    assertThat(registry.find("eigenscope.loss").gauges()).hasSize(1);
    assertThat(gauge("eigenscope.loss", HandmadeReadings.TAGS).value()).isEqualTo(0.75);
    assertThat(refused()).isEqualTo(2);
  }

  @Test
  void aSeriesOfTwoProbesShowsTheNewestReading() {
    SimpleMeterRegistry late = new SimpleMeterRegistry();
    metrics.accept(HandmadeReadings.scalar("often", 64, "value", Map.of(), 1));
    metrics.accept(HandmadeReadings.scalar("seldom", 65, "value", Map.of(), 2));
    assertThat(gauge("value", Map.of()).value()).isEqualTo(2);
    metrics.bindTo(late);
    metrics.accept(HandmadeReadings.scalar("often", 128, "value", Map.of(), 3));

    assertThat(gauge("value", Map.of()).value()).isEqualTo(3);
    assertThat(late.get("value").gauge().value()).isEqualTo(3);
    assertThat(refused()).isZero();
  }

  @Test
  void ofTwoReadingsOfOneIterationTheFirstStays() {
    metrics.accept(HandmadeReadings.scalar("seldom", 0, "value", Map.of(), 1));
    metrics.accept(HandmadeReadings.scalar("often", 512, "value", Map.of(), 2));
    metrics.accept(HandmadeReadings.scalar("seldom", 512, "value", Map.of(), 3));
    assertThat(gauge("value", Map.of()).value()).isEqualTo(2);

    // Another training begins.
    metrics.accept(HandmadeReadings.scalar("seldom", 0, "value", Map.of(), 4));
    assertThat(gauge("value", Map.of()).value()).isEqualTo(4);
  }

  @Test
  void aReadingWithoutDrawsLeavesTheDensityOfAnotherProbe() {
    SpectrumReading full = HandmadeReadings.spectrum(512);
    SpectrumReading cheap = HandmadeReadings.withoutDraws(576);
    metrics.announce(HandmadeReadings.announcementOf(cheap));
    metrics.announce(HandmadeReadings.announcementOf(full));
    metrics.accept(full);
    metrics.accept(cheap);

    assertThat(gauge("eigenscope.trace", HandmadeReadings.TAGS).value()).isEqualTo(99);
    assertThat(gauge("eigenscope.negative.mass", HandmadeReadings.TAGS).value()).isEqualTo(0.0625);
    assertThat(gauge("eigenscope.loss", HandmadeReadings.TAGS).value()).isEqualTo(0.5);
    // Unknown without draws.
    assertThat(gauge("eigenscope.outliers", HandmadeReadings.TAGS).value()).isEqualTo(2);
    assertThat(registry.find("eigenscope.probe.iteration").gauges())
        .extracting(g -> g.getId().getTag("probe") + "=" + (int) g.value())
        .containsExactlyInAnyOrder("spectrum=512", "sharpness=576");
    assertThat(refused()).isZero();
  }

  @Test
  void tellsTheArmsOfAPairedReadingApart() {
    NormalizationReading reading = HandmadeReadings.paired(64);
    metrics.announce(HandmadeReadings.announcementOf(reading));
    assertThat(registry.find("eigenscope.loss").gauges()).hasSize(3);
    metrics.accept(reading);

    assertThat(registry.find("eigenscope.loss").gauges())
        .extracting(g -> g.getId().getTag("normalization") + "=" + g.value())
        .containsExactlyInAnyOrder("batch=0.75", "frozen=0.75", "population=NaN");
    assertThat(registry.find("eigenscope.contrast.outlier.ratio").gauges())
        .extracting(
            g -> g.getId().getTag("arm") + "/" + g.getId().getTag("reference") + "=" + g.value())
        .containsExactlyInAnyOrder("frozen/batch=1.0", "population/batch=NaN");
    for (Measurement measurement : reading.measurements()) {
      assertThat(gauge(measurement.name(), measurement.tags()).value())
          .isEqualTo((Double) measurement.value());
    }
    assertThat(refused()).isZero();
  }

  @Test
  void refusesAnotherSpellingOfASeriesThatAnotherProbeReports() {
    metrics.accept(HandmadeReadings.scalar("first", 1, "a.b", Map.of(), 1));
    metrics.accept(HandmadeReadings.scalar("second", 1, "a_b", Map.of(), 2));

    assertThat(gauge("a.b", Map.of()).value()).isEqualTo(1);
    assertThat(registry.find("a_b").gauge()).isNull();
    assertThat(refused()).isEqualTo(1);
  }

  @Test
  void refusesNamesThatPrometheusWouldConfuse() {
    metrics.accept(HandmadeReadings.scalar("p", 1, "a.b", Map.of("x.y", "1"), 1));
    metrics.accept(HandmadeReadings.scalar("p", 2, "a_b", Map.of("x_y", "1"), 2));

    assertThat(registry.find("a_b").gauge()).isNull();
    assertThat(refused()).isEqualTo(1);
  }

  @ParameterizedTest
  @CsvSource({
    "eigenscope.probe.iteration, k",
    "eigenscope_overhead_ratio, k",
    "1st, k",
    "name with spaces, k",
    "value, le",
    "value, quantile",
    "value, __name__",
    "value, a-b"
  })
  void refusesNamesAndTagsThatWouldBreakAScrape(String name, String key) {
    metrics.accept(HandmadeReadings.scalar("p", 1, name, Map.of(key, "v"), 1));

    assertThat(refused()).isEqualTo(1);
    assertThat(registry.find("eigenscope.probe.iteration").gauges()).hasSize(1);
    assertThat(registry.find("value").gauge()).isNull();
  }

  @Test
  void refusesASpectrumAndAScalarOfOneName() {
    metrics.accept(HandmadeReadings.spectrum(1));
    metrics.accept(
        HandmadeReadings.scalar("p", 1, "eigenscope.spectrum", HandmadeReadings.TAGS, 1));

    assertThat(registry.find("eigenscope.spectrum").gauge()).isNull();
    assertThat(refused()).isEqualTo(1);
  }

  @Test
  void boundsTheNumberOfSeries() {
    SimpleMeterRegistry small = new SimpleMeterRegistry();
    EigenscopeMetrics bounded = EigenscopeMetrics.create(1 + OwnMeter.SERIES_PER_PROBE + 5);
    bounded.bindTo(small);
    for (int i = 0; i < 8; i++) {
      Map<String, String> tags = Map.of("layer", "layer-" + i);
      bounded.accept(HandmadeReadings.scalar("p", i, "value", tags, i));
    }
    bounded.accept(HandmadeReadings.scalar("p", 8, "value", Map.of("layer", "layer-0"), 42));
    bounded.accept(HandmadeReadings.scalar("one probe too many", 1, "other", Map.of(), 1));
    bounded.report(new ProbeEvent.Skipped("another run", "m", "p", 1));

    assertThat(small.find("value").gauges()).hasSize(5);
    assertThat(small.get("value").tag("layer", "layer-0").gauge().value()).isEqualTo(42);
    assertThat(small.find("eigenscope.probe.iteration").gauges()).hasSize(1);
    assertThat(small.get("eigenscope.series.refused").functionCounter().count()).isEqualTo(5);
  }

  @Test
  void aSpectrumCountsForItsBuckets() {
    SimpleMeterRegistry small = new SimpleMeterRegistry();
    EigenscopeMetrics bounded = EigenscopeMetrics.create(1 + OwnMeter.SERIES_PER_PROBE + 2 + 47);
    bounded.bindTo(small);
    bounded.accept(HandmadeReadings.layers(1, 1, 1, 1));

    assertThat(small.get("eigenscope.series.refused").functionCounter().count()).isEqualTo(1);
    assertThat(small.get("eigenscope.trace").gauge().value()).isEqualTo(1);
  }

  @Test
  void rejectsABoundBelowOne() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> EigenscopeMetrics.create(0))
        .withMessage("maximumSeries must be at least 1, got 0");
  }

  @Test
  void showsReadingsOfAnyProbeWithoutAnAnnouncement() {
    Reading reading =
        new RecordedReading(
            HandmadeReadings.provenance("home-made", 5),
            List.of(
                new Measurement("my.value", Map.of("a", "1"), 1),
                new Measurement("my.value", Map.of("a", "2"), 2)),
            List.of(
                new Spectrum(
                    "my.spectrum",
                    Map.of(),
                    3,
                    List.of(new QuadratureRule(new double[] {1}, new double[] {1})))),
            List.of());
    metrics.accept(reading);

    assertThat(registry.get("my.value").tag("a", "2").gauge().value()).isEqualTo(2);
  }

  /** Gauges whose object had been collected would be NaN. */
  @Test
  void holdsItsValuesStrongly() {
    SimpleMeterRegistry kept = new SimpleMeterRegistry();
    EigenscopeMetrics unheld = EigenscopeMetrics.create();
    unheld.bindTo(kept);
    unheld.accept(HandmadeReadings.spectrum(1));

    assertThat(kept.find("eigenscope.loss").gauge()).extracting(Gauge::value).isEqualTo(0.75);
  }

  @Test
  void survivesARegistryWhoseNamesClash() {
    MeterRegistry clashing = new SimpleMeterRegistry();
    clashing.counter("eigenscope.loss", tagList(HandmadeReadings.TAGS));
    metrics.bindTo(clashing);
    metrics.accept(HandmadeReadings.spectrum(1));

    assertThat(gauge("eigenscope.loss", HandmadeReadings.TAGS).value()).isEqualTo(0.75);
    assertThat(clashing.get("eigenscope.trace").gauge().value()).isEqualTo(99);
  }

  /** Every value of reading i is i, so that a mixture shows. */
  @Test
  void aConsistentScrapeNeverMixesTwoReadings() throws Exception {
    int readings = 2000;
    int quantities = 40;
    metrics.accept(uniform(0, quantities));
    List<Gauge> gauges = new ArrayList<>(registry.find("value").gauges());
    gauges.add(registry.get("eigenscope.probe.iteration").gauge());
    assertThat(gauges).hasSize(quantities + 1);
    CountDownLatch scrapersReady = new CountDownLatch(2);
    ExecutorService threads = Executors.newFixedThreadPool(2);
    try {
      List<Future<Integer>> scrapers = new ArrayList<>();
      for (int t = 0; t < 2; t++) {
        scrapers.add(
            threads.submit(
                () -> {
                  scrapersReady.countDown();
                  int distinct = 0;
                  double before = -1;
                  while (before < readings) {
                    double[] values =
                        EigenscopeMetrics.consistently(
                            () -> gauges.stream().mapToDouble(Gauge::value).toArray());
                    assertThat(values).containsOnly(values[0]);
                    assertThat(values[0]).isGreaterThanOrEqualTo(before);
                    distinct += values[0] > before ? 1 : 0;
                    before = values[0];
                  }
                  return distinct;
                }));
      }
      assertThat(scrapersReady.await(30, TimeUnit.SECONDS)).isTrue();
      for (int i = 1; i <= readings; i++) {
        metrics.accept(uniform(i, quantities));
      }
      for (Future<Integer> scraper : scrapers) {
        assertThat(scraper.get(60, TimeUnit.SECONDS)).isPositive();
      }
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  void withinAScrapeTheFirstReadingSeenStays() {
    metrics.accept(uniform(1, 2));
    Gauge gauge = registry.find("value").gauges().iterator().next();

    double[] seen =
        EigenscopeMetrics.consistently(
            () -> {
              double first = gauge.value();
              metrics.accept(uniform(2, 2));
              double second = EigenscopeMetrics.consistently(gauge::value);
              return new double[] {first, second, gauge.value()};
            });

    assertThat(seen).containsExactly(1, 1, 1);
    assertThat(gauge.value()).isEqualTo(2);
  }

  @Test
  void publishesFromSeveralThreadsAtOnce() throws Exception {
    int publishers = 4;
    int readings = 200;
    ExecutorService threads = Executors.newFixedThreadPool(publishers);
    try {
      List<Future<?>> running = new ArrayList<>();
      for (int p = 0; p < publishers; p++) {
        String probe = "probe-" + p;
        running.add(
            threads.submit(
                () -> {
                  for (int i = 0; i < readings; i++) {
                    Map<String, String> tags = Map.of("k", probe + "-" + i % 10);
                    metrics.announce(
                        new Announcement(
                            "run-1", "lenet", probe, List.of(new Quantity("v", tags, "d"))));
                    metrics.accept(HandmadeReadings.scalar(probe, i, "v", tags, i));
                    metrics.report(new ProbeEvent.Completed("run-1", "lenet", probe, i, 1, 1, 0.5));
                  }
                }));
      }
      for (Future<?> publisher : running) {
        publisher.get(60, TimeUnit.SECONDS);
      }
    } finally {
      threads.shutdownNow();
    }
    assertThat(registry.find("v").gauges()).hasSize(publishers * 10);
    assertThat(registry.find("eigenscope.probe.matvecs").counters())
        .hasSize(publishers)
        .allSatisfy(counter -> assertThat(counter.count()).isEqualTo(readings));
    assertThat(refused()).isZero();
  }

  private static Reading uniform(int value, int quantities) {
    List<Measurement> measurements = new ArrayList<>();
    for (int i = 0; i < quantities; i++) {
      measurements.add(new Measurement("value", Map.of("k", Integer.toString(i)), value));
    }
    return new RecordedReading(
        HandmadeReadings.provenance("uniform", value), measurements, List.of(), List.of());
  }

  private static ProbeEvent completed(
      int iteration, long elapsedNanos, long matvecs, double overhead) {
    return new ProbeEvent.Completed(
        "run-1", "lenet", "spectrum", iteration, elapsedNanos, matvecs, overhead);
  }

  private Gauge gauge(String name, Map<String, String> tags) {
    Gauge gauge = registry.find(name).tags(tagList(tags)).gauge();
    assertThat(gauge).as("%s %s", name, tags).isNotNull();
    assertThat(gauge.getId().getTags()).hasSameElementsAs(tagList(tags));
    return gauge;
  }

  private static List<Tag> tagList(Map<String, String> tags) {
    Map<String, String> all = new TreeMap<>(tags);
    all.put("run", "run-1");
    all.put("model", "lenet");
    return all.entrySet().stream().map(tag -> Tag.of(tag.getKey(), tag.getValue())).toList();
  }

  /** Returns the common tags and more, given as {@code "key=value key=value"}. */
  private static Map<String, String> tags(String more) {
    Map<String, String> all = new TreeMap<>(HandmadeReadings.TAGS);
    for (String tag : more.split(" ", -1)) {
      if (!tag.isEmpty()) {
        String[] parts = tag.split("=", 2);
        all.put(parts[0], parts[1]);
      }
    }
    return all;
  }

  private double counter(String name) {
    return registry.get(name).tags(PROBE).counter().count();
  }

  private double refused() {
    return registry.get("eigenscope.series.refused").functionCounter().count();
  }

  private static List<Meter.Id> ids(MeterRegistry of) {
    return of.getMeters().stream().map(Meter::getId).toList();
  }
}
