/**
 * A Deeplearning4j model and its data become second-order operators. The only room that knows how
 * Deeplearning4j lays out parameters. May depend on {@code probes.linalg}.
 */
@NullMarked
package org.eigenscope.probes.curvature;

import org.jspecify.annotations.NullMarked;
