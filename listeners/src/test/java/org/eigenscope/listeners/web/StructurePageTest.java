package org.eigenscope.listeners.web;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the live page shows of structure probes, in headless Chromium, where it is installed. */
class StructurePageTest {
  private static final int WIDTH = 1280;
  private static final int HEIGHT = 900;
  private static final int PHONE = 390;
  private static final String PREFIX = "eigenscope.structure.";
  private static final List<String> MATRICES = List.of("hessian", "gauss-newton", "residual");

  private static final String HOSTILE = "<img src=x onerror=\"window.hit=1\">'\"&quot;";

  private static final String SECTION = "document.querySelector('#structure').closest('section')";

  private static final String FIGURES =
      "[...document.querySelectorAll('#structure figure')].filter(e => !e.hidden)"
          + ".map(e => e.querySelector('[role=slider]').ariaLabel).join('|')";

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
    server.send("hello", Events.hello("open", Events.START.plusSeconds(35)));
  }

  @AfterEach
  void stopServer() {
    server.close();
  }

  private void open() {
    browser.open(server.address(), WIDTH, HEIGHT);
  }

  /** A reading of the structure probes, put together piece by piece. */
  private static final class Structure {
    private final int iteration;
    private String model = "model";
    private final List<Map<String, Object>> measurements = new ArrayList<>();
    private final List<Map<String, Object>> spectra = new ArrayList<>();

    Structure(int iteration) {
      this.iteration = iteration;
    }

    Structure model(String value) {
      model = value;
      return this;
    }

    private static Map<String, String> tags(String operator, String... more) {
      Map<String, String> tags = new TreeMap<>();
      tags.put("operator", operator);
      tags.put("normalization", "none");
      tags.put("layer", "all");
      for (int i = 0; i < more.length; i += 2) {
        tags.put(more[i], more[i + 1]);
      }
      return tags;
    }

    Structure with(String name, @Nullable Double value, String operator, String... more) {
      Map<String, Object> measurement = new HashMap<>();
      measurement.put("name", PREFIX + name);
      measurement.put("tags", tags(operator, more));
      measurement.put("value", value);
      measurements.add(measurement);
      return this;
    }

    private Structure spectrum(
        String name, double[] values, double[] masses, String operator, String... more) {
      spectra.add(
          Map.of(
              "name",
              PREFIX + name,
              "tags",
              tags(operator, more),
              "order",
              Events.ORDER,
              "values",
              values,
              "masses",
              masses));
      return this;
    }

    /** Adds class means with two eigenvalues, of a matrix with three. */
    Structure classes(double scale) {
      String newton = "gauss-newton";
      double[] whole = {4, 2, 0.5};
      for (int i = 0; i < whole.length; i++) {
        String rank = Integer.toString(i + 1);
        with("class.eigenvalue", scale * whole[i], newton, "component", "g", "rank", rank);
      }
      double[] traces = {10, 5, 1, 3, 1};
      List<String> components = List.of("g", "a1", "a2", "b1", "b2");
      for (int i = 0; i < traces.length; i++) {
        with("class.trace", scale * traces[i], newton, "component", components.get(i));
      }
      with("class.ratio", 0.5, newton);
      with("class.knockout", scale, newton, "method", "subtraction");
      with("class.knockout", 0.4 * scale, newton, "method", "projection");
      spectrum(
          "class.spectrum",
          new double[] {0, scale, 3 * scale},
          new double[] {0.997, 0.002, 0.001},
          newton,
          "component",
          "a1");
      return this;
    }

    Structure decomposition(String... data) {
      double[][] eigenvalues = {{8, -2}, {7, 1}, {3, -2.5}};
      for (String of : data) {
        for (int m = 0; m < MATRICES.size(); m++) {
          String operator = MATRICES.get(m);
          for (int i = 0; i < 2; i++) {
            String rank = Integer.toString(i + 1);
            with("eigenvalue", eigenvalues[m][i], operator, "data", of, "rank", rank);
          }
          spectrum(
              "rest.spectrum",
              new double[] {-0.5, 0, 0.02, 0.9},
              new double[] {0.1, 0.5, 0.3, 0.1},
              operator,
              "data",
              of);
        }
        with("outlier.share", 0.9, "gauss-newton", "data", of, "rank", "1");
        with("outlier.share", -0.1, "gauss-newton", "data", of, "rank", "2");
        with("outlier.overlap", 0.95, "gauss-newton", "data", of, "rank", "1");
        with("outlier.overlap", 0.3, "residual", "data", of, "rank", "1");
      }
      return this;
    }

    Structure layer(String name, @Nullable Double value) {
      with("layer.eigenvalue", value, "hessian", "layer", name, "matrix", "exact");
      with("layer.eigenvalue", 99.0, "hessian", "layer", name, "matrix", "kronecker");
      with("layer.rank.one.ratio", 0.99, "hessian", "layer", name);
      with("layer.overlap", 0.75, "hessian", "layer", name, "k", "10");
      with("layer.decoupling.error", 0.25, "hessian", "layer", name, "norm", "spectral");
      with("layer.decoupling.error", 77.0, "hessian", "layer", name, "norm", "frobenius");
      with("layer.mean.input.alignment", 0.98, "hessian", "layer", name);
      with("layer.autocorrelation.ratio", null, "hessian", "layer", name);
      return this;
    }

    Map<String, Object> event() {
      return Map.ofEntries(
          Map.entry("id", iteration + 1000),
          Map.entry("probe", "structure"),
          Map.entry("run", "run"),
          Map.entry("model", model),
          Map.entry("iteration", iteration),
          Map.entry("epoch", 0),
          Map.entry("time", Events.START.plusSeconds(iteration).toString()),
          Map.entry("seconds", 1.5),
          Map.entry("examples", 100),
          Map.entry("matvecs", 900),
          Map.entry("measurements", measurements),
          Map.entry("spectra", spectra),
          Map.entry("notes", List.of()));
    }
  }

  private static Structure structure(int iteration) {
    return new Structure(iteration);
  }

  private static String figure(String title) {
    return "[...document.querySelectorAll('figure')].find(e => !e.hidden && e.querySelector('[role=slider]').ariaLabel === '%s')"
        .formatted(title);
  }

  private static String numbers(String title) {
    String details = figure(title) + ".querySelector('details')";
    browser.value(details + ".open = true");
    browser.until(details + ".querySelectorAll('tbody tr').length > 0");
    return browser.text(details + ".querySelector('table').innerText").replace('\t', ' ');
  }

  private static void assertNothingWrong(URI address) {
    assertThat(browser.complaints()).isEmpty();
    assertThat(browser.requests())
        .isNotEmpty()
        .allSatisfy(request -> assertThat(request).startsWith(address.toString()));
  }

  @Test
  void withoutSuchReadingsThereIsNoSection() throws Exception {
    server.send("reading", Events.reading(10).event());
    open();
    browser.until("document.querySelector('#now-title').textContent === 'Iteration 10'");

    assertThat(browser.value(SECTION + ".hidden").asBoolean()).isTrue();
    assertThat(browser.text("document.querySelector('#layers-table').textContent")).isEmpty();
    assertNothingWrong(server.address());
  }

  @Test
  void suchReadingsAloneHaveTheirSectionAndNoOther() throws Exception {
    for (int iteration : List.of(10, 20)) {
      server.send(
          "reading",
          structure(iteration)
              .classes(iteration)
              .decomposition("train", "held-out")
              .layer("fc1", 1.5 * iteration)
              .event());
    }
    open();
    browser.until("document.querySelector('#layers-table').innerText.includes('30')");

    assertThat(browser.text(FIGURES))
        .isEqualTo(
            "Eigenvalues by class|What class means carry|Shares of the trace"
                + "|Hessian, Gauss-Newton and residual"
                + "|Hessian, Gauss-Newton and residual, held out"
                + "|Where the Hessian’s outliers come from");
    assertThat(
            browser.text(
                "[...document.querySelectorAll('#readings > section')].filter(e => !e.hidden).map(e => e.querySelector('h2').textContent).join('|')"))
        .isEqualTo("Structure");
    assertThat(browser.value("document.querySelector('#choices').hidden").asBoolean()).isTrue();
    assertThat(
            browser
                .text("document.querySelector('#layers-table tbody').innerText")
                .replaceAll("\\s+", " "))
        .isEqualTo("fc1 20 30 0.99 0.75 0.25 0.98 –");
    assertThat(numbers("Eigenvalues by class"))
        .isEqualTo(
            "Eigenvalues by class\nrank G, whole matrix A1, class means\n3 10 20\n2 40 20\n1 80 60");
    assertThat(numbers("What class means carry")).endsWith("\n20 0.5 0.25 0.1\n10 0.5 0.25 0.1");
    assertThat(numbers("Shares of the trace")).endsWith("\n20 0.5 0.1 0.3 0.1\n10 0.5 0.1 0.3 0.1");
    assertThat(numbers("Hessian, Gauss-Newton and residual"))
        .contains("\nH 8, −2 50 %\nG 7, 1 50 %\nR 3, −2.5 50 %");
    assertThat(numbers("Where the Hessian’s outliers come from"))
        .endsWith("\n2 −0.1 −0.1 – – – –\n1 0.9 0.9 0.95 0.95 0.3 0.3");
    assertNothingWrong(server.address());
  }

  @Test
  void figuresAreDrawnWithTheEigenvaluesThatWereTakenOut() throws Exception {
    server.send("reading", structure(10).classes(1).decomposition("train").event());
    open();
    browser.until("!" + SECTION + ".hidden");

    assertThat(browser.text(FIGURES))
        .isEqualTo(
            "Eigenvalues by class|Hessian, Gauss-Newton and residual"
                + "|Where the Hessian’s outliers come from");
    // Colours of each matrix in the strip of the marks, one row below the other.
    String strip =
        """
        (() => {
          const canvas = %s.querySelector('canvas');
          const copy = new OffscreenCanvas(canvas.width, 40).getContext('2d');
          copy.drawImage(canvas, 0, 0);
          const { data } = copy.getImageData(0, 0, canvas.width, 40);
          const rows = { '11,98,176': [], '194,65,12': [], '21,128,61': [] };
          for (let i = 0; i < data.length; i += 4) {
            rows[`${data[i]},${data[i + 1]},${data[i + 2]}`]?.push(Math.floor(i / 4 / canvas.width));
          }
          return Object.values(rows).map((ys) => Math.min(...ys)).join();
        })()"""
            .formatted(figure("Hessian, Gauss-Newton and residual"));
    browser.until(
        "(([h, g, r]) => h < g && g < r && r < 40)(" + strip + ".split(',').map(Number))");
    assertNothingWrong(server.address());
  }

  @Test
  void figuresOverRanksAreReadWithTheKeyboard() throws Exception {
    server.send("reading", structure(10).classes(1).event());
    open();
    browser.until("!" + SECTION + ".hidden");
    String chart = figure("Eigenvalues by class") + ".querySelector('[role=slider]')";

    assertThat(browser.text(chart + ".ariaValueText"))
        .isEqualTo("rank 1: G, whole matrix 4, A1, class means 3");
    browser.value(chart + ".focus()");
    browser.press("End");
    browser.until(chart + ".ariaValueText === 'rank 3: G, whole matrix 0.5, A1, class means 1'");
    assertNothingWrong(server.address());
  }

  @Test
  void manyLayersBesideATrainingFitAPhone() throws Exception {
    server.send("reading", Events.reading(10).event());
    Structure many = structure(10);
    for (int i = 1; i <= 40; i++) {
      many.layer("layer" + i, (double) i);
    }
    many.layer(HOSTILE, null);
    server.send("reading", many.event());
    browser.open(server.address(), PHONE, 844);
    browser.until("document.querySelectorAll('#layers-table tbody tr').length === 41");

    assertThat(browser.text("document.querySelector('#now-title').textContent"))
        .isEqualTo("Iteration 10");
    assertThat(browser.value("document.querySelector('#choices').hidden").asBoolean())
        .as("one matrix")
        .isTrue();
    assertThat(
            browser
                .value("document.querySelector('#others').closest('section').hidden")
                .asBoolean())
        .isTrue();
    assertThat(
            browser.text("document.querySelector('#layers-table tbody tr:last-child').textContent"))
        .isEqualTo(HOSTILE + "10–0.990.750.250.98–");
    assertThat(browser.value("window.hit === undefined").asBoolean()).isTrue();
    assertThat(browser.value("document.documentElement.scrollWidth").asInt()).isEqualTo(PHONE);
    assertThat(
            browser
                .value("document.querySelector('#layers-table').parentElement.clientHeight")
                .asInt())
        .isLessThan(600);
    assertNothingWrong(server.address());
  }

  @Test
  void eachModelHasItsOwn() throws Exception {
    server.send("reading", structure(10).layer("a", 1.0).event());
    server.send("reading", structure(20).model("other").layer("b", 2.0).event());
    open();
    browser.until("document.querySelectorAll('select[name=model] option').length === 2");
    String layers = "document.querySelector('#layers-table tbody th').textContent";

    assertThat(browser.text(layers)).isEqualTo("a");
    browser.value(
        """
        (() => {
          const select = document.querySelector('select[name=model]');
          select.value = 'other';
          select.dispatchEvent(new Event('change'));
        })()""");
    assertThat(browser.text(layers)).isEqualTo("b");
    assertNothingWrong(server.address());
  }

  @Test
  void whatIsNotKnownIsNotDrawn() throws Exception {
    server.send(
        "reading",
        structure(10)
            .with("class.eigenvalue", null, "gauss-newton", "component", "g", "rank", "1")
            .with("eigenvalue", null, "hessian", "data", "train", "rank", "1")
            .with("outlier.share", null, "gauss-newton", "data", "train", "rank", "1")
            .with("layer.rank.one.ratio", null, "hessian", "layer", "fc1")
            .event());
    open();
    browser.until("document.querySelectorAll('#probes tbody tr').length === 1");

    assertThat(browser.value(SECTION + ".hidden").asBoolean()).isTrue();
    assertNothingWrong(server.address());
  }

  @Test
  void allStructureMetersOfTheReferenceAreKnown() throws Exception {
    open();
    Matcher names =
        Pattern.compile("^\\| `(eigenscope\\.structure\\.[a-z.]+)`", Pattern.MULTILINE)
            .matcher(Files.readString(Path.of("../docs/reference/metrics.md")));
    TreeSet<String> documented = new TreeSet<>();
    while (names.find()) {
      documented.add(names.group(1));
    }

    assertThat(
            browser
                .text(
                    "import('/page/history.js').then(({ STRUCTURE }) => [...STRUCTURE].sort().join())")
                .split(","))
        .containsExactlyElementsOf(documented);
  }

  @Test
  void ofAStructureTheNewestSpectraAreKept() throws Exception {
    open();
    String kept =
        """
        import('/page/history.js').then(({ History }) => {
          const history = new History();
          for (let i = 0; i < 2000; i++) {
            history.addReading({
              id: i, run: 'r', model: 'm', probe: 'p', iteration: i, time: new Date(1e12 + i).toISOString(),
              notes: [], measurements: ['a', 'b'].map((layer) => (
                { name: 'eigenscope.structure.layer.overlap', tags: { layer, k: '10' }, value: i })),
              spectra: ['a', 'b'].map((layer) => ({
                name: 'eigenscope.structure.layer.input.spectrum', tags: { layer }, order: 1, values: [i], masses: [1],
              })),
            });
          }
          const { frames, meters } = history.structure({ run: 'r', model: 'm', normalization: '' });
          return [frames.length <= 600, frames.at(-1).iteration, meters.size,
            frames.map((frame) => frame.spectra.size).reduce((sum, size) => sum + size),
            frames.at(-1).values.size, history.frames({ run: 'r' }).length].join(' ');
        })""";

    assertThat(browser.text(kept)).isEqualTo("true 1999 4 2 2 0");
  }
}
