/** What the Hessian of small networks on digits is made of. */
@NullMarked
package org.eigenscope.examples.structure;

import org.jspecify.annotations.NullMarked;
