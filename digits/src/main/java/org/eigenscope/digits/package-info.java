/** Images of digits to train on, read or drawn. Knows ND4J's arrays, nothing of networks. */
@NullMarked
package org.eigenscope.digits;

import org.jspecify.annotations.NullMarked;
