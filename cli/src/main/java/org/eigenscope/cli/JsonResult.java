package org.eigenscope.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.core.util.Separators;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import org.jspecify.annotations.Nullable;

/** A command's result as one JSON object, whose numbers are finite or null. */
final class JsonResult {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private JsonResult() {}

  static ObjectNode object() {
    return MAPPER.createObjectNode();
  }

  /** Returns an object's text and a line's end. */
  static String text(ObjectNode object) {
    // A member of an object to a line, the long arrays of numbers each on one.
    DefaultPrettyPrinter printer =
        new DefaultPrettyPrinter(
            Separators.createDefaultInstance()
                .withObjectFieldValueSpacing(Separators.Spacing.AFTER));
    try {
      return MAPPER.writer(printer).writeValueAsString(object) + "\n";
    } catch (JsonProcessingException e) {
      throw new AssertionError("a tree of numbers and strings", e);
    }
  }

  /** Writes a text in UTF-8 to a file, or else to standard output. */
  static void write(String text, @Nullable OutputFile file, PrintWriter standardOutput) {
    if (file != null) {
      file.write(stream -> stream.write(text.getBytes(StandardCharsets.UTF_8)));
      return;
    }
    standardOutput.print(text);
    if (standardOutput.checkError()) {
      throw new ExpectedFailure("cannot write to standard output");
    }
  }

  /** Puts a number, or null for what JSON has no number for. */
  static void put(ObjectNode object, String name, double number) {
    if (Double.isFinite(number)) {
      object.put(name, number);
    } else {
      object.putNull(name);
    }
  }

  static void add(ArrayNode array, double number) {
    if (Double.isFinite(number)) {
      array.add(number);
    } else {
      array.addNull();
    }
  }

  static void addAll(ArrayNode array, double[] numbers) {
    for (double number : numbers) {
      add(array, number);
    }
  }

  static void addAll(ArrayNode array, Collection<Double> numbers) {
    numbers.forEach(number -> add(array, number));
  }
}
