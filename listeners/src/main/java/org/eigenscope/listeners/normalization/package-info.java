/**
 * A network's twins with and without batch normalization. May depend on {@code
 * org.eigenscope.probes}.
 */
@NullMarked
package org.eigenscope.listeners.normalization;

import org.jspecify.annotations.NullMarked;
