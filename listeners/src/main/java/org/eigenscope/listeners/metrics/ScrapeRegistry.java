package org.eigenscope.listeners.metrics;

import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.registry.PrometheusScrapeRequest;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A registry whose scrapes take one reading of each probe throughout, and whose failures say
 * nothing of this program's insides to whoever scrapes.
 */
final class ScrapeRegistry extends PrometheusRegistry {

  private static final Logger log = LoggerFactory.getLogger(PrometheusEndpoint.class);

  /** What the HTTP server prints in the body of its answer 500, stack trace included. */
  private static final class ScrapeFailedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    ScrapeFailedException() {
      super("a collector failed; the log of the scraped program says why", null, false, false);
    }
  }

  private final AtomicBoolean failing = new AtomicBoolean();

  @Override
  public MetricSnapshots scrape(@Nullable PrometheusScrapeRequest request) {
    return guarded(() -> super.scrape(request));
  }

  @Override
  public MetricSnapshots scrape(
      @Nullable Predicate<String> includedNames, @Nullable PrometheusScrapeRequest request) {
    return guarded(() -> super.scrape(includedNames, request));
  }

  private MetricSnapshots guarded(Supplier<MetricSnapshots> scrape) {
    try {
      MetricSnapshots snapshots = EigenscopeMetrics.consistently(scrape);
      failing.set(false);
      return snapshots;
    } catch (ScrapeFailedException e) {
      throw e;
    } catch (RuntimeException e) {
      if (failing.compareAndSet(false, true)) {
        log.error(
            "Scrapes fail (said once until one succeeds): a collector on this endpoint threw", e);
      }
      throw new ScrapeFailedException();
    }
  }
}
