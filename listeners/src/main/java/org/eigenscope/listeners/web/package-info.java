/**
 * The live page and its server: readings as events and as a journal, over HTTP. May depend on
 * {@code listeners}, {@code listeners.journal} and {@code listeners.alerts}; knows nothing of
 * Prometheus.
 */
@NullMarked
package org.eigenscope.listeners.web;

import org.jspecify.annotations.NullMarked;
