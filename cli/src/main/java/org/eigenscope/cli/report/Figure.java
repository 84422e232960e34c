package org.eigenscope.cli.report;

import java.util.List;
import javax.xml.stream.XMLStreamException;

/**
 * A picture with what it takes to read it, also without seeing it.
 *
 * @param title what it shows
 * @param explanation what else a reader must know
 * @param description what the picture looks like, in words
 * @param drawing the inside of an SVG of the size of a {@link Frame}
 * @param legend what is what in the drawing
 * @param numbers some of its values
 */
record Figure(
    String title,
    String explanation,
    String description,
    Markup.Content drawing,
    List<Key> legend,
    NumberTable numbers) {

  Figure {
    legend = List.copyOf(legend);
  }

  /**
   * An entry of a legend.
   *
   * @param style class of the line or area
   * @param area whether it is an area
   * @param label what it stands for
   */
  record Key(String style, boolean area, String label) {}

  /**
   * Writes the figure.
   *
   * @param id unlike that of any other figure of the page
   */
  void write(Markup markup, String id) throws XMLStreamException {
    markup.newLine();
    markup.open("figure", "id", id);
    markup.element("figcaption", title);
    markup.open(
        "svg",
        "class",
        "chart",
        "viewBox",
        "0 0 %d %d".formatted(Frame.WIDTH, Frame.HEIGHT),
        "role",
        "img",
        "aria-labelledby",
        "%1$s-title %1$s-desc".formatted(id));
    markup.element("title", title, "id", id + "-title");
    markup.element("desc", description, "id", id + "-desc");
    drawing.writeTo(markup);
    markup.close();
    writeLegend(markup);
    if (!explanation.isEmpty()) {
      markup.element("p", explanation);
    }
    if (!numbers.rows().isEmpty()) {
      markup.open("details");
      markup.element("summary", "Numbers");
      numbers.write(markup);
      markup.close();
    }
    markup.close();
  }

  private void writeLegend(Markup markup) throws XMLStreamException {
    if (legend.isEmpty()) {
      return;
    }
    markup.open("ul", "class", "legend");
    for (Key key : legend) {
      markup.open("li");
      markup.open("svg", "viewBox", "0 0 26 10", "aria-hidden", "true");
      if (key.area()) {
        markup.empty("path", "class", key.style(), "d", "M1 1H25V9H1Z");
      } else {
        markup.empty("path", "class", "line " + key.style(), "d", "M1 5H25");
      }
      markup.close();
      markup.element("bdi", key.label());
      markup.close();
    }
    markup.close();
  }
}
