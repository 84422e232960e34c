package org.eigenscope.probes.curvature;

/** How second-order products are computed. */
public enum Engine {
  /** The fastest engine that knows every layer of the network. */
  AUTO,
  /** Exact forward and reverse tangents. */
  TANGENT,
  /** Central differences of Deeplearning4j's own gradients in DOUBLE; knows every layer. */
  DIFFERENCE
}
