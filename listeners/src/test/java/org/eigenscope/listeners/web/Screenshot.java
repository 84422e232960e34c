package org.eigenscope.listeners.web;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/** Takes a picture of a page that is served, for the documentation: see CONTRIBUTING.md. */
@EnabledIfSystemProperty(named = "screenshot.page", matches = "http.*")
class Screenshot {

  @Test
  void takesThePictureThatIsAskedFor(@TempDir Path profile) throws Exception {
    String[] size = System.getProperty("screenshot.size", "1280x900").split("x", -1);
    try (Browser browser = Browser.start(profile)) {
      browser.open(
          URI.create(System.getProperty("screenshot.page", "")),
          Integer.parseInt(size[0]),
          Integer.parseInt(size[1]));
      browser.prefer("prefers-color-scheme", System.getProperty("screenshot.scheme", "light"));
      browser.until("!document.querySelector('#readings').hidden");
      browser.value(
          "document.querySelector('%s').scrollIntoView()"
              .formatted(System.getProperty("screenshot.section", "header")));
      // What was sent is drawn by then.
      browser.value("new Promise((resolve) => setTimeout(resolve, 2000))");

      Path file = Path.of(System.getProperty("screenshot.file", "page.png"));
      Files.write(file, browser.screenshot());

      assertThat(browser.complaints()).isEmpty();
      assertThat(file).isNotEmptyFile();
    }
  }
}
