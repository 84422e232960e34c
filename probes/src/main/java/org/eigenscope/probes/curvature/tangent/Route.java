package org.eigenscope.probes.curvature.tangent;

import org.eigenscope.probes.kernel.Worker;

/** What a team does with one vector and one piece, in parts between which statistics are known. */
interface Route {
  /**
   * Brings the vector into the network.
   *
   * @param vector number of the vector
   * @param start number of the piece's first example among all
   * @param steps how many steps the changes go forward through, if they do; all of them but where
   *     statistics are gathered
   */
  void enter(Worker worker, Frame frame, int vector, long start, int steps);

  /** Takes it from there, to what is wanted. */
  void leave(Worker worker, Frame frame, int vector, long start);

  /**
   * Returns whether a parameter may change along the vector, or has a gradient that is wanted. One
   * of which neither is true costs nothing, and what comes back for it has no meaning.
   */
  default boolean concerns(Parameter parameter) {
    return true;
  }

  /** Returns the number of the last step that nothing goes back through; −1 for none. */
  default int lowest() {
    return -1;
  }
}
