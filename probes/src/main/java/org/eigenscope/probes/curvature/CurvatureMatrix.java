package org.eigenscope.probes.curvature;

/** Which second-order matrix of the loss. */
public enum CurvatureMatrix {
  /** Second derivatives of the mean loss. */
  HESSIAN("hessian"),
  /** Generalised Gauss–Newton matrix, mean Jᵀ H_ℓ J (Schraudolph 2002). */
  GAUSS_NEWTON("gauss-newton"),
  /** Hessian minus Gauss–Newton matrix. */
  RESIDUAL("residual");

  private final String tag;

  CurvatureMatrix(String tag) {
    this.tag = tag;
  }

  /** Returns its name in tags, files and on the command line. */
  public String tag() {
    return tag;
  }
}
