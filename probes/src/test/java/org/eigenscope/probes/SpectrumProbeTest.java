package org.eigenscope.probes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.time.Instant;
import java.util.Arrays;
import java.util.Map;
import java.util.SplittableRandom;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.eigenscope.probes.curvature.BatchNormMode;
import org.eigenscope.probes.curvature.Curvature;
import org.eigenscope.probes.curvature.CurvatureMatrix;
import org.eigenscope.probes.curvature.CurvatureOptions;
import org.eigenscope.probes.curvature.DataBatches;
import org.eigenscope.probes.curvature.Network;
import org.eigenscope.probes.linalg.LinearOperator;
import org.hipparchus.linear.EigenDecompositionSymmetric;
import org.hipparchus.linear.MatrixUtils;
import org.hipparchus.linear.RealMatrix;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

class SpectrumProbeTest {

  private static final int INPUTS = 5;
  private static final int CLASSES = 3;
  private static final double RATE = 0.25;

  private static MultiLayerNetwork network(boolean normalised) {
    var list =
        new NeuralNetConfiguration.Builder()
            .seed(11)
            .dataType(DataType.DOUBLE)
            .updater(new Sgd(RATE))
            .list()
            .layer(
                new DenseLayer.Builder()
                    .name("hidden")
                    .nOut(6)
                    .activation(Activation.TANH)
                    .build());
    if (normalised) {
      list.layer(new BatchNormalization.Builder().name("norm").build());
    }
    MultiLayerNetwork network =
        new MultiLayerNetwork(
            list.layer(
                    new OutputLayer.Builder(LossFunction.MCXENT)
                        .name("out")
                        .nOut(CLASSES)
                        .activation(Activation.SOFTMAX)
                        .build())
                .setInputType(InputType.feedForward(INPUTS))
                .build());
    network.init();
    return network;
  }

  private static DataSet data(int examples) {
    SplittableRandom random = new SplittableRandom(3);
    double[][] features = new double[examples][INPUTS];
    double[][] labels = new double[examples][CLASSES];
    for (int i = 0; i < examples; i++) {
      int label = random.nextInt(CLASSES);
      labels[i][label] = 1;
      for (int j = 0; j < INPUTS; j++) {
        features[i][j] = random.nextDouble() - 0.5 + (j == label ? 1 : 0);
      }
    }
    return new DataSet(Nd4j.create(features), Nd4j.create(labels));
  }

  private static Snapshot snapshot(MultiLayerNetwork network, int iteration) {
    return new Snapshot(
        Network.of(network).replica(),
        DataBatches.of(data(40)),
        "run",
        "model",
        iteration,
        0,
        Instant.EPOCH);
  }

  /** Eigenvalues, descending, of a matrix read off its operator column by column. */
  private static EigenDecompositionSymmetric dense(LinearOperator operator) {
    double[][] rows =
        operator.apply(Nd4j.eye(operator.order()).castTo(DataType.DOUBLE)).toDoubleMatrix();
    RealMatrix matrix = MatrixUtils.createRealMatrix(rows);
    return new EigenDecompositionSymmetric(matrix.add(matrix.transpose()).scalarMultiply(0.5));
  }

  private static Curvature curvature(MultiLayerNetwork network) {
    return Curvature.of(Network.of(network), DataBatches.of(data(40)), CurvatureOptions.defaults());
  }

  private static SpectrumProbe.Builder small() {
    return SpectrumProbe.builder().steps(20).draws(4).top(4).bottom(2).seed(5);
  }

  @Test
  void readsWhatTheDenseHessianHolds() {
    MultiLayerNetwork network = network(false);
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
      assertThat(reading.stabilityRatio()).isCloseTo(reading.sharpness() * RATE / 2, within(1e-12));

      // Four draws of Rademacher vectors: variance of v'Hv is 2(‖H‖²_F − Σ h_ii²) ≤ 2‖H‖²_F.
      double trace = Arrays.stream(descending).sum();
      double deviation = Math.sqrt(2 * Arrays.stream(descending).map(l -> l * l).sum() / 4);
      assertThat(reading.trace().estimate()).isCloseTo(trace, within(4 * deviation));
      assertThat(reading.trace().draws()).isEqualTo(4);
    }
  }

  @Test
  void laterReadingStartsWarmAndComparesItsEigenspace() {
    MultiLayerNetwork network = network(false);
    SpectrumProbe probe = small().build();

    SpectrumReading first = probe.measure(snapshot(network, 0));
    SpectrumReading again = probe.measure(snapshot(network, 1));
    network.fit(data(40));
    SpectrumReading moved = probe.measure(snapshot(network, 2));

    assertThat(first.subspaceOverlap()).hasSize(4).allMatch(overlap -> overlap.isNaN());
    assertThat(again.subspaceOverlap()).allSatisfy(o -> assertThat(o).isCloseTo(1, within(1e-6)));
    assertThat(moved.subspaceOverlap().get(0)).isBetween(0.5, 1 - 1e-9);
    assertThat(again.provenance().matvecs()).isLessThan(first.provenance().matvecs());
  }

  @Test
  void sameSeedGivesTheSameReadingBitForBit() {
    MultiLayerNetwork network = network(true);

    SpectrumReading one = small().build().measure(snapshot(network, 0));
    SpectrumReading two = small().build().measure(snapshot(network, 0));
    SpectrumReading other = small().seed(6).build().measure(snapshot(network, 0));

    assertThat(two.measurements()).isEqualTo(one.measurements());
    assertThat(two.spectra()).isEqualTo(one.spectra());
    assertThat(other.spectra()).isNotEqualTo(one.spectra());
  }

  @Test
  void leavesTheSnapshotAndTheRandomGeneratorAlone() {
    MultiLayerNetwork network = network(true);
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
    SpectrumReading plain = small().build().measure(snapshot(network(false), 0));
    SpectrumReading frozen =
        small()
            .batchNorm(BatchNormMode.FROZEN)
            .matrix(CurvatureMatrix.GAUSS_NEWTON)
            .layer("hidden/W")
            .build()
            .measure(snapshot(network(true), 0));

    assertThat(plain.tags())
        .isEqualTo(Map.of("operator", "hessian", "normalization", "none", "layer", "all"));
    assertThat(frozen.tags())
        .isEqualTo(
            Map.of("operator", "gauss-newton", "normalization", "frozen", "layer", "hidden/W"));
    assertThat(frozen.activeParameters()).isEqualTo(INPUTS * 6);
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
  void examinationDeclaresExactlyWhatReadingsHold() {
    Snapshot snapshot = snapshot(network(true), 0);
    SpectrumProbe probe = small().build();

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
        .isThrownBy(() -> probe.measure(snapshot(network(false), 0)))
        .withMessageContaining("top must be at most the order of the matrix, 57, got 60");
  }

  @Test
  void rejectsSettingsOutOfRange() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> SpectrumProbe.builder().steps(0))
        .withMessage("steps must be at least 1, got 0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> SpectrumProbe.builder().draws(0))
        .withMessage("draws must be at least 1, got 0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> SpectrumProbe.builder().top(0))
        .withMessage("top must be at least 1, got 0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> SpectrumProbe.builder().bottom(-1))
        .withMessage("bottom must be at least 0, got -1");
  }
}
