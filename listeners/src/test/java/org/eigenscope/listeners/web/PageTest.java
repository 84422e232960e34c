package org.eigenscope.listeners.web;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.eigenscope.listeners.HandmadeReadings;
import org.eigenscope.listeners.metrics.PrometheusEndpoint;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The live page in headless Chromium, where it is installed. */
class PageTest {
  private static final int WIDTH = 1280;
  private static final int HEIGHT = 900;
  private static final int PHONE = 390;

  /** Would set window.hit if it became an element, in text or in an attribute. */
  private static final String HOSTILE =
      "<img src=x onerror=\"window.hit=1\">'\"&quot;</script>`${1}`";

  private static Browser browser;

  private EventServer server;

  @BeforeAll
  static void startBrowser(@TempDir Path profile) throws Exception {
    browser = Browser.start(profile);
  }

  @AfterAll
  static void stopBrowser() {
    if (browser != null) {
      browser.close();
    }
  }

  @BeforeEach
  void startServer() throws Exception {
    server = EventServer.start();
  }

  @AfterEach
  void stopServer() {
    server.close();
  }

  private void open() {
    browser.open(server.address(), WIDTH, HEIGHT);
  }

  /** Sends what a training looks like that has been measured three times. */
  private void sendTraining() throws Exception {
    server.send("hello", Events.hello("open", Events.START.plusSeconds(35)));
    for (int iteration : List.of(10, 20, 30)) {
      server.send("reading", Events.reading(iteration).scale(iteration / 10.0).event());
    }
    server.send("beat", Events.beat(Events.START.plusSeconds(35)));
  }

  private static String tile(String title) {
    return "[...document.querySelectorAll('.tile')].find(e => e.querySelector('dt').textContent === '%s').innerText"
        .formatted(title);
  }

  private static String figure(String title) {
    return "[...document.querySelectorAll('figure')].find(e => !e.hidden && e.querySelector('[role=slider]').ariaLabel === '%s')"
        .formatted(title);
  }

  private static void assertNothingWrong(URI address) {
    assertThat(browser.complaints()).isEmpty();
    assertThat(browser.requests())
        .isNotEmpty()
        .allSatisfy(request -> assertThat(request).startsWith(address.toString()));
  }

  @Test
  void showsWhatWasMeasuredWithItsDoubt() throws Exception {
    sendTraining();
    open();

    browser.until("document.querySelector('#now-title').textContent === 'Iteration 30'");

    assertThat(browser.text(tile("Largest eigenvalue"))).contains("30").contains("± 10⁻⁶");
    assertThat(browser.text(tile("Trace"))).contains("120").contains("± 12, standard error");
    assertThat(browser.text(tile("Stability ratio"))).contains("1.5").contains("above the limit");
    assertThat(browser.text(tile("Outliers"))).contains("2").contains("bulk edge 6");
    assertThat(browser.text(tile("Gradient in top 4"))).contains("80 %").contains("chance 0.4 %");
    assertThat(browser.text(tile("Negative mass"))).contains("12.5 %");
    assertThat(browser.text("document.title")).isEqualTo("run · 30 · λ₁ 30 – Eigenscope");
    assertThat(browser.text("document.querySelector('#state').innerText"))
        .contains("Live")
        .contains("newest reading 5 s ago, usually one every 10 s");
    assertThat(browser.text("document.querySelector('#choices').hidden")).isEqualTo("true");
    assertNothingWrong(server.address());
  }

  @Test
  void everyFigureIsDrawn() throws Exception {
    sendTraining();
    open();
    browser.until("document.querySelector('#now-title').textContent === 'Iteration 30'");

    // Pixels of each figure's canvas that are not empty, in the order of the page.
    String drawn =
        """
        JSON.stringify([...document.querySelectorAll('figure')].filter(e => !e.hidden).map(e => {
          const canvas = e.querySelector('canvas');
          const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
          const colours = new Set();
          for (let i = 0; i < data.length; i += 4) {
            if (data[i + 3] === 255) colours.add(data[i] * 65536 + data[i + 1] * 256 + data[i + 2]);
          }
          return [e.querySelector('[role=slider]').ariaLabel, colours.size > 3];
        }))""";
    assertThat(browser.text(drawn))
        .isEqualTo(
            "["
                + String.join(
                    ",",
                    List.of(
                            "Spectral density",
                            "Spectrum over iterations",
                            "Largest eigenvalues",
                            "Stability ratio",
                            "Loss",
                            "Outliers",
                            "Outlier ratio",
                            "Trace",
                            "Negative mass",
                            "Smallest eigenvalues",
                            "Gradient fraction by k",
                            "Gradient fraction",
                            "Overlap with the eigenspace before",
                            "Where the gradient lies",
                            "Gradient norm",
                            "Duration of readings")
                        .stream()
                        .map(title -> "[\"%s\",true]".formatted(title))
                        .toList())
                + "]");
    assertNothingWrong(server.address());
  }

  @Test
  void takesUpReadingsWhileItIsOpen() throws Exception {
    server.send("hello", Events.hello("open", Events.START));
    open();
    browser.until("!document.querySelector('#empty').hidden");
    assertThat(browser.text("document.querySelector('#empty').innerText"))
        .contains("Waiting for the first reading");

    server.send("probe", Events.probe("run", "failed", "loss is NaN"));
    browser.until("document.querySelector('#empty').innerText.includes('loss is NaN')");

    server.send("reading", Events.reading(10).event());
    browser.until("document.querySelector('#now-title').textContent === 'Iteration 10'");
    assertThat(browser.value("document.querySelector('#empty').hidden").asBoolean()).isTrue();
    assertThat(browser.text(tile("Largest eigenvalue"))).contains("10\n");

    server.send("reading", Events.reading(20).scale(4).residual(1.0).event());
    browser.until("document.querySelector('#now-title').textContent === 'Iteration 20'");
    assertThat(browser.text(tile("Largest eigenvalue"))).contains("40\n± 1, not converged");
    assertThat(
            browser
                .value(figure("Largest eigenvalues") + ".querySelector('.readout').textContent")
                .asText())
        .isEqualTo("now, iteration 20: rank 1 40 ± 1, rank 2 20 ± 1, rank 3 8 ± 1, rank 4 6 ± 1");
    assertNothingWrong(server.address());
  }

  @Test
  void saysSinceWhenItIsDisconnectedAndComesBack() throws Exception {
    sendTraining();
    open();
    browser.until("document.querySelector('#now-title').textContent === 'Iteration 30'");
    assertThat(browser.text("document.body.dataset.state")).isEqualTo("live");
    assertThat(browser.value("document.querySelector('#banner').hidden").asBoolean()).isTrue();

    URI address = server.address();
    server.close();
    browser.until("document.body.dataset.state === 'lost'");
    assertThat(browser.text("document.querySelector('#banner').innerText"))
        .matches(
            "Disconnected since \\d\\d:\\d\\d:\\d\\d\\. What is shown is of then\\. Trying again\\.");
    assertThat(browser.text("document.querySelector('#state-text').textContent"))
        .isEqualTo("Disconnected");
    assertThat(browser.text("document.title")).startsWith("✕ run");
    assertThat(browser.text(tile("Largest eigenvalue"))).contains("30\n");

    server = EventServer.at(address);
    server.send("hello", Events.hello("open", Events.START.plusSeconds(45)));
    server.send("reading", Events.reading(40).event());
    browser.until("document.body.dataset.state === 'live'");
    browser.until("document.querySelector('#now-title').textContent === 'Iteration 40'");
    assertThat(browser.value("document.querySelector('#banner').hidden").asBoolean()).isTrue();
    assertThat(browser.complaints()).isEmpty();
  }

  @Test
  void saysWhenReadingsStayAway() throws Exception {
    sendTraining();
    open();
    browser.until("document.body.dataset.state === 'live'");

    server.send("beat", Events.beat(Events.START.plusSeconds(30 + 49)));
    browser.until(
        "document.querySelector('#age').textContent.startsWith('newest reading 49 s ago')");
    assertThat(browser.text("document.body.dataset.state")).isEqualTo("live");

    server.send("beat", Events.beat(Events.START.plusSeconds(30 + 3 * 60)));
    browser.until("document.body.dataset.state === 'stale'");
    assertThat(browser.text("document.querySelector('#banner').innerText"))
        .startsWith("No reading since ")
        .contains("usually one every 10 s");
    assertThat(browser.text("document.querySelector('#age').textContent"))
        .startsWith("newest reading 3 min ago");

    server.send("reading", Events.reading(210).event());
    browser.until("document.body.dataset.state === 'live'");
    assertNothingWrong(server.address());
  }

  @Test
  void showsWhatAnEndpointsSinkTakesUntilItIsClosed() throws Exception {
    try (PrometheusEndpoint endpoint = PrometheusEndpoint.start(0)) {
      HandmadeReadings.feed(endpoint.sink());
      browser.open(endpoint.page(), WIDTH, HEIGHT);
      browser.until("document.querySelector('#now-title').textContent === 'Iteration 300'");
      assertThat(browser.text(tile("Largest eigenvalue"))).contains("12.5\n± 10⁻⁶");
      assertThat(browser.text(tile("Trace"))).contains("99\n± 4.5, standard error");
      assertThat(
              browser.text("document.querySelector('#probes tbody').innerText").replace('\t', ' '))
          .startsWith("run-1 · lenet · spectrum skipped at iteration 500 1 1 1 1.3 s 940 12.5 %");
      assertThat(browser.text("document.querySelector('#notes').innerText"))
          .contains("the smallest eigenvalue did not converge — residual 4·10⁻⁶ 😀");

      endpoint.sink().accept(HandmadeReadings.spectrum(400));
      browser.until("document.querySelector('#now-title').textContent === 'Iteration 400'");

      endpoint.sink().accept(HandmadeReadings.paired(400));
      browser.until("!document.querySelector('#arms-table').closest('section').hidden");
      assertThat(browser.text("document.querySelector('#arms-table').innerText"))
          .contains("batch")
          .contains("frozen against batch")
          .contains("population against batch");
      assertNothingWrong(endpoint.page());
    }

    browser.until("document.body.dataset.state === 'lost'");
    assertThat(browser.text("document.querySelector('#banner').textContent"))
        .contains("when the training closed its endpoint");
    assertThat(browser.complaints()).isEmpty();
  }

  @Test
  void aJournalThatDoesNotGrowIsNotStale() throws Exception {
    Map<String, Object> hello =
        new HashMap<>(Events.hello("open", Events.START.plusSeconds(1_000_000)));
    hello.put("source", "journal");
    server.send("hello", hello);
    server.send("reading", Events.reading(10).event());
    server.send("reading", Events.reading(20).event());
    open();

    browser.until("!document.querySelector('#readings').hidden");
    browser.until("document.body.dataset.state === 'finished'");
    assertThat(browser.text("document.querySelector('#state').innerText"))
        .startsWith("Journal")
        .contains("last reading 2026-01-0");
    assertThat(browser.value("document.querySelector('#banner').hidden").asBoolean()).isTrue();
    assertThat(browser.value("document.querySelector('#metrics').hidden").asBoolean())
        .as("a journal's page has no metrics")
        .isTrue();
    assertNothingWrong(server.address());
  }

  @Test
  void namesCannotBecomeMarkup() throws Exception {
    server.send(
        "hello",
        Map.of(
            "source",
            "live",
            "title",
            HOSTILE,
            "version",
            HOSTILE,
            "now",
            Events.START.toString(),
            "state",
            "open"));
    for (int i = 1; i <= 3; i++) {
      server.send(
          "reading",
          Events.reading(10 * i)
              .run(HOSTILE)
              .layer(HOSTILE)
              .probe(HOSTILE)
              .normalizations(HOSTILE, "other")
              .with(
                  HOSTILE,
                  Map.of(
                      "operator",
                      "hessian",
                      "layer",
                      HOSTILE,
                      "normalization",
                      HOSTILE,
                      HOSTILE,
                      HOSTILE),
                  1.0 * i)
              .with(
                  "eigenscope.contrast.eigenvalue.ratio",
                  Map.of(
                      "operator",
                      "hessian",
                      "layer",
                      HOSTILE,
                      "arm",
                      HOSTILE,
                      "reference",
                      HOSTILE),
                  2.0)
              .notes(HOSTILE)
              .event());
    }
    server.send("reading", Events.reading(10).run("another").event());
    server.send("reading", Events.reading(40).run(HOSTILE).layer("other").event());
    server.send(
        "reading",
        Events.reading(50)
            .run(HOSTILE)
            .layer(HOSTILE)
            .normalizations(HOSTILE, "other")
            .probe("p2")
            .event());
    server.send("probe", Events.probe(HOSTILE, "failed", HOSTILE));
    server.send("alert", Events.alert(HOSTILE, HOSTILE, "raised", HOSTILE));
    server.send("alert", Events.alert("A" + HOSTILE, "critical", "resolved", HOSTILE));
    server.send("beat", Events.beat(Events.START.plusSeconds(51)));
    open();
    browser.until("document.querySelectorAll('#probes tbody tr').length === 4");
    browser.value(
        """
        (() => {
          for (const name of ['run', 'matrix']) {
            const select = document.querySelector(`select[name=${name}]`);
            select.value = [...select.options].find((option) => option.textContent.includes('img')).value;
            select.dispatchEvent(new Event('change'));
          }
          document.querySelectorAll('details').forEach((details) => { details.open = true; });
        })()""");
    browser.until("!document.querySelector('#arms-table').closest('section').hidden");
    browser.until("!document.querySelector('#others').closest('section').hidden");

    assertThat(browser.value("window.hit === undefined").asBoolean()).isTrue();
    assertThat(browser.value("document.querySelectorAll('img, script:not([src])').length").asInt())
        .isZero();
    for (String place :
        List.of(
            "#title",
            "#choices",
            "#active",
            "#alerts",
            "#notes",
            "#probes",
            "#arms-table",
            "#others",
            "#version")) {
      assertThat(browser.text("document.querySelector('%s').textContent".formatted(place)))
          .as(place)
          .contains(HOSTILE);
    }
    assertThat(browser.value("document.documentElement.scrollWidth").asInt()).isEqualTo(WIDTH);
    browser.size(PHONE, HEIGHT);
    assertThat(browser.value("document.documentElement.scrollWidth").asInt()).isEqualTo(PHONE);
    assertNothingWrong(server.address());
  }

  @Test
  void armsStandSideBySideWithTheirContrasts() throws Exception {
    server.send("hello", Events.hello("open", Events.START));
    for (int iteration : List.of(10, 20)) {
      server.send(
          "reading",
          Events.reading(iteration)
              .normalizations("batch", "none")
              .with(
                  "eigenscope.contrast.eigenvalue.ratio",
                  Map.of(
                      "operator", "hessian", "layer", "all", "arm", "none", "reference", "batch"),
                  2.0)
              .event());
    }
    open();
    browser.until("!document.querySelector('#arms-table').closest('section').hidden");

    assertThat(browser.text("document.querySelector('#arms-table').innerText").replace('\t', ' '))
        .contains("batch 20 10 ± 10⁻⁶ 6.67 2 80 % 40 ± 4 12.5 % 0.5 0.5")
        .contains("none 20 20 ± 10⁻⁶ 6.67 2 80 % 80 ± 8 12.5 % 0.5 1")
        .contains("none against batch 20 × 2");
    assertThat(browser.text(tile("Largest eigenvalue"))).contains("10\n");

    browser.value(
        """
        (() => {
          const select = document.querySelector('select[name=arm]');
          select.value = 'none';
          select.dispatchEvent(new Event('change'));
        })()""");
    assertThat(browser.text(tile("Largest eigenvalue"))).contains("20\n");
    assertThat(browser.text("location.hash")).isEqualTo("#arm=none");
    assertNothingWrong(server.address());
  }

  @Test
  void theRunThatStartedLastIsShownUntilOneIsChosen() throws Exception {
    server.send("hello", Events.hello("open", Events.START));
    server.send("reading", Events.reading(10).run("a").event());
    open();
    browser.until("document.querySelector('#now-title').textContent === 'Iteration 10'");
    assertThat(browser.value("document.querySelector('#choices').hidden").asBoolean()).isTrue();

    server.send("reading", Events.reading(20).run("b").event());
    browser.until("document.querySelector('#now-title').textContent === 'Iteration 20'");
    assertThat(browser.text("document.querySelector('#choices').innerText")).startsWith("Run");

    server.send("reading", Events.reading(30).run("a").event());
    browser.until("document.querySelector('#probes').innerText.includes('iteration 30')");
    assertThat(browser.text("document.querySelector('#now-title').textContent"))
        .isEqualTo("Iteration 20");

    browser.value(
        """
        (() => {
          const select = document.querySelector('select[name=run]');
          select.value = 'a';
          select.dispatchEvent(new Event('change'));
        })()""");
    assertThat(browser.text("document.querySelector('#now-title').textContent"))
        .isEqualTo("Iteration 30");
    server.send("reading", Events.reading(40).run("c").event());
    browser.until("document.querySelector('#probes').innerText.includes('c · model')");
    assertThat(browser.text("document.querySelector('#now-title').textContent"))
        .isEqualTo("Iteration 30");
    assertNothingWrong(server.address());
  }

  @Test
  void whatARunDoesNotMeasureIsNotShown() throws Exception {
    sendTraining();
    open();
    browser.until("document.querySelector('#now-title').textContent === 'Iteration 30'");

    Map<String, String> tags =
        Map.of("operator", "hessian", "layer", "all", "normalization", "none");
    for (int iteration : List.of(10, 20)) {
      server.send(
          "reading",
          Events.reading(iteration)
              .run("another")
              .normalizations()
              .with("my.own.measure", tags, 1.5)
              .event());
    }
    browser.until("document.querySelector('#now-title').textContent === 'Iteration 20'");
    browser.until(
        figure("my own measure")
            + ".querySelector('.readout').textContent === 'now, iteration 20: 1.5'");
    browser.pointAt("#others .u-over");
    browser.until(
        figure("my own measure")
            + ".querySelector('.readout').textContent.startsWith('iteration')");

    assertThat(browser.value("document.querySelectorAll('.tile').length").asInt()).isZero();
    assertThat(
            browser.text(
                "[...document.querySelectorAll('#readings figure')].filter(e => e.checkVisibility()).length"))
        .isEqualTo("1");
    assertNothingWrong(server.address());
  }

  @Test
  void worksWithTheKeyboard() throws Exception {
    sendTraining();
    server.send("reading", Events.reading(40).event());
    server.send("reading", Events.reading(10).run("another").event());
    server.send("reading", Events.reading(20).run("another").event());
    open();
    browser.until("document.querySelectorAll('#probes tbody tr').length === 2");
    browser.value("location.hash = 'run=run'");
    browser.until("document.querySelector('#now-title').textContent === 'Iteration 40'");
    int controls =
        browser
            .value(
                "[...document.querySelectorAll('a, select, summary, [tabindex=\"0\"]')].filter(e => e.checkVisibility()).length")
            .asInt();

    String focused =
        "(() => { const e = document.activeElement; const s = getComputedStyle(e); return e === document.body ? '' : (s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2 ? 'visible ' : 'hidden ') + e.tagName; })()";
    for (int i = 0; i < controls; i++) {
      browser.press("Tab");
      assertThat(browser.text(focused)).as("control %d", i).startsWith("visible ");
    }
    browser.press("Tab");
    assertThat(browser.text(focused)).as("after the last of %d", controls).isEmpty();

    String chart = figure("Largest eigenvalues") + ".querySelector('[role=slider]')";
    browser.value(chart + ".focus()");
    assertThat(browser.text(chart + ".ariaValueText")).startsWith("now, iteration 40: rank 1 10");
    browser.press("ArrowLeft");
    browser.until(chart + ".ariaValueText.startsWith('iteration 40')");
    browser.press("ArrowLeft");
    browser.until(chart + ".ariaValueText.startsWith('iteration 30: rank 1 30')");
    // The other figures follow, and the density shows that spectrum, too.
    browser.until(
        figure("Loss") + ".querySelector('.readout').textContent.startsWith('iteration 30')");
    browser.until(
        figure("Spectral density")
            + ".querySelector('.legend').textContent.includes('iteration 30')");
    browser.press("Home");
    browser.until(chart + ".ariaValueText.startsWith('iteration 10')");
    browser.press("Escape");
    browser.until(chart + ".ariaValueText.startsWith('now, iteration 40')");

    String details = figure("Largest eigenvalues") + ".querySelector('details')";
    browser.value(details + ".querySelector('summary').focus()");
    browser.press("Enter");
    browser.until(details + ".querySelectorAll('tbody tr').length === 4");
    assertThat(browser.text(details + ".querySelector('tbody tr').innerText").replace('\t', ' '))
        .isEqualTo("40 10 ± 10⁻⁶ 5 ± 10⁻⁶ 2 ± 10⁻⁶ 1.5 ± 10⁻⁶");
    assertNothingWrong(server.address());
  }

  @Test
  void theMouseReadsFiguresToo() throws Exception {
    sendTraining();
    open();
    browser.until("document.querySelector('#now-title').textContent === 'Iteration 30'");

    browser.pointAt("#spectrum figure:nth-child(2) .u-over");

    browser.until(
        figure("Trace") + ".querySelector('.readout').textContent === 'iteration 20: 80 ± 8'");
    assertNothingWrong(server.address());
  }

  @Test
  void fitsAPhoneAndFollowsWhatTheReaderLikes() throws Exception {
    sendTraining();
    server.send("probe", Events.probe("run", "completed", ""));
    server.send("alert", Events.alert("Stability", "critical", "raised", "beyond the limit"));
    browser.open(server.address(), PHONE, 844);
    browser.until("document.querySelector('#now-title').textContent === 'Iteration 30'");

    assertThat(browser.value("document.documentElement.scrollWidth").asInt()).isEqualTo(PHONE);
    assertThat(
            browser
                .value(
                    "Math.min(...[...document.querySelectorAll('canvas')].filter(e => e.checkVisibility()).map(e => e.getBoundingClientRect().width))")
                .asInt())
        .isGreaterThan(300);
    String background = "getComputedStyle(document.body).backgroundColor";
    assertThat(browser.text(background)).isEqualTo("rgb(255, 255, 255)");
    String lineColour =
        """
        (() => {
          const canvas = document.querySelector('#spectrum canvas');
          const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext('2d');
          copy.drawImage(canvas, 0, 0);
          const data = copy.getImageData(0, 0, canvas.width, canvas.height).data;
          const has = (...rgb) => {
            for (let i = 0; i < data.length; i += 4) {
              if (rgb.every((part, c) => data[i + c] === part) && data[i + 3] === 255) return true;
            }
            return false;
          };
          return `${has(0x0b, 0x62, 0xb0)} ${has(0x6c, 0xb2, 0xf7)}`;
        })()""";
    browser.until(lineColour + " === 'true false'");

    browser.prefer("prefers-color-scheme", "dark");
    browser.until(lineColour + " === 'false true'");
    assertThat(browser.text(background)).isEqualTo("rgb(17, 20, 24)");

    String animation = "getComputedStyle(document.querySelector('.dot')).animationName";
    assertThat(browser.text(animation)).isEqualTo("pulse");
    browser.prefer("prefers-reduced-motion", "reduce");
    assertThat(browser.text(animation)).isEqualTo("none");
    assertNothingWrong(server.address());
  }

  @Test
  void alertsAndHealthAreShown() throws Exception {
    sendTraining();
    server.send("alert", Events.alert("Mass", "warning", "raised", "negative mass rises"));
    server.send("alert", Events.alert("Stability", "critical", "raised", "beyond the limit"));
    server.send("alert", Events.alert("Old", "info", "raised", "was so"));
    server.send("alert", Events.alert("Old", "info", "resolved", "is so no more"));
    server.send("probe", Events.probe("run", "skipped", "busy"));
    open();
    browser.until("document.querySelectorAll('#alerts li').length === 3");

    assertThat(browser.text("document.querySelector('#active').innerText"))
        .isEqualTo("Stability beyond the limit\nMass negative mass rises");
    assertThat(browser.text("document.querySelector('#alerts li:nth-child(3)').innerText"))
        .contains("Old resolved")
        .contains("is so no more")
        .contains("value 1.25 · limit 1");
    assertThat(browser.text("document.title")).startsWith("(2) run");
    assertThat(browser.text("document.querySelector('#probes tbody').innerText").replace('\t', ' '))
        .startsWith("run · model · spectrum skipped at iteration 7: busy 3 0 5 1.5 s 900 12.5 %");

    server.send("alert", Events.alert("Stability", "critical", "resolved", "within it again"));
    browser.until("document.querySelector('#active').innerText === 'Mass negative mass rises'");
    assertNothingWrong(server.address());
  }

  @Test
  void anotherTrainingAtTheSameAddressReplacesTheOneBefore() throws Exception {
    sendTraining();
    server.send("alert", Events.alert("Stability", "critical", "raised", "beyond the limit"));
    open();
    browser.until("!document.querySelector('#active').hidden");

    Map<String, Object> hello = new HashMap<>(Events.hello("open", Events.START.plusSeconds(100)));
    hello.put("instance", "two");
    server.send("hello", hello);
    server.send("reading", Events.reading(100).run("another").event());

    browser.until("document.querySelector('#now-title').textContent === 'Iteration 100'");
    assertThat(browser.value("document.querySelector('#active').hidden").asBoolean()).isTrue();
    assertThat(browser.value("document.querySelector('#choices').hidden").asBoolean())
        .as("one run")
        .isTrue();
    assertNothingWrong(server.address());
  }

  @Test
  void aTrainingThatStartsAgainReplacesTheOneBefore() throws Exception {
    sendTraining();
    server.send("reading", Events.reading(5).time(Events.START.plusSeconds(40)).scale(7).event());
    open();
    browser.until("document.querySelector('#now-title').textContent === 'Iteration 5'");

    assertThat(browser.text(tile("Largest eigenvalue"))).contains("70\n");
    assertThat(
            browser
                .value("document.querySelector('#spectrum figure:nth-child(2)').hidden")
                .asBoolean())
        .as("a spectrogram of one reading")
        .isTrue();
  }

  @Test
  void whatItKeepsIsBounded() throws Exception {
    open();
    String counts =
        """
        (async () => {
          const { History, LARGEST, meter } = await import('/page/history.js');
          const history = new History();
          const reading = (i, run) => ({
            id: i, run, model: 'm', probe: 'p', iteration: i, time: new Date(1e12 + 1000 * i).toISOString(),
            seconds: 1, matvecs: 1, notes: [`note ${'abcdefghij'[i % 10]} ${i}${run}`, `${run}`],
            spectra: [{ name: 'eigenscope.spectrum', tags: {}, order: 1, values: [i], masses: [1] }],
            measurements: [{ name: 'eigenscope.eigenvalue', tags: { end: 'largest', rank: '1' }, value: i === 1501 ? 1e6 : 1 }],
          });
          for (let i = 0; i < 5000; i++) {
            history.addReading(reading(i, 'run'));
          }
          const frames = history.frames({ run: 'run' });
          const iterations = frames.map((frame) => frame.iteration);
          for (let i = 0; i < 1000; i++) {
            history.addReading(reading(i, 'run ' + i));
            history.addAlert({ name: 'a' + i, state: 'raised' });
            history.addAlert({ name: 'b' + i, state: 'resolved' });
          }
          return [frames.length <= 600, iterations.at(-1), iterations.includes(1501),
            iterations.every((at, i) => i === 0 || at > iterations[i - 1]),
            history.series.size <= 128, history.probes.size <= 64, history.alerts.size <= 150,
            history.notes.size <= 60, history.times.size <= 128].join(' ');
        })()""";
    assertThat(browser.text(counts)).isEqualTo("true 4999 true true true true true true true");
  }

  @Test
  void numbersReadAsInTheReport() {
    open();
    String said =
        """
        import('/page/numbers.js').then(({ text, percent, duration }) => [
          text(0), text(12.34567), text(-0.00123456), text(17096, 2), text(123456789), text(1e-10),
          text(-1e9), text(null), text(NaN), text(999999), text(0.1 + 0.2), percent(0.123456),
          duration(1.2345), duration(75), duration(600), duration(7500)].join('|'))""";
    assertThat(browser.text(said))
        .isEqualTo(
            "0|12.35|−0.001235|17000|1.235·10⁸|10⁻¹⁰|−10⁹|–|–|10⁶|0.3|12.3 %|1.2 s|75 s|10 min|2 h 5 min");
  }

  @Test
  void oldInstantsAreGivenWithTheirDay() {
    open();
    assertThat(
            browser.text(
                "import('/page/numbers.js').then(({ clock }) => clock(Date.parse('%s')))"
                    .formatted(Instant.parse("2020-06-15T12:00:00Z"))))
        .matches("2020-06-1[456] \\d\\d:\\d\\d:\\d\\d");
  }
}
