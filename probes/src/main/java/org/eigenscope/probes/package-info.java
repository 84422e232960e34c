/**
 * What to measure: probes take an immutable snapshot of a network in training and return readings.
 * May depend on {@code probes.structure}, {@code probes.curvature} and {@code probes.linalg}.
 */
@NullMarked
package org.eigenscope.probes;

import org.jspecify.annotations.NullMarked;
