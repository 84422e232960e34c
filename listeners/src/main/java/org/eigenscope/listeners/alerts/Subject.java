package org.eigenscope.listeners.alerts;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What an alert is about: alerts of one subject are one alert, again.
 *
 * @param condition what may be wrong
 * @param run name of the training run
 * @param model name of the model within the run
 * @param probe name of the probe, where it is about one; else null
 * @param tags tags of the matrix, where it is about one; else empty
 */
record Subject(
    Condition condition,
    String run,
    String model,
    @Nullable String probe,
    Map<String, String> tags) {}
