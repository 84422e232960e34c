package org.eigenscope.probes.structure;

/**
 * The directions in which a posterior has variances of its own, by the names of Wu et al. (arXiv
 * 2010.04261, section 6).
 */
public enum BoundBasis {
  /** The parameters themselves, as Dziugaite and Roy (arXiv 1703.11008). */
  BASE,
  /** The Kronecker eigenbasis of each layer's Hessian, found once, at the trained network. */
  APPR,
  /** The Kronecker eigenbasis at the posterior's mean, found anew every few epochs. */
  ITER,
  /**
   * As ITER, of the Gauss–Newton matrix in the place of the Hessian: E[M̃] of outputs, which is
   * positive semi-definite, cheaper for smooth activations, and E[M] itself for rectifiers.
   */
  ITER_M
}
