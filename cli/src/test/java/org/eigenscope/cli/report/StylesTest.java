package org.eigenscope.cli.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Contrast as the Web Content Accessibility Guidelines 2.2 define it, 1.4.3 and 1.4.11. */
class StylesTest {
  private static final double OF_TEXT = 4.5;
  private static final double OF_GRAPHICS = 3;
  private static final Pattern COLOUR = Pattern.compile("--([a-z0-9-]+): #([0-9a-f]{6});");

  private static String styles() throws IOException {
    try (InputStream stream = StylesTest.class.getResourceAsStream("report.css")) {
      return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  /** Returns the colours of the light page, or of the dark one. */
  private static Map<String, Double> luminances(boolean dark) throws IOException {
    String[] themes = styles().split("@media screen and \\(prefers-color-scheme: dark\\)");
    assertThat(themes).hasSize(2);
    Map<String, Double> luminances = new HashMap<>();
    Matcher colours = COLOUR.matcher(themes[dark ? 1 : 0]);
    while (colours.find()) {
      luminances.put(colours.group(1), luminance(Integer.parseInt(colours.group(2), 16)));
    }
    return luminances;
  }

  private static double luminance(int rgb) {
    return 0.2126 * linear(rgb >> 16) + 0.7152 * linear(rgb >> 8) + 0.0722 * linear(rgb);
  }

  private static double linear(int component) {
    double value = (component & 0xff) / 255.0;
    return value <= 0.04045 ? value / 12.92 : Math.pow((value + 0.055) / 1.055, 2.4);
  }

  private static double contrast(double one, double other) {
    return (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
  }

  @Test
  void bothThemesDefineTheSameColours() throws IOException {
    assertThat(luminances(true).keySet())
        .isEqualTo(luminances(false).keySet())
        .hasSizeGreaterThan(30);
  }

  @Test
  void textHasContrastOnWhatItStandsOn() throws IOException {
    for (boolean dark : new boolean[] {false, true}) {
      Map<String, Double> colours = luminances(dark);
      for (String text : new String[] {"text", "quiet", "link"}) {
        for (String ground : new String[] {"page", "card", "alert"}) {
          assertThat(contrast(colours.get(text), colours.get(ground)))
              .as("%s on %s, dark %s", text, ground, dark)
              .isGreaterThan(OF_TEXT);
        }
      }
    }
  }

  @Test
  void linesHaveContrastOnThePage() throws IOException {
    for (boolean dark : new boolean[] {false, true}) {
      Map<String, Double> colours = luminances(dark);
      colours.forEach(
          (name, luminance) -> {
            if (name.matches("[st][0-9]|alert-edge|quiet")) {
              assertThat(contrast(luminance, colours.get("page")))
                  .as("%s, dark %s", name, dark)
                  .isGreaterThan(OF_GRAPHICS);
            }
          });
    }
  }

  @Test
  void shadesOfASpectrogramGoOneWay() throws IOException {
    for (boolean dark : new boolean[] {false, true}) {
      Map<String, Double> colours = luminances(dark);
      for (int level = 1; level < 9; level++) {
        double step = colours.get("q" + level) - colours.get("q" + (level - 1));
        assertThat(dark ? step : -step).as("level %d, dark %s", level, dark).isPositive();
      }
    }
  }

  @Test
  void everyClassOfALineHasAStyle() throws IOException {
    String styles = styles();
    for (int i = 0; i < LineChart.MAX_SHADES; i++) {
      String shade = LineChart.shade(i, LineChart.MAX_SHADES);
      assertThat(styles).contains(".%1$s { --colour: var(--%1$s);".formatted(shade));
    }
    for (int i = 0; i < LineChart.MAX_COLOURS; i++) {
      String colour = LineChart.colour(i);
      assertThat(styles).contains(".%1$s { --colour: var(--%1$s);".formatted(colour));
    }
  }

  /** In a page that is XML, too, these would be escaped. */
  @Test
  void stylesHoldNoCharacterThatMarkupEscapes() throws IOException {
    assertThat(styles()).doesNotContain("<", ">", "&");
  }
}
