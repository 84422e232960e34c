package org.eigenscope.examples.structure;

import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.eigenscope.probes.Snapshot;
import org.eigenscope.probes.SpectrumProbe;
import org.eigenscope.probes.curvature.BatchNormMode;
import org.eigenscope.probes.curvature.Curvature;
import org.eigenscope.probes.curvature.CurvatureMatrix;
import org.eigenscope.probes.curvature.CurvatureOptions;
import org.eigenscope.probes.curvature.DataBatches;
import org.eigenscope.probes.curvature.Network;
import org.eigenscope.probes.curvature.Precision;
import org.eigenscope.probes.linalg.ExtremeEigenpairs;
import org.eigenscope.probes.linalg.LinearOperator;
import org.eigenscope.probes.linalg.RitzPair;
import org.eigenscope.probes.structure.ClassComponent;
import org.eigenscope.probes.structure.ClassStructure;
import org.eigenscope.probes.structure.ClassStructureOptions;
import org.eigenscope.probes.structure.FullApproximation;
import org.eigenscope.probes.structure.LayerOverlap;
import org.eigenscope.probes.structure.LayerStructure;
import org.eigenscope.probes.structure.LayerStructureOptions;
import org.eigenscope.probes.structure.LayerwiseStructure;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * What a trained network's Hessian H = G + R is made of, on some examples.
 *
 * @param loss mean loss on the examples
 * @param hessian largest eigenvalues of H, descending
 * @param gaussNewton largest eigenvalues of G, descending
 * @param residual largest eigenvalues of R, descending
 * @param outliers eigenvalues of H above the bulk; null when unknown
 * @param share for each of the ten largest eigenvectors v of H: vᵀGv / vᵀHv
 * @param classMeans eigenvalues of A1, descending
 * @param layers structure of each layer's block of H
 * @param full H beside what layers make of it
 * @param overlaps of the layers' top eigenspaces with those of another training
 */
record Dissection(
    double loss,
    List<Double> hessian,
    List<Double> gaussNewton,
    List<Double> residual,
    @Nullable Integer outliers,
    List<Double> share,
    List<Double> classMeans,
    List<LayerStructure> layers,
    FullApproximation full,
    List<LayerOverlap> overlaps) {

  /** Eigenvalues of each matrix, and of each layer: some beyond the number of classes. */
  private static final int TOP = 20;

  private static final int CLASSES = 10;
  private static final CurvatureOptions HOW =
      CurvatureOptions.defaults()
          .withBatchNorm(BatchNormMode.FROZEN)
          .withPrecision(Precision.FLOAT);

  /**
   * Takes a network apart, beside one of another training.
   *
   * @param overlapTop eigenpairs of each layer that are compared; 0 for as many as the peak takes
   * @param begins told what is computed next
   */
  static Dissection of(
      MultiLayerNetwork network,
      MultiLayerNetwork other,
      DataBatches data,
      int overlapTop,
      Consumer<String> begins) {
    LayerStructureOptions layers = LayerStructureOptions.defaults().withTop(TOP);
    try (Curvature curvature = Curvature.of(Network.of(network), data, HOW);
        Curvature others = Curvature.of(Network.of(other), data, HOW)) {
      begins.accept("eigenvalues of the Hessian and its two parts");
      List<RitzPair> pairs = largest(curvature.hessian());
      List<Double> gaussNewton = values(largest(curvature.gaussNewton()));
      List<Double> residual = values(largest(curvature.residual()));
      Integer outliers = outliers(network, data);
      begins.accept("classes");
      ClassStructure classes =
          ClassStructure.of(
              Network.of(network), data, ClassStructureOptions.defaults().withCurvature(HOW));
      begins.accept("layers");
      LayerwiseStructure structure =
          LayerwiseStructure.of(curvature, CurvatureMatrix.HESSIAN, layers);
      begins.accept("layers of the second training");
      return new Dissection(
          curvature.loss(),
          values(pairs),
          gaussNewton,
          residual,
          outliers,
          pairs.subList(0, CLASSES).stream()
              .map(pair -> quotient(curvature.gaussNewton(), pair) / pair.value())
              .toList(),
          classes.eigenvalues().getOrDefault(ClassComponent.A1, List.of()),
          structure.layers(),
          Objects.requireNonNull(structure.full()),
          LayerOverlap.of(curvature, others, CurvatureMatrix.HESSIAN, layers, overlapTop));
    }
  }

  private static List<RitzPair> largest(LinearOperator operator) {
    return ExtremeEigenpairs.compute(operator, ExtremeEigenpairs.Options.of(TOP, 0)).largest();
  }

  private static List<Double> values(List<RitzPair> pairs) {
    return pairs.stream().map(RitzPair::value).toList();
  }

  /** Returns vᵀAv of a pair's unit vector v. */
  static double quotient(LinearOperator operator, RitzPair pair) {
    INDArray row = pair.vector().reshape(1, pair.vector().length());
    return operator.apply(row).mul(row).sumNumber().doubleValue();
  }

  private static @Nullable Integer outliers(MultiLayerNetwork network, DataBatches data) {
    SpectrumProbe probe =
        SpectrumProbe.builder()
            .batchNorm(BatchNormMode.FROZEN)
            .precision(Precision.FLOAT)
            .top(TOP)
            .bottom(1)
            .steps(60)
            .draws(2)
            .build();
    return probe.measure(Snapshot.of(Network.of(network), data, Instant.now())).outliers();
  }
}
