package org.eigenscope.cli.report;

import java.util.List;
import javax.xml.stream.XMLStreamException;

/**
 * Numbers behind a figure.
 *
 * @param caption what they are, in a sentence
 * @param columns headings, that of the first column included
 * @param rows cells, as many in each row as there are columns
 */
record NumberTable(String caption, List<String> columns, List<List<String>> rows) {

  /** Longer texts are broken into lines. */
  private static final int LONG = 30;

  NumberTable {
    columns = List.copyOf(columns);
    rows = List.copyOf(rows);
  }

  /** Writes the table, in a box that scrolls where the screen is too narrow for it. */
  void write(Markup markup) throws XMLStreamException {
    markup.open("div", "class", "scroll", "tabindex", "0", "role", "region", "aria-label", caption);
    markup.open("table");
    markup.element("caption", caption);
    markup.open("thead");
    markup.open("tr");
    for (int i = 0; i < columns.size(); i++) {
      String cell = rows.isEmpty() ? "" : rows.get(0).get(i);
      markup.element("th", columns.get(i), "scope", "col", "class", style(cell));
    }
    markup.close();
    markup.close();
    markup.open("tbody");
    for (List<String> row : rows) {
      markup.newLine();
      markup.open("tr");
      markup.element("th", row.get(0), "scope", "row");
      for (String cell : row.subList(1, row.size())) {
        markup.element("td", cell, "class", style(cell));
      }
      markup.close();
    }
    markup.close();
    markup.close();
    markup.close();
  }

  /** Numbers stand below each other, words begin where those above them do. */
  private static String style(String cell) {
    if (cell.isEmpty() || !Character.isLetter(cell.codePointAt(0))) {
      return "number";
    }
    return cell.length() > LONG ? "text long" : "text";
  }
}
