package org.eigenscope.examples.structure;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.eigenscope.digits.LabelledImages;
import org.eigenscope.digits.Minibatches;
import org.eigenscope.examples.TestImages;
import org.eigenscope.probes.curvature.BatchNormMode;
import org.eigenscope.probes.curvature.Curvature;
import org.eigenscope.probes.curvature.CurvatureMatrix;
import org.eigenscope.probes.curvature.CurvatureOptions;
import org.eigenscope.probes.curvature.DataBatches;
import org.eigenscope.probes.curvature.Network;
import org.eigenscope.probes.curvature.Precision;
import org.eigenscope.probes.linalg.ExtremeEigenpairs;
import org.eigenscope.probes.structure.LayerStructure;
import org.eigenscope.probes.structure.LayerStructureOptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What Papyan (arXiv 1811.07062) and Wu et al. (arXiv 2010.04261) say of Hessians, on F-200² with
 * and without batch normalization, after 400 updates on MNIST or drawn digits.
 *
 * <p><b>Margins.</b> Found with seeds 1, 2 and 3; on drawn digits in brackets. Least share of G in
 * the ten largest eigenvalues of H: 0.955, 0.956, 0.931 (0.980, 0.978, 0.979). Of the second layer,
 * without batch norm and with it: squared cosine of the mean input with the first eigenvector 0.998
 * (0.9995) and 0.0005, 0.113, 0.003 (0.015, 0.026, 0.009); λ₁/λ₂ of its inputs 14.4, 13.9, 14.7
 * (17.2, 15.5, 17.1) and 1.28, 1.25, 1.27 (1.02, 1.12, 1.14); overlap with the Kronecker product at
 * k = 9 0.905, 0.903, 0.907 (0.944, 0.937, 0.931) and 0.162, 0.113, 0.117 (0.125, 0.131, 0.102).
 * Least rank-one ratio of its first four eigenvectors without batch norm: 0.961, 0.961, 0.982
 * (0.981, 0.980, 0.978).
 */
@Tag("slow")
class StructureClaimsTest {
  private static final int UPDATES = 400;
  private static final int CLASSES = 10;

  private static final Map<String, Measured> MEASURED = new HashMap<>();

  /**
   * A trained network.
   *
   * @param shares vᵀGv / vᵀHv of the ten largest eigenvectors v of H
   * @param layer the second hidden layer
   */
  private record Measured(List<Double> shares, LayerStructure layer) {}

  @ParameterizedTest
  @ValueSource(longs = {1, 2})
  void theLargestEigenvectorsOfTheHessianAreThoseOfGaussNewton(long seed) {
    assertThat(measured(DissectedNetwork.MLP, seed).shares()).allMatch(share -> share > 0.9);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2})
  void withoutBatchNormInputsHaveOneDirectionTheirMean(long seed) {
    LayerStructure layer = measured(DissectedNetwork.MLP, seed).layer();
    assertThat(layer.meanInputAlignment()).isGreaterThan(0.99);
    assertThat(layer.autocorrelationRatio()).isGreaterThan(10);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2})
  void withBatchNormInputsHaveNoDirection(long seed) {
    LayerStructure layer = measured(DissectedNetwork.MLP_BN, seed).layer();
    assertThat(layer.meanInputAlignment()).isLessThan(0.2);
    assertThat(layer.autocorrelationRatio()).isLessThan(1.5);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2})
  void withoutBatchNormTheFirstEigenvectorsAreNearRankOne(long seed) {
    assertThat(measured(DissectedNetwork.MLP, seed).layer().rankOneRatio().subList(0, 4))
        .allMatch(ratio -> ratio > 0.9);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2})
  void theTopEigenspaceIsThatOfTheKroneckerProductWithoutBatchNormOnly(long seed) {
    assertThat(overlap(measured(DissectedNetwork.MLP, seed))).isGreaterThan(0.85);
    assertThat(overlap(measured(DissectedNetwork.MLP_BN, seed))).isLessThan(0.25);
  }

  private static double overlap(Measured measured) {
    return measured.layer().overlap().get(CLASSES - 2);
  }

  private static Measured measured(DissectedNetwork network, long seed) {
    return MEASURED.computeIfAbsent(network + " " + seed, key -> measure(network, seed));
  }

  private static Measured measure(DissectedNetwork kind, long seed) {
    LabelledImages images = TestImages.mnistOrDrawn();
    MultiLayerNetwork network = kind.create(seed, 0.05);
    Minibatches minibatches = new Minibatches(images, 128, seed);
    for (int i = 0; i < UPDATES; i++) {
      network.fit(minibatches.next());
    }
    DataBatches data = DataBatches.of(images.batch(images.firstOfEachClass(20)));
    CurvatureOptions how =
        CurvatureOptions.defaults()
            .withBatchNorm(BatchNormMode.FROZEN)
            .withPrecision(Precision.FLOAT);
    try (Curvature curvature = Curvature.of(Network.of(network), data, how)) {
      List<Double> shares =
          ExtremeEigenpairs.compute(curvature.hessian(), ExtremeEigenpairs.Options.of(CLASSES, 0))
              .largest()
              .stream()
              .map(pair -> Dissection.quotient(curvature.gaussNewton(), pair) / pair.value())
              .toList();
      return new Measured(
          shares,
          LayerStructure.of(
                  curvature,
                  CurvatureMatrix.HESSIAN,
                  LayerStructureOptions.defaults().withLayers(List.of("fc2")))
              .get(0));
    }
  }
}
