/** Measures products, spectra and gradients on networks of fixed shape and seed. */
@NullMarked
package org.eigenscope.benchmarks;

import org.jspecify.annotations.NullMarked;
