package org.eigenscope.cli.report;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.stream.Collectors;
import javax.xml.stream.XMLStreamException;

/** Lays out the page, from the heading to where the numbers come from. */
final class Page {
  private static final List<String> GUIDE =
      List.of(
          "Iterations are Deeplearning4j's, from 0; \u22121 is outside a training. Colours that go"
              + " from dark to bright (on dark pages from dim to bright) are in the order of"
              + " iterations, ranks or dimensions.",
          "Lines join the readings in which a value is known; those of more than 600 points are"
              + " thinned, and keep their extremes. Each figure has some of its numbers in a table"
              + " below it.",
          "Densities are smoothed with a kernel whose width follows from the Lanczos steps (Papyan,"
              + " arXiv:1811.07062, with κ = 3): nothing finer than it is real. What stands for less"
              + " than a tenth of an eigenvalue is not drawn.",
          "A Ritz value has an eigenvalue within its residual norm. A trace has a standard error"
              + " over the draws.",
          "Outliers are counted only where a gap sets them apart from the bulk; they are unknown"
              + " when too few eigenvalues were computed.",
          "That much of the gradient lies in the top eigenspace does not mean that learning makes"
              + " its progress there (Song, Ahn and Yun, ICLR 2025, arXiv:2405.16002).");

  private final Journals journals;
  private final List<Comparison> comparisons;

  /** Those with a section of their own. */
  private final List<Series> series;

  private final List<SeriesName> names;

  /** Those of trainings whose structure was measured, with what is known of it. */
  private final List<Structure> structures;

  private int figures;

  Page(Journals journals) {
    this.journals = journals;
    comparisons = Comparison.among(journals.series());
    series =
        journals.series().stream()
            .filter(s -> comparisons.stream().noneMatch(c -> c.showsAllOf(s)))
            .toList();
    names = series.stream().map(Series::name).toList();
    structures = structures(journals.structures());
  }

  /**
   * A section about the structure of a training.
   *
   * @param title its heading
   * @param parts at least one
   */
  private record Structure(String title, List<StructurePart> parts) {}

  private static List<Structure> structures(List<Series> all) {
    List<SeriesName> names = all.stream().map(Series::name).toList();
    return all.stream()
        .map(
            each -> new Structure("Structure: " + each.name().label(names), StructurePart.of(each)))
        .filter(structure -> !structure.parts.isEmpty())
        .toList();
  }

  void writeTo(Markup markup) throws XMLStreamException {
    markup.open("html", "lang", "en");
    writeHead(markup);
    markup.open("body");
    writeHeading(markup);
    markup.open("main");
    writeWarnings(markup);
    writeSummary(markup);
    for (int i = 0; i < comparisons.size(); i++) {
      writeComparison(markup, comparisons.get(i), "comparison-" + (i + 1));
    }
    for (int i = 0; i < series.size(); i++) {
      writeSeries(markup, series.get(i), "series-" + (i + 1));
    }
    for (int i = 0; i < structures.size(); i++) {
      writeStructure(markup, structures.get(i), "structure-" + (i + 1));
    }
    openSection(markup, "provenance", "Provenance");
    journals.sources().table().write(markup);
    markup.close();
    openSection(markup, "guide", "How to read this page");
    markup.open("ul");
    for (String item : GUIDE) {
      markup.element("li", item);
    }
    markup.close();
    markup.close();
    markup.close();
    markup.close();
    markup.close();
  }

  private String title() {
    return journals.journals().stream()
        .flatMap(journal -> journal.runs().stream())
        .distinct()
        .collect(Collectors.joining(", "));
  }

  private void writeHead(Markup markup) throws XMLStreamException {
    markup.open("head");
    markup.empty("meta", "charset", "utf-8");
    markup.empty("meta", "name", "viewport", "content", "width=device-width, initial-scale=1");
    markup.empty("meta", "name", "color-scheme", "content", "light dark");
    // Nothing is loaded and nothing runs, whatever a journal may hold.
    markup.empty(
        "meta",
        "http-equiv",
        "Content-Security-Policy",
        "content",
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none';"
            + " form-action 'none'");
    markup.empty("link", "rel", "icon", "href", "data:,");
    markup.element("title", title() + " – Eigenscope report");
    markup.styles(styles());
    markup.close();
    markup.newLine();
  }

  private static String styles() {
    try (InputStream stream = Page.class.getResourceAsStream("report.css")) {
      if (stream == null) {
        throw new IllegalStateException("report.css is not beside " + Page.class.getName());
      }
      return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void writeHeading(Markup markup) throws XMLStreamException {
    markup.open("header");
    markup.open("h1");
    markup.text("Eigenscope report: ");
    markup.element("bdi", title());
    markup.close();
    markup.open("ul", "class", "journals");
    for (Journals.Journal journal : journals.journals()) {
      markup.open("li");
      markup.element("bdi", journal.name());
      markup.text(
          ": %d %s, %s, %s"
              .formatted(
                  journal.readings(),
                  journal.readings() == 1 ? "reading" : "readings",
                  Numbers.iterations(journal.iterations().first(), journal.iterations().last()),
                  span(journal.begin(), journal.end())));
      markup.close();
    }
    markup.close();
    markup.close();
  }

  private static String span(Instant begin, Instant end) {
    String from = begin.truncatedTo(ChronoUnit.SECONDS).toString();
    String to = end.truncatedTo(ChronoUnit.SECONDS).toString();
    return from.equals(to) ? from : "%s to %s".formatted(from, to);
  }

  private static void openSection(Markup markup, String id, String heading, String... attributes)
      throws XMLStreamException {
    markup.newLine();
    markup.open("section", "id", id);
    markup.attributes(attributes);
    markup.open("h2");
    markup.element("bdi", heading);
    markup.close();
  }

  private void writeWarnings(Markup markup) throws XMLStreamException {
    List<Warnings.Warning> warnings = journals.warnings().warnings();
    List<Warnings.Warning> notes = journals.warnings().notes();
    openSection(
        markup, "warnings", "Warnings and notes", "class", warnings.isEmpty() ? "none" : "some");
    if (!warnings.isEmpty()) {
      writeList(markup, warnings);
    }
    markup.element("p", notes.isEmpty() ? "The probes left no notes." : "The probes noted:");
    if (!notes.isEmpty()) {
      writeList(markup, notes);
    }
    markup.close();
  }

  private static void writeList(Markup markup, List<Warnings.Warning> items)
      throws XMLStreamException {
    markup.open("ul");
    for (Warnings.Warning item : items) {
      markup.open("li");
      markup.element("bdi", item.text());
      if (!item.where().isEmpty()) {
        markup.text(" ");
        markup.element("small", item.where());
      }
      markup.close();
    }
    markup.close();
  }

  private void writeSummary(Markup markup) throws XMLStreamException {
    openSection(markup, "summary", "Summary");
    markup.open("nav", "aria-label", "Contents");
    markup.open("ul");
    for (int i = 0; i < comparisons.size(); i++) {
      writeLink(markup, "#comparison-" + (i + 1), comparisons.get(i).title());
    }
    for (int i = 0; i < names.size(); i++) {
      writeLink(markup, "#series-" + (i + 1), names.get(i).label(names));
    }
    for (int i = 0; i < structures.size(); i++) {
      writeLink(markup, "#structure-" + (i + 1), structures.get(i).title);
    }
    writeLink(markup, "#provenance", "Provenance");
    writeLink(markup, "#guide", "How to read this page");
    markup.close();
    markup.close();
    if (!series.isEmpty()) {
      writeLastValues(markup);
    }
    markup.close();
  }

  private void writeLastValues(Markup markup) throws XMLStreamException {
    new NumberTable(
            "Last known values of each series, and its largest eigenvalue at its highest",
            List.of(
                "series",
                "iterations",
                "loss",
                "largest eigenvalue",
                "highest",
                "at iteration",
                "outliers",
                "gradient fraction",
                "negative mass",
                "stability ratio"),
            series.stream().map(this::summary).toList())
        .write(markup);
  }

  private static void writeLink(Markup markup, String target, String text)
      throws XMLStreamException {
    markup.open("li");
    markup.open("a", "href", target);
    markup.element("bdi", text);
    markup.close();
    markup.close();
  }

  private List<String> summary(Series each) {
    var highest =
        each.values(Meter.SHARPNESS).entrySet().stream()
            .max(Comparator.comparingDouble(Map.Entry::getValue));
    List<Meter> fractions = each.meters(Meter.GRADIENT_FRACTION, Map.of());
    String fraction = Numbers.UNKNOWN;
    if (!fractions.isEmpty()) {
      Meter largest = fractions.get(fractions.size() - 1);
      fraction = "%s (%s)".formatted(last(each, largest), largest.label());
    }
    return List.of(
        each.name().label(names),
        Numbers.span(each.iterations().first(), each.iterations().last()),
        last(each, Meter.LOSS),
        last(each, Meter.SHARPNESS),
        highest.map(entry -> Numbers.text(entry.getValue())).orElse(Numbers.UNKNOWN),
        highest.map(entry -> Numbers.tick(entry.getKey())).orElse(Numbers.UNKNOWN),
        last(each, Meter.OUTLIERS),
        fraction,
        last(each, Meter.NEGATIVE_MASS),
        last(each, Meter.STABILITY_RATIO));
  }

  /** Returns the last value that is known. */
  private static String last(Series each, Meter meter) {
    NavigableMap<Integer, Double> values = each.values(meter);
    return values.isEmpty() ? Numbers.UNKNOWN : Numbers.text(values.lastEntry().getValue());
  }

  private void writeComparison(Markup markup, Comparison comparison, String id)
      throws XMLStreamException {
    openSection(markup, id, comparison.title());
    if (comparison.left() > 0) {
      markup.element(
          "p",
          "The first %d series; %d more are shown below only."
              .formatted(LineChart.MAX_COLOURS, comparison.left()));
    }
    writeFigures(markup, comparison.figures());
    markup.element("h3", "Contrasts");
    writeTables(markup, comparison.contrasts());
    markup.close();
  }

  private static void writeTables(Markup markup, List<NumberTable> tables)
      throws XMLStreamException {
    markup.open("div", "class", "tables");
    for (NumberTable table : tables) {
      table.write(markup);
    }
    markup.close();
  }

  private void writeSeries(Markup markup, Series each, String id) throws XMLStreamException {
    openSection(markup, id, each.name().label(names));
    List<Figure> all = SeriesFigures.of(each);
    if (all.isEmpty()) {
      markup.element("p", "None of its readings has a number.");
    }
    writeFigures(markup, all);
    markup.close();
  }

  private void writeStructure(Markup markup, Structure structure, String id)
      throws XMLStreamException {
    openSection(markup, id, structure.title);
    for (StructurePart part : structure.parts) {
      markup.element("h3", part.title());
      markup.element("p", part.explanation(), "class", "about");
      if (!part.tables().isEmpty()) {
        writeTables(markup, part.tables());
      }
      writeFigures(markup, part.figures());
    }
    markup.close();
  }

  private void writeFigures(Markup markup, List<Figure> all) throws XMLStreamException {
    markup.open("div", "class", "figures");
    for (Figure figure : all) {
      figures++;
      figure.write(markup, "figure-" + figures);
    }
    markup.close();
  }
}
