package org.eigenscope.listeners.web;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.eigenscope.listeners.HandmadeReadings;
import org.eigenscope.listeners.ProbeEvent;
import org.eigenscope.listeners.alerts.Alert;
import org.eigenscope.probes.Measurement;
import org.eigenscope.probes.Provenance;
import org.eigenscope.probes.RecordedReading;
import org.eigenscope.probes.Spectrum;
import org.junit.jupiter.api.Test;

class EventFormatTest {
  private static final String EVIL =
      "a\nb\r\nevent: alert\ndata: \"q\" 'x' </script><img src=x onerror=alert(1)> \u2028 \\";
  private static final int PLENTY = Integer.MAX_VALUE;
  private static final Instant NOW = Instant.parse("2026-01-02T03:04:05Z");

  /** Returns the data of an event that must be whole and of one line. */
  private static JsonNode data(byte[] event, String... head) throws Exception {
    String text = new String(event, StandardCharsets.UTF_8);
    List<String> lines = text.lines().toList();
    assertThat(text).endsWith("\n\n").doesNotContain("\r");
    assertThat(lines).hasSize(head.length + 2).startsWith(head);
    String data = lines.get(head.length);
    assertThat(data).startsWith("data: {");
    return new ObjectMapper().readTree(data.substring("data: ".length()));
  }

  @Test
  void aFrameIsTheReadingWithItsSpectraReduced() throws Exception {
    RecordedReading reading = RecordedReading.of(HandmadeReadings.spectrum(300));

    JsonNode frame =
        data(EventFormat.reading("abc", 7, reading, PLENTY), "id: abc-7", "event: reading");

    assertThat(frame.path("id").longValue()).isEqualTo(7);
    assertThat(frame.path("probe").textValue()).isEqualTo("spectrum");
    assertThat(frame.path("run").textValue()).isEqualTo("run-1");
    assertThat(frame.path("model").textValue()).isEqualTo("lenet");
    assertThat(frame.path("iteration").intValue()).isEqualTo(300);
    assertThat(frame.path("epoch").intValue()).isEqualTo(2);
    assertThat(frame.path("time").textValue()).isEqualTo("2026-01-02T03:04:05.500Z");
    assertThat(frame.path("seconds").doubleValue()).isEqualTo(1.25);
    assertThat(frame.path("examples").longValue()).isEqualTo(512);
    assertThat(frame.path("matvecs").longValue()).isEqualTo(940);
    assertThat(frame.path("measurements")).hasSize(reading.measurements().size());
    for (int i = 0; i < reading.measurements().size(); i++) {
      Measurement measurement = reading.measurements().get(i);
      JsonNode node = frame.path("measurements").get(i);
      assertThat(node.path("name").textValue()).isEqualTo(measurement.name());
      assertThat(node.path("tags")).hasSize(measurement.tags().size());
      if (Double.isNaN(measurement.value())) {
        assertThat(node.path("value").isNull()).isTrue();
      } else {
        assertThat(node.path("value").doubleValue()).isEqualTo(measurement.value());
      }
    }
    JsonNode spectrum = frame.path("spectra").get(0);
    assertThat(spectrum.path("name").textValue()).isEqualTo(Spectrum.EIGENVALUES);
    assertThat(spectrum.path("tags").path("operator").textValue()).isEqualTo("hessian");
    assertThat(spectrum.path("order").longValue()).isEqualTo(990);
    assertThat(numbers(spectrum.path("values"))).containsExactly(-1.5, -0.5, 0, 0.1, 12.5, 20_000);
    assertThat(numbers(spectrum.path("masses")))
        .containsExactly(0.125, 0.25, 0.25, 0.125, 0.125, 0.125);
    assertThat(frame.path("notes")).hasSize(1);
  }

  private static double[] numbers(JsonNode array) {
    double[] numbers = new double[array.size()];
    Arrays.setAll(numbers, i -> array.get(i).doubleValue());
    return numbers;
  }

  @Test
  void spectraAreSmallEnoughForATelephone() throws Exception {
    Spectrum spectrum = SpectrumBinsTest.spread(3, 10, 90, 7.3);
    RecordedReading reading =
        new RecordedReading(
            HandmadeReadings.provenance("spectrum", 1), List.of(), List.of(spectrum), List.of());

    byte[] event = EventFormat.reading("abc", 1, reading, PLENTY);

    assertThat(event.length).isLessThan(8000);
    JsonNode masses =
        data(event, "id: abc-1", "event: reading").path("spectra").get(0).path("masses");
    assertThat(Arrays.stream(numbers(masses)).sum()).isBetween(0.9999, 1.0001);
  }

  @Test
  void namesCannotBreakOutOfTheirLine() throws Exception {
    RecordedReading reading =
        new RecordedReading(
            new Provenance(EVIL, EVIL, EVIL, 1, 1, NOW, 1, 1, 1, 1, Map.of(), Map.of()),
            List.of(new Measurement(EVIL, Map.of(EVIL, EVIL), 1)),
            List.of(),
            List.of(EVIL));

    JsonNode frame =
        data(EventFormat.reading("abc", 1, reading, PLENTY), "id: abc-1", "event: reading");

    assertThat(frame.path("run").textValue()).isEqualTo(EVIL);
    assertThat(frame.path("measurements").get(0).path("tags").path(EVIL).textValue())
        .isEqualTo(EVIL);
    assertThat(frame.path("notes").get(0).textValue()).isEqualTo(EVIL);
    ProbeState failed =
        ProbeState.after(
            null,
            new ProbeEvent.Failed(EVIL, EVIL, EVIL, 3, 2_000_000_000L, new RuntimeException(EVIL)));
    JsonNode probe = data(EventFormat.probe(failed), "event: probe");
    assertThat(probe.path("probe").textValue()).isEqualTo(EVIL);
    assertThat(probe.path("message").textValue())
        .startsWith("java.lang.RuntimeException: a b event: alert data: \"q\"")
        .doesNotContain("\n");
    Alert alert =
        new Alert(
            EVIL,
            Alert.Severity.WARNING,
            Alert.State.RAISED,
            EVIL,
            EVIL,
            EVIL,
            Map.of(EVIL, EVIL),
            1,
            NOW,
            Double.NaN,
            2,
            EVIL,
            EVIL);
    JsonNode told = data(EventFormat.alert(alert), "event: alert");
    assertThat(told.path("summary").textValue()).isEqualTo(EVIL);
    assertThat(told.path("severity").textValue()).isEqualTo("warning");
    assertThat(told.path("state").textValue()).isEqualTo("raised");
    assertThat(told.path("value").isNull()).isTrue();
    assertThat(told.path("limit").doubleValue()).isEqualTo(2);
    Hello hello = new Hello("journal", EVIL, EVIL, "abc", false);
    assertThat(
            data(EventFormat.hello(hello, NOW), "retry: 2000", "event: hello")
                .path("title")
                .textValue())
        .isEqualTo(EVIL);
  }

  @Test
  void aReadingThatIsTooLargeLosesItsSpectraFirst() throws Exception {
    List<Measurement> measurements = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      measurements.add(new Measurement("m" + i, Map.of(), i));
    }
    RecordedReading reading =
        new RecordedReading(
            HandmadeReadings.provenance("a", 1),
            measurements,
            List.of(SpectrumBinsTest.spread(3, 10, 90, 1)),
            List.of("a note"));

    JsonNode without =
        data(EventFormat.reading("abc", 1, reading, 6000), "id: abc-1", "event: reading");
    JsonNode neither =
        data(EventFormat.reading("abc", 1, reading, 1000), "id: abc-1", "event: reading");

    assertThat(without.path("spectra")).isEmpty();
    assertThat(without.path("measurements")).hasSize(100);
    assertThat(without.path("notes").get(1).textValue())
        .isEqualTo(
            "the live page leaves out this reading's spectra, which are too many;"
                + " /api/readings has them");
    assertThat(neither.path("measurements")).isEmpty();
    assertThat(neither.path("notes")).hasSize(2);
  }

  @Test
  void probesAreCounted() throws Exception {
    ProbeState state =
        ProbeState.after(null, new ProbeEvent.Completed("r", "m", "p", 1, 1_500_000_000L, 9, 0.25));
    state = ProbeState.after(state, new ProbeEvent.Skipped("r", "m", "p", 2));

    JsonNode skipped = data(EventFormat.probe(state), "event: probe");

    assertThat(skipped.path("outcome").textValue()).isEqualTo("skipped");
    assertThat(skipped.path("iteration").intValue()).isEqualTo(2);
    assertThat(skipped.path("seconds").isNull()).isTrue();
    assertThat(skipped.path("message").isNull()).isTrue();
    assertThat(skipped.path("completed").intValue()).isEqualTo(1);
    assertThat(skipped.path("failed").intValue()).isZero();
    assertThat(skipped.path("skipped").intValue()).isEqualTo(1);
    assertThat(skipped.path("overheadRatio").doubleValue()).isEqualTo(0.25);
  }
}
