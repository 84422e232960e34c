/**
 * Symmetric linear operators and what Lanczos can learn from them. Depends on ND4J arrays and on
 * Hipparchus for small dense eigenproblems; knows nothing of networks.
 */
@NullMarked
package org.eigenscope.probes.linalg;

import org.jspecify.annotations.NullMarked;
