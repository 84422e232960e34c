package org.eigenscope.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What the pages of this repository show and point to. */
class DocumentationTest {
  /** Surefire runs tests in the module's directory. */
  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();

  private static final Path SHORTEST =
      ROOT.resolve(
          "examples/src/main/java/org/eigenscope/examples/shortest/ShortestAttachment.java");

  private static final Pattern JAVA_BLOCK =
      Pattern.compile("^```java\n(.*?)\n```", Pattern.DOTALL | Pattern.MULTILINE);
  private static final Pattern LINK = Pattern.compile("\\]\\(([^)\\s]+)\\)");

  @Test
  void theReadmeShowsTheShortestExample() throws IOException {
    String marked =
        Files.readString(SHORTEST)
            .replaceAll("(?s).*// README: begin\n", "")
            .replaceAll("(?s)\n *// README: end.*", "")
            .stripIndent();

    assertThat(javaBlocks(ROOT.resolve("README.md"))).first().isEqualTo(marked);
  }

  /** Snippets may be indented otherwise than their source. */
  @Test
  void everyJavaSnippetIsPartOfCompiledCode() throws IOException {
    List<List<String>> sources = new ArrayList<>();
    for (Path source : files("examples/src", ".java")) {
      sources.add(Files.readAllLines(source));
    }
    List<String> snippets = new ArrayList<>();
    List<String> strangers = new ArrayList<>();
    for (Path page : pages()) {
      for (String block : javaBlocks(page)) {
        snippets.add(block);
        if (sources.stream().noneMatch(source -> contains(source, block))) {
          strangers.add(ROOT.relativize(page) + ":\n" + block);
        }
      }
    }
    assertThat(snippets).isNotEmpty();
    assertThat(strangers).isEmpty();
  }

  @Test
  void everyRelativeLinkLeadsToAFile() throws IOException {
    List<String> followed = new ArrayList<>();
    List<String> dead = new ArrayList<>();
    for (Path page : pages()) {
      Matcher links = LINK.matcher(Files.readString(page));
      while (links.find()) {
        String target = links.group(1).replaceAll("#.*", "");
        if (target.isEmpty() || target.contains("://")) {
          continue;
        }
        followed.add(target);
        if (!Files.exists(page.resolveSibling(target))) {
          dead.add(ROOT.relativize(page) + " -> " + target);
        }
      }
    }
    assertThat(followed).isNotEmpty();
    assertThat(dead).isEmpty();
  }

  private static List<Path> pages() throws IOException {
    List<Path> pages = new ArrayList<>(files("docs", ".md"));
    pages.addAll(files("examples/src", ".md"));
    for (String page :
        List.of("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "grafana/README.md")) {
      pages.add(ROOT.resolve(page));
    }
    return pages;
  }

  private static List<Path> files(String directory, String ending) throws IOException {
    try (Stream<Path> files = Files.walk(ROOT.resolve(directory))) {
      return files.filter(file -> file.toString().endsWith(ending)).sorted().toList();
    }
  }

  private static List<String> javaBlocks(Path page) {
    try {
      return JAVA_BLOCK
          .matcher(Files.readString(page))
          .results()
          .map(result -> result.group(1))
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static boolean contains(List<String> source, String snippet) {
    int lines = (int) snippet.lines().count();
    for (int start = 0; start + lines <= source.size(); start++) {
      String candidate = String.join("\n", source.subList(start, start + lines));
      if (candidate.stripIndent().equals(snippet)) {
        return true;
      }
    }
    return false;
  }
}
