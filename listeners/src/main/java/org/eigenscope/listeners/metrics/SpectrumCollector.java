package org.eigenscope.listeners.metrics;

import io.prometheus.metrics.model.registry.MultiCollector;
import io.prometheus.metrics.model.snapshots.ClassicHistogramBuckets;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot.HistogramDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.eigenscope.probes.Spectrum;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Exports the spectra that {@link EigenscopeMetrics} received as Prometheus gauge histograms.
 *
 * <p><b>Definition.</b> The bucket of bound b of {@code eigenscope_spectrum} counts the eigenvalues
 * up to b, in millionths of all eigenvalues, as estimated by the mean of the spectrum's draws; that
 * of {@code eigenscope_gradient_spectrum} the share of the gradient's squared norm in their
 * eigenspaces. The bucket {@code le="+Inf"} is always exactly 1,000,000: take totals from it.
 * {@code _gcount} is the same, {@code _gsum} the mean eigenvalue under these weights times
 * 1,000,000. Labels are {@code run}, {@code model} and the spectrum's tags; common tags of a
 * Micrometer registry are not among them. There are no data points before the first reading. A
 * histogram counts, so its values never go through {@code rate()}.
 *
 * <p>{@link PrometheusEndpoint} has one; with a registry of your own:
 *
 * <pre>{@code
 * prometheusRegistry.register(SpectrumCollector.of(metrics, SpectrumGrid.defaults()));
 * }</pre>
 *
 * <p><b>Threading.</b> Thread-safe. It never waits and never throws: what cannot be exported is
 * left out and logged once, because one throwing collector would void the whole scrape.
 */
public final class SpectrumCollector implements MultiCollector {

  private static final Logger log = LoggerFactory.getLogger(SpectrumCollector.class);

  private static final String TOTALS = "; totals are in le=\"+Inf\"";

  /** What the buckets of a family hold, by its name; others hold some mass. */
  private static final Map<String, String> HELP =
      Map.of(
          SeriesLedger.canonical(Spectrum.EIGENVALUES),
          "Cumulative spectral mass: eigenvalues up to le, in millionths of all" + TOTALS,
          SeriesLedger.canonical(Spectrum.GRADIENT),
          "Cumulative share of the gradient's squared norm in eigenspaces up to le, in millionths"
              + TOTALS);

  private static final String OTHER_HELP =
      "Cumulative mass over the eigenvalues up to le, in millionths of the whole" + TOTALS;

  private record Point(String name, HistogramDataPointSnapshot data) {}

  private record Rendered(Board.State state, List<Point> points) {}

  private final EigenscopeMetrics metrics;
  private final double[] bounds;
  private final double[] upperBounds;
  private final Map<Board, Rendered> rendered = new ConcurrentHashMap<>();
  private final AtomicBoolean complained = new AtomicBoolean();

  private SpectrumCollector(EigenscopeMetrics metrics, SpectrumGrid grid) {
    this.metrics = metrics;
    this.bounds = grid.bounds();
    this.upperBounds = Arrays.copyOf(bounds, bounds.length + 1);
    upperBounds[bounds.length] = Double.POSITIVE_INFINITY;
  }

  /**
   * Returns a collector, not registered yet.
   *
   * @param metrics the sink that receives the spectra
   * @param grid bounds of the histogram, for all of them
   */
  public static SpectrumCollector of(EigenscopeMetrics metrics, SpectrumGrid grid) {
    return new SpectrumCollector(metrics, grid);
  }

  @Override
  public MetricSnapshots collect() {
    Map<String, HistogramSnapshot.Builder> families = new TreeMap<>();
    for (Board board : metrics.boards()) {
      for (Point point : points(board)) {
        families
            .computeIfAbsent(
                point.name(),
                name ->
                    HistogramSnapshot.builder()
                        .name(name)
                        .help(HELP.getOrDefault(name, OTHER_HELP))
                        .gaugeHistogram(true))
            .dataPoint(point.data());
      }
    }
    MetricSnapshots.Builder all = MetricSnapshots.builder();
    for (HistogramSnapshot.Builder family : families.values()) {
      try {
        all.metricSnapshot(family.build());
      } catch (RuntimeException e) {
        complain(e);
      }
    }
    return all.build();
  }

  /** Returns a board's points; made once for each reading, by the first scrape that sees it. */
  private List<Point> points(Board board) {
    Board.State state = EigenscopeMetrics.state(board);
    Rendered last = rendered.get(board);
    if (last == null || last.state() != state) {
      last = new Rendered(state, render(board.key(), state.spectra()));
      rendered.put(board, last);
    }
    return last.points();
  }

  private List<Point> render(ProbeKey key, List<Spectrum> spectra) {
    List<Point> points = new ArrayList<>(spectra.size());
    for (Spectrum spectrum : spectra) {
      try {
        SpectralHistogram histogram = SpectralHistogram.of(spectrum, bounds);
        if (histogram != null) {
          points.add(
              new Point(SeriesLedger.canonical(spectrum.name()), point(key, spectrum, histogram)));
        }
      } catch (RuntimeException e) {
        complain(e);
      }
    }
    return points;
  }

  private HistogramDataPointSnapshot point(
      ProbeKey key, Spectrum spectrum, SpectralHistogram histogram) {
    Labels labels = Labels.EMPTY;
    for (Map.Entry<String, String> tag : key.tagsWith(spectrum.tags()).entrySet()) {
      labels = labels.add(SeriesLedger.label(tag.getKey()), tag.getValue());
    }
    return HistogramDataPointSnapshot.builder()
        .classicHistogramBuckets(ClassicHistogramBuckets.of(upperBounds, histogram.counts()))
        .sum(histogram.sum())
        .labels(labels)
        .build();
  }

  private void complain(RuntimeException cause) {
    if (complained.compareAndSet(false, true)) {
      log.warn("A spectrum cannot be exported and is left out (said once)", cause);
    }
  }
}
