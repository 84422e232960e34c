/** Readings as Micrometer meters and on a Prometheus endpoint. May depend on {@code listeners}. */
@NullMarked
package org.eigenscope.listeners.metrics;

import org.jspecify.annotations.NullMarked;
