package org.eigenscope.listeners.web;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The files of the page, by their paths: these and no others are ever served. */
final class PageFiles {

  /** Folder of the files, beside this class. */
  private static final String FOLDER = "page/";

  static final String INDEX = "index.html";

  static final List<String> NAMES =
      List.of(
          INDEX,
          "icon.svg",
          "page.css",
          "page.js",
          "dom.js",
          "figures.js",
          "history.js",
          "numbers.js",
          "plot.js",
          "scales.js",
          "spectrum.js",
          "stream.js",
          "structure.js",
          "uplot.css",
          "uplot.js",
          "uplot-LICENSE.txt");

  private static final Map<String, String> TYPES =
      Map.of(
          "html", "text/html; charset=utf-8",
          "css", "text/css; charset=utf-8",
          "js", "text/javascript; charset=utf-8",
          "txt", "text/plain; charset=utf-8",
          "svg", "image/svg+xml");

  private static final int TAG_LENGTH = 32;

  /**
   * A file.
   *
   * @param type its content type
   * @param tag its entity tag, with its quotation marks
   * @param content not to be changed
   */
  record PageFile(String type, String tag, byte[] content) {}

  private PageFiles() {}

  /** Reads the files; {@code /} and {@code /page/index.html} are the same one. */
  static Map<String, PageFile> byPath() {
    Map<String, PageFile> files = new LinkedHashMap<>();
    for (String name : NAMES) {
      PageFile file = read(name);
      files.put("/page/" + name, file);
      if (name.equals(INDEX)) {
        files.put("/", file);
      }
    }
    return files;
  }

  private static PageFile read(String name) {
    try (InputStream in = PageFiles.class.getResourceAsStream(FOLDER + name)) {
      if (in == null) {
        throw new IllegalStateException("the page's file %s is not in the jar".formatted(name));
      }
      byte[] content = in.readAllBytes();
      String ending = name.substring(name.lastIndexOf('.') + 1);
      String type = TYPES.get(ending);
      if (type == null) {
        throw new IllegalStateException("the page's file %s has no content type".formatted(name));
      }
      return new PageFile(type, tag(content), content);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read the page's file " + name, e);
    }
  }

  private static String tag(byte[] content) {
    try {
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(content);
      return '"' + HexFormat.of().formatHex(digest).substring(0, TAG_LENGTH) + '"';
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java platform has SHA-256", e);
    }
  }
}
