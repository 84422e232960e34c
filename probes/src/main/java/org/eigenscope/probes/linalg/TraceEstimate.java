package org.eigenscope.probes.linalg;

/**
 * A trace with its doubt.
 *
 * @param estimate mean over the draws, in units of the operator's eigenvalues; NaN without draws
 * @param standardError standard deviation of the mean over independent draws; NaN with fewer than
 *     two
 * @param draws number of independent test vectors; 0 where no trace was measured
 */
public record TraceEstimate(double estimate, double standardError, int draws) {}
