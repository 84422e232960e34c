package org.eigenscope.listeners.journal;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.io.JsonEOFException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.eigenscope.probes.Measurement;
import org.eigenscope.probes.Provenance;
import org.eigenscope.probes.Reading;
import org.eigenscope.probes.RecordedReading;
import org.eigenscope.probes.Spectrum;
import org.eigenscope.probes.linalg.QuadratureRule;

/** Turns readings into lines and back, field by field; the package's page has the format. */
final class JournalFormat {

  /** The schema of lines that are written, and the newest that can be read. */
  static final int SCHEMA = 1;

  private static final ObjectMapper mapper =
      JsonMapper.builder().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS).build();

  private JournalFormat() {}

  /** A line that is not a reading. */
  static final class CorruptLineException extends Exception {
    private static final long serialVersionUID = 1L;

    CorruptLineException(String message) {
      super(message);
    }

    CorruptLineException(String message, Throwable cause) {
      super(message, cause);
    }
  }

  /** A line that ends before its object does. */
  static final class TornLineException extends Exception {
    private static final long serialVersionUID = 1L;

    TornLineException(Throwable cause) {
      super("the line ends in the middle of a reading", cause);
    }
  }

  /** A line of a schema to come. */
  static final class UnknownSchemaException extends Exception {
    private static final long serialVersionUID = 1L;

    UnknownSchemaException(int schema) {
      super(
          "the line has schema %d, but this version of Eigenscope reads schemas up to %d; "
                  .formatted(schema, SCHEMA)
              + "read it with a newer version");
    }
  }

  /** Returns a reading as one line with its line feed. */
  static byte[] line(Reading reading) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (JsonGenerator json = mapper.createGenerator(bytes)) {
      json.writeStartObject();
      json.writeNumberField("schema", SCHEMA);
      json.writeFieldName("provenance");
      write(json, reading.provenance());
      json.writeArrayFieldStart("measurements");
      for (Measurement measurement : reading.measurements()) {
        json.writeStartObject();
        json.writeStringField("name", measurement.name());
        write(json, "tags", measurement.tags());
        json.writeFieldName("value");
        write(json, measurement.value());
        json.writeEndObject();
      }
      json.writeEndArray();
      json.writeArrayFieldStart("spectra");
      for (Spectrum spectrum : reading.spectra()) {
        write(json, spectrum);
      }
      json.writeEndArray();
      json.writeArrayFieldStart("notes");
      for (String note : reading.notes()) {
        json.writeString(note);
      }
      json.writeEndArray();
      json.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException("a reading could not be written as JSON", e);
    }
    bytes.write('\n');
    return bytes.toByteArray();
  }

  private static void write(JsonGenerator json, Provenance provenance) throws IOException {
    json.writeStartObject();
    json.writeStringField("probe", provenance.probe());
    json.writeStringField("run", provenance.run());
    json.writeStringField("model", provenance.model());
    json.writeNumberField("iteration", provenance.iteration());
    json.writeNumberField("epoch", provenance.epoch());
    json.writeStringField("time", provenance.time().toString());
    json.writeFieldName("seconds");
    write(json, provenance.seconds());
    json.writeNumberField("examples", provenance.examples());
    json.writeNumberField("seed", provenance.seed());
    json.writeNumberField("matvecs", provenance.matvecs());
    write(json, "settings", provenance.settings());
    write(json, "versions", provenance.versions());
    json.writeEndObject();
  }

  private static void write(JsonGenerator json, Spectrum spectrum) throws IOException {
    json.writeStartObject();
    json.writeStringField("name", spectrum.name());
    write(json, "tags", spectrum.tags());
    json.writeNumberField("order", spectrum.order());
    json.writeArrayFieldStart("draws");
    for (QuadratureRule draw : spectrum.draws()) {
      json.writeStartObject();
      write(json, "nodes", draw.nodes());
      write(json, "weights", draw.weights());
      json.writeEndObject();
    }
    json.writeEndArray();
    json.writeEndObject();
  }

  private static void write(JsonGenerator json, String field, Map<String, String> texts)
      throws IOException {
    json.writeObjectFieldStart(field);
    for (Map.Entry<String, String> text : texts.entrySet()) {
      json.writeStringField(text.getKey(), text.getValue());
    }
    json.writeEndObject();
  }

  private static void write(JsonGenerator json, String field, double[] values) throws IOException {
    json.writeArrayFieldStart(field);
    for (double value : values) {
      write(json, value);
    }
    json.writeEndArray();
  }

  private static void write(JsonGenerator json, double value) throws IOException {
    if (Double.isFinite(value)) {
      json.writeNumber(value);
    } else {
      json.writeNull();
    }
  }

  /**
   * Returns the reading of a line.
   *
   * @param line the bytes of the line, without its line feed; not modified
   */
  static RecordedReading parse(byte[] line)
      throws TornLineException, CorruptLineException, UnknownSchemaException {
    JsonNode root;
    try {
      root = mapper.readTree(line);
    } catch (IOException e) {
      if (e instanceof JsonEOFException || looksTorn(line)) {
        throw new TornLineException(e);
      }
      throw new CorruptLineException("the line is not JSON: " + message(e), e);
    }
    try {
      int schema = integer(root, "schema");
      if (schema > SCHEMA) {
        throw new UnknownSchemaException(schema);
      }
      if (schema < 1) {
        throw new CorruptLineException("schema must be at least 1, got " + schema);
      }
      return new RecordedReading(
          provenance(field(root, "provenance")),
          measurements(array(root, "measurements")),
          spectra(array(root, "spectra")),
          texts(array(root, "notes")));
    } catch (IllegalArgumentException | DateTimeException e) {
      throw new CorruptLineException(String.valueOf(e.getMessage()), e);
    }
  }

  /** Returns whether a line that is not JSON begins like a reading and does not end like one. */
  private static boolean looksTorn(byte[] line) {
    // A line cut inside a literal, a number or a character is reported as malformed, not as cut.
    return line[0] == '{' && line[line.length - 1] != '}';
  }

  private static String message(IOException e) {
    // Without the location, which counts from the beginning of the line.
    return String.valueOf(
        e instanceof JsonProcessingException json ? json.getOriginalMessage() : e.getMessage());
  }

  private static Provenance provenance(JsonNode node) throws CorruptLineException {
    return new Provenance(
        text(node, "probe"),
        text(node, "run"),
        text(node, "model"),
        integer(node, "iteration"),
        integer(node, "epoch"),
        Instant.parse(text(node, "time")),
        number(node, "seconds"),
        longInteger(node, "examples"),
        longInteger(node, "seed"),
        longInteger(node, "matvecs"),
        textMap(node, "settings"),
        textMap(node, "versions"));
  }

  private static List<Measurement> measurements(JsonNode nodes) throws CorruptLineException {
    List<Measurement> all = new ArrayList<>(nodes.size());
    for (JsonNode node : nodes) {
      all.add(new Measurement(text(node, "name"), textMap(node, "tags"), number(node, "value")));
    }
    return all;
  }

  private static List<Spectrum> spectra(JsonNode nodes) throws CorruptLineException {
    List<Spectrum> all = new ArrayList<>(nodes.size());
    for (JsonNode node : nodes) {
      List<QuadratureRule> draws = new ArrayList<>();
      for (JsonNode draw : array(node, "draws")) {
        draws.add(new QuadratureRule(numbers(draw, "nodes"), numbers(draw, "weights")));
      }
      all.add(
          new Spectrum(
              text(node, "name"), textMap(node, "tags"), longInteger(node, "order"), draws));
    }
    return all;
  }

  private static JsonNode field(JsonNode node, String name) throws CorruptLineException {
    JsonNode value = node.get(name);
    if (value == null) {
      throw new CorruptLineException("the field '%s' is missing".formatted(name));
    }
    return value;
  }

  private static JsonNode array(JsonNode node, String name) throws CorruptLineException {
    JsonNode value = field(node, name);
    if (!value.isArray()) {
      throw wrongType(name, "an array", value);
    }
    return value;
  }

  private static String text(JsonNode node, String name) throws CorruptLineException {
    return text(name, field(node, name));
  }

  private static String text(String name, JsonNode value) throws CorruptLineException {
    if (!value.isTextual()) {
      throw wrongType(name, "a text", value);
    }
    return value.textValue();
  }

  private static int integer(JsonNode node, String name) throws CorruptLineException {
    JsonNode value = field(node, name);
    if (!value.isIntegralNumber() || !value.canConvertToInt()) {
      throw wrongType(name, "an integer of 32 bits", value);
    }
    return value.intValue();
  }

  private static long longInteger(JsonNode node, String name) throws CorruptLineException {
    JsonNode value = field(node, name);
    if (!value.isIntegralNumber() || !value.canConvertToLong()) {
      throw wrongType(name, "an integer of 64 bits", value);
    }
    return value.longValue();
  }

  private static double number(JsonNode node, String name) throws CorruptLineException {
    return number(name, field(node, name));
  }

  private static double number(String name, JsonNode value) throws CorruptLineException {
    if (value.isNull()) {
      return Double.NaN;
    }
    if (!value.isNumber()) {
      throw wrongType(name, "a number or null", value);
    }
    return value.doubleValue();
  }

  private static double[] numbers(JsonNode node, String name) throws CorruptLineException {
    JsonNode values = array(node, name);
    double[] all = new double[values.size()];
    for (int i = 0; i < all.length; i++) {
      all[i] = number(name, values.get(i));
    }
    return all;
  }

  private static List<String> texts(JsonNode values) throws CorruptLineException {
    List<String> all = new ArrayList<>(values.size());
    for (JsonNode value : values) {
      all.add(text("notes", value));
    }
    return all;
  }

  private static Map<String, String> textMap(JsonNode node, String name)
      throws CorruptLineException {
    JsonNode values = field(node, name);
    if (!values.isObject()) {
      throw wrongType(name, "an object", values);
    }
    Map<String, String> all = new TreeMap<>();
    for (Map.Entry<String, JsonNode> entry : values.properties()) {
      all.put(entry.getKey(), text(name + "." + entry.getKey(), entry.getValue()));
    }
    return all;
  }

  private static CorruptLineException wrongType(String name, String rule, JsonNode value) {
    return new CorruptLineException(
        "'%s' must be %s, got %s".formatted(name, rule, value.getNodeType()));
  }
}
