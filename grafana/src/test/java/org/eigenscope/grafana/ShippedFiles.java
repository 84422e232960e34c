package org.eigenscope.grafana;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/** The files that users take from this directory. */
final class ShippedFiles {
  /** Surefire runs tests in the module's directory. */
  static final Path DIRECTORY = Path.of("").toAbsolutePath();

  static final Path REPOSITORY = DIRECTORY.getParent();
  static final Path PROMETHEUS = DIRECTORY.resolve("prometheus.yaml");
  static final Path ALERTMANAGER = DIRECTORY.resolve("alertmanager.yaml");
  static final Path COMPOSE = DIRECTORY.resolve("compose.yaml");

  /** A rule: its group, what it records or the name of its alert, and all it says. */
  record Rule(String group, String name, boolean isAlert, JsonNode body) {
    String expression() {
      return body.path("expr").textValue();
    }
  }

  private ShippedFiles() {}

  static List<Path> rules() {
    return files("rules", ".yaml");
  }

  static List<Path> ruleTests() {
    return files("tests", ".yaml");
  }

  static List<Path> provisioning() {
    return files("provisioning", ".yaml");
  }

  static List<Dashboard> dashboards() {
    return files("dashboards", ".json").stream()
        .map(file -> new Dashboard(file.getFileName().toString(), json(file)))
        .toList();
  }

  static List<Rule> allRules() {
    List<Rule> all = new ArrayList<>();
    for (Path file : rules()) {
      for (JsonNode group : yaml(file).path("groups")) {
        for (JsonNode rule : group.path("rules")) {
          boolean isAlert = rule.has("alert");
          all.add(
              new Rule(
                  group.path("name").textValue(),
                  rule.path(isAlert ? "alert" : "record").textValue(),
                  isAlert,
                  rule));
        }
      }
    }
    return all;
  }

  static List<Rule> alerts() {
    return allRules().stream().filter(Rule::isAlert).toList();
  }

  static JsonNode json(Path file) {
    return read(new ObjectMapper(), file);
  }

  static JsonNode yaml(Path file) {
    return read(new YAMLMapper(), file);
  }

  static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static Stream<JsonNode> stream(JsonNode array) {
    return StreamSupport.stream(array.spliterator(), false);
  }

  private static JsonNode read(ObjectMapper mapper, Path file) {
    try {
      return mapper.readTree(file.toFile());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<Path> files(String directory, String ending) {
    try (Stream<Path> files = Files.walk(DIRECTORY.resolve(directory))) {
      return files.filter(file -> file.toString().endsWith(ending)).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
