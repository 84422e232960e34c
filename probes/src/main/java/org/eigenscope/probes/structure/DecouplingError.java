package org.eigenscope.probes.structure;

/**
 * How far a layer's block H is from its Kronecker product: ‖E[M] ⊗ E[xxᵀ] − H‖ / ‖H‖.
 *
 * @param spectral in the spectral norm; its standard error is what the residuals of the eigenpairs
 *     behind it allow
 * @param frobenius in the Frobenius norm
 */
public record DecouplingError(Estimate spectral, Estimate frobenius) {}
