/** Batch norm against none: three arms in step, with figures in the style of the papers. */
@NullMarked
package org.eigenscope.examples.batchnorm;

import org.jspecify.annotations.NullMarked;
