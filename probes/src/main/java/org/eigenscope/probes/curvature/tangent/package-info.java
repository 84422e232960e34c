/**
 * The tangent engine: exact second-order products by forward and reverse tangents of every layer
 * (Pearlmutter's R-operator), on the kernels' native memory.
 */
@NullMarked
package org.eigenscope.probes.curvature.tangent;

import org.jspecify.annotations.NullMarked;
