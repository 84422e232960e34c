/**
 * What second-order operators are made of: classes and layers. May depend on {@code
 * probes.curvature} and {@code probes.linalg}.
 */
@NullMarked
package org.eigenscope.probes.structure;

import org.jspecify.annotations.NullMarked;
