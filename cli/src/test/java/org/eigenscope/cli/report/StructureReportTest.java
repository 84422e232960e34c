package org.eigenscope.cli.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.eigenscope.cli.report.StructureSamples.PREFIX;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.eigenscope.listeners.ProbeListener;
import org.eigenscope.listeners.ProbeSchedule;
import org.eigenscope.listeners.journal.JournalSink;
import org.eigenscope.probes.ClassStructureProbe;
import org.eigenscope.probes.HessianDecompositionProbe;
import org.eigenscope.probes.LayerStructureProbe;
import org.eigenscope.probes.curvature.DataBatches;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/** What a report shows of the structure probes' readings. */
class StructureReportTest {
  private static final String SECTION = "//section[@id='structure-1']";

  @TempDir Path folder;

  private Html page(List<Sample> samples) throws Exception {
    return Html.of(Sample.write(folder.resolve("run.jsonl"), samples));
  }

  private Html page(Sample... samples) throws Exception {
    return page(Arrays.asList(samples));
  }

  private static List<Sample> training(int readings) {
    List<Sample> samples = new ArrayList<>();
    for (int i = 0; i < readings; i++) {
      samples.addAll(StructureSamples.all(10 * i, 1 + i));
    }
    return samples;
  }

  private static String figure(String title) {
    return SECTION + "//figure[figcaption=\"%s\"]".formatted(title);
  }

  /** The golden structure of the section. */
  @Test
  void hasATableOrAFigureForWhatEachProbeTells() throws Exception {
    Html page = page(training(2));

    assertThat(page.all("//h2"))
        .containsExactly(
            "Warnings and notes",
            "Summary",
            "Structure: run",
            "Provenance",
            "How to read this page");
    assertThat(page.all("//nav//a/@href")).contains("#structure-1");
    assertThat(
            page.all(
                SECTION
                    + "//*[self::h3 or self::figcaption"
                    + " or (self::caption and not(ancestor::figure))]"))
        .containsExactly(
            "Classes",
            "Parts of the matrix, iteration 10",
            "What class means carry, iteration 10",
            "Eigenvalues of the parts, iteration 10",
            "Shares of the trace",
            "What class means carry",
            "Hessian = Gauss-Newton + residual",
            "Spectra, train, iteration 10",
            "Spectra, held-out, iteration 10",
            "Eigenvalue of largest magnitude",
            "Where the Hessian's outliers come from, train, iteration 10",
            "Where the Hessian's outliers come from, held-out, iteration 10",
            "Layers",
            "Layers of the matrix Hessian, newest readings",
            "Rank-one ratio",
            "Kronecker overlap",
            "Decoupling error",
            "Mean-input alignment",
            "Autocorrelation λ₁/λ₂",
            "Output Hessian E[M]",
            "Input autocorrelation E[xxᵀ]");
  }

  @Test
  void allOfItCanBeReadWithoutSeeingIt() throws Exception {
    Html page = page(training(2));
    int figures = page.all(SECTION + "//figure").size();

    assertThat(page.all(SECTION + "//figure/svg[@role='img']/title")).hasSize(figures);
    assertThat(page.all(SECTION + "//figure/svg/desc")).hasSize(figures).noneMatch(String::isBlank);
    assertThat(page.all(SECTION + "//figure/details//table/caption")).hasSize(figures);
    assertThat(page.all(SECTION + "//table/parent::div[@tabindex='0' and @role='region']"))
        .hasSize(page.all(SECTION + "//table").size());
    assertThat(page.all("//@id")).doesNotHaveDuplicates();
  }

  @Test
  void aJournalWithoutSuchReadingsHasNoSuchSection() throws Exception {
    Html page = page(Sample.full(0, 1), Sample.full(10, 1));

    assertThat(page.all("//section[starts-with(@id, 'structure')]")).isEmpty();
    assertThat(page.toString()).doesNotContain("tructure");
  }

  @Test
  void readingsOfWhichNothingIsKnownHaveNoSection() throws Exception {
    Html page =
        page(
            Sample.empty(0)
                .with(PREFIX + "class.trace", Double.NaN, "component", "g")
                .with(PREFIX + "layer.rank.one.ratio", Double.NaN, "layer", "fc1")
                .with(PREFIX + "eigenvalue", Double.NaN, "data", "train", "rank", "1"));

    assertThat(page.all("//section[starts-with(@id, 'structure')]")).isEmpty();
    assertThat(page.all("//nav//a/@href")).containsExactly("#provenance", "#guide");
    assertThat(page.all("//section[@id='summary']//table")).isEmpty();
  }

  @Test
  void oneProbeAloneHasItsPartAlone() throws Exception {
    assertThat(page(StructureSamples.layers(0, 2)).all(SECTION + "//h3")).containsExactly("Layers");
  }

  @Test
  void ofOneReadingThereAreNoCourses() throws Exception {
    assertThat(page(training(1)).all(SECTION + "//figcaption"))
        .containsExactly(
            "Eigenvalues of the parts, iteration 0",
            "Spectra, train, iteration 0",
            "Spectra, held-out, iteration 0",
            "Where the Hessian's outliers come from, train, iteration 0",
            "Where the Hessian's outliers come from, held-out, iteration 0",
            "Output Hessian E[M]",
            "Input autocorrelation E[xxᵀ]");
  }

  /** They have a section, and no others: no series of one layer each. */
  @Test
  void whatIsThereIsNotShownTwice() throws Exception {
    List<Sample> samples = new ArrayList<>(training(2));
    samples.add(Sample.full(0, 1));
    Html page = page(samples);

    assertThat(page.all("//section[starts-with(@id, 'series')]/h2"))
        .containsExactly("run · Hessian");
    assertThat(page.all("//section[@id='summary']//tbody/tr")).hasSize(1);
    assertThat(page.all("//figcaption")).noneMatch(title -> title.contains(PREFIX));
  }

  @Test
  void partsOfTheMatrixHaveTheirTracesAndLargestEigenvalues() throws Exception {
    Html page = page(training(2));

    assertThat(page.table(SECTION + "//div[table/caption='Parts of the matrix, iteration 10']"))
        .containsExactly(
            List.of("part", "what it is", "trace", "share of the trace", "largest eigenvalue"),
            List.of("G", "whole matrix", "20 ± 1", "100 %", "8"),
            List.of("A1", "class means", "10", "50 %", "6"),
            List.of("A2", "true class", "2", "10 %", "1.6"),
            List.of("B1", "cross-class means", "6", "30 %", "4"),
            List.of("B2", "within classes", "2", "10 %", "–"));
    assertThat(page.table(SECTION + "//div[table/caption='What class means carry, iteration 10']"))
        .containsExactly(
            List.of("ratio", "value"),
            List.of("λ of rank C, of A1 over that of G", "0.5"),
            List.of("λ₁ of G − A1 over that of G", "0.25"),
            List.of("λ₁ of G off the class means, over that of G", "0.1"));
  }

  @Test
  void eigenvaluesByRankGoByTheirLogarithms() throws Exception {
    Html page = page(training(2));
    String figure = figure("Eigenvalues of the parts, iteration 10");

    assertThat(page.one(figure + "/svg/desc")).contains("eigenvalue, logarithmic");
    assertThat(page.all(figure + "//li"))
        .containsExactly(
            "G, whole matrix", "A1, class means", "A2, true class", "B1, cross-class means");
    assertThat(page.table(figure + "//table"))
        .containsExactly(
            List.of(
                "rank",
                "G, whole matrix",
                "A1, class means",
                "A2, true class",
                "B1, cross-class means"),
            List.of("1", "8", "6", "1.6", "4"),
            List.of("2", "4", "2", "–", "2·10⁻⁹"),
            List.of("3", "1", "–", "–", "–"));
    // What is zero in single precision is not drawn: one of B1's, and A2 has one.
    assertThat(page.all(figure + "/svg/circle/title"))
        .containsExactly(
            "rank 1: 8",
            "rank 2: 4",
            "rank 3: 1",
            "rank 1: 6",
            "rank 2: 2",
            "rank 1: 1.6",
            "rank 1: 4");
  }

  @Test
  void classesOfOneSizeHaveBothDecompositions() throws Exception {
    Sample sample =
        StructureSamples.classes(0, 1)
            .with(PREFIX + "class.trace", 4, "component", "g1")
            .spectrum(
                PREFIX + "class.spectrum",
                new double[] {0, 2.5},
                new double[] {0.999, 0.001},
                "component",
                "g1");
    Html page = page(sample);

    assertThat(page.table(SECTION + "//div[table/caption='Parts of the matrix, iteration 0']"))
        .contains(List.of("G1", "class means", "4", "40 %", "2.5"));
    assertThat(page.table(figure("Eigenvalues of the parts, iteration 0") + "//table").get(0))
        .endsWith("G1, class means");
  }

  /** As with many classes: no cross-class means. */
  @Test
  void whatAProbeLeavesOutIsADash() throws Exception {
    Html page =
        page(
            StructureSamples.classes(0, 1)
                .with(PREFIX + "class.trace", Double.NaN, "component", "g")
                .with(PREFIX + "class.trace", Double.NaN, "component", "b2")
                .with(PREFIX + "class.ratio", Double.NaN)
                .with(PREFIX + "class.eigenvalue", Double.NaN, "component", "g", "rank", "1"));

    assertThat(page.table(SECTION + "//div[table/caption='Parts of the matrix, iteration 0']"))
        .extracting(row -> row.get(0))
        .containsExactly("part", "A1", "A2", "B1");
    assertThat(page.table(SECTION + "//div[table/caption='Parts of the matrix, iteration 0']"))
        .contains(List.of("A1", "class means", "5", "–", "3"));
    assertThat(page.all(SECTION + "//caption")).noneMatch(c -> c.startsWith("What class means"));
    assertThat(page.toString()).doesNotContain("NaN");
  }

  @Test
  void extremeValuesAreDrawn() throws Exception {
    List<Sample> samples = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      samples.add(
          StructureSamples.classes(i, 1)
              .with(PREFIX + "class.trace", Double.MAX_VALUE, "component", "a1")
              .with(PREFIX + "class.trace", Double.MIN_VALUE, "component", "g")
              .with(PREFIX + "class.eigenvalue", 1e-300, "component", "g", "rank", "1")
              .with(PREFIX + "class.eigenvalue", 2, "component", "g", "rank", "-7")
              .with(PREFIX + "class.eigenvalue", 2, "component", "g", "rank", "many")
              .with(PREFIX + "class.knockout", Double.MAX_VALUE, "method", "subtraction"));
      samples.add(
          StructureSamples.decomposition(i, 1, "train")
              .with(
                  PREFIX + "eigenvalue",
                  -Double.MAX_VALUE,
                  "operator",
                  "hessian",
                  "data",
                  "train",
                  "rank",
                  "1")
              .with(
                  PREFIX + "eigenvalue", 0, "operator", "residual", "data", "train", "rank", "1"));
      samples.add(
          StructureSamples.layers(i, 2)
              .with(PREFIX + "layer.autocorrelation.ratio", Double.MAX_VALUE, "layer", "layer1")
              .with(PREFIX + "layer.autocorrelation.ratio", Double.MIN_VALUE, "layer", "layer2"));
    }
    Html page = page(samples);

    assertThat(page.all(SECTION + "//figure")).hasSize(12);
    assertThat(page.toString()).doesNotContain("NaN", "Infinity");
    // Neither zero nor what is beyond double precision has a place on a logarithmic axis.
    assertThat(page.all(figure("Spectra, train, iteration 1") + "/svg/circle/title"))
        .containsExactly(
            "H, Hessian: −2", "G, Gauss-Newton: 7", "G, Gauss-Newton: 1", "R, residual: −2.5");
  }

  @Test
  void theNewestReadingIsShownAndNotOneThatCameLate() throws Exception {
    Html page =
        page(
            StructureSamples.classes(0, 0.5),
            StructureSamples.classes(5, 1),
            StructureSamples.classes(8, 1),
            StructureSamples.classes(20, 3),
            StructureSamples.classes(10, 2));

    assertThat(page.all(SECTION + "//caption")).contains("Parts of the matrix, iteration 20");
    assertThat(page.table(SECTION + "//div[table/caption='Parts of the matrix, iteration 20']"))
        .contains(List.of("A1", "class means", "15", "50 %", "9"));
    assertThat(page.table(figure("Shares of the trace") + "//table"))
        .extracting(row -> row.get(0))
        .containsExactly("iteration", "0", "5", "8", "10", "20");
  }

  @Test
  void eigenvaluesThatWereTakenOutAreMarkedAboveTheDensityOfTheRest() throws Exception {
    Html page = page(training(1));
    String train = figure("Spectra, train, iteration 0");

    assertThat(page.all(train + "/svg/path[starts-with(@class, 'line')]/@class"))
        .containsExactly("line s0", "line s1", "line s2");
    assertThat(page.all(train + "/svg/circle/title"))
        .containsExactly(
            "H, Hessian: 8",
            "H, Hessian: −2",
            "G, Gauss-Newton: 7",
            "G, Gauss-Newton: 1",
            "R, residual: 3",
            "R, residual: −2.5");
    assertThat(page.one(train + "/svg/desc")).endsWith("Marks, R, residual: 3, −2.5.");
    assertThat(page.all(train + "/svg/circle/@cy"))
        .containsExactly("17", "17", "26", "26", "35", "35");
    // The axis: -10, -1, -0.1, ±0.01, 0.1, 1, 10, 100 takes 354 units from 66 on.
    List<String> across = page.all(train + "/svg/circle/@cx");
    assertThat(Double.parseDouble(across.get(0)))
        .isCloseTo(66 + 354 * (3 + 2 + Math.log10(8)) / 7, within(0.06));
    assertThat(Double.parseDouble(across.get(1)))
        .isCloseTo(66 + 354 * (3 - 2 - Math.log10(2)) / 7, within(0.06));
    assertThat(page.all(train + "/svg/g[@class='ticks']/text")).contains("±0.01");
  }

  @Test
  void trainingAndHeldOutDataHaveOneAxis() throws Exception {
    Sample sample =
        StructureSamples.decomposition(0, 1, "held-out", "train")
            .with(
                PREFIX + "eigenvalue",
                -700,
                "operator",
                "hessian",
                "data",
                "held-out",
                "rank",
                "2");
    Html page = page(sample);

    assertThat(page.all(SECTION + "//figcaption"))
        .startsWith("Spectra, train, iteration 0", "Spectra, held-out, iteration 0");
    String axis = "/svg/g[@class='ticks']/text";
    assertThat(page.all(figure("Spectra, train, iteration 0") + axis))
        .contains("−10000")
        .isEqualTo(page.all(figure("Spectra, held-out, iteration 0") + axis));
  }

  @Test
  void outliersAreAttributedToTheGaussNewtonMatrixOrTheResidual() throws Exception {
    Html page = page(training(1));
    String title = "Where the Hessian's outliers come from, %s, iteration 0";

    for (String data : List.of("train", "held-out")) {
      assertThat(page.table(figure(title.formatted(data)) + "//table"))
          .containsExactly(
              List.of(
                  "rank", "H", "G", "R", "share of G", "in the span of G's", "in the span of R's"),
              List.of("1", "8 ± 0.001", "7 ± 0.001", "3 ± 0.001", "0.9", "0.95", "0.3"),
              List.of("2", "−2 ± 0.001", "1 ± 0.001", "−2.5 ± 0.001", "−0.1", "0.2", "0.8"));
    }
  }

  /** As without draws. */
  @Test
  void withoutDensitiesThereAreTheEigenvaluesAllTheSame() throws Exception {
    Html page =
        page(
            Sample.empty(0)
                .with(PREFIX + "eigenvalue", 8, "data", "train", "rank", "1")
                .with(
                    PREFIX + "outlier.share",
                    0.9,
                    "operator",
                    "gauss-newton",
                    "data",
                    "train",
                    "rank",
                    "1"));

    assertThat(page.all(SECTION + "//figcaption"))
        .containsExactly("Where the Hessian's outliers come from, train, iteration 0");
    assertThat(page.table(SECTION + "//figure//table").get(1))
        .containsExactly("1", "8", "–", "–", "0.9", "–", "–");
  }

  @Test
  void manyLayersAreAllInTheTableAndSomeInTheFigures() throws Exception {
    Html page = page(StructureSamples.layers(0, 40), StructureSamples.layers(10, 40));

    List<List<String>> table =
        page.table(
            SECTION + "//div[table/caption='Layers of the matrix Hessian, newest readings']");
    assertThat(table).hasSize(41);
    assertThat(table.get(0))
        .containsExactly(
            "layer",
            "iteration",
            "λ₁",
            "Kronecker λ₁",
            "rank-one ratio",
            "Kronecker overlap",
            "decoupling error",
            "decoupling error, Frobenius",
            "mean-input alignment",
            "autocorrelation λ₁/λ₂");
    assertThat(table.get(40))
        .containsExactly(
            "layer40", "10", "50", "45", "0.99", "0.75 (k = 10)", "0.25", "0.5", "0.98", "12.5");
    assertThat(page.all(figure("Rank-one ratio") + "//li")).hasSize(10).endsWith("layer40");
    assertThat(page.one(figure("Rank-one ratio") + "/p")).endsWith(" 10 of 40 layers.");
    assertThat(page.table(figure("Output Hessian E[M]") + "//table").get(1))
        .hasSize(11)
        .startsWith("1", "22");
    assertThat(page.all("//section[@id='warnings']//li")).isEmpty();
  }

  @Test
  void layersOfTwoMatricesHaveTablesOfTheirOwn() throws Exception {
    Html page =
        page(
            StructureSamples.layers(0, 2),
            StructureSamples.layers(0, 2).probe("other").tag("operator", "gauss-newton"));

    assertThat(page.all(SECTION + "//caption[not(ancestor::figure)]"))
        .containsExactly(
            "Layers of the matrix Hessian, newest readings",
            "Layers of the matrix Gauss-Newton, newest readings");
    assertThat(page.all(SECTION + "//figcaption"))
        .contains("Output Hessian E[M], Hessian", "Output Hessian E[M], Gauss-Newton");
  }

  @Test
  void namesOfLayersCannotBecomeMarkup() throws Exception {
    String name = "<script>alert(1)</script>";
    Html page = page(Sample.empty(0).with(PREFIX + "layer.rank.one.ratio", 0.5, "layer", name));

    assertThat(page.all(SECTION + "//tbody/tr/th")).containsExactly(name);
    assertThat(page.all("//script")).isEmpty();
  }

  @Test
  void eachModelAndArmHasASectionOfItsOwn() throws Exception {
    Html page =
        page(
            StructureSamples.layers(0, 1).tag("normalization", "batch"),
            StructureSamples.layers(0, 1).tag("normalization", "frozen"),
            StructureSamples.layers(0, 1).model("other"));

    assertThat(page.all("//section[starts-with(@id, 'structure')]/h2"))
        .containsExactly(
            "Structure: run · model model · normalization batch",
            "Structure: run · model model · normalization frozen",
            "Structure: run · model other · normalization none");
  }

  @Test
  void sectionsAreBounded() throws Exception {
    List<Sample> samples = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      samples.add(StructureSamples.layers(0, 1).run("run " + i));
    }
    Html page = page(samples);

    assertThat(page.all("//section[starts-with(@id, 'structure')]")).hasSize(16);
    assertThat(page.all("//section[@id='warnings']//li/bdi"))
        .containsExactly("More than 16 structures: the others are not shown.");
  }

  @Test
  void aTrainingThatStartsAgainHasAnotherSection() throws Exception {
    Html page =
        page(
            StructureSamples.layers(0, 1),
            StructureSamples.layers(10, 1),
            StructureSamples.layers(0, 1).at(Sample.START.plusSeconds(100)));

    assertThat(page.all("//section[starts-with(@id, 'structure')]/h2"))
        .containsExactly("Structure: run · start 1", "Structure: run · start 2");
  }

  @Test
  void aQuantityOfAnotherNameIsDrawnAsAnyOther() throws Exception {
    Html page = page(Sample.empty(0).with(PREFIX + "layer.something", 1, "layer", "fc1"));

    assertThat(page.all("//figcaption")).containsExactly(PREFIX + "layer.something");
  }

  @Test
  void allStructureMetersOfTheReferenceAreKnown() throws Exception {
    Matcher names =
        Pattern.compile("^\\| `(eigenscope\\.structure\\.[a-z.]+)`", Pattern.MULTILINE)
            .matcher(Files.readString(Path.of("../docs/reference/metrics.md")));
    TreeSet<String> documented = new TreeSet<>();
    while (names.find()) {
      documented.add(names.group(1));
    }

    assertThat(documented).hasSize(20).allMatch(StructureMeters::isKnown);
  }

  /** From the probes themselves, through a journal, to the page. */
  @Test
  void showsWhatTheProbesOfATrainingMeasure() throws Exception {
    Path journal = folder.resolve("training.jsonl");
    DataSet data = threeClasses(1);
    try (JournalSink sink = JournalSink.open(journal);
        ProbeListener listener =
            ProbeListener.builder()
                .probe(ClassStructureProbe.defaults(), ProbeSchedule.everyIterations(1))
                .probe(LayerStructureProbe.builder().build(), ProbeSchedule.everyIterations(1))
                .probe(
                    HessianDecompositionProbe.builder()
                        .rank(4)
                        .heldOut(DataBatches.of(threeClasses(2)))
                        .build(),
                    ProbeSchedule.everyIterations(1))
                .data(data)
                .sink(sink)
                .build()) {
      MultiLayerNetwork network = network();
      network.addListeners(listener);
      network.fit(data);
      network.fit(data);
      assertThat(listener.counts().completed()).isEqualTo(6);
    }
    Html page = Html.of(journal);

    assertThat(page.all("//section[starts-with(@id, 'series')]")).isEmpty();
    assertThat(page.all(SECTION + "//h3"))
        .containsExactly("Classes", "Hessian = Gauss-Newton + residual", "Layers");
    assertThat(page.all(SECTION + "//figure")).hasSize(15);
    assertThat(page.table(SECTION + "//div[table/caption='Parts of the matrix, iteration 1']"))
        .extracting(row -> row.get(0))
        .containsExactly("part", "G", "A1", "A2", "B1", "B2", "G0", "G1", "G2", "G3");
    assertThat(page.all(SECTION + "//div[@class='tables'][last()]//tbody/tr/th"))
        .contains("hidden", "out");
    assertThat(page.all(figure("Spectra, held-out, iteration 1") + "/svg/circle")).hasSize(12);
  }

  private static MultiLayerNetwork network() {
    MultiLayerNetwork network =
        new MultiLayerNetwork(
            new NeuralNetConfiguration.Builder()
                .seed(3)
                .updater(new Sgd(0.1))
                .activation(Activation.TANH)
                .list()
                .layer(new DenseLayer.Builder().name("hidden").nIn(4).nOut(5).build())
                .layer(
                    new OutputLayer.Builder(LossFunction.MCXENT)
                        .name("out")
                        .nIn(5)
                        .nOut(3)
                        .activation(Activation.SOFTMAX)
                        .build())
                .build());
    network.init();
    return network;
  }

  private static DataSet threeClasses(int seed) {
    INDArray features = Nd4j.create(12, 4);
    INDArray labels = Nd4j.zeros(12, 3);
    for (int i = 0; i < 12; i++) {
      for (int j = 0; j < 4; j++) {
        features.putScalar(i, j, Math.sin(seed + i * i + j) + (j == i % 3 ? 1 : 0));
      }
      labels.putScalar(i, i % 3, 1);
    }
    return new DataSet(features, labels);
  }
}
