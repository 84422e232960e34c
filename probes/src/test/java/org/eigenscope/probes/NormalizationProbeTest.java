package org.eigenscope.probes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;
import static org.eigenscope.probes.curvature.BatchNormMode.BATCH;
import static org.eigenscope.probes.curvature.BatchNormMode.FROZEN;
import static org.eigenscope.probes.curvature.BatchNormMode.POPULATION;

import java.util.List;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.eigenscope.probes.curvature.BatchNormMode;
import org.eigenscope.probes.linalg.NonFiniteValueException;
import org.junit.jupiter.api.Test;

class NormalizationProbeTest {

  /** Returns a network after a step of training. */
  private static MultiLayerNetwork network(boolean normalised) {
    MultiLayerNetwork network = ThreeClasses.network(normalised);
    network.fit(ThreeClasses.data(40));
    return network;
  }

  private static SpectrumProbe.Builder small() {
    return SpectrumProbe.builder().steps(20).draws(2).top(4).bottom(1).seed(5).gradientMeasure(9);
  }

  private static NormalizationProbe probe() {
    return NormalizationProbe.of(small().build());
  }

  private static List<String> series(List<Measurement> measurements) {
    return measurements.stream().map(m -> m.name() + m.tags()).toList();
  }

  @Test
  void everyArmIsWhatASpectrumProbeInItsModeMeasures() {
    MultiLayerNetwork network = network(true);
    Snapshot snapshot = ThreeClasses.snapshot(network, 10, 7);
    NormalizationReading reading = probe().measure(snapshot);

    assertThat(reading.arms().keySet()).containsExactly("batch", "frozen", "population");
    long matvecs = 0;
    for (BatchNormMode mode : List.of(BATCH, FROZEN, POPULATION)) {
      SpectrumReading alone = small().batchNorm(mode).build().measure(snapshot);
      SpectrumReading arm = reading.arms().get(alone.tags().get("normalization"));
      assertThat(arm.measurements()).isEqualTo(alone.measurements());
      assertThat(arm.spectra()).isEqualTo(alone.spectra());
      assertThat(arm.notes()).isEqualTo(alone.notes());
      matvecs += alone.provenance().matvecs();
    }
    assertThat(reading.provenance().matvecs()).isEqualTo(matvecs);
    assertThat(reading.provenance().probe()).isEqualTo("normalization");
    assertThat(reading.provenance().iteration()).isEqualTo(7);
    assertThat(reading.provenance().settings())
        .containsEntry("normalization", "batch,frozen,population")
        .containsEntry("batchNorm", "batch,frozen,population")
        .containsEntry("engine", "tangent")
        .containsEntry("draws", "2")
        .containsEntry("k", "3");
  }

  @Test
  void modesDifferWhereBatchesDo() {
    NormalizationReading reading = probe().measure(ThreeClasses.snapshot(network(true), 10, 0));

    assertThat(reading.contrasts())
        .extracting(contrast -> contrast.arm() + " " + contrast.reference() + " " + contrast.k())
        .containsExactly("frozen batch 3", "population batch 3");
    SpectrumReading batch = reading.arms().get("batch");
    for (Contrast contrast : reading.contrasts()) {
      SpectrumReading arm = reading.arms().get(contrast.arm());
      assertThat(contrast).isEqualTo(Contrast.of(arm, batch, 3));
      assertThat(Math.abs(contrast.eigenvalueRatio() - 1)).isGreaterThan(1e-3);
      assertThat(Math.abs(contrast.lossDifference())).isGreaterThan(1e-6);
    }
    assertThat(reading.notes())
        .contains(
            "batch: batch normalization uses each batch's own statistics, over 4 batches",
            "12 of 81 parameters are not coordinates: batch normalization statistics, frozen layers")
        .anyMatch(note -> note.startsWith("population: batch normalization uses the statistics of"))
        .anyMatch(note -> note.startsWith("frozen: "));
  }

  @Test
  void batchAndPopulationCoincideOnOneBatchAndAreMeasuredOnce() {
    Snapshot snapshot = ThreeClasses.snapshot(network(true), 40, 0);
    NormalizationProbe probe = probe();
    Probe.Examination examination = probe.examine(snapshot);
    NormalizationReading reading = probe.measure(snapshot);

    SpectrumReading batch = reading.arms().get("batch");
    SpectrumReading population = reading.arms().get("population");
    SpectrumReading alone = small().batchNorm(POPULATION).build().measure(snapshot);
    assertThat(population.measurements()).isEqualTo(alone.measurements());
    assertThat(population.spectra()).isEqualTo(alone.spectra());
    Contrast none = reading.contrasts().get(1);
    assertThat(none.arm()).isEqualTo("population");
    assertThat(none.eigenvalueRatio()).isEqualTo(1);
    assertThat(none.outlierRatio()).isEqualTo(1);
    assertThat(none.gradientFractionDifference()).isZero();
    assertThat(none.lossDifference()).isZero();
    assertThat(reading.provenance().matvecs())
        .isEqualTo(
            batch.provenance().matvecs() + reading.arms().get("frozen").provenance().matvecs());
    String coincide =
        "batch, population: the data are one batch: batch normalization in batch and population"
            + " mode coincide";
    assertThat(reading.notes()).contains(coincide);
    assertThat(examination.findings()).contains(coincide);
    assertThat(examination.expectedMatvecs())
        .isEqualTo(2 * small().build().examine(snapshot).expectedMatvecs());
  }

  @Test
  void sameSeedGivesTheSameReadingBitForBit() {
    Snapshot snapshot = ThreeClasses.snapshot(network(true), 10, 0);
    NormalizationReading one = probe().measure(snapshot);
    NormalizationReading two = probe().measure(snapshot);

    assertThat(two.measurements()).isEqualTo(one.measurements());
    assertThat(two.spectra()).isEqualTo(one.spectra());
    assertThat(two.notes()).isEqualTo(one.notes());
  }

  @Test
  void everyModeStartsFromItsOwnEigenvectors() {
    MultiLayerNetwork network = network(true);
    NormalizationProbe probe = probe();
    NormalizationReading first = probe.measure(ThreeClasses.snapshot(network, 10, 0));
    NormalizationReading again = probe.measure(ThreeClasses.snapshot(network, 10, 1));

    for (String arm : List.of("batch", "frozen", "population")) {
      SpectrumReading before = first.arms().get(arm);
      SpectrumReading after = again.arms().get(arm);
      assertThat(before.subspaceOverlap()).allMatch(overlap -> overlap.isNaN());
      assertThat(after.subspaceOverlap()).allSatisfy(o -> assertThat(o).isCloseTo(1, within(1e-6)));
      assertThat(after.provenance().matvecs()).isLessThan(before.provenance().matvecs());
    }
  }

  @Test
  void measuresANetworkWithoutBatchNormalizationOnceAndSaysSo() {
    Snapshot snapshot = ThreeClasses.snapshot(network(false), 10, 0);
    NormalizationProbe probe = probe();
    Probe.Examination examination = probe.examine(snapshot);
    NormalizationReading reading = probe.measure(snapshot);

    assertThat(reading.arms().keySet()).containsExactly("none");
    assertThat(reading.contrasts()).isEmpty();
    assertThat(reading.measurements()).isEqualTo(small().build().measure(snapshot).measurements());
    assertThat(reading.notes()).first().asString().startsWith("the network has no batch norm");
    assertThat(examination.findings()).first().isEqualTo(reading.notes().get(0));
    assertThat(examination.quantities()).hasSameSizeAs(reading.measurements());
  }

  @Test
  void aModeThatFailsLosesNoOther() {
    MultiLayerNetwork network = network(true);
    network.getLayer(1).getParam("log10stdev").assign(Double.NaN);
    Snapshot snapshot = ThreeClasses.snapshot(network, 10, 0);
    NormalizationProbe probe = probe();
    Probe.Examination examination = probe.examine(snapshot);
    NormalizationReading reading = probe.measure(snapshot);

    assertThat(reading.arms().keySet()).containsExactly("batch", "population");
    assertThat(reading.notes())
        .first()
        .asString()
        .startsWith("frozen: could not be measured: loss must be finite");
    assertThat(examination.findings()).contains(reading.notes().get(0));
    assertThat(reading.contrasts().get(0).eigenvalueRatio()).isNaN();
    assertThat(reading.contrasts().get(1).eigenvalueRatio()).isFinite();
    assertThat(reading.measurements())
        .filteredOn(m -> m.tags().containsValue("frozen"))
        .isNotEmpty()
        .allMatch(m -> Double.isNaN(m.value()));
    assertThat(series(reading.measurements()))
        .containsExactlyInAnyOrderElementsOf(
            examination.quantities().stream().map(q -> q.name() + q.tags()).toList());
  }

  @Test
  void failsWhenAllModesDo() {
    MultiLayerNetwork network = network(true);
    network.params().assign(Double.NaN);
    Snapshot snapshot = ThreeClasses.snapshot(network, 10, 0);

    assertThatExceptionOfType(NonFiniteValueException.class)
        .isThrownBy(() -> probe().measure(snapshot))
        .satisfies(e -> assertThat(e.getSuppressed()).hasSize(2));
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                NormalizationProbe.of(small().top(500).build())
                    .measure(ThreeClasses.snapshot(network(true), 10, 0)))
        .withMessageContaining("top must be at most the order of the matrix, 69, got 500");
  }

  @Test
  void examinationDeclaresExactlyWhatReadingsHoldEachOnce() {
    Snapshot snapshot = ThreeClasses.snapshot(network(true), 10, 0);
    NormalizationProbe probe = probe();
    Probe.Examination examination = probe.examine(snapshot);
    NormalizationReading reading = probe.measure(snapshot);

    assertThat(series(reading.measurements()))
        .doesNotHaveDuplicates()
        .containsExactlyInAnyOrderElementsOf(
            examination.quantities().stream().map(q -> q.name() + q.tags()).toList());
    assertThat(reading.spectra())
        .extracting(spectrum -> spectrum.name() + spectrum.tags())
        .doesNotHaveDuplicates()
        .hasSize(6);
    assertThat(examination.findings())
        .contains(
            "one network with the statistics of batch, frozen, population; contrasts with the"
                + " first, at k = 3")
        .anyMatch(finding -> finding.startsWith("spectrum of the hessian"));
    assertThat((double) reading.provenance().matvecs() / examination.expectedMatvecs())
        .isBetween(1 / 3.0, 3.0);
  }

  @Test
  void takesTheModesAndTheReferenceAskedFor() {
    NormalizationProbe probe =
        NormalizationProbe.builder(small().draws(1).build())
            .name("paired")
            .modes(POPULATION, BATCH)
            .k(2)
            .build();
    NormalizationReading reading = probe.measure(ThreeClasses.snapshot(network(true), 10, 0));

    assertThat(probe.name()).isEqualTo("paired");
    assertThat(reading.provenance().probe()).isEqualTo("paired");
    assertThat(reading.arms().keySet()).containsExactly("population", "batch");
    assertThat(reading.contrasts())
        .singleElement()
        .satisfies(
            contrast -> {
              assertThat(contrast.arm()).isEqualTo("batch");
              assertThat(contrast.reference()).isEqualTo("population");
              assertThat(contrast.k()).isEqualTo(2);
            });
  }

  @Test
  void takesTheNumberOfEigenvaluesForKWhereThereAreFewerThanClasses() {
    NormalizationProbe probe = NormalizationProbe.of(small().draws(1).top(2).build());

    assertThat(probe.measure(ThreeClasses.snapshot(network(true), 10, 0)).contrasts())
        .extracting(Contrast::k)
        .containsOnly(2);
  }

  @Test
  void leavesTheProbeWhoseSettingsItTakesAlone() {
    Snapshot snapshot = ThreeClasses.snapshot(network(true), 10, 0);
    SpectrumProbe settings = small().batchNorm(FROZEN).build();
    NormalizationProbe.of(settings).measure(snapshot);
    SpectrumReading reading = settings.measure(snapshot);

    assertThat(reading.tags()).containsEntry("normalization", "frozen");
    assertThat(reading.subspaceOverlap()).allMatch(overlap -> overlap.isNaN());
  }

  @Test
  void rejectsSettingsOutOfRange() {
    NormalizationProbe.Builder builder = NormalizationProbe.builder(small().build());
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.modes(BATCH, FROZEN, BATCH))
        .withMessage("modes must be distinct, got [BATCH, FROZEN, BATCH]");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.k(5))
        .withMessage("k must be between 1 and 4, the number of largest eigenvalues, got 5");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.name(" "))
        .withMessage("name must not be blank, got ' '");
  }
}
