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

  /** Starts clients, which have each scraped once, uncounted, when this returns. */
  static Scrapers start(URI page, int number, long intervalMillis)
      throws IOException, InterruptedException {
    Scrapers scrapers = new Scrapers(page, intervalMillis);
    List<HttpClient> clients = new ArrayList<>();
    for (int i = 0; i < number; i++) {
      HttpClient client = HttpClient.newHttpClient();
      scrape(client, page);
      clients.add(client);
    }
    long first = System.nanoTime();
    for (HttpClient client : clients) {
      Thread thread = new Thread(() -> scrapers.scrapeFrom(client, first), "scraper");
      thread.setDaemon(true);
      scrapers.threads.add(thread);
      thread.start();
    }
    return scrapers;
  }

  private void scrapeFrom(HttpClient client, long first) {
    long next = first;
    try {
      while (!stopped.await(next - System.nanoTime(), TimeUnit.NANOSECONDS)) {
        long start = System.nanoTime();
        boolean scraped = true;
        try {
          scrape(client, page);
        } catch (IOException e) {
          scraped = false;
          failed.incrementAndGet();
        }
        if (scraped) {
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

  /**
   * Returns the body of one scrape.
   *
   * @throws IOException if it failed, or was not answered whole
   */
  static String scrape(HttpClient client, URI page) throws IOException, InterruptedException {
    HttpResponse<String> response =
        client.send(HttpRequest.newBuilder(page).timeout(TIMEOUT).build(), BodyHandlers.ofString());
    if (response.statusCode() != 200 || !response.body().endsWith("\n")) {
      throw new IOException(
          "answer %d of %d characters".formatted(response.statusCode(), response.body().length()));
    }
    return response.body();
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
