package org.eigenscope.listeners.web;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.eigenscope.listeners.alerts.Alert;
import org.eigenscope.probes.Measurement;
import org.eigenscope.probes.Provenance;
import org.eigenscope.probes.RecordedReading;
import org.eigenscope.probes.Spectrum;
import org.jspecify.annotations.Nullable;

/**
 * Turns what happens into server-sent events, whose data are one line of JSON each: whatever a name
 * holds, JSON has escaped line ends and quotation marks.
 */
final class EventFormat {

  /** How long a browser waits before it connects again. */
  private static final int RETRY_MILLIS = 2000;

  /** Digits of eigenvalues and masses in a frame: more than a screen shows. */
  private static final int DIGITS = 5;

  /** Notes of a frame that leaves everything else out. */
  private static final int MAX_NOTES = 20;

  private static final int MAX_MESSAGE = 500;

  private static final JsonFactory factory = new JsonFactory();

  /** Writes the fields of an object. */
  private interface Fields {
    void write(JsonGenerator json) throws IOException;
  }

  private EventFormat() {}

  static byte[] hello(Hello hello, Instant now) {
    byte[] data =
        object(
            json -> {
              json.writeStringField("source", hello.source());
              json.writeStringField("title", hello.title());
              json.writeStringField("version", hello.version());
              json.writeStringField("now", now.toString());
              json.writeStringField("state", hello.finished() ? "finished" : "open");
              json.writeStringField("instance", hello.instance());
            });
    return event("retry: %d\nevent: hello\n".formatted(RETRY_MILLIS), data);
  }

  static byte[] beat(Instant now) {
    return event("event: beat\n", object(json -> json.writeStringField("now", now.toString())));
  }

  static byte[] probe(ProbeState probe) {
    return event(
        "event: probe\n",
        object(
            json -> {
              json.writeStringField("run", probe.run());
              json.writeStringField("model", probe.model());
              json.writeStringField("probe", probe.probe());
              json.writeNumberField("iteration", probe.iteration());
              json.writeStringField("outcome", probe.outcome());
              write(json, "seconds", probe.seconds());
              json.writeStringField("message", oneLine(probe.message()));
              json.writeNumberField("completed", probe.completed());
              json.writeNumberField("failed", probe.failed());
              json.writeNumberField("skipped", probe.skipped());
              write(json, "overheadRatio", probe.overheadRatio());
            }));
  }

  static byte[] alert(Alert alert) {
    return event(
        "event: alert\n",
        object(
            json -> {
              json.writeStringField("name", alert.name());
              json.writeStringField("severity", lowerCase(alert.severity()));
              json.writeStringField("state", lowerCase(alert.state()));
              json.writeStringField("run", alert.run());
              json.writeStringField("model", alert.model());
              json.writeStringField("probe", alert.probe());
              write(json, alert.tags());
              json.writeNumberField("iteration", alert.iteration());
              json.writeStringField("time", alert.time().toString());
              write(json, "value", alert.value());
              write(json, "limit", alert.limit());
              json.writeStringField("summary", alert.summary());
              json.writeStringField("runbook", alert.runbook());
            }));
  }

  /**
   * Returns the event of a reading.
   *
   * @param instance the server's, without a line end
   * @param largest bytes beyond which the data leave out the spectra, and then the measurements,
   *     with a note that says so
   */
  static byte[] reading(String instance, long id, RecordedReading reading, int largest) {
    byte[] data =
        frame(id, reading, reading.measurements(), reading.spectra(), reading.notes(), null);
    if (data.length > largest) {
      data = frame(id, reading, reading.measurements(), List.of(), reading.notes(), "spectra");
    }
    if (data.length > largest) {
      List<String> notes =
          reading.notes().stream().limit(MAX_NOTES).map(EventFormat::shortened).toList();
      data = frame(id, reading, List.of(), List.of(), notes, "measurements and spectra");
    }
    return event("id: %s-%d\nevent: reading\n".formatted(instance, id), data);
  }

  private static byte[] frame(
      long id,
      RecordedReading reading,
      List<Measurement> measurements,
      List<Spectrum> spectra,
      List<String> notes,
      @Nullable String leftOut) {
    return object(
        json -> {
          Provenance provenance = reading.provenance();
          json.writeNumberField("id", id);
          json.writeStringField("probe", provenance.probe());
          json.writeStringField("run", provenance.run());
          json.writeStringField("model", provenance.model());
          json.writeNumberField("iteration", provenance.iteration());
          json.writeNumberField("epoch", provenance.epoch());
          json.writeStringField("time", provenance.time().toString());
          write(json, "seconds", provenance.seconds());
          json.writeNumberField("examples", provenance.examples());
          json.writeNumberField("matvecs", provenance.matvecs());
          json.writeArrayFieldStart("measurements");
          for (Measurement measurement : measurements) {
            json.writeStartObject();
            json.writeStringField("name", measurement.name());
            write(json, measurement.tags());
            write(json, "value", measurement.value());
            json.writeEndObject();
          }
          json.writeEndArray();
          json.writeArrayFieldStart("spectra");
          for (Spectrum spectrum : spectra) {
            write(json, spectrum);
          }
          json.writeEndArray();
          json.writeArrayFieldStart("notes");
          for (String note : notes) {
            json.writeString(note);
          }
          if (leftOut != null) {
            json.writeString(
                "the live page leaves out this reading's %s, which are too many; /api/readings has them"
                    .formatted(leftOut));
          }
          json.writeEndArray();
        });
  }

  private static void write(JsonGenerator json, Spectrum spectrum) throws IOException {
    SpectrumBins bins = SpectrumBins.of(spectrum);
    json.writeStartObject();
    json.writeStringField("name", spectrum.name());
    write(json, spectrum.tags());
    json.writeNumberField("order", spectrum.order());
    write(json, "values", bins.values());
    write(json, "masses", bins.masses());
    json.writeEndObject();
  }

  private static void write(JsonGenerator json, Map<String, String> tags) throws IOException {
    json.writeObjectFieldStart("tags");
    for (Map.Entry<String, String> tag : tags.entrySet()) {
      json.writeStringField(tag.getKey(), tag.getValue());
    }
    json.writeEndObject();
  }

  private static void write(JsonGenerator json, String field, double[] values) throws IOException {
    json.writeArrayFieldStart(field);
    for (double value : values) {
      json.writeNumber(rounded(value));
    }
    json.writeEndArray();
  }

  private static void write(JsonGenerator json, String field, double value) throws IOException {
    if (Double.isFinite(value)) {
      json.writeNumberField(field, value);
    } else {
      json.writeNullField(field);
    }
  }

  /** Returns a number's first digits, so that its text is short. */
  private static double rounded(double value) {
    int exponent = DIGITS - 1 - (int) Math.floor(Math.log10(Math.abs(value)));
    // Powers of ten with positive exponents are the exact ones.
    double power = Math.pow(10, Math.abs(exponent));
    double rounded =
        exponent >= 0 ? Math.rint(value * power) / power : Math.rint(value / power) * power;
    // Zero, and what is beyond the range of the power.
    return Double.isFinite(rounded) && rounded != 0 ? rounded : value;
  }

  private static String lowerCase(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }

  private static @Nullable String oneLine(@Nullable String text) {
    return text == null ? null : shortened(text.strip().replaceAll("\\s*\\R\\s*", " "));
  }

  private static String shortened(String text) {
    return text.length() <= MAX_MESSAGE ? text : text.substring(0, MAX_MESSAGE) + "...";
  }

  private static byte[] object(Fields fields) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (JsonGenerator json = factory.createGenerator(bytes)) {
      json.writeStartObject();
      fields.write(json);
      json.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException("an event could not be written as JSON", e);
    }
    return bytes.toByteArray();
  }

  private static byte[] event(String head, byte[] data) {
    ByteArrayOutputStream event = new ByteArrayOutputStream(head.length() + data.length + 16);
    event.writeBytes((head + "data: ").getBytes(StandardCharsets.UTF_8));
    event.writeBytes(data);
    event.writeBytes(new byte[] {'\n', '\n'});
    return event.toByteArray();
  }
}
