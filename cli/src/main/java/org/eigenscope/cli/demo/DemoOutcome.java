package org.eigenscope.cli.demo;

import org.jspecify.annotations.Nullable;

/**
 * What came of a demo.
 *
 * @param iterations minibatches trained on
 * @param readings readings captured
 * @param failure why the last reading that failed did, or null when none failed
 * @param stopped whether it was asked to stop before it was done
 */
public record DemoOutcome(
    int iterations, int readings, @Nullable String failure, boolean stopped) {}
