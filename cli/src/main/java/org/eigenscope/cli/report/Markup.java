package org.eigenscope.cli.report;

import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import javax.xml.stream.XMLOutputFactory;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamWriter;

/**
 * Writes a page that is HTML and well-formed XML at once. Every text and every attribute's value is
 * escaped, and what no page may contain is replaced, so that nothing in a journal can become
 * markup. Names of elements and attributes must be constants.
 */
final class Markup {
  private static final int REPLACEMENT = 0xfffd;

  /** Longer texts are cut: a journal may hold anything. */
  private static final int MAX_TEXT = 4000;

  private final Writer out;
  private final XMLStreamWriter xml;

  private Markup(Writer out) throws XMLStreamException {
    this.out = out;
    xml = XMLOutputFactory.newDefaultFactory().createXMLStreamWriter(out);
  }

  /** What goes into a page. */
  interface Content {
    void writeTo(Markup markup) throws XMLStreamException;
  }

  /** Writes an HTML document, in UTF-8. */
  static void write(OutputStream stream, Content content) throws IOException {
    try {
      Markup markup = new Markup(new OutputStreamWriter(stream, StandardCharsets.UTF_8));
      markup.xml.writeDTD("<!DOCTYPE html>\n");
      content.writeTo(markup);
      markup.xml.writeCharacters("\n");
      markup.xml.flush();
      markup.out.flush();
    } catch (XMLStreamException e) {
      throw e.getNestedException() instanceof IOException io ? io : new IOException(e);
    }
  }

  /**
   * Opens an element.
   *
   * @param attributes names and values in turn
   */
  void open(String element, String... attributes) throws XMLStreamException {
    xml.writeStartElement(element);
    attributes(attributes);
  }

  /** Closes the innermost element that is open. */
  void close() throws XMLStreamException {
    xml.writeEndElement();
  }

  /** Writes text. */
  void text(String text) throws XMLStreamException {
    xml.writeCharacters(clean(shortened(text)));
  }

  /**
   * Writes style sheets, which are a constant.
   *
   * @param css without characters that would be escaped
   */
  void styles(String css) throws XMLStreamException {
    open("style");
    xml.writeCharacters(css);
    close();
  }

  /** Writes an element that holds text alone. */
  void element(String element, String text, String... attributes) throws XMLStreamException {
    open(element, attributes);
    text(text);
    close();
  }

  /** Writes an element that can hold nothing, such as {@code meta}. */
  void empty(String element, String... attributes) throws XMLStreamException {
    xml.writeEmptyElement(element);
    attributes(attributes);
  }

  /** Starts a new line in the source; not inside an element where space matters. */
  void newLine() throws XMLStreamException {
    xml.writeCharacters("\n");
  }

  /**
   * Adds attributes to the element that was opened last and is empty yet.
   *
   * @param attributes names and values in turn
   */
  void attributes(String... attributes) throws XMLStreamException {
    for (int i = 0; i < attributes.length; i += 2) {
      xml.writeAttribute(attributes[i], clean(attributes[i + 1]));
    }
  }

  private static String shortened(String text) {
    return text.length() <= MAX_TEXT
        ? text
        : text.substring(0, text.offsetByCodePoints(0, text.codePointCount(0, MAX_TEXT))) + "…";
  }

  /**
   * Replaces what is neither XML nor HTML, control characters and halves of surrogate pairs, and
   * what turns the direction of the text around it.
   */
  private static String clean(String text) {
    StringBuilder clean = new StringBuilder(text.length());
    text.codePoints().forEach(c -> clean.appendCodePoint(isAllowed(c) ? c : REPLACEMENT));
    return clean.toString();
  }

  private static boolean isAllowed(int c) {
    boolean space = c == '\n' || c == '\r' || c == '\t';
    boolean surrogate = c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE;
    boolean none = (c & 0xfffe) == 0xfffe;
    boolean direction = (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
    return space || !(Character.isISOControl(c) || surrogate || none || direction);
  }
}
