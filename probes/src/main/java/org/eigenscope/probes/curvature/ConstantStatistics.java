package org.eigenscope.probes.curvature;

/**
 * Marks the configuration of a layer of batch normalization that normalises with the statistics
 * which its parameters hold, as constants, in training as in inference.
 *
 * <p>Such a layer computes the same with every {@link BatchNormMode}. A configuration that
 * implements this extends Deeplearning4j's {@code BatchNormalization} and keeps its parameters, and
 * its layer back-propagates accordingly: the tangent engine goes by this mark, the difference
 * engine by what the layer does.
 */
public interface ConstantStatistics {}
