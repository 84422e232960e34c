package org.eigenscope.listeners;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.eigenscope.listeners.metrics.PrometheusEndpoint;
import org.eigenscope.probes.SpectrumProbe;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.nd4j.linalg.dataset.DataSet;

/** Many scrapers at once; how long they take is a benchmark's business. */
class ManyScrapersTest {
  private static final int SCRAPERS = 50;
  private static final int SCRAPES = 6;

  private final HttpClient client = HttpClient.newHttpClient();

  @Test
  @Timeout(120)
  void fiftyScrapersGetEveryScrapeWhileATrainingIsProbed() throws Exception {
    DataSet batch = Trainings.flat(1).get(0);
    MultiLayerNetwork network = Trainings.perceptron();
    ExecutorService scrapers = Executors.newFixedThreadPool(SCRAPERS);
    try (PrometheusEndpoint endpoint = PrometheusEndpoint.start(0);
        ProbeListener listener =
            ProbeListener.builder()
                .probe(
                    SpectrumProbe.builder().top(5).steps(10).draws(2).build(),
                    ProbeSchedule.everyIterations(1))
                .data(batch)
                .sink(endpoint.sink())
                .build()) {
      network.addListeners(listener);
      network.fit(batch);
      CountDownLatch together = new CountDownLatch(SCRAPERS);
      List<Future<List<HttpResponse<String>>>> scraped = new ArrayList<>();
      for (int i = 0; i < SCRAPERS; i++) {
        scraped.add(scrapers.submit(() -> scrape(endpoint, together)));
      }
      while (!scraped.stream().allMatch(Future::isDone)) {
        network.fit(batch);
      }

      for (Future<List<HttpResponse<String>>> responses : scraped) {
        assertThat(responses.get())
            .hasSize(SCRAPES)
            .allSatisfy(
                response -> {
                  assertThat(response.statusCode()).isEqualTo(200);
                  assertThat(response.body())
                      .endsWith("\n")
                      .containsPattern("(?m)^eigenscope_loss\\{.*} \\d\\.\\d+$")
                      .contains("eigenscope_spectrum_bucket{");
                });
      }
      assertThat(listener.counts().completed()).isEqualTo(network.getIterationCount());
      assertThat(listener.counts().failed()).isZero();
    } finally {
      scrapers.shutdownNow();
    }
  }

  private List<HttpResponse<String>> scrape(PrometheusEndpoint endpoint, CountDownLatch together)
      throws Exception {
    List<HttpResponse<String>> responses = new ArrayList<>();
    together.countDown();
    assertThat(together.await(60, TimeUnit.SECONDS)).isTrue();
    for (int i = 0; i < SCRAPES; i++) {
      responses.add(
          client.send(
              HttpRequest.newBuilder(endpoint.uri()).timeout(Duration.ofSeconds(60)).build(),
              BodyHandlers.ofString()));
    }
    return responses;
  }
}
