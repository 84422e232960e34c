package org.eigenscope.probes.structure;

import org.eigenscope.probes.curvature.CurvatureOptions;

/**
 * How a class structure is computed.
 *
 * @param curvature batch normalization, engine, precision and threads; regularisation plays no part
 * @param mostCrossClasses number of classes up to which cross-class means are kept, C² vectors of
 *     the network's parameters; with more, or where they do not fit into the memory, only class
 *     means are, 3C vectors. At least 0; default 32, whose Gram matrix has order 1024
 * @param exactProducts number of products up to which the trace of G is computed by N·C of them,
 *     and not estimated, where examples depend on each other and in the difference engine; at least
 *     0; default 4096
 * @param draws random test vectors of an estimated trace, at least 2; default 64, as in the code
 *     published with Papyan 2018, arXiv 1811.07062
 * @param seed seed of the test vectors; default 1
 */
public record ClassStructureOptions(
    CurvatureOptions curvature, int mostCrossClasses, long exactProducts, int draws, long seed) {

  /** Checks the ranges. */
  public ClassStructureOptions {
    if (mostCrossClasses < 0 || exactProducts < 0) {
      throw new IllegalArgumentException(
          "mostCrossClasses and exactProducts must be at least 0, got %d and %d"
              .formatted(mostCrossClasses, exactProducts));
    }
    if (draws < 2) {
      throw new IllegalArgumentException("draws must be at least 2, got " + draws);
    }
  }

  /** Returns the defaults. */
  public static ClassStructureOptions defaults() {
    return new ClassStructureOptions(CurvatureOptions.defaults(), 32, 4096, 64, 1);
  }

  /** Returns these options with others of the {@link #curvature}. */
  public ClassStructureOptions withCurvature(CurvatureOptions value) {
    return new ClassStructureOptions(value, mostCrossClasses, exactProducts, draws, seed);
  }

  /** Returns these options with another {@link #mostCrossClasses}. */
  public ClassStructureOptions withMostCrossClasses(int value) {
    return new ClassStructureOptions(curvature, value, exactProducts, draws, seed);
  }

  /** Returns these options with other {@link #exactProducts}. */
  public ClassStructureOptions withExactProducts(long value) {
    return new ClassStructureOptions(curvature, mostCrossClasses, value, draws, seed);
  }

  /** Returns these options with another number of {@link #draws}. */
  public ClassStructureOptions withDraws(int value) {
    return new ClassStructureOptions(curvature, mostCrossClasses, exactProducts, value, seed);
  }

  /** Returns these options with another {@link #seed}. */
  public ClassStructureOptions withSeed(long value) {
    return new ClassStructureOptions(curvature, mostCrossClasses, exactProducts, draws, value);
  }
}
