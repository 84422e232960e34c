/**
 * When to measure and where readings go: training listeners, schedules, failure policies and the
 * sink contract. May depend on {@code org.eigenscope.probes}.
 */
@NullMarked
package org.eigenscope.listeners;

import org.jspecify.annotations.NullMarked;
