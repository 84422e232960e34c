/**
 * Readings as Micrometer meters and on a Prometheus endpoint. May depend on {@code listeners} and
 * {@code listeners.web}, which serves them.
 */
@NullMarked
package org.eigenscope.listeners.metrics;

import org.jspecify.annotations.NullMarked;
