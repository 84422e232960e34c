package org.eigenscope.probes.structure;

/**
 * A part of a classifier's Gauss–Newton matrix G, in one of two decompositions by class.
 *
 * <p>Both are sums over examples i of true class c, of which there are n_c of N in all, and over
 * candidate classes c′ of C. With p the softmax of example i and J_i the derivative of its logits,
 * g_{i,c′} = J_iᵀ(p − e_{c′}) is the gradient that the label c′ would give.
 *
 * <p><b>Weighted</b> (any class sizes): with weights w_{i,c′} = p_{c′}/N, their sums w_{c,c′} and
 * w_c = Σ_{c′≠c} w_{c,c′}, weighted means g_{c,c′} over the examples of class c, and g_c = Σ_{c′≠c}
 * w_{c,c′} g_{c,c′} / w_c, <b>G = A1 + A2 + B1 + B2</b> (Papyan 2020, "Traces of Class/Cross-Class
 * Structure Pervade Deep Learning Spectra", JMLR 21, arXiv 2008.11865; arXiv 1811.07062v2).
 *
 * <p><b>Balanced</b> (classes of one size): with δ_{i,c′} = √p_{c′} J_iᵀ(e_{c′} − p), means
 * δ_{c,c′} over the examples of class c and δ_c = Σ_{c′≠c} δ_{c,c′} / (C − 1), <b>G = G0 + G1 + G2
 * + G3</b> (Papyan 2019, "Measurements of Three-Level Hierarchical Structure in the Outliers in the
 * Spectrum of Deepnet Hessians", ICML, arXiv 1901.08244).
 */
public enum ClassComponent {
  /** The whole matrix, (1/N) Σ_i Σ_{c′} p_{c′} g_{i,c′} g_{i,c′}ᵀ. */
  G,
  /** Class means, Σ_c w_c g_c g_cᵀ: rank at most C. */
  A1,
  /** The true class, Σ_c w_{c,c} g_{c,c} g_{c,c}ᵀ: collinear with A1, class by class. */
  A2,
  /** Cross-class means about class means, Σ_c Σ_{c′≠c} w_{c,c′} (g_{c,c′} − g_c)(·)ᵀ. */
  B1,
  /** Examples about cross-class means, Σ_{c,c′} Σ_i w_{i,c′} (g_{i,c′} − g_{c,c′})(·)ᵀ. */
  B2,
  /** The true class, (1/C) Σ_c δ_{c,c} δ_{c,c}ᵀ. */
  G0,
  /** Class means, ((C − 1)/C) Σ_c δ_c δ_cᵀ. */
  G1,
  /** Cross-class means about class means, (1/C) Σ_c Σ_{c′≠c} (δ_{c,c′} − δ_c)(·)ᵀ. */
  G2,
  /** All cross-class means, (1/C) Σ_{c,c′} δ_{c,c′} δ_{c,c′}ᵀ = G0 + G1 + G2. */
  G12,
  /** Examples about cross-class means, (1/N) Σ_{c,c′} Σ_i (δ_{i,c′} − δ_{c,c′})(·)ᵀ. */
  G3
}
