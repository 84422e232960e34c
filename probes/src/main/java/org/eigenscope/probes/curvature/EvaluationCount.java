package org.eigenscope.probes.curvature;

/**
 * How much Deeplearning4j was asked to do, in passes over all examples.
 *
 * @param gradients forward and backward passes
 * @param forwards forward passes alone
 */
public record EvaluationCount(long gradients, long forwards) {}
