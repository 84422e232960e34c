package org.eigenscope.probes.structure;

import java.util.List;

/**
 * What to compute of layers, and how.
 *
 * @param layers names of layers; empty, the default, for all that have a matrix of weights
 * @param top eigenpairs of each layer, at least 1; default 10, as many as {@code analyze} gives
 * @param denseOrder largest order of a block that is computed as a dense matrix, with one product
 *     for each of its weights, at least 0; default 1024, whose eigenproblem takes a second. Larger
 *     blocks have their decoupling error by Lanczos and by random test vectors
 * @param draws random test vectors for what is not computed exactly, at least 2; default 32
 * @param seed seed of random starts and test vectors; default 1
 */
public record LayerStructureOptions(
    List<String> layers, int top, long denseOrder, int draws, long seed) {

  private static final LayerStructureOptions DEFAULTS =
      new LayerStructureOptions(List.of(), 10, 1024, 32, 1);

  /** Checks the ranges. */
  public LayerStructureOptions {
    layers = List.copyOf(layers);
    if (top < 1) {
      throw new IllegalArgumentException("top must be at least 1, got " + top);
    }
    if (denseOrder < 0) {
      throw new IllegalArgumentException("denseOrder must be at least 0, got " + denseOrder);
    }
    if (draws < 2) {
      throw new IllegalArgumentException("draws must be at least 2, got " + draws);
    }
  }

  /** Returns the defaults. */
  public static LayerStructureOptions defaults() {
    return DEFAULTS;
  }

  /** Returns these options with other {@link #layers}. */
  public LayerStructureOptions withLayers(List<String> value) {
    return new LayerStructureOptions(value, top, denseOrder, draws, seed);
  }

  /** Returns these options with another {@link #top}. */
  public LayerStructureOptions withTop(int value) {
    return new LayerStructureOptions(layers, value, denseOrder, draws, seed);
  }

  /** Returns these options with another {@link #denseOrder}. */
  public LayerStructureOptions withDenseOrder(long value) {
    return new LayerStructureOptions(layers, top, value, draws, seed);
  }

  /** Returns these options with another number of {@link #draws}. */
  public LayerStructureOptions withDraws(int value) {
    return new LayerStructureOptions(layers, top, denseOrder, value, seed);
  }

  /** Returns these options with another {@link #seed}. */
  public LayerStructureOptions withSeed(long value) {
    return new LayerStructureOptions(layers, top, denseOrder, draws, value);
  }
}
