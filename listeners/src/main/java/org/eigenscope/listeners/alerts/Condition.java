package org.eigenscope.listeners.alerts;

import java.util.Locale;
import org.eigenscope.listeners.alerts.Alert.Severity;

/** What may be wrong, by the names of the Prometheus alerts without their prefix. */
enum Condition {
  LOSS_NOT_FINITE("LossNotFinite", Severity.CRITICAL),
  STABILITY_LIMIT_EXCEEDED("StabilityLimitExceeded", Severity.WARNING),
  OUTLIER_GREW("OutlierGrew", Severity.WARNING),
  OUTLIER_APPEARED("OutlierAppeared", Severity.INFO),
  NEGATIVE_MASS_RISING("NegativeMassRising", Severity.WARNING),
  GRADIENT_IN_TOP_EIGENSPACE("GradientInTopEigenspace", Severity.INFO),
  EIGENVALUES_NOT_CONVERGED("EigenvaluesNotConverged", Severity.INFO),
  READINGS_STALE("ReadingsStale", Severity.WARNING),
  PROBE_FAILING("ProbeFailing", Severity.WARNING),
  READINGS_LOST("ReadingsLost", Severity.WARNING),
  PROBE_SKIPPING("ProbeSkipping", Severity.INFO),
  OVERHEAD_ABOVE_BUDGET("OverheadAboveBudget", Severity.WARNING);

  private final String alertName;
  private final Severity severity;

  Condition(String alertName, Severity severity) {
    this.alertName = alertName;
    this.severity = severity;
  }

  String alertName() {
    return alertName;
  }

  Severity severity() {
    return severity;
  }

  String runbook() {
    return "docs/runbook.md#eigenscope" + alertName.toLowerCase(Locale.ROOT);
  }
}
