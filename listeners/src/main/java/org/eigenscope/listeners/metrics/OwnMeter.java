package org.eigenscope.listeners.metrics;

/** The meters that tell how the probes themselves fare. */
enum OwnMeter {
  ITERATION("eigenscope.probe.iteration", "Iteration that the probe's values belong to"),
  TIMESTAMP(
      "eigenscope.probe.timestamp",
      "When the probe's values were taken, in seconds since the epoch"),
  DURATION("eigenscope.probe.duration", "Wall time of measurements, by outcome"),
  MATVECS("eigenscope.probe.matvecs", "Applications of the operator that measurements cost"),
  FAILURES("eigenscope.probe.failures", "Measurements that threw"),
  NONFINITE(
      "eigenscope.probe.nonfinite",
      "Measurements that threw because the loss, the gradient or a product was NaN or infinite"),
  SKIPPED("eigenscope.probe.skipped", "Measurements passed over while another one ran"),
  OVERHEAD_RATIO(
      "eigenscope.overhead.ratio", "Share of wall time that the training thread gave to probes"),
  SINK_MISSED(
      "eigenscope.sink.missed", "Deliveries that a sink missed: it threw, or was too far behind"),
  SERIES_REFUSED(
      "eigenscope.series.refused",
      "Values not shown because their series would break a rule or the maximum number of series");

  /** Time series of one probe: six plain ones, and three of the timer for each of two outcomes. */
  static final int SERIES_PER_PROBE = 12;

  private static final String PROBE_PREFIX = "eigenscope_probe_";

  private final String meter;
  private final String description;

  OwnMeter(String meter, String description) {
    this.meter = meter;
    this.description = description;
  }

  String meter() {
    return meter;
  }

  String description() {
    return description;
  }

  /** Returns whether readings must not use a name, given as Prometheus sees it. */
  static boolean reserves(String prometheusName) {
    return prometheusName.startsWith(PROBE_PREFIX)
        || prometheusName.startsWith(SeriesLedger.canonical(OVERHEAD_RATIO.meter))
        || prometheusName.startsWith(SeriesLedger.canonical(SINK_MISSED.meter))
        || prometheusName.startsWith(SeriesLedger.canonical(SERIES_REFUSED.meter));
  }
}
