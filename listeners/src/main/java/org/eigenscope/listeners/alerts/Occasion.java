package org.eigenscope.listeners.alerts;

import java.time.Instant;

/**
 * What made the conditions be looked at.
 *
 * @param probe name of the probe that read, failed, was skipped or is silent
 * @param iteration its iteration
 * @param time when that was
 */
record Occasion(String probe, int iteration, Instant time) {}
