package org.eigenscope.probes.curvature.tangent;

/** What goes back through the network. */
enum Mode {
  /** The loss's own errors, at the parameters; they are kept for HESSIAN and RESIDUAL. */
  ERRORS,
  /** The change of the errors along a vector. */
  HESSIAN,
  /** H_ℓ J v, with the network as it is. */
  GAUSS_NEWTON,
  /** The change of the errors, with the loss's own gradient held. */
  RESIDUAL,
  /** Any vector on the outputs, with the network as it is. */
  TRANSPOSE,
  /** The same, for the examples' squared norms alone. */
  NORMS;

  /** Returns whether the network's own change along the vector plays a part. */
  boolean secondOrder() {
    return this == HESSIAN || this == RESIDUAL;
  }
}
