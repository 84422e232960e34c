/** Measures in libtorch what {@code benchmarks/run} measures, on the same networks. */
@NullMarked
package org.eigenscope.benchmarks.libtorch;

import org.jspecify.annotations.NullMarked;
