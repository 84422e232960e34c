package org.eigenscope.probes.curvature.tangent;

/**
 * A parameter array and its places.
 *
 * @param offset first coordinate in the flat vector
 * @param length number of coordinates
 * @param active whether the loss is to be differentiated with respect to it
 * @param partial first element in a member's own gradients; −1 if members do not add up their own
 *     but divide the array between them
 */
record Parameter(long offset, long length, boolean active, long partial) {

  /** Returns whether members share out its gradient, which they write without adding up. */
  boolean isShared() {
    return partial < 0 && active;
  }
}
