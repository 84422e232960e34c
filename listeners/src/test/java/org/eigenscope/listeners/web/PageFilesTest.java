package org.eigenscope.listeners.web;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class PageFilesTest {

  @Test
  void theListIsTheFolder() throws Exception {
    URL index = PageFiles.class.getResource("page/" + PageFiles.INDEX);
    List<String> names;
    try (Stream<Path> files = Files.list(Path.of(index.toURI()).getParent())) {
      names = files.map(file -> file.getFileName().toString()).toList();
    }

    assertThat(PageFiles.NAMES).containsExactlyInAnyOrderElementsOf(names);
    assertThat(PageFiles.byPath()).hasSize(names.size() + 1);
  }
}
