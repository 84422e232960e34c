package org.eigenscope.cli.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.awt.image.BufferedImage;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The page in headless Chromium, where it is installed. */
class BrowserTest {
  private static final int WIDTH = 1000;
  private static final int HEIGHT = 1600;

  @TempDir Path folder;

  private Path chromium;
  private Path page;

  @BeforeEach
  void writePage() throws IOException {
    chromium = onPath("chromium");
    Sample[] samples = new Sample[6];
    for (int i = 0; i < samples.length; i++) {
      samples[i] = Sample.full(1000 * i, 1 + i);
    }
    Path one = Sample.write(folder.resolve("one.jsonl"), samples);
    Path two =
        Sample.write(
            folder.resolve("two.jsonl"),
            Sample.full(0, 1).run("with a name that is a lot longer than others " + "x".repeat(80)),
            Sample.full(5000, 2e-7).run("another run").note("a note"));
    List<Sample> structure = new ArrayList<>(StructureSamples.all(0, 1));
    structure.addAll(StructureSamples.all(1000, 3e4));
    structure.add(StructureSamples.layers(2000, 40));
    Path three = Sample.write(folder.resolve("three.jsonl"), structure);
    page = Files.write(folder.resolve("page.html"), Html.bytes(one, two, three));
  }

  private static Path onPath(String program) {
    for (String directory :
        System.getenv().getOrDefault("PATH", "").split(File.pathSeparator, -1)) {
      Path candidate = Path.of(directory, program);
      if (Files.isExecutable(candidate)) {
        return candidate;
      }
    }
    assumeTrue(false, program + " is not on the PATH (Debian package chromium)");
    throw new AssertionError();
  }

  /** Runs the browser and returns what it printed; what pages print is in the log. */
  private String run(Path shown, Path log, String... options) throws Exception {
    List<String> command =
        new ArrayList<>(
            List.of(
                chromium.toString(),
                "--headless=new",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--hide-scrollbars",
                "--enable-logging=stderr",
                "--user-data-dir=" + Files.createTempDirectory(folder, "profile"),
                "--virtual-time-budget=4000",
                "--window-size=%d,%d".formatted(WIDTH, HEIGHT)));
    command.addAll(List.of(options));
    command.add(shown.toUri().toString());
    Path out = folder.resolve("out.txt");
    Process browser =
        new ProcessBuilder(command)
            .redirectOutput(out.toFile())
            .redirectError(log.toFile())
            .start();
    try {
      assertThat(browser.waitFor(120, TimeUnit.SECONDS)).as("the browser ended").isTrue();
      assertThat(browser.exitValue()).as("status; %s", Files.readString(log)).isZero();
    } finally {
      browser.destroyForcibly();
    }
    return Files.readString(out);
  }

  private BufferedImage screenshot(String... options) throws Exception {
    Path png = folder.resolve("page.png");
    Path log = folder.resolve("log.txt");
    List<String> all = new ArrayList<>(List.of(options));
    all.add("--screenshot=" + png);
    run(page, log, all.toArray(String[]::new));
    assertThat(Files.readString(log)).doesNotContain("CONSOLE");
    BufferedImage image = ImageIO.read(png.toFile());
    assertThat(image.getWidth()).isEqualTo(WIDTH);
    return image;
  }

  @Test
  void isLightOrDarkAsTheReaderLikesAndTheConsoleStaysSilent() throws Exception {
    BufferedImage light = screenshot();
    BufferedImage dark = screenshot("--blink-settings=preferredColorScheme=0");

    assertThat(share(light, 0xffffff)).isBetween(0.3, 0.98);
    assertThat(share(dark, 0x111418)).isBetween(0.3, 0.98);
    assertThat(share(dark, 0xffffff)).isLessThan(0.01);
    // Lines of the first two series.
    assertThat(share(light, 0x0b62b0)).isPositive();
    assertThat(share(light, 0xc2410c)).isPositive();
    assertThat(share(dark, 0x6cb2f7)).isPositive();
  }

  private static double share(BufferedImage image, int rgb) {
    int count = 0;
    for (int y = 0; y < image.getHeight(); y++) {
      for (int x = 0; x < image.getWidth(); x++) {
        count += (image.getRGB(x, y) & 0xffffff) == rgb ? 1 : 0;
      }
    }
    return (double) count / (image.getWidth() * image.getHeight());
  }

  /** Shows the page in frames of the width of a phone and of a desk, and measures it there. */
  @Test
  void fitsAPhoneAndADeskAndNoLabelIsCutOff() throws Exception {
    String source = Files.readString(page).replace("&", "&amp;").replace("\"", "&quot;");
    Path frames =
        Files.writeString(
            folder.resolve("frames.html"),
            """
            <!DOCTYPE html><meta charset="utf-8"><title>frames</title>
            <iframe width="360" height="800" style="border:0" srcdoc="%1$s"></iframe>
            <iframe width="1400" height="800" style="border:0" srcdoc="%1$s"></iframe>
            <pre id="result"></pre>
            <script>
            addEventListener('load', () => {
              for (const frame of document.querySelectorAll('iframe')) {
                const page = frame.contentDocument;
                const charts = [...page.querySelectorAll('svg.chart')];
                const cut = charts.flatMap(chart => [...chart.querySelectorAll('text')].filter(text => {
                  const box = text.getBoundingClientRect(), all = chart.getBoundingClientRect();
                  return box.left < all.left - 1 || box.right > all.right + 1
                      || box.top < all.top - 1 || box.bottom > all.bottom + 1;
                }).map(text => text.textContent));
                const small = charts.filter(chart => chart.getBoundingClientRect().width < 280);
                document.getElementById('result').textContent +=
                    [frame.width, page.documentElement.scrollWidth, charts.length > 20,
                     small.length, JSON.stringify(cut)].join(' ') + ';';
              }
            });
            </script>
            """
                .formatted(source));

    String dom = run(frames, folder.resolve("frames.log"), "--dump-dom");

    assertThat(dom.replaceAll("(?s).*<pre id=\"result\">|</pre>.*", ""))
        .isEqualTo("360 360 true 0 [];1400 1400 true 0 [];");
  }
}
