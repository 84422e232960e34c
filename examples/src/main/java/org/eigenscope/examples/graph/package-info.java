/** A graph with two inputs, measured as a whole and in one layer. */
@NullMarked
package org.eigenscope.examples.graph;

import org.jspecify.annotations.NullMarked;
