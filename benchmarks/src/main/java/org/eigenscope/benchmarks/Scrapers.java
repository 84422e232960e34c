package org.eigenscope.benchmarks;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Clients that scrape an endpoint again and again, each on a thread and a connection of its own,
 * all at the same moments: the worst case of many.
 */
final class Scrapers {
  /** As Prometheus' default. */
  private static final Duration TIMEOUT = Duration.ofSeconds(10);

  private final URI page;
  private final long intervalMillis;
  private final CountDownLatch stopped = new CountDownLatch(1);
  private final List<Thread> threads = new ArrayList<>();
  private final List<Double> milliseconds = Collections.synchronizedList(new ArrayList<>());
  private final AtomicInteger failed = new AtomicInteger();

  private Scrapers(URI page, long intervalMillis) {
    this.page = page;
    this.intervalMillis = intervalMillis;
  }

  /** Starts clients. */
  static Scrapers start(URI page, int number, long intervalMillis) {
    Scrapers scrapers = new Scrapers(page, intervalMillis);
    long first = System.nanoTime();
    for (int i = 0; i < number; i++) {
      Thread thread = new Thread(() -> scrapers.scrapeFrom(first), "scraper-" + i);
      thread.setDaemon(true);
      scrapers.threads.add(thread);
    }
    scrapers.threads.forEach(Thread::start);
    return scrapers;
  }

  private void scrapeFrom(long first) {
    HttpClient client = HttpClient.newHttpClient();
    long next = first;
    try {
      while (!stopped.await(next - System.nanoTime(), TimeUnit.NANOSECONDS)) {
        long start = System.nanoTime();
        if (scrape(client, page) == null) {
          failed.incrementAndGet();
        } else {
          milliseconds.add((System.nanoTime() - start) / 1e6);
        }
        // A client that is late misses moments, as Prometheus does.
        while (next <= System.nanoTime()) {
          next += TimeUnit.MILLISECONDS.toNanos(intervalMillis);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Returns the body of one scrape, or null when it failed. */
  static @Nullable String scrape(HttpClient client, URI page) throws InterruptedException {
    try {
      HttpResponse<String> response =
          client.send(
              HttpRequest.newBuilder(page).timeout(TIMEOUT).build(), BodyHandlers.ofString());
      boolean whole = response.statusCode() == 200 && response.body().endsWith("\n");
      return whole ? response.body() : null;
    } catch (IOException e) {
      return null;
    }
  }

  /** Ends the clients, with what they are doing. */
  void stop() {
    stopped.countDown();
    try {
      for (Thread thread : threads) {
        thread.join();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Returns the times of the scrapes that succeeded, in milliseconds. */
  List<Double> milliseconds() {
    synchronized (milliseconds) {
      return List.copyOf(milliseconds);
    }
  }

  /** Returns the number of scrapes that failed. */
  int failed() {
    return failed.get();
  }
}
