package org.eigenscope.probes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.eigenscope.probes.HessianDecompositionReading.Outlier;
import org.eigenscope.probes.HessianDecompositionReading.Part;
import org.eigenscope.probes.HessianDecompositionReading.Side;
import org.eigenscope.probes.curvature.Curvature;
import org.eigenscope.probes.curvature.CurvatureMatrix;
import org.eigenscope.probes.curvature.CurvatureOptions;
import org.eigenscope.probes.curvature.DataBatches;
import org.eigenscope.probes.curvature.Network;
import org.eigenscope.probes.linalg.DenseEigenpairs;
import org.eigenscope.probes.linalg.QuadratureRule;
import org.eigenscope.probes.structure.ClassComponent;
import org.eigenscope.probes.structure.ClassMeans;
import org.eigenscope.probes.structure.ClassStructureOptions;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;

class StructureProbesTest {
  private static final int EXAMPLES = 30;

  private static MultiLayerNetwork network() {
    MultiLayerNetwork network = ThreeClasses.network(false);
    for (int i = 0; i < 20; i++) {
      network.fit(data(3));
    }
    return network;
  }

  /** Returns examples of classes of one size. */
  private static DataSet data(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    double[][] features = new double[EXAMPLES][ThreeClasses.INPUTS];
    double[][] labels = new double[EXAMPLES][ThreeClasses.CLASSES];
    for (int i = 0; i < EXAMPLES; i++) {
      int label = i % ThreeClasses.CLASSES;
      labels[i][label] = 1;
      for (int j = 0; j < ThreeClasses.INPUTS; j++) {
        features[i][j] = random.nextDouble() - 0.5 + (j == label ? 1 : 0);
      }
    }
    return new DataSet(Nd4j.create(features), Nd4j.create(labels));
  }

  private static Snapshot snapshot(MultiLayerNetwork network) {
    return new Snapshot(
        Network.of(network), DataBatches.of(data(3)), "run", "model", 7, 1, Instant.EPOCH);
  }

  private static INDArray dense(MultiLayerNetwork network, DataSet data, CurvatureMatrix matrix) {
    try (Curvature curvature =
        Curvature.of(Network.of(network), DataBatches.of(data), CurvatureOptions.defaults())) {
      long n = curvature.activeParameters();
      return curvature.operator(matrix).apply(Nd4j.eye(n).castTo(DataType.DOUBLE));
    }
  }

  private static void requireDeclared(Probe<?> probe, Snapshot snapshot, Reading reading) {
    Map<String, List<Map<String, String>>> declared =
        probe.examine(snapshot).quantities().stream()
            .collect(
                Collectors.groupingBy(
                    Quantity::name, Collectors.mapping(Quantity::tags, Collectors.toList())));
    Map<String, List<Map<String, String>>> measured =
        reading.measurements().stream()
            .collect(
                Collectors.groupingBy(
                    Measurement::name, Collectors.mapping(Measurement::tags, Collectors.toList())));
    assertThat(measured).isEqualTo(declared);
    measured.values().forEach(tags -> assertThat(tags).doesNotHaveDuplicates());
  }

  @Test
  void classProbeMeasuresComponentsAndTheMatrix() {
    MultiLayerNetwork network = network();
    ClassStructureProbe probe = ClassStructureProbe.builder().ranks(4).build();
    ClassStructureReading reading = probe.measure(snapshot(network));

    INDArray matrix = dense(network, data(3), CurvatureMatrix.GAUSS_NEWTON);
    double[] eigenvalues = DenseEigenpairs.of(matrix).values();
    double scale = eigenvalues[0];
    assertThat(reading.largest()).hasSize(4);
    for (int i = 0; i < 4; i++) {
      assertThat(reading.largest().get(i).value()).isCloseTo(eigenvalues[i], within(1e-6 * scale));
    }
    List<Double> means = reading.structure().eigenvalues().get(ClassComponent.A1);
    assertThat(reading.ratio())
        .isCloseTo(
            means.get(ThreeClasses.CLASSES - 1) / eigenvalues[ThreeClasses.CLASSES - 1],
            within(1e-6))
        .isBetween(0.0, 1.0);
    INDArray factor =
        ClassMeans.of(
                Network.of(network), DataBatches.of(data(3)), ClassStructureOptions.defaults())
            .factor(ClassComponent.A1);
    double[] less = DenseEigenpairs.of(matrix.sub(factor.transpose().mmul(factor))).values();
    assertThat(reading.subtracted()).isCloseTo(less[0], within(1e-6 * scale));
    assertThat(reading.projected()).isBetween(0.0, scale);
    assertThat(reading.provenance().matvecs()).isPositive();
    assertThat(reading.provenance().settings()).containsEntry("engine", "tangent");
    requireDeclared(probe, snapshot(network), reading);
  }

  @Test
  void classProbeMeasuresComponentsAlone() {
    MultiLayerNetwork network = network();
    ClassStructureProbe probe = ClassStructureProbe.builder().wholeMatrix(false).build();
    ClassStructureReading reading = probe.measure(snapshot(network));

    ClassStructureReading whole = ClassStructureProbe.defaults().measure(snapshot(network));
    assertThat(reading.structure().eigenvalues()).isEqualTo(whole.structure().eigenvalues());
    assertThat(reading.largest()).isEmpty();
    assertThat(reading.ratio()).isNaN();
    assertThat(reading.subtracted()).isNaN();
    assertThat(reading.projected()).isNaN();
    assertThat(reading.provenance().matvecs()).isEqualTo(reading.structure().products());
    assertThat(reading.provenance().settings()).containsEntry("wholeMatrix", "false");
    requireDeclared(probe, snapshot(network), reading);
  }

  @Test
  void classSpectraHoldAllEigenvalues() {
    ClassStructureReading reading = ClassStructureProbe.defaults().measure(snapshot(network()));
    assertThat(reading.spectra()).hasSize(7);
    for (Spectrum spectrum : reading.spectra()) {
      QuadratureRule rule = spectrum.draws().get(0);
      double sum = 0;
      double trace = 0;
      for (int i = 0; i < rule.size(); i++) {
        sum += rule.weight(i);
        trace += rule.weight(i) * rule.node(i) * spectrum.order();
      }
      assertThat(sum).isCloseTo(1, within(1e-12));
      if (spectrum.tags().get("component").equals("a1")) {
        double expected = reading.structure().traces().get(ClassComponent.A1);
        assertThat(trace).isCloseTo(expected, within(1e-9 * expected));
      }
    }
  }

  @Test
  void decompositionFindsTheLargestMagnitudesOfAllThreeMatrices() {
    MultiLayerNetwork network = network();
    HessianDecompositionProbe probe =
        HessianDecompositionProbe.builder()
            .heldOut(DataBatches.of(data(4)))
            .rank(3)
            .steps(20)
            .draws(2)
            .tolerance(1e-6)
            .build();
    HessianDecompositionReading reading = probe.measure(snapshot(network));

    assertThat(reading.sides()).extracting(Side::data).containsExactly("train", "held-out");
    for (Side side : reading.sides()) {
      DataSet data = data(side.data().equals("train") ? 3 : 4);
      assertThat(side.parts()).extracting(Part::matrix).containsExactly(CurvatureMatrix.values());
      for (Part part : side.parts()) {
        DenseEigenpairs pairs = DenseEigenpairs.of(dense(network, data, part.matrix()));
        double[] byMagnitude =
            java.util.Arrays.stream(pairs.values())
                .boxed()
                .sorted((a, b) -> Double.compare(Math.abs(b), Math.abs(a)))
                .mapToDouble(Double::doubleValue)
                .toArray();
        for (int i = 0; i < 3; i++) {
          assertThat(part.eigenvalues().get(i).value())
              .as("%s %s %d", side.data(), part.matrix(), i)
              .isCloseTo(byMagnitude[i], within(1e-6 * pairs.norm()));
        }
        // Of what is left no eigenvalue is larger than the next.
        double next = Math.abs(byMagnitude[3]) + 1e-5 * pairs.norm();
        assertThat(part.upperEdge()).isBetween(-next, next);
        assertThat(part.lowerEdge()).isBetween(-next, next);
        assertThat(part.rest()).hasSize(2);
      }
    }
    requireDeclared(probe, snapshot(network), reading);
    assertThat(reading.spectra()).hasSize(6);
  }

  @Test
  void outliersAreAttributedByTheirEigenvectors() {
    MultiLayerNetwork network = network();
    HessianDecompositionReading reading =
        HessianDecompositionProbe.builder()
            .rank(3)
            .draws(0)
            .tolerance(1e-8)
            .build()
            .measure(snapshot(network));

    Side side = reading.sides().get(0);
    DenseEigenpairs hessian = DenseEigenpairs.of(dense(network, data(3), CurvatureMatrix.HESSIAN));
    INDArray newton = dense(network, data(3), CurvatureMatrix.GAUSS_NEWTON);
    INDArray basis =
        DenseEigenpairs.of(newton)
            .vectors()
            .get(
                org.nd4j.linalg.indexing.NDArrayIndex.interval(0, 3),
                org.nd4j.linalg.indexing.NDArrayIndex.all());
    assertThat(side.outliers()).hasSize(3);
    for (int i = 0; i < 3; i++) {
      Outlier outlier = side.outliers().get(i);
      double value = side.parts().get(0).eigenvalues().get(i).value();
      int at = 0;
      while (Math.abs(hessian.value(at) - value) > 1e-6 * hessian.norm()) {
        at++;
      }
      INDArray vector = hessian.vectors().getRow(at).reshape(1, hessian.order());
      double quotient = vector.mmul(newton).mmul(vector.transpose()).getDouble(0);
      assertThat(outlier.gaussNewtonShare()).isCloseTo(quotient / value, within(1e-5));
      double overlap = vector.mmul(basis.transpose()).norm2Number().doubleValue();
      assertThat(outlier.gaussNewtonOverlap()).isCloseTo(overlap * overlap, within(1e-5));
      assertThat(outlier.residualOverlap()).isBetween(0.0, 1.0);
    }
    assertThat(reading.spectra()).isEmpty();
  }

  @Test
  void theSameSeedGivesTheSameReading() {
    MultiLayerNetwork network = network();
    HessianDecompositionProbe probe = HessianDecompositionProbe.builder().rank(2).build();
    assertThat(probe.measure(snapshot(network)).measurements())
        .isEqualTo(probe.measure(snapshot(network)).measurements());
    assertThat(ClassStructureProbe.defaults().measure(snapshot(network)).measurements())
        .isEqualTo(ClassStructureProbe.defaults().measure(snapshot(network)).measurements());
  }

  @Test
  void buildersShowTheRuleAndTheValue() {
    assertThatThrownBy(() -> HessianDecompositionProbe.builder().rank(0))
        .hasMessage("rank must be at least 1, got 0");
    assertThatThrownBy(() -> HessianDecompositionProbe.builder().tolerance(1))
        .hasMessage("tolerance must be between 0 and 1, got 1.0");
    assertThatThrownBy(() -> ClassStructureProbe.builder().ranks(0))
        .hasMessage("ranks must be at least 1, got 0");
    assertThatThrownBy(() -> ClassStructureProbe.builder().name(" "))
        .hasMessage("name must not be blank, got ' '");
  }
}
