/** The shortest attachment: one listener, two lines. */
@NullMarked
package org.eigenscope.examples.shortest;

import org.jspecify.annotations.NullMarked;
