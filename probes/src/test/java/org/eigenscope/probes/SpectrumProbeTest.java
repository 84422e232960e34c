package org.eigenscope.probes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.time.Instant;
import java.util.Arrays;
import java.util.Map;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.eigenscope.probes.curvature.BatchNormMode;
import org.eigenscope.probes.curvature.Curvature;
import org.eigenscope.probes.curvature.CurvatureMatrix;
import org.eigenscope.probes.curvature.CurvatureOptions;
import org.eigenscope.probes.curvature.DataBatches;
import org.eigenscope.probes.curvature.Network;
import org.eigenscope.probes.linalg.LinearOperator;
import org.eigenscope.probes.linalg.QuadratureRule;
import org.eigenscope.probes.linalg.TraceEstimate;
import org.hipparchus.linear.EigenDecompositionSymmetric;
import org.hipparchus.linear.MatrixUtils;
import org.hipparchus.linear.RealMatrix;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

class SpectrumProbeTest {

  private static Snapshot snapshot(MultiLayerNetwork network, int iteration) {
    return ThreeClasses.snapshot(network, 40, iteration);
  }

  /** Eigenvalues, descending, of a matrix read off its operator column by column. */
  private static EigenDecompositionSymmetric dense(LinearOperator operator) {
    double[][] rows =
        operator.apply(Nd4j.eye(operator.order()).castTo(DataType.DOUBLE)).toDoubleMatrix();
    RealMatrix matrix = MatrixUtils.createRealMatrix(rows);
    return new EigenDecompositionSymmetric(matrix.add(matrix.transpose()).scalarMultiply(0.5));
  }

  private static Curvature curvature(MultiLayerNetwork network) {
    return Curvature.of(
        Network.of(network), DataBatches.of(ThreeClasses.data(40)), CurvatureOptions.defaults());
  }

  private static SpectrumProbe.Builder small() {
    return SpectrumProbe.builder().steps(20).draws(4).top(4).bottom(2).seed(5);
  }

  @Test
  void readsWhatTheDenseHessianHolds() {
    MultiLayerNetwork network = ThreeClasses.network(false);
    SpectrumReading reading = small().build().measure(snapshot(network, 0));

    try (Curvature curvature = curvature(network)) {
      EigenDecompositionSymmetric exact = dense(curvature.hessian());
      double[] descending = exact.getEigenvalues();
      double scale = Math.max(Math.abs(descending[0]), Math.abs(descending[descending.length - 1]));
      int n = descending.length;
      for (int i = 0; i < 4; i++) {
        SpectrumReading.Eigenvalue value = reading.largest().get(i);
        assertThat(value.residual()).isLessThanOrEqualTo(1e-6 * scale);
        // Ritz values err by the square of the residual over a gap; the residual itself is safe.
        assertThat(value.value()).isCloseTo(descending[i], within(1e-6 * scale));
      }
      for (int i = 0; i < 2; i++) {
        assertThat(reading.smallest().get(i).value())
            .isCloseTo(descending[n - 1 - i], within(1e-6 * scale));
      }

      double[] gradient = curvature.gradient().toDoubleVector();
      double whole = Arrays.stream(gradient).map(g -> g * g).sum();
      double part = 0;
      for (int k = 0; k < 4; k++) {
        double cosine = exact.getEigenvector(k).dotProduct(MatrixUtils.createRealVector(gradient));
        part += cosine * cosine;
        // eigenvectors are accurate to residual over gap, here better than 1e-3
        assertThat(reading.gradientFraction().get(k)).isCloseTo(part / whole, within(1e-3));
      }
      assertThat(reading.gradientNorm()).isCloseTo(Math.sqrt(whole), within(1e-12));
      assertThat(reading.loss()).isEqualTo(curvature.loss());
      assertThat(reading.stabilityRatio())
          .isCloseTo(reading.sharpness() * ThreeClasses.RATE / 2, within(1e-12));

      // Four draws of Rademacher vectors: variance of v'Hv is 2(‖H‖²_F − Σ h_ii²) ≤ 2‖H‖²_F.
      double trace = Arrays.stream(descending).sum();
      double deviation = Math.sqrt(2 * Arrays.stream(descending).map(l -> l * l).sum() / 4);
      assertThat(reading.trace().estimate()).isCloseTo(trace, within(4 * deviation));
      assertThat(reading.trace().draws()).isEqualTo(4);
    }
  }

  /** Returns the mass of a rule above a value. */
  private static double massAbove(QuadratureRule rule, double value) {
    double mass = 0;
    for (int i = 0; i < rule.size(); i++) {
      mass += rule.node(i) > value ? rule.weight(i) : 0;
    }
    return mass;
  }

  @Test
  void gradientMeasureIsTheGradientOverTheEigenvectorsOfTheDenseHessian() {
    MultiLayerNetwork network = ThreeClasses.network(false);
    SpectrumReading whole = small().gradientMeasure(90).build().measure(snapshot(network, 0));
    SpectrumReading coarse = small().gradientMeasure(12).build().measure(snapshot(network, 0));
    QuadratureRule measure = whole.gradientMeasure();
    QuadratureRule nodes = coarse.gradientMeasure();

    assertThat(measure).isNotNull();
    assertThat(nodes).isNotNull();
    assertThat(nodes.size()).isEqualTo(12);
    try (Curvature curvature = curvature(network)) {
      EigenDecompositionSymmetric exact = dense(curvature.hessian());
      double[] descending = exact.getEigenvalues();
      var gradient = MatrixUtils.createRealVector(curvature.gradient().toDoubleVector());
      gradient.unitize();
      double above = 0;
      double mean = 0;
      for (int k = 0; k < descending.length; k++) {
        double cosine = exact.getEigenvector(k).dotProduct(gradient);
        above += cosine * cosine;
        mean += cosine * cosine * descending[k];
        double gap = k + 1 < descending.length ? descending[k] - descending[k + 1] : 1;
        // Where eigenvalues cannot be told apart neither can their weights.
        if (gap > 1e-6 * descending[0]) {
          assertThat(massAbove(measure, descending[k] - gap / 2)).isCloseTo(above, within(1e-9));
        }
      }
      double sum = 0;
      for (int i = 0; i < nodes.size(); i++) {
        sum += nodes.weight(i) * nodes.node(i);
      }
      assertThat(sum).isCloseTo(mean, within(1e-12));
      // the fractions in the top eigenspaces, whose eigenvectors are accurate to residual over gap
      for (int k = 0; k < 4; k++) {
        assertThat(massAbove(measure, (descending[k] + descending[k + 1]) / 2))
            .isCloseTo(whole.gradientFraction().get(k), within(1e-3));
      }
    }
  }

  @Test
  void gradientMeasureIsASpectrumOfItsOwnAndCostsItsSteps() {
    Snapshot snapshot = snapshot(ThreeClasses.network(false), 0);
    SpectrumReading without = small().build().measure(snapshot);
    SpectrumReading with = small().gradientMeasure(7).build().measure(snapshot);

    assertThat(without.gradientMeasure()).isNull();
    assertThat(without.spectra()).extracting(Spectrum::name).containsExactly("eigenscope.spectrum");
    assertThat(with.spectra())
        .extracting(Spectrum::name)
        .containsExactly("eigenscope.spectrum", "eigenscope.gradient.spectrum");
    assertThat(with.spectra().get(0)).isEqualTo(without.spectra().get(0));
    assertThat(with.spectra().get(1).draws()).containsExactly(with.gradientMeasure());
    assertThat(with.spectra().get(1).tags()).isEqualTo(with.tags());
    assertThat(with.measurements()).isEqualTo(without.measurements());
    assertThat(with.provenance().matvecs()).isEqualTo(without.provenance().matvecs() + 7);
    assertThat(with.provenance().settings()).containsEntry("gradientSteps", "7");
    assertThat(small().gradientMeasure(7).build().examine(snapshot).expectedMatvecs())
        .isEqualTo(small().build().examine(snapshot).expectedMatvecs() + 7);
  }

  @Test
  void aGradientOfZeroHasNoMeasureAndTheReadingSaysSo() {
    MultiLayerNetwork network =
        new MultiLayerNetwork(
            new NeuralNetConfiguration.Builder()
                .dataType(DataType.DOUBLE)
                .list()
                .layer(
                    new OutputLayer.Builder(LossFunction.MSE)
                        .nOut(ThreeClasses.CLASSES)
                        .activation(Activation.IDENTITY)
                        .build())
                .setInputType(InputType.feedForward(ThreeClasses.INPUTS))
                .build());
    network.init();
    network.params().assign(0);
    DataSet fitted = ThreeClasses.data(40);
    fitted.getLabels().assign(0);
    Snapshot snapshot =
        Snapshot.of(Network.of(network).replica(), DataBatches.of(fitted), Instant.EPOCH);

    SpectrumReading reading = small().gradientMeasure(5).build().measure(snapshot);

    assertThat(reading.gradientNorm()).isZero();
    assertThat(reading.sharpness()).isPositive();
    assertThat(reading.gradientMeasure()).isNull();
    assertThat(reading.spectra()).hasSize(1);
    assertThat(reading.notes()).contains("the gradient is zero: it has no spectral measure");
  }

  @Test
  void laterReadingStartsWarmAndComparesItsEigenspace() {
    MultiLayerNetwork network = ThreeClasses.network(false);
    SpectrumProbe probe = small().build();

    SpectrumReading first = probe.measure(snapshot(network, 0));
    SpectrumReading again = probe.measure(snapshot(network, 1));
    network.fit(ThreeClasses.data(40));
    SpectrumReading moved = probe.measure(snapshot(network, 2));

    assertThat(first.subspaceOverlap()).hasSize(4).allMatch(overlap -> overlap.isNaN());
    assertThat(again.subspaceOverlap()).allSatisfy(o -> assertThat(o).isCloseTo(1, within(1e-6)));
    assertThat(moved.subspaceOverlap().get(0)).isBetween(0.5, 1 - 1e-9);
    assertThat(again.provenance().matvecs()).isLessThan(first.provenance().matvecs());
  }

  @Test
  void sameSeedGivesTheSameReadingBitForBit() {
    MultiLayerNetwork network = ThreeClasses.network(true);

    SpectrumReading one = small().build().measure(snapshot(network, 0));
    SpectrumReading two = small().build().measure(snapshot(network, 0));
    SpectrumReading other = small().seed(6).build().measure(snapshot(network, 0));

    assertThat(two.measurements()).isEqualTo(one.measurements());
    assertThat(two.spectra()).isEqualTo(one.spectra());
    assertThat(other.spectra()).isNotEqualTo(one.spectra());
  }

  @Test
  void leavesTheSnapshotAndTheRandomGeneratorAlone() {
    MultiLayerNetwork network = ThreeClasses.network(true);
    Snapshot snapshot = snapshot(network, 0);
    INDArray before = snapshot.network().model().params().dup();
    Nd4j.getRandom().setSeed(5);
    double expected = Nd4j.rand(DataType.DOUBLE, 1).getDouble(0);
    Nd4j.getRandom().setSeed(5);

    SpectrumProbe probe = small().build();
    probe.examine(snapshot);
    probe.measure(snapshot);

    assertThat(snapshot.network().model().params()).isEqualTo(before);
    assertThat(Nd4j.rand(DataType.DOUBLE, 1).getDouble(0)).isEqualTo(expected);
  }

  @Test
  void measurementsCarryTheCommonTags() {
    SpectrumReading plain = small().build().measure(snapshot(ThreeClasses.network(false), 0));
    SpectrumReading frozen =
        small()
            .batchNorm(BatchNormMode.FROZEN)
            .matrix(CurvatureMatrix.GAUSS_NEWTON)
            .layer("hidden/W")
            .build()
            .measure(snapshot(ThreeClasses.network(true), 0));

    assertThat(plain.tags())
        .isEqualTo(Map.of("operator", "hessian", "normalization", "none", "layer", "all"));
    assertThat(frozen.tags())
        .isEqualTo(
            Map.of("operator", "gauss-newton", "normalization", "frozen", "layer", "hidden/W"));
    assertThat(frozen.activeParameters()).isEqualTo(ThreeClasses.INPUTS * 6);
    assertThat(plain.measurements())
        .contains(
            new Measurement(
                "eigenscope.eigenvalue",
                Map.of(
                    "operator", "hessian",
                    "normalization", "none",
                    "layer", "all",
                    "end", "largest",
                    "rank", "1"),
                plain.sharpness()));
  }

  @Test
  void withoutDrawsTheEigenpairsAreTheSameAndNothingElseIsComputed() {
    MultiLayerNetwork network = ThreeClasses.network(false);
    SpectrumReading full = small().build().measure(snapshot(network, 0));
    SpectrumReading cheap = small().draws(0).build().measure(snapshot(network, 0));

    assertThat(cheap.largest()).isEqualTo(full.largest());
    assertThat(cheap.smallest()).isEqualTo(full.smallest());
    assertThat(cheap.gradientFraction()).isEqualTo(full.gradientFraction());
    assertThat(cheap.stabilityRatio()).isEqualTo(full.stabilityRatio());
    assertThat(cheap.draws()).isEmpty();
    assertThat(cheap.spectra()).isEmpty();
    assertThat(cheap.trace()).isEqualTo(new TraceEstimate(Double.NaN, Double.NaN, 0));
    assertThat(cheap.negativeMass()).isNaN();
    assertThat(cheap.provenance().matvecs())
        .isEqualTo(
            full.provenance().matvecs() - full.draws().stream().mapToInt(d -> d.size()).sum());
    assertThat(full.measurements())
        .filteredOn(m -> cheap.measurements().stream().noneMatch(n -> n.name().equals(m.name())))
        .extracting(Measurement::name)
        .containsExactly(
            "eigenscope.trace", "eigenscope.trace.standard.error", "eigenscope.negative.mass");
  }

  @Test
  void withoutABottomOnlyTheUpperEndIsComputed() {
    Snapshot snapshot = snapshot(ThreeClasses.network(false), 0);
    SpectrumReading both = small().draws(0).bottom(6).build().measure(snapshot);
    SpectrumReading upper = small().draws(0).bottom(0).build().measure(snapshot);

    assertThat(upper.smallest()).isEmpty();
    assertThat(upper.largest()).hasSize(4);
    for (int i = 0; i < 4; i++) {
      assertThat(upper.largest().get(i).value())
          .isCloseTo(both.largest().get(i).value(), within(1e-6 * both.sharpness()));
    }
    assertThat(upper.measurements()).noneMatch(m -> m.tags().containsValue("smallest"));
    assertThat(upper.provenance().matvecs()).isLessThan(both.provenance().matvecs());
  }

  /** A Gauss-Newton matrix of rank six: the gap above its zeros needs no draw. */
  @Test
  void withoutDrawsOutliersThatStandApartAreStillCounted() {
    Snapshot snapshot =
        new Snapshot(
            Network.of(ThreeClasses.network(false)).replica(),
            DataBatches.of(ThreeClasses.data(3)),
            "run",
            "model",
            0,
            0,
            Instant.EPOCH);
    SpectrumProbe.Builder few = SpectrumProbe.builder().draws(0).bottom(0);
    SpectrumReading whole =
        few.matrix(CurvatureMatrix.GAUSS_NEWTON).top(10).build().measure(snapshot);
    SpectrumReading unknown = few.top(2).build().measure(snapshot);

    // Three examples with two degrees of freedom each.
    assertThat(whole.outliers()).isEqualTo(6);
    assertThat(whole.bulkEdge()).isCloseTo(0, within(1e-6 * whole.sharpness()));
    assertThat(unknown.outliers()).isNull();
    assertThat(unknown.bulkEdge()).isNaN();
    assertThat(unknown.measurements())
        .filteredOn(m -> m.name().equals("eigenscope.outliers"))
        .singleElement()
        .satisfies(m -> assertThat(m.value()).isNaN());
  }

  @Test
  void aLooserToleranceTakesFewerProductsAndResidualsTellIt() {
    Snapshot snapshot = snapshot(ThreeClasses.network(false), 0);
    SpectrumProbe.Builder upper = small().draws(0).bottom(0);
    SpectrumReading tight = upper.build().measure(snapshot);
    SpectrumReading loose = upper.tolerance(0.1).build().measure(snapshot);

    assertThat(loose.provenance().matvecs()).isLessThan(tight.provenance().matvecs());
    assertThat(loose.provenance().settings()).containsEntry("tolerance", "0.1");
    assertThat(tight.provenance().settings()).doesNotContainKey("tolerance");
    for (int i = 0; i < 4; i++) {
      double residual = loose.largest().get(i).residual();
      assertThat(residual).isLessThanOrEqualTo(0.1 * loose.sharpness());
      // Ritz values of k orthonormal vectors err by the norm of all residuals at most.
      assertThat(loose.largest().get(i).value())
          .isCloseTo(tight.largest().get(i).value(), within(2 * 0.1 * loose.sharpness()));
    }
  }

  @Test
  void sharpnessIsTenEigenvaluesOfTheUpperEndInFloat() {
    Snapshot snapshot = snapshot(ThreeClasses.network(false), 0);
    SpectrumProbe probe = SpectrumProbe.sharpness();
    SpectrumReading reading = probe.measure(snapshot);
    SpectrumReading exact = SpectrumProbe.builder().draws(0).build().measure(snapshot);

    assertThat(probe.name()).isEqualTo("sharpness");
    assertThat(reading.provenance().probe()).isEqualTo("sharpness");
    assertThat(reading.provenance().settings())
        .containsEntry("precision", "float")
        .containsEntry("tolerance", "0.01")
        .containsEntry("draws", "0");
    assertThat(reading.largest()).hasSize(10);
    assertThat(reading.gradientFraction()).hasSize(10);
    assertThat(reading.smallest()).isEmpty();
    assertThat(reading.largest().get(0).residual()).isLessThanOrEqualTo(1e-2 * exact.sharpness());
    assertThat(reading.sharpness()).isCloseTo(exact.sharpness(), within(1e-2 * exact.sharpness()));
  }

  @Test
  void aProbesNameGoesWithItsDrawsUnlessItIsSet() {
    assertThat(SpectrumProbe.defaults().name()).isEqualTo("spectrum");
    assertThat(SpectrumProbe.builder().draws(0).build().name()).isEqualTo("sharpness");
    assertThat(SpectrumProbe.builder().draws(0).name("edge").build().name()).isEqualTo("edge");
  }

  @Test
  void examinationKnowsWhatAReadingWithoutDrawsCosts() {
    Snapshot snapshot = snapshot(ThreeClasses.network(true), 0);
    SpectrumProbe cheap = small().draws(0).bottom(0).build();
    Probe.Examination examination = cheap.examine(snapshot);
    Probe.Examination many = small().draws(10).bottom(0).build().examine(snapshot);
    SpectrumReading reading = cheap.measure(snapshot);

    assertThat(examination.findings())
        .first()
        .asString()
        .startsWith("extreme eigenvalues alone of");
    assertThat(many.findings()).first().asString().startsWith("spectrum of");
    assertThat(many.expectedMatvecs() - examination.expectedMatvecs()).isEqualTo(20 * 10);
    assertThat((double) reading.provenance().matvecs() / examination.expectedMatvecs())
        .isBetween(1 / 3.0, 3.0);
    // 69 active coordinates in DOUBLE: a basis of 50 vectors, their images, 4 for each of 4 pairs.
    long vectors = 2 * 50 + 4 * 4;
    try (Curvature curvature =
        Curvature.of(snapshot.network(), snapshot.data(), CurvatureOptions.defaults())) {
      assertThat(examination.expectedBytes())
          .isEqualTo(curvature.expectedBytes() + vectors * 69 * Double.BYTES);
      // Those of ten draws come after those of the pairs, and are more.
      assertThat(many.expectedBytes())
          .isEqualTo(curvature.expectedBytes() + 20 * 10 * 69 * Double.BYTES);
    }
  }

  @ParameterizedTest
  @CsvSource({"4, 2", "0, 2", "0, 0"})
  void examinationDeclaresExactlyWhatReadingsHold(int draws, int bottom) {
    Snapshot snapshot = snapshot(ThreeClasses.network(true), 0);
    SpectrumProbe probe = small().draws(draws).bottom(bottom).build();

    Probe.Examination examination = probe.examine(snapshot);
    SpectrumReading reading = probe.measure(snapshot);

    assertThat(examination.quantities())
        .extracting(quantity -> quantity.name() + quantity.tags())
        .containsExactlyInAnyOrderElementsOf(
            reading.measurements().stream().map(m -> m.name() + m.tags()).toList());
    assertThat(examination.findings())
        .anyMatch(finding -> finding.contains("40 examples"))
        .anyMatch(finding -> finding.contains("batch normalization in batch"))
        .anyMatch(finding -> finding.contains("12 of 81 parameters are not coordinates"))
        .anyMatch(finding -> finding.contains("symmetry defect"));
    // within a factor of three of what it then cost
    assertThat((double) reading.provenance().matvecs() / examination.expectedMatvecs())
        .isBetween(1 / 3.0, 3.0);
  }

  @Test
  void rejectsMoreEigenvaluesThanTheMatrixHas() {
    SpectrumProbe probe = small().top(60).build();

    assertThatIllegalArgumentException()
        .isThrownBy(() -> probe.measure(snapshot(ThreeClasses.network(false), 0)))
        .withMessageContaining("top must be at most the order of the matrix, 57, got 60");
  }

  @Test
  void rejectsSettingsOutOfRange() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> SpectrumProbe.builder().steps(0))
        .withMessage("steps must be at least 1, got 0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> SpectrumProbe.builder().draws(-1))
        .withMessage("draws must be at least 0, got -1");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> SpectrumProbe.builder().top(0))
        .withMessage("top must be at least 1, got 0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> SpectrumProbe.builder().bottom(-1))
        .withMessage("bottom must be at least 0, got -1");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> SpectrumProbe.builder().name(" "))
        .withMessage("name must not be blank, got ' '");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> SpectrumProbe.builder().gradientMeasure(-1))
        .withMessage("gradientMeasure must be at least 0, got -1");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> SpectrumProbe.builder().tolerance(1))
        .withMessage("tolerance must be between 0 and 1, got 1.0");
  }
}
