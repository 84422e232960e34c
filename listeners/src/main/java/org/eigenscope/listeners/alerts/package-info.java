/**
 * Alerts inside the training's process: the conditions of the shipped Prometheus rules, callbacks,
 * and hooks that stop a run or ask for one more measurement. May depend on {@code listeners}.
 */
@NullMarked
package org.eigenscope.listeners.alerts;

import org.jspecify.annotations.NullMarked;
