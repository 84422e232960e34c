/**
 * Kernels for CPUs: matrix products, convolutions and sweeps over native memory, by several threads
 * of a team. Knows nothing of networks; may depend on ND4J, OpenBLAS and oneDNN alone.
 */
@NullMarked
package org.eigenscope.probes.kernel;

import org.jspecify.annotations.NullMarked;
