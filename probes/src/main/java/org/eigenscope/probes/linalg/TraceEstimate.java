package org.eigenscope.probes.linalg;

/**
 * A trace with its doubt.
 *
 * @param estimate mean over the draws, in units of the operator's eigenvalues
 * @param standardError standard deviation of the mean over independent draws; NaN with one draw
 * @param draws number of independent test vectors, at least 1
 */
public record TraceEstimate(double estimate, double standardError, int draws) {}
