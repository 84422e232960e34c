package org.eigenscope.listeners.web;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.eigenscope.listeners.HandmadeReadings;
import org.eigenscope.listeners.ProbeEvent;
import org.eigenscope.probes.Reading;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;

class LiveFeedTest {
  private static final long PATIENCE = TimeUnit.SECONDS.toNanos(30);

  private final LiveFeed feed = LiveFeed.ofTraining("a training");
  private final AtomicInteger lost = new AtomicInteger();

  @AfterEach
  void close() {
    feed.close();
  }

  /** What a client is told: names of events, with ids of readings, iterations and states. */
  private static List<String> told(Subscriber subscriber, int count) throws Exception {
    List<String> told = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      told.add(text(subscriber.next(PATIENCE)));
    }
    assertThat(subscriber.next(0)).isNull();
    return told;
  }

  private static String text(byte[] event) throws Exception {
    JsonNode data = data(event);
    String head = new String(event, StandardCharsets.UTF_8);
    String name = head.replaceFirst("(?s).*event: (\\w+)\n.*", "$1");
    return switch (name) {
      case "hello" -> "hello " + data.path("state").textValue();
      case "reading" -> "reading " + data.path("id").longValue();
      case "probe" ->
          "probe %s %s".formatted(data.path("probe").textValue(), data.path("outcome").textValue());
      case "alert" ->
          "alert %s %s".formatted(data.path("name").textValue(), data.path("state").textValue());
      default -> name;
    };
  }

  private static JsonNode data(byte[] event) throws Exception {
    String text = new String(event, StandardCharsets.UTF_8);
    return new ObjectMapper().readTree(text.substring(text.indexOf("data: ") + 6));
  }

  private static String instance(Subscriber subscriber) {
    return subscriber.greeted().instance();
  }

  private Subscriber subscribe(String lastEventId) {
    return feed.subscribe(lastEventId, lost::incrementAndGet);
  }

  private static Reading loss(int iteration, double loss) {
    return HandmadeReadings.scalar(
        "spectrum", iteration, "eigenscope.loss", HandmadeReadings.TAGS, loss);
  }

  @Test
  void tellsWhatIsKeptAndThenWhatHappens() throws Exception {
    feed.accept(HandmadeReadings.spectrum(10));
    feed.accept(HandmadeReadings.spectrum(20));
    feed.report(new ProbeEvent.Completed("run-1", "lenet", "spectrum", 10, 1, 1, 0.5));
    feed.report(new ProbeEvent.Skipped("run-1", "lenet", "spectrum", 20));
    feed.report(new ProbeEvent.Skipped("run-1", "lenet", "sharpness", 20));
    try (Subscriber subscriber = subscribe(null)) {
      assertThat(told(subscriber, 5))
          .containsExactly(
              "hello open",
              "reading 1",
              "reading 2",
              "probe spectrum skipped",
              "probe sharpness skipped");

      feed.accept(HandmadeReadings.spectrum(30));
      feed.report(
          new ProbeEvent.Failed("run-1", "lenet", "spectrum", 40, 1, new RuntimeException("x")));

      assertThat(told(subscriber, 2)).containsExactly("reading 3", "probe spectrum failed");
    }
  }

  @Test
  void tellsALargeHistoryInItsOrder() throws Exception {
    for (int i = 0; i < 300; i++) {
      feed.accept(loss(i, 1));
    }
    List<String> expected = new ArrayList<>();
    expected.add("hello open");
    for (int i = 1; i <= 300; i++) {
      expected.add("reading " + i);
    }
    try (Subscriber subscriber = subscribe(null)) {
      assertThat(told(subscriber, 301)).isEqualTo(expected);
    }
  }

  @Test
  void resumesAfterTheLastEventOfItsOwn() throws Exception {
    String instance;
    try (Subscriber first = subscribe(null)) {
      instance = instance(first);
    }
    for (int i = 0; i < 5; i++) {
      feed.accept(loss(i, 1));
    }
    try (Subscriber resumed = subscribe(instance + "-3")) {
      assertThat(told(resumed, 3)).containsExactly("hello open", "reading 4", "reading 5");
    }
    try (Subscriber resumed = subscribe(instance + "-5")) {
      assertThat(told(resumed, 1)).containsExactly("hello open");
    }
  }

  @ParameterizedTest
  @NullSource
  @ValueSource(
      strings = {
        "",
        "1",
        "other-1",
        "INSTANCE",
        "INSTANCE-",
        "INSTANCE-x",
        "INSTANCE-3",
        "INSTANCE--1"
      })
  void anIdThatIsNotItsOwnIsNoId(String lastEventId) throws Exception {
    String id = null;
    if (lastEventId != null) {
      try (Subscriber first = subscribe(null)) {
        id = lastEventId.replace("INSTANCE", instance(first));
      }
    }
    feed.accept(loss(1, 1));
    feed.accept(loss(2, 1));
    try (Subscriber subscriber = subscribe(id)) {
      assertThat(told(subscriber, 3)).containsExactly("hello open", "reading 1", "reading 2");
    }
  }

  @Test
  void tellsAlertsOfItsReadingsAndTheirEnd() throws Exception {
    String instance;
    try (Subscriber subscriber = subscribe(null)) {
      instance = instance(subscriber);
      feed.accept(loss(1, 1));
      feed.accept(loss(2, Double.NaN));

      assertThat(told(subscriber, 4))
          .containsExactly("hello open", "reading 1", "reading 2", "alert LossNotFinite raised");
    }
    try (Subscriber fresh = subscribe(null)) {
      assertThat(told(fresh, 4)).endsWith("alert LossNotFinite raised");
    }
    for (int i = 3; i < 6; i++) {
      feed.accept(loss(i, 1));
    }
    try (Subscriber fresh = subscribe(null)) {
      assertThat(told(fresh, 6)).endsWith("reading 4", "reading 5");
    }
    try (Subscriber resumed = subscribe(instance + "-2")) {
      assertThat(told(resumed, 5)).endsWith("reading 5", "alert LossNotFinite resolved");
    }
  }

  @Test
  void losesAClientThatDoesNotTakeItsEventsAndNobodyElse() throws Exception {
    try (Subscriber slow = subscribe(null);
        Subscriber quick = subscribe(null)) {
      assertThat(told(slow, 1)).containsExactly("hello open");
      assertThat(told(quick, 1)).containsExactly("hello open");
      for (int i = 1; i <= Subscriber.MAXIMUM_EVENTS + 1; i++) {
        feed.accept(loss(i, 1));
        assertThat(told(quick, 1)).containsExactly("reading " + i);
      }

      assertThat(lost).hasValue(1);
      assertThatThrownBy(() -> slow.next(0)).isInstanceOf(Subscriber.LostException.class);
    }
  }

  @Test
  void losesAClientForWhomTooManyBytesWait() throws Exception {
    try (Subscriber slow = subscribe(null)) {
      assertThat(told(slow, 1)).containsExactly("hello open");
      Reading large = HandmadeReadings.layers(1, 2000, 3, 1);
      int events = 0;
      while (lost.get() == 0) {
        feed.accept(large);
        events++;
        assertThat(events).isLessThan(Subscriber.MAXIMUM_EVENTS / 10);
      }
      assertThatThrownBy(() -> slow.next(0)).isInstanceOf(Subscriber.LostException.class);
    }
  }

  @Test
  void aClientThatCatchesUpIsNotSlow() throws Exception {
    try (Subscriber late = subscribe(null)) {
      for (int i = 1; i <= 1900; i++) {
        feed.accept(loss(i, 1));
      }
      assertThat(told(late, 1901)).startsWith("hello open", "reading 1").endsWith("reading 1900");
      assertThat(lost).hasValue(0);
    }
  }

  @Test
  void closingTellsThatTheTrainingIsFinished() throws Exception {
    try (Subscriber live = subscribe(null);
        Subscriber behind = subscribe(null)) {
      assertThat(told(live, 1)).containsExactly("hello open");
      feed.accept(loss(1, 1));
      feed.close();
      feed.accept(loss(2, 1));
      feed.report(new ProbeEvent.Skipped("r", "m", "p", 2));

      assertThat(told(live, 2)).containsExactly("reading 1", "hello finished");
      assertThat(live.isOver()).isTrue();
      assertThat(told(behind, 3)).containsExactly("hello open", "reading 1", "hello finished");
      assertThat(behind.isOver()).isTrue();
    }
    try (Subscriber late = subscribe(null)) {
      assertThat(told(late, 2)).containsExactly("hello finished", "reading 1");
      assertThat(late.isOver()).isTrue();
    }
  }

  @Test
  void aJournalIsNeverFinished() throws Exception {
    LiveFeed journal = LiveFeed.ofJournal("run.jsonl");
    try (Subscriber subscriber = journal.subscribe(null, () -> {})) {
      JsonNode hello = data(subscriber.next(0));
      assertThat(hello.path("source").textValue()).isEqualTo("journal");
      assertThat(hello.path("title").textValue()).isEqualTo("run.jsonl");
      assertThat(subscriber.next(0)).isNull();
      journal.close();
      assertThat(subscriber.next(0)).isNull();
      assertThat(subscriber.isOver()).isTrue();
    }
  }

  @ParameterizedTest
  @CsvSource({"live, true", "journal, false"})
  void onlyATrainingCanFallSilent(String source, boolean told) throws Exception {
    AtomicReference<Instant> now = new AtomicReference<>(HandmadeReadings.TIME);
    Clock clock =
        new Clock() {
          @Override
          public Instant instant() {
            return now.get();
          }

          @Override
          public ZoneId getZone() {
            return ZoneOffset.UTC;
          }

          @Override
          public Clock withZone(ZoneId zone) {
            return this;
          }
        };
    try (LiveFeed other = new LiveFeed(source, "title", clock, new History(10, 1 << 20));
        Subscriber subscriber = other.subscribe(null, () -> {})) {
      other.accept(HandmadeReadings.scalar("silent", 1, "a", Map.of(), 1));
      now.set(HandmadeReadings.TIME.plus(Duration.ofDays(30)));
      other.accept(HandmadeReadings.scalar("reads", 2, "a", Map.of(), 1));

      List<String> expected = new ArrayList<>(List.of("hello open", "reading 1", "reading 2"));
      if (told) {
        expected.add("alert ReadingsStale raised");
      }
      assertThat(told(subscriber, expected.size())).isEqualTo(expected);
    }
  }

  @Test
  void restartingForgetsEverythingAndLosesEverybody() throws Exception {
    feed.accept(loss(1, Double.POSITIVE_INFINITY));
    feed.report(new ProbeEvent.Skipped("r", "m", "p", 2));
    String instance;
    try (Subscriber live = subscribe(null);
        Subscriber behind = subscribe(null)) {
      instance = instance(live);
      assertThat(told(live, 4)).hasSize(4);
      assertThat(behind.next(0)).isNotNull();

      feed.restart();

      assertThat(lost).hasValue(1);
      assertThatThrownBy(() -> live.next(0)).isInstanceOf(Subscriber.LostException.class);
      assertThatThrownBy(() -> behind.next(0)).isInstanceOf(Subscriber.LostException.class);
    }
    feed.accept(loss(1, 1));
    try (Subscriber again = subscribe(instance + "-1")) {
      assertThat(instance(again)).isNotEqualTo(instance);
      assertThat(told(again, 2)).containsExactly("hello open", "reading 1");
    }
  }

  @Test
  void forgetsTheOldestProbe() throws Exception {
    for (int i = 0; i <= LiveFeed.MAXIMUM_PROBES; i++) {
      feed.report(new ProbeEvent.Skipped("r", "m", "probe-" + i, 2));
    }
    try (Subscriber subscriber = subscribe(null)) {
      assertThat(told(subscriber, LiveFeed.MAXIMUM_PROBES + 1))
          .startsWith("hello open", "probe probe-1 skipped")
          .endsWith("probe probe-1000 skipped");
    }
  }

  @Test
  void forgetsAnAlertThatIsOverBeforeOneThatLasts() throws Exception {
    int iteration = 0;
    for (int layer = 0; layer < LiveFeed.MAXIMUM_ALERTS; layer++) {
      feed.accept(loss(iteration++, layer, Double.POSITIVE_INFINITY));
    }
    for (int i = 0; i < 3; i++) {
      feed.accept(loss(iteration++, 100, 1));
    }
    feed.accept(loss(iteration, LiveFeed.MAXIMUM_ALERTS, Double.POSITIVE_INFINITY));

    assertThat(layersOfAlerts())
        .hasSize(LiveFeed.MAXIMUM_ALERTS)
        .contains("0")
        .doesNotContain("100");

    feed.accept(loss(iteration + 1, LiveFeed.MAXIMUM_ALERTS + 1, Double.POSITIVE_INFINITY));

    assertThat(layersOfAlerts()).hasSize(LiveFeed.MAXIMUM_ALERTS).doesNotContain("0").contains("1");
  }

  private static Reading loss(int iteration, int layer, double loss) {
    Map<String, String> tags = new TreeMap<>(HandmadeReadings.TAGS);
    tags.put("layer", Integer.toString(layer));
    return HandmadeReadings.scalar("spectrum", iteration, "eigenscope.loss", tags, loss);
  }

  /** Returns the layers of all alerts that are kept, also of those that are over. */
  private List<String> layersOfAlerts() throws Exception {
    List<String> layers = new ArrayList<>();
    String instance;
    try (Subscriber first = subscribe(null)) {
      instance = instance(first);
    }
    try (Subscriber resumed = subscribe(instance + "-0")) {
      for (byte[] event = resumed.next(0); event != null; event = resumed.next(0)) {
        if (text(event).startsWith("alert")) {
          layers.add(data(event).path("tags").path("layer").textValue());
        }
      }
    }
    return layers;
  }
}
