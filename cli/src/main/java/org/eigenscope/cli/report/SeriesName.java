package org.eigenscope.cli.report;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.eigenscope.probes.Provenance;

/**
 * What the readings of a series have in common.
 *
 * @param journal what the journal is called on the page
 * @param run as in a provenance
 * @param model as in a provenance
 * @param operator tag; empty when there is none, as for the two below
 * @param normalization tag
 * @param layer tag
 * @param start 1, and one more each time the iterations of this series start again
 */
record SeriesName(
    String journal,
    String run,
    String model,
    String operator,
    String normalization,
    String layer,
    int start) {

  private static final int PARTS = 7;

  /** Which of them is the journal. */
  private static final int JOURNAL = 1;

  private static final Set<String> TAGS = Set.of("operator", "normalization", "layer");

  /** Returns the name of the first series that a measurement or spectrum may belong to. */
  static SeriesName of(String journal, Provenance provenance, Map<String, String> tags) {
    return new SeriesName(
        journal,
        provenance.run(),
        provenance.model(),
        tags.getOrDefault("operator", ""),
        tags.getOrDefault("normalization", ""),
        tags.getOrDefault("layer", ""),
        1);
  }

  /** Returns the name of the first series that what a structure probe measures may belong to. */
  static SeriesName ofStructure(String journal, Provenance provenance, Map<String, String> tags) {
    return new SeriesName(
        journal,
        provenance.run(),
        provenance.model(),
        "",
        tags.getOrDefault("normalization", ""),
        "",
        1);
  }

  /** Returns the tags that are not part of a series' name. */
  static Map<String, String> otherTags(Map<String, String> tags) {
    return tags.entrySet().stream()
        .filter(tag -> !TAGS.contains(tag.getKey()))
        .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
  }

  SeriesName withStart(int newStart) {
    return new SeriesName(journal, run, model, operator, normalization, layer, newStart);
  }

  SeriesName withNormalization(String newNormalization) {
    return new SeriesName(journal, run, model, operator, newNormalization, layer, start);
  }

  /** Returns the matrix in words, as in the middle of a sentence. */
  String matrix() {
    String of = isWhole() ? "the whole network" : "layer " + layer;
    return operator.isEmpty() ? of : operatorText() + " of " + of;
  }

  private boolean isWhole() {
    return layer.isEmpty() || layer.equals("all");
  }

  private String operatorText() {
    return operatorText(operator);
  }

  /** Returns the matrix that the tag operator stands for, in words. */
  static String operatorText(String operator) {
    return switch (operator) {
      case "hessian" -> "Hessian";
      case "gauss-newton" -> "Gauss-Newton";
      default -> operator;
    };
  }

  /**
   * A part of a name.
   *
   * @param value what may differ from that of another name
   * @param text what it says to people
   * @param isUsual whether everybody would take it for granted
   */
  private record Part(Object value, String text, boolean isUsual) {}

  /** Returns the parts in the order in which they are read. */
  private List<Part> parts() {
    return List.of(
        new Part(run, run, false),
        new Part(journal, journal, true),
        new Part(model, "model " + model, true),
        new Part(start, "start " + start, start == 1),
        new Part(operator, operatorText(), operator.isEmpty()),
        new Part(layer, isWhole() ? "whole network" : "layer " + layer, isWhole()),
        new Part(
            normalization,
            normalization.isEmpty() ? "" : "normalization " + normalization,
            normalization.isEmpty() || normalization.equals("none")));
  }

  /** Returns a label that tells this name from all others and says what it is. */
  String label(Collection<SeriesName> all) {
    return join(all, false);
  }

  /** Returns a label that tells this name from others, and leaves out what they share. */
  String shortLabel(Collection<SeriesName> others) {
    String label = join(others, true);
    return label.isEmpty() ? run : label;
  }

  private String join(Collection<SeriesName> names, boolean onlyTelling) {
    Set<Integer> telling = telling(names);
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < PARTS; i++) {
      Part part = parts().get(i);
      if (!part.text.isEmpty() && (telling.contains(i) || !(onlyTelling || part.isUsual))) {
        texts.add(part.text);
      }
    }
    return String.join(" · ", texts);
  }

  /** Returns the parts in which names differ; the journal only where the others do not suffice. */
  private static Set<Integer> telling(Collection<SeriesName> names) {
    Set<Integer> telling = new TreeSet<>();
    for (int i = 0; i < PARTS; i++) {
      if (i != JOURNAL && count(names, Set.of(i)) > 1) {
        telling.add(i);
      }
    }
    if (count(names, telling) < Set.copyOf(names).size()) {
      telling.add(JOURNAL);
    }
    return telling;
  }

  /** Returns how many names some parts tell apart. */
  private static long count(Collection<SeriesName> names, Set<Integer> parts) {
    return names.stream()
        .map(name -> parts.stream().map(i -> name.parts().get(i).value).toList())
        .distinct()
        .count();
  }
}
