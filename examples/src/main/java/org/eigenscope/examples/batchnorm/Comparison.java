package org.eigenscope.examples.batchnorm;

import java.util.SplittableRandom;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.eigenscope.digits.LabelledImages;
import org.eigenscope.digits.Minibatches;
import org.eigenscope.listeners.FailurePolicy;
import org.eigenscope.listeners.NormalizationComparisonListener;
import org.eigenscope.listeners.ProbeSchedule;
import org.eigenscope.listeners.ReadingSink;
import org.eigenscope.probes.SpectrumProbe;
import org.eigenscope.probes.curvature.DataBatches;
import org.nd4j.linalg.api.blas.Blas;
import org.nd4j.linalg.factory.Nd4j;

/**
 * One training of a network with batch normalization, with its twins in step.
 *
 * @param network what is trained
 * @param seed of weights and minibatches
 * @param learningRate of gradient descent
 * @param batchSize examples of a minibatch, and of the batches whose statistics the reading of the
 *     arm with batch normalization uses
 * @param statisticsEvery updates between population statistics
 * @param imagesPerClass images of each class that all arms are measured on; together they are the
 *     population
 */
record Comparison(
    ComparedNetwork network,
    long seed,
    double learningRate,
    int batchSize,
    int statisticsEvery,
    int imagesPerClass) {

  /** Number of classes, the k of λ_1/λ_k and of the gradient's fraction. */
  static final int K = LabelledImages.CLASSES;

  /** Returns a comparison with the settings whose results the README shows. */
  static Comparison of(ComparedNetwork network, long seed) {
    return new Comparison(network, seed, 0.1, 64, 10, 100);
  }

  /**
   * Trains and measures all arms.
   *
   * @param images to train on and to measure with
   * @param updates each arm's number of minibatches
   * @param probe how arms are measured
   * @param sinks take the readings
   */
  void run(
      LabelledImages images,
      int updates,
      SpectrumProbe probe,
      ProbeSchedule schedule,
      ReadingSink... sinks) {
    SplittableRandom seeds = new SplittableRandom(seed);
    MultiLayerNetwork model = network.create(seeds.nextLong(1, Long.MAX_VALUE), learningRate);
    Minibatches minibatches = new Minibatches(images, batchSize, seeds.nextLong());
    DataBatches probed =
        DataBatches.of(images.batch(images.firstOfEachClass(imagesPerClass))).rebatched(batchSize);
    NormalizationComparisonListener.Builder listener =
        NormalizationComparisonListener.builder()
            .run("seed-" + seed)
            .model(network.name())
            .probe(probe)
            .schedule(schedule)
            .data(probed)
            .statisticsEvery(statisticsEvery)
            .k(K)
            .failurePolicy(FailurePolicy.RETHROW);
    for (ReadingSink sink : sinks) {
      listener.sink(sink);
    }
    Blas blas = Nd4j.factory().blas();
    int threads = blas.getMaxThreads();
    // Products of arrays as small as these take twice as long on four threads as on one.
    blas.setMaxThreads(1);
    try (NormalizationComparisonListener attached = listener.build()) {
      model.addListeners(attached);
      for (int i = 0; i < updates; i++) {
        model.fit(minibatches.next());
      }
    } finally {
      blas.setMaxThreads(threads);
    }
  }
}
