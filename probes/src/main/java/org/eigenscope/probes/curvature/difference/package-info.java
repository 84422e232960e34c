/**
 * The difference engine: second-order products from central differences of Deeplearning4j's own
 * DOUBLE gradients, for any layer Deeplearning4j has.
 */
@NullMarked
package org.eigenscope.probes.curvature.difference;

import org.jspecify.annotations.NullMarked;
