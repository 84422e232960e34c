package org.eigenscope.cli.report;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.xpath.XPathConstants;
import javax.xml.xpath.XPathExpressionException;
import javax.xml.xpath.XPathFactory;
import org.w3c.dom.Document;
import org.w3c.dom.Node;
import org.w3c.dom.NodeList;

/** A page, which is XML, too, and what is on it. */
final class Html {
  private final String text;
  private final Document document;

  private Html(byte[] bytes) throws Exception {
    text = new String(bytes, StandardCharsets.UTF_8);
    document =
        DocumentBuilderFactory.newInstance()
            .newDocumentBuilder()
            .parse(new ByteArrayInputStream(bytes));
  }

  /** Returns the report of journals. */
  static Html of(Path... journals) throws Exception {
    return new Html(bytes(journals));
  }

  static byte[] bytes(Path... journals) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    Report.of(List.of(journals)).writeTo(bytes);
    return bytes.toByteArray();
  }

  /** Returns the texts of what an XPath leads to. */
  List<String> all(String path) {
    try {
      NodeList nodes =
          (NodeList)
              XPathFactory.newDefaultInstance()
                  .newXPath()
                  .evaluate(path, document, XPathConstants.NODESET);
      List<String> texts = new ArrayList<>();
      for (int i = 0; i < nodes.getLength(); i++) {
        Node node = nodes.item(i);
        texts.add(node.getTextContent());
      }
      return texts;
    } catch (XPathExpressionException e) {
      throw new IllegalArgumentException(path, e);
    }
  }

  String one(String path) {
    List<String> all = all(path);
    if (all.size() != 1) {
      throw new AssertionError("%s leads to %s".formatted(path, all));
    }
    return all.get(0);
  }

  /** Returns the cells of a table, row by row, its headings first. */
  List<List<String>> table(String path) {
    List<List<String>> rows = new ArrayList<>();
    for (int i = 1; i <= all(path + "//tr").size(); i++) {
      rows.add(all("(%s//tr)[%d]/*".formatted(path, i)));
    }
    return rows;
  }

  @Override
  public String toString() {
    return text;
  }
}
