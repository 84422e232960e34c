package org.eigenscope.benchmarks;

import java.time.Instant;
import java.util.List;
import java.util.Locale;
import org.eigenscope.probes.ClassStructureProbe;
import org.eigenscope.probes.HessianDecompositionProbe;
import org.eigenscope.probes.LayerStructureProbe;
import org.eigenscope.probes.Probe;
import org.eigenscope.probes.Provenance;
import org.eigenscope.probes.Snapshot;
import org.eigenscope.probes.curvature.BatchNormMode;
import org.eigenscope.probes.curvature.Curvature;
import org.eigenscope.probes.curvature.CurvatureMatrix;
import org.eigenscope.probes.curvature.CurvatureOptions;
import org.eigenscope.probes.curvature.DataBatches;
import org.eigenscope.probes.curvature.Engine;
import org.eigenscope.probes.curvature.Network;
import org.eigenscope.probes.structure.ClassStructure;
import org.eigenscope.probes.structure.ClassStructureOptions;
import org.eigenscope.probes.structure.LayerOverlap;
import org.eigenscope.probes.structure.LayerStructureOptions;

/** What is read of the structure of networks, each with its defaults. */
enum StructureProbe {
  /** {@link ClassStructure} alone. */
  CLASSES(BatchNormMode.FROZEN),
  /** {@link ClassStructureProbe}: the same, eigenvalues of G, and those without class means. */
  KNOCKOUTS(BatchNormMode.FROZEN),
  /** {@link LayerStructureProbe}. */
  LAYERS(BatchNormMode.BATCH),
  /** {@link HessianDecompositionProbe}, without held-out data. */
  DECOMPOSITION(BatchNormMode.BATCH),
  /** {@link LayerOverlap} of the Hessians of two models, as {@code eigenscope compare} reads it. */
  COMPARISON(BatchNormMode.BATCH);

  /**
   * What is read.
   *
   * @param second a second model, for what compares
   * @param layers names of layers; empty for those that a reading takes by default
   */
  record Subject(
      Network first,
      Network second,
      DataBatches data,
      CurvatureOptions options,
      List<String> layers) {}

  /**
   * What a reading did.
   *
   * @param engine which engine took the products
   * @param products products with a matrix, a block of it or a transposed Jacobian
   */
  record Work(String engine, long products) {}

  private final BatchNormMode batchNorm;

  StructureProbe(BatchNormMode batchNorm) {
    this.batchNorm = batchNorm;
  }

  /**
   * Returns what batch normalization layers normalise with: the default, BATCH, but for classes,
   * where it would couple them and make each product a pass over all examples.
   */
  BatchNormMode batchNorm() {
    return batchNorm;
  }

  /** Reads it once. */
  Work read(Subject subject) {
    return switch (this) {
      case CLASSES -> classes(subject);
      case KNOCKOUTS -> knockouts(subject);
      case LAYERS -> layers(subject);
      case DECOMPOSITION -> decomposition(subject);
      case COMPARISON -> comparison(subject);
    };
  }

  private static Work classes(Subject subject) {
    ClassStructure structure =
        ClassStructure.of(
            subject.first(),
            subject.data(),
            ClassStructureOptions.defaults().withCurvature(subject.options()));
    return work(structure.engine(), structure.products());
  }

  private static Work knockouts(Subject subject) {
    CurvatureOptions options = subject.options();
    return measured(
        ClassStructureProbe.builder()
            .batchNorm(options.batchNorm())
            .precision(options.precision())
            .threads(options.threads())
            .build(),
        subject);
  }

  private static Work layers(Subject subject) {
    CurvatureOptions options = subject.options();
    return measured(
        LayerStructureProbe.builder()
            .layers(subject.layers().toArray(String[]::new))
            .batchNorm(options.batchNorm())
            .precision(options.precision())
            .threads(options.threads())
            .build(),
        subject);
  }

  private static Work decomposition(Subject subject) {
    CurvatureOptions options = subject.options();
    return measured(
        HessianDecompositionProbe.builder()
            .batchNorm(options.batchNorm())
            .precision(options.precision())
            .threads(options.threads())
            .build(),
        subject);
  }

  private static Work comparison(Subject subject) {
    try (Curvature first = Curvature.of(subject.first(), subject.data(), subject.options());
        Curvature second = Curvature.of(subject.second(), subject.data(), subject.options())) {
      List<LayerOverlap> layers =
          LayerOverlap.of(
              first,
              second,
              CurvatureMatrix.HESSIAN,
              LayerStructureOptions.defaults().withLayers(subject.layers()),
              0);
      return work(first.engine(), layers.stream().mapToLong(LayerOverlap::matvecs).sum());
    }
  }

  private static Work measured(Probe<?> probe, Subject subject) {
    Provenance provenance =
        probe.measure(Snapshot.of(subject.first(), subject.data(), Instant.EPOCH)).provenance();
    return new Work(provenance.settings().getOrDefault("engine", "unknown"), provenance.matvecs());
  }

  private static Work work(Engine engine, long products) {
    return new Work(engine.name().toLowerCase(Locale.ROOT), products);
  }
}
