package org.eigenscope.cli.report;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.eigenscope.listeners.journal.JournalReader;
import org.eigenscope.probes.Measurement;
import org.eigenscope.probes.RecordedReading;
import org.eigenscope.probes.Spectrum;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ReportTest {
  private static final String FIGURES = "//figure/figcaption";

  @TempDir Path folder;

  private Path journal(Sample... samples) {
    return Sample.write(folder.resolve("run.jsonl"), samples);
  }

  private Path other(Sample... samples) {
    return Sample.write(folder.resolve("other.jsonl"), samples);
  }

  private static Sample[] training(int readings) {
    Sample[] samples = new Sample[readings];
    for (int i = 0; i < readings; i++) {
      samples[i] = Sample.full(10 * i, 1 + i);
    }
    return samples;
  }

  /** The golden structure of a page about one run. */
  @Test
  void hasAFigureForEachQuantityBetweenSummaryAndProvenance() throws Exception {
    Html page = Html.of(journal(training(5)));

    assertThat(page.all("//h1 | //h2 | //h3 | //figcaption"))
        .containsExactly(
            "Eigenscope report: run",
            "Warnings and notes",
            "Summary",
            "run · Hessian",
            "Spectral density, linear eigenvalues",
            "Spectral density, logarithmic eigenvalues",
            "Spectral density over iterations",
            "Largest eigenvalues",
            "Smallest eigenvalues",
            "Outliers",
            "Outlier ratio",
            "Trace",
            "Negative mass",
            "Gradient fraction",
            "Overlap of eigenspaces",
            "Loss",
            "Gradient norm",
            "Stability ratio",
            "Provenance",
            "How to read this page");
    assertThat(page.one("//ul[@class='journals']/li"))
        .isEqualTo(
            "run.jsonl: 5 readings, iterations 0 to 40,"
                + " 2026-01-02T03:04:05Z to 2026-01-02T03:04:45Z");
    assertThat(page.table("//section[@id='summary']//table"))
        .containsExactly(
            List.of(
                "series",
                "iterations",
                "loss",
                "largest eigenvalue",
                "highest",
                "at iteration",
                "outliers",
                "gradient fraction",
                "negative mass",
                "stability ratio"),
            List.of(
                "run · Hessian",
                "0 to 40",
                "0.04878",
                "20",
                "20",
                "40",
                "2",
                "0.8 (k = 4)",
                "0.25",
                "1.25"));
  }

  @Test
  void everyFigureCanBeReadWithoutSeeingIt() throws Exception {
    Html page = Html.of(journal(training(5)));
    int figures = page.all("//figure").size();

    assertThat(page.all("//figure/svg[@role='img' and @viewBox]/title")).hasSize(figures);
    assertThat(page.all("//figure/svg/desc")).hasSize(figures).noneMatch(String::isBlank);
    assertThat(page.all("//figure/details//table/caption")).hasSize(figures);
    List<String> ids = page.all("//@id");
    assertThat(ids).doesNotHaveDuplicates();
    for (String references : page.all("//@aria-labelledby")) {
      assertThat(ids).contains(references.split(" "));
    }
    for (String target : page.all("//nav//a/@href")) {
      assertThat(ids).contains(target.substring(1));
    }
    assertThat(page.one("//figure[figcaption='Loss']/svg/desc"))
        .isEqualTo(
            "Horizontally iteration, linear, 0 to 40; vertically loss, logarithmic, 0.04205 to"
                + " 2.32. loss: 2 at first, 0.04878 at last, lowest 0.04878, highest 2.");
  }

  @Test
  void theNumbersOfAFigureAreInATable() throws Exception {
    Html page = Html.of(journal(Sample.full(0, 1), Sample.full(10, 2)));

    assertThat(page.table("//figure[figcaption='Trace']//table"))
        .containsExactly(
            List.of("iteration", "trace"), List.of("0", "7 ± 0.5"), List.of("10", "14 ± 1"));
    assertThat(page.table("//figure[figcaption='Largest eigenvalues']//table").get(1))
        .containsExactly("0", "4 ± 10⁻⁶", "3 ± 10⁻⁶", "2 ± 10⁻⁶", "1 ± 10⁻⁶", "1");
    assertThat(page.table("//figure[figcaption='Spectral density, linear eigenvalues']//table"))
        .contains(
            List.of(
                "",
                "−10 to −1",
                "−1 to −0.1",
                "−0.1 to −0.01",
                "within ±0.01",
                "0.01 to 0.1",
                "0.1 to 1",
                "1 to 10",
                "10 to 100"),
            List.of("iteration 0", "0 %", "0.2 %", "1.8 %", "90 %", "7 %", "0 %", "1 %", "0 %"));
  }

  /** Tables against the journal, and points against tables. */
  @ParameterizedTest(name = "seed {0}")
  @ValueSource(ints = {1, 2, 3})
  void numbersAndPointsAreThoseOfTheJournal(int seed) throws Exception {
    SplittableRandom random = new SplittableRandom(seed);
    Sample[] samples = new Sample[12];
    for (int i = 0; i < samples.length; i++) {
      samples[i] = Sample.full(7 * i, Math.exp(random.nextDouble(-3, 3)));
    }
    Path journal = journal(samples);
    Html page = Html.of(journal);

    List<List<String>> eigenvalues = new ArrayList<>();
    List<Double> traces = new ArrayList<>();
    try (JournalReader reader = JournalReader.open(journal)) {
      while (reader.hasNext()) {
        RecordedReading reading = reader.next();
        List<String> row = new ArrayList<>();
        row.add(Integer.toString(reading.provenance().iteration()));
        for (int rank = 1; rank <= 4; rank++) {
          row.add(
              "%s ± %s"
                  .formatted(
                      Numbers.text(value(reading, "eigenscope.eigenvalue", rank)),
                      Numbers.text(value(reading, "eigenscope.eigenvalue.residual", rank))));
        }
        eigenvalues.add(row);
        traces.add(value(reading, "eigenscope.trace", 0));
      }
    }
    assertThat(page.table("//figure[figcaption='Largest eigenvalues']//table"))
        .hasSize(13)
        .filteredOn(row -> !row.get(0).equals("iteration"))
        .extracting(row -> row.subList(0, 5))
        .containsExactlyElementsOf(eigenvalues);

    // The axis of the trace is linear: heights are affine in the values.
    List<String> across = page.all("//figure[figcaption='Trace']/svg/circle/@cx");
    List<String> up = page.all("//figure[figcaption='Trace']/svg/circle/@cy");
    double highest = Collections.max(traces);
    int top = traces.indexOf(highest);
    double zero = 238;
    double scale = (zero - Double.parseDouble(up.get(top))) / highest;
    for (int i = 0; i < samples.length; i++) {
      assertThat(Double.parseDouble(across.get(i))).isCloseTo(66 + 354.0 * i / 11, within(0.06));
      assertThat(Double.parseDouble(up.get(i)))
          .isCloseTo(zero - scale * traces.get(i), within(0.15));
    }
  }

  private static double value(RecordedReading reading, String name, int rank) {
    return reading.measurements().stream()
        .filter(m -> m.name().equals(name))
        .filter(m -> !"smallest".equals(m.tags().get("end")))
        .filter(m -> rank == 0 || Integer.toString(rank).equals(m.tags().get("rank")))
        .mapToDouble(Measurement::value)
        .findFirst()
        .orElseThrow();
  }

  @Test
  void theStabilityLimitIsMarked() throws Exception {
    Html page = Html.of(journal(training(2)));

    assertThat(page.all("//figure[figcaption='Stability ratio']/svg/path[@class='line mark']"))
        .hasSize(1);
    assertThat(page.one("//figure[figcaption='Stability ratio']/svg/desc"))
        .endsWith("A line marks 1, limit.");
  }

  @Test
  void doubtIsABand() throws Exception {
    Html page = Html.of(journal(training(3)));

    assertThat(page.all("//figure[figcaption='Trace']/svg/path[@class='band s0']/@d"))
        .singleElement()
        .asString()
        .matches("M[0-9. ]+Z");
    assertThat(
            page.all(
                "//figure[figcaption='Largest eigenvalues']/svg/path[starts-with(@class,'band')]"))
        .hasSize(4);
  }

  @Test
  void sameJournalsSamePage() throws Exception {
    Path journal = journal(training(5));

    assertThat(Html.bytes(journal)).isEqualTo(Html.bytes(journal));
  }

  @Test
  void loadsAndRunsNothing() throws Exception {
    Html page = Html.of(journal(training(5)));

    assertThat(page.all("//script | //img | //iframe | //object | //link[not(@href='data:,')]"))
        .isEmpty();
    assertThat(page.all("//@src | //@href[not(starts-with(., '#'))]")).containsExactly("data:,");
    assertThat(page.one("//meta[@http-equiv='Content-Security-Policy']/@content"))
        .startsWith("default-src 'none'; style-src 'unsafe-inline'");
    assertThat(page.toString()).startsWith("<!DOCTYPE html>").doesNotContain("url(", "@import");
  }

  @Test
  void nothingInAJournalBecomesMarkup() throws Exception {
    String hostile =
        "</title></style><script>alert(1)</script>\"><img src=x onerror=alert(2)>&\u0000";
    Sample sample =
        Sample.full(0, 1)
            .run(hostile)
            .model(hostile)
            .probe(hostile)
            .setting("engine", hostile)
            .setting(hostile, hostile)
            .versions(Map.of(hostile, hostile))
            .note(hostile)
            .with(hostile, 5, hostile, hostile)
            .with("also", 5, "layer", hostile)
            .spectrum(hostile, new double[] {0, 1}, new double[] {0.5, 0.5});
    for (String tag : List.of("operator", "normalization", "layer")) {
      sample.tag(tag, hostile);
    }
    Html page = Html.of(journal(sample, Sample.full(1, 1)), other(sample));

    assertThat(page.all("//script | //img")).isEmpty();
    assertThat(page.all("//@*[starts-with(name(), 'on')]")).isEmpty();
    assertThat(page.one("//head/title")).startsWith("</title></style><script>alert(1)</script>");
    assertThat(page.toString()).doesNotContain("<script", "<img", "\u0000");
  }

  @Test
  void longTextsAreCut() throws Exception {
    Html page = Html.of(journal(Sample.full(0, 1).note("😀".repeat(5000))));

    assertThat(page.one("//section[@id='warnings']//li/bdi")).isEqualTo("😀".repeat(2000) + "…");
  }

  @Test
  void notesComeFirstAndThoseThatDifferInNumbersAreOne() throws Exception {
    Html page =
        Html.of(
            journal(
                Sample.full(0, 1).note("not all converged in 240 products"),
                Sample.full(10, 1).note("not all converged in 512 products"),
                Sample.full(20, 1).note("a second note")));

    assertThat(page.all("(//section)[1]/@id")).containsExactly("warnings");
    assertThat(page.all("//section[@id='warnings']//li"))
        .containsExactly(
            "not all converged in 240 products run.jsonl, run, iterations 0 to 10, 2 readings",
            "a second note run.jsonl, run, iteration 20");
  }

  @Test
  void eigenvaluesThatHaveNotConvergedAreAWarning() throws Exception {
    Html page =
        Html.of(
            journal(
                Sample.full(0, 1),
                Sample.full(10, 1)
                    .with("eigenscope.eigenvalue.residual", 0.2, "end", "largest", "rank", "3")));

    assertThat(page.one("//section[@id='warnings' and @class='some']//li"))
        .isEqualTo(
            "Not converged: the residual of largest rank 3 is up to 5 % of the largest absolute"
                + " eigenvalue, most at iteration 10. run.jsonl, run · Hessian");
  }

  @Test
  void aReadingWithoutNumbersHasASectionLess() throws Exception {
    Html page = Html.of(journal(Sample.empty(0)));

    assertThat(page.all("//h2"))
        .containsExactly("Warnings and notes", "Summary", "Provenance", "How to read this page");
  }

  @Test
  void readingsOfUnknownNumbersHaveNoFigure() throws Exception {
    Html page =
        Html.of(
            journal(
                Sample.empty(0).with("eigenscope.loss", Double.NaN),
                Sample.empty(1).with("eigenscope.loss", Double.NaN)));

    assertThat(page.all("//figure")).isEmpty();
    assertThat(page.one("//section[@id='series-1']/p"))
        .isEqualTo("None of its readings has a number.");
  }

  @Test
  void cheapReadingsBetweenFullOnesLeaveNoGaps() throws Exception {
    Html page =
        Html.of(
            journal(
                Sample.full(0, 1), Sample.cheap(10, 1), Sample.full(20, 1), Sample.cheap(30, 1)));

    assertThat(page.table("//figure[figcaption='Trace']//table"))
        .containsExactly(
            List.of("iteration", "trace"), List.of("0", "7 ± 0.5"), List.of("20", "7 ± 0.5"));
    assertThat(page.table("//figure[figcaption='Loss']//table")).hasSize(5);
    assertThat(page.all("//section[@id='warnings']//li")).isEmpty();
  }

  /** Sharpness often and the density now and then, by two probes in one training. */
  @Test
  void twoProbesOfOneMatrixAreOneSeries() throws Exception {
    Html page =
        Html.of(
            journal(
                Sample.full(0, 1),
                Sample.cheap(0, 1.001).probe("sharpness"),
                Sample.cheap(10, 1).probe("sharpness"),
                Sample.full(20, 1),
                Sample.cheap(20, 1).probe("sharpness")));

    assertThat(page.all("//section[starts-with(@id, 'series')]/h2"))
        .containsExactly("run · Hessian");
    assertThat(page.all("//section[@id='warnings']//li")).isEmpty();
    assertThat(page.table("//figure[figcaption='Trace']//table"))
        .extracting(row -> row.get(0))
        .containsExactly("iteration", "0", "20");
    assertThat(page.table("//figure[figcaption='Loss']//table"))
        .extracting(row -> row.get(0))
        .containsExactly("iteration", "0", "10", "20");
    assertThat(page.table("//section[@id='provenance']//table"))
        .extracting(row -> row.get(3))
        .containsExactly("probe", "spectrum", "sharpness");
  }

  @Test
  void onlyCheapReadingsHaveNoFiguresOfWhatTheDrawsTell() throws Exception {
    Html page = Html.of(journal(Sample.cheap(0, 1), Sample.cheap(10, 2)));

    assertThat(page.all(FIGURES))
        .containsExactly(
            "Largest eigenvalues",
            "Smallest eigenvalues",
            "Gradient fraction",
            "Overlap of eigenspaces",
            "Loss",
            "Gradient norm",
            "Stability ratio");
  }

  @Test
  void oneReadingIsEnough() throws Exception {
    Html page = Html.of(journal(Sample.full(7, 1)));

    assertThat(page.all(FIGURES)).contains("Spectral density, linear eigenvalues", "Loss");
    assertThat(page.all("//figure[figcaption='Loss']/svg/circle")).hasSize(1);
  }

  @Test
  void aReadingOutsideATrainingIsAtIterationMinusOne() throws Exception {
    Html page = Html.of(journal(Sample.full(-1, 1)));

    assertThat(page.one("//ul[@class='journals']/li")).contains("1 reading, iteration −1,");
  }

  @Test
  void aQuantityNobodyKnowsIsDrawnAllTheSame() throws Exception {
    Html page =
        Html.of(
            journal(
                Sample.full(0, 1).with("my.probe", 3, "part", "a").with("my.probe", 4, "part", "b"),
                Sample.full(1, 1).with("my.probe", 5, "part", "a")));

    assertThat(page.table("//figure[figcaption='my.probe']//table"))
        .containsExactly(
            List.of("iteration", "part a", "part b"),
            List.of("0", "3", "4"),
            List.of("1", "5", "–"));
  }

  @Test
  void theGradientsMeasureIsAHistogram() throws Exception {
    Html page =
        Html.of(
            journal(
                Sample.full(0, 1)
                    .spectrum(
                        Spectrum.GRADIENT,
                        new double[] {0, 0.02, 5},
                        new double[] {0.25, 0.15, 0.6})));
    String figure = "//figure[figcaption='Gradient by eigenvalue']";

    assertThat(page.table(figure + "//table"))
        .containsExactly(
            List.of("", "−0.1 to −0.01", "within ±0.01", "0.01 to 0.1", "0.1 to 1", "1 to 10"),
            List.of("iteration 0", "0 %", "25 %", "15 %", "0 %", "60 %"));
    assertThat(page.one(figure + "/svg/desc")).endsWith("lowest 0, highest 0.6.");
    // 0.02 is in the second quarter of its decade and a quarter as high as 5, in the third.
    assertThat(page.one(figure + "/svg/path[@class='line s0']/@d"))
        .contains(" 176.6 181 198.8 181 ", " 375.8 10 397.9 10 ");
  }

  @Test
  void anotherSpectrumIsDrawnAllTheSame() throws Exception {
    Html page =
        Html.of(
            journal(
                Sample.empty(0)
                    .spectrum("my.measure", new double[] {0, 1}, new double[] {0.5, 0.5})));

    assertThat(page.all(FIGURES)).containsExactly("my.measure");
  }

  @Test
  void spectraOfOneNameAreToldApartByTheirTags() throws Exception {
    double[] weights = {0.5, 0.5};
    Html page =
        Html.of(
            journal(
                Sample.empty(0)
                    .spectrum("my.measure", new double[] {0, 1}, weights, "part", "a")
                    .spectrum("my.measure", new double[] {0, 2}, weights, "part", "b")));

    assertThat(page.all(FIGURES)).containsExactly("my.measure, part a", "my.measure, part b");
  }

  @Test
  void oneReadingOfSeveralNormalizationsIsSeveralSeries() throws Exception {
    Html page =
        Html.of(
            journal(
                Sample.full(0, 4)
                    .tag("normalization", "frozen")
                    .and(Sample.full(0, 1).tag("normalization", "batch"))));

    assertThat(page.all("//section[starts-with(@id, 'series')]/h2"))
        .containsExactly(
            "run · Hessian · normalization frozen", "run · Hessian · normalization batch");
    assertThat(page.all("//section[@id='comparison-1']//figure[figcaption='Loss']//li"))
        .containsExactly("normalization frozen", "normalization batch");
  }

  /** The golden structure of a comparison. */
  @Test
  void twoJournalsAreComparedAtCommonIterations() throws Exception {
    Path one = journal(Sample.full(0, 1), Sample.full(10, 2), Sample.full(30, 3));
    Path two =
        other(
            Sample.full(0, 2).run("second"),
            Sample.full(20, 2).run("second"),
            Sample.full(30, 1.5)
                .run("second")
                .with("eigenscope.outliers", 5)
                .with("eigenscope.loss", 1)
                .with("eigenscope.eigenvalue", 2, "end", "largest", "rank", "4")
                .with("eigenscope.gradient.fraction", 0.9, "k", "4"));
    Html page = Html.of(one, two);

    assertThat(page.one("//h1")).isEqualTo("Eigenscope report: run, second");
    assertThat(page.all("//h2"))
        .containsExactly(
            "Warnings and notes",
            "Summary",
            "Comparison: Hessian of the whole network",
            "run · Hessian",
            "second · Hessian",
            "Provenance",
            "How to read this page");
    assertThat(page.all("//section[@id='comparison-1']//figcaption"))
        .containsExactly(
            "Spectral density, linear eigenvalues",
            "Spectral density, logarithmic eigenvalues",
            "Largest eigenvalue",
            "λ₁/λ₄",
            "Gradient fraction, k = 4",
            "Outliers",
            "Trace",
            "Negative mass",
            "Loss",
            "Gradient norm",
            "Stability ratio");
    assertThat(page.all("//section[@id='comparison-1']//figure[1]//li"))
        .containsExactly("run, iteration 30", "second, iteration 30");
    assertThat(page.one("//section[@id='comparison-1']/div[@class='tables']//caption"))
        .isEqualTo("second against run, 2 of 2 common iterations");
    assertThat(page.table("//section[@id='comparison-1']/div[@class='tables']//table"))
        .containsExactly(
            List.of(
                "iteration",
                "largest eigenvalue, ratio",
                "λ₁/λ₄, ratio",
                "gradient fraction, difference",
                "outliers, difference",
                "loss, difference"),
            List.of("0", "2", "1", "0", "0", "0"),
            List.of("30", "0.5", "0.75", "0.1", "3", "0.9355"));
  }

  @Test
  void journalsOfOneRunAreToldApartByTheirNames() throws Exception {
    Path one = Sample.write(folder.resolve("a").resolve("run.jsonl"), Sample.full(0, 1));
    Path two = Sample.write(folder.resolve("b").resolve("run.jsonl"), Sample.full(1, 1));
    Html page = Html.of(one, two);

    assertThat(page.all("//section[starts-with(@id, 'series')]/h2"))
        .containsExactly("run · %s · Hessian".formatted(one), "run · %s · Hessian".formatted(two));
    assertThat(page.one("//section[@id='comparison-1']/div[@class='tables']//caption"))
        .isEqualTo("%s and %s have no iteration in common".formatted(two, one));
  }

  /** As the probe of normalization modes writes them: without the tag of their arms. */
  @Test
  void contrastsOfAJournalAreShownWithTheArms() throws Exception {
    Sample contrasts = Sample.empty(0).tag("normalization", "");
    for (String arm : List.of("frozen", "none")) {
      contrasts
          .with("eigenscope.contrast.loss.difference", 0.5, "arm", arm, "reference", "batch")
          .with("eigenscope.contrast.outlier.ratio", 3, "arm", arm, "reference", "batch", "k", "4");
    }
    Html page =
        Html.of(
            journal(
                Sample.full(0, 4)
                    .tag("normalization", "batch")
                    .and(Sample.full(0, 1).tag("normalization", "frozen"))
                    .and(Sample.full(0, 1).tag("normalization", "none"))
                    .and(contrasts)));

    assertThat(page.all("//section[@id='comparison-1']//figure[figcaption='Loss']//li"))
        .containsExactly("normalization batch", "normalization frozen", "normalization none");
    assertThat(page.all("//section[starts-with(@id, 'series')]/h2")).hasSize(3);
    String comparison = "//section[@id='comparison-1']";
    assertThat(page.table(comparison + "//figure[figcaption='Contrast: loss']//table"))
        .containsExactly(
            List.of("iteration", "frozen against batch", "none against batch"),
            List.of("0", "0.5", "0.5"));
    // In the colours of their arms.
    assertThat(page.all(comparison + "//figure[figcaption='Contrast: loss']/svg/circle/@class"))
        .containsExactly("dot s1", "dot s2");
    assertThat(page.table(comparison + "//figure[figcaption='Contrast: λ₁/λₖ']//table"))
        .containsExactly(
            List.of("iteration", "frozen against batch, k = 4", "none against batch, k = 4"),
            List.of("0", "3", "3"));
  }

  @Test
  void differentMatricesAreNotCompared() throws Exception {
    Html page =
        Html.of(
            journal(
                Sample.full(0, 1),
                Sample.full(0, 1).tag("layer", "conv1"),
                Sample.full(0, 1).tag("operator", "gauss-newton")));

    assertThat(page.all("//section[starts-with(@id, 'series')]/h2"))
        .containsExactly(
            "run · Hessian · whole network",
            "run · Hessian · layer conv1",
            "run · Gauss-Newton · whole network");
    assertThat(page.all("//section[starts-with(@id, 'comparison')]")).isEmpty();
  }

  @Test
  void noMoreSeriesAreComparedThanColoursTellApart() throws Exception {
    Sample[] samples = new Sample[11];
    for (int i = 0; i < samples.length; i++) {
      samples[i] = Sample.cheap(0, 1).run("run " + i);
    }
    Html page = Html.of(journal(samples));

    assertThat(page.one("//section[@id='comparison-1']/p"))
        .isEqualTo("The first 8 series; 3 more are shown below only.");
    assertThat(page.all("//section[@id='comparison-1']//figure[figcaption='Loss']//li")).hasSize(8);
    assertThat(page.all("//section[starts-with(@id, 'series')]")).hasSize(11);
  }

  @Test
  void seriesAreBounded() throws Exception {
    Sample[] samples = new Sample[70];
    for (int i = 0; i < samples.length; i++) {
      samples[i] = Sample.empty(0).tag("layer", "layer" + i).with("eigenscope.loss", 1);
    }
    Html page = Html.of(journal(samples));

    assertThat(page.all("//section[starts-with(@id, 'series')]")).hasSize(64);
    assertThat(page.all("//section[@id='warnings']//li/bdi"))
        .containsExactly("More than 64 series: the others are not shown.");
  }

  @Test
  void thousandsOfReadingsAreThinnedAndTheExtremesStay() throws Exception {
    List<Sample> samples = new ArrayList<>();
    for (int i = 0; i < 6000; i++) {
      Sample sample =
          Sample.empty(i)
              .with("eigenscope.loss", i == 4321 ? 99 : 1 + 0.1 * Math.sin(i))
              .with("eigenscope.trace", i);
      if (i % 20 == 0) {
        sample.spectrum(1 + i);
      }
      samples.add(sample);
    }
    Html page = Html.of(Sample.write(folder.resolve("long.jsonl"), samples));

    assertThat(
            page.one("//figure[figcaption='Loss']/svg/path[contains(@class, 's0')]/@d").split(" "))
        .hasSizeBetween(1000, 1200)
        // The highest of all, as high as a chart is.
        .contains("18.4");
    assertThat(page.one("//figure[figcaption='Loss']/svg/desc")).contains("highest 99.");
    assertThat(page.all("//figure[figcaption='Spectral density, linear eigenvalues']//li"))
        .containsExactly(
            "iteration 0", "iteration 1440", "iteration 2960", "iteration 4480", "iteration 5980");
    assertThat(page.one("//figure[figcaption='Spectral density, linear eigenvalues']/p"))
        .endsWith(" 5 of 300 readings.");
    assertThat(page.one("//figure[figcaption='Spectral density over iterations']/p"))
        .isEqualTo("Colours: eigenvalues per decade. 76 of 300 readings.");
    assertThat(page.toString().length()).isLessThan(500_000);
  }

  @Test
  void aTrainingThatStartsAgainIsASeriesOfItsOwn() throws Exception {
    Html page =
        Html.of(
            journal(
                Sample.full(0, 1),
                Sample.full(10, 2),
                Sample.full(0, 3).at(Sample.START.plusSeconds(100)),
                Sample.full(10, 4).at(Sample.START.plusSeconds(110))));

    assertThat(page.all("//section[starts-with(@id, 'series')]/h2"))
        .containsExactly("run · start 1 · Hessian", "run · start 2 · Hessian");
    assertThat(page.one("//section[@id='warnings']//li"))
        .isEqualTo(
            "Iterations go back from 10 to 0: what follows is shown as another start. run.jsonl,"
                + " run · Hessian");
    assertThat(page.table("//section[@id='series-2']//figure[figcaption='Trace']//table"))
        .containsExactly(
            List.of("iteration", "trace"), List.of("0", "21 ± 1.5"), List.of("10", "28 ± 2"));
  }

  /** The reading of a slow asynchronous probe comes after those of later iterations. */
  @Test
  void aReadingThatIsLateIsPutInItsPlace() throws Exception {
    Html page = Html.of(journal(Sample.cheap(0, 1), Sample.cheap(20, 1), Sample.full(10, 1)));

    assertThat(page.all("//section[starts-with(@id, 'series')]/h2"))
        .containsExactly("run · Hessian");
    assertThat(page.table("//figure[figcaption='Loss']//table"))
        .extracting(row -> row.get(0))
        .containsExactly("iteration", "0", "10", "20");
  }

  @Test
  void twoReadingsOfOneProbeAndIterationAreAWarning() throws Exception {
    Html page =
        Html.of(
            journal(
                Sample.empty(-1).with("eigenscope.loss", 1),
                Sample.empty(-1).with("eigenscope.loss", 2)));

    assertThat(page.one("//section[@id='warnings']//li/bdi"))
        .isEqualTo(
            "Readings of an iteration that the same probe had read before: 1. The last values are"
                + " shown.");
    assertThat(page.table("//figure[figcaption='Loss']//table").get(1)).containsExactly("−1", "2");
  }

  @Test
  void provenanceSaysWhatWasMeasuredHowAndAtWhatCost() throws Exception {
    Html page =
        Html.of(
            journal(
                Sample.full(0, 1).setting("draws", "10"),
                Sample.full(10, 1).setting("draws", "10"),
                Sample.full(20, 1).setting("draws", "0")));

    assertThat(page.table("//section[@id='provenance']//table"))
        .containsExactly(
            List.of(
                "run",
                "journal",
                "model",
                "probe",
                "iterations",
                "readings",
                "matvecs",
                "seconds",
                "examples",
                "seed",
                "settings",
                "versions"),
            List.of(
                "run",
                "run.jsonl",
                "model",
                "spectrum",
                "0 to 10",
                "2",
                "480",
                "3",
                "100",
                "7",
                "batchNorm batch, draws 10, engine tangent, precision double",
                "eigenscope 0.1.0"),
            List.of(
                "run",
                "run.jsonl",
                "model",
                "spectrum",
                "20",
                "1",
                "240",
                "1.5",
                "100",
                "7",
                "batchNorm batch, draws 0, engine tangent, precision double",
                "eigenscope 0.1.0"));
  }

  @Test
  void sourcesAndNotesAreBounded() throws Exception {
    Sample[] samples = new Sample[103];
    for (int i = 0; i < samples.length; i++) {
      samples[i] = Sample.empty(i).setting("step", "" + i).note("note " + "x".repeat(i));
    }
    Html page = Html.of(journal(samples));

    assertThat(page.table("//section[@id='provenance']//table")).hasSize(101);
    assertThat(page.one("//section[@id='provenance']//caption"))
        .endsWith("Readings of further ways: 3");
    assertThat(page.all("//section[@id='warnings']//li"))
        .hasSize(101)
        .endsWith("Further notes: 3.");
  }

  @ParameterizedTest
  @ValueSource(doubles = {1e300, -1e120, 1e-300})
  void spectraBeyondDoublePrecisionAreAWarning(double node) throws Exception {
    Html page =
        Html.of(
            journal(
                Sample.full(0, 1),
                Sample.empty(1)
                    .spectrum("eigenscope.spectrum", new double[] {node}, new double[] {1})));

    assertThat(page.one("//section[@id='warnings']//li/bdi"))
        .isEqualTo("Spectra too large or too small to be drawn: 1.");
  }

  @Test
  void extremeScalarsAreDrawn() throws Exception {
    Html page =
        Html.of(
            journal(
                Sample.empty(0)
                    .with("eigenscope.loss", Double.MAX_VALUE)
                    .with("eigenscope.trace", -Double.MAX_VALUE),
                Sample.empty(Integer.MAX_VALUE)
                    .with("eigenscope.loss", Double.MIN_VALUE)
                    .with("eigenscope.trace", Double.MAX_VALUE)));

    assertThat(page.all(FIGURES)).containsExactly("Trace", "Loss");
    assertThat(page.toString()).doesNotContain("NaN", "Infinity");
  }

  @Test
  void aTornLastLineIsAWarning() throws Exception {
    Path journal = journal(training(2));
    Files.writeString(journal, "{\"schema\":1,\"prov", StandardOpenOption.APPEND);

    assertThat(Html.of(journal).one("//section[@id='warnings']//li"))
        .isEqualTo("Line 3 was passed over: the line ends in the middle of a reading. run.jsonl");
  }

  @Test
  void corruptLinesBetweenReadingsAreWarnings() throws Exception {
    Path journal = journal(training(1));
    Files.writeString(journal, "what is this?\n".repeat(5), StandardOpenOption.APPEND);
    Sample.write(journal, Sample.full(50, 1));
    Html page = Html.of(journal);

    assertThat(page.all("//section[@id='warnings']//li"))
        .hasSize(4)
        .first()
        .asString()
        .startsWith("Line 2 was passed over: the line is not JSON");
    assertThat(page.all("//section[@id='warnings']//li"))
        .last()
        .isEqualTo("Further lines that were passed over: 2. run.jsonl");
    assertThat(page.one("//ul[@class='journals']/li")).contains("2 readings");
  }

  @Test
  void anEmptyJournalIsRefused() throws IOException {
    Path empty = Files.createFile(folder.resolve("empty.jsonl"));

    assertThatThrownBy(() -> Report.of(List.of(empty)))
        .isInstanceOf(IOException.class)
        .hasMessage("the journal %s has no readings yet", empty);
  }

  @Test
  void aJournalOfOneTornLineIsRefused() throws IOException {
    Path torn = Files.writeString(folder.resolve("torn.jsonl"), "{\"schema\":1,\"prov");

    assertThatThrownBy(() -> Report.of(List.of(torn)))
        .isInstanceOf(IOException.class)
        .hasMessage(
            "the journal %s has no readings: line 1: the line ends in the middle of a reading",
            torn);
  }

  @Test
  void anotherFileIsRefused() throws IOException {
    Path text = Files.writeString(folder.resolve("text.txt"), "1,2,3\n4,5,6\n", UTF_8);
    Path json = Files.writeString(folder.resolve("result.json"), "{\n  \"loss\": 1\n}\n", UTF_8);

    assertThatThrownBy(() -> Report.of(List.of(text)))
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageContaining("%s, line 1: the line is not JSON", text);
    assertThatThrownBy(() -> Report.of(List.of(json)))
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageContaining("%s, line 2: ", json);
  }

  @Test
  void aNewerJournalIsRefused() throws IOException {
    Path journal = journal(training(1));
    Files.writeString(journal, "{\"schema\":99}\n", StandardOpenOption.APPEND);

    assertThatThrownBy(() -> Report.of(List.of(journal)))
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageContaining("%s, line 2: the line has schema 99", journal)
        .hasMessageContaining("read it with a newer version");
  }
}
