package org.eigenscope.benchmarks;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Semaphore;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.eigenscope.digits.Minibatches;
import org.eigenscope.listeners.FailurePolicy;
import org.eigenscope.listeners.ProbeEvent;
import org.eigenscope.listeners.ProbeListener;
import org.eigenscope.listeners.ReadingSink;
import org.eigenscope.probes.Provenance;
import org.eigenscope.probes.Reading;
import org.eigenscope.probes.SpectrumProbe;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.dataset.DataSet;

/** A network in training, with a probe or without, whose iterations are timed. */
final class TrainingArm implements AutoCloseable {
  private final MultiLayerNetwork network;
  private final Minibatches minibatches;
  private final List<Turn> turns = new ArrayList<>();
  private final Collected collected = new Collected();
  private @Nullable ProbeListener listener;
  private int dueIteration = -1;

  TrainingArm(MultiLayerNetwork network, Minibatches minibatches) {
    this.network = network;
    this.minibatches = minibatches;
  }

  /**
   * The times of iterations one after the other, in seconds.
   *
   * @param seconds of all iterations
   * @param reading how many of them, from the first on, the turn's reading lasted; 0 without one
   */
  record Turn(double[] seconds, int reading) {}

  /** Adds a probe that measures after the first iteration of each turn, with further sinks. */
  void attach(SpectrumProbe probe, DataSet probeSet, boolean asynchronous, ReadingSink... sinks) {
    ProbeListener.Builder builder =
        ProbeListener.builder()
            .probe(probe, moment -> moment.iteration() == dueIteration)
            .data(probeSet)
            .failurePolicy(FailurePolicy.RETHROW)
            .sink(collected);
    for (ReadingSink sink : sinks) {
      builder.sink(sink);
    }
    listener = (asynchronous ? builder.asynchronous() : builder).build();
    network.setListeners(listener);
  }

  /** Trains as {@link #turn} does, without keeping the times. */
  void warmUp(int iterations) {
    train(iterations);
  }

  /**
   * Trains for some iterations, and then until the turn's reading has ended; returns their times.
   */
  Turn turn(int iterations) {
    Turn turn = train(iterations);
    turns.add(turn);
    return turn;
  }

  private Turn train(int iterations) {
    List<Double> seconds = new ArrayList<>();
    dueIteration = network.getIterationCount();
    boolean reads = listener != null;
    int reading = 0;
    while (seconds.size() < iterations || reads) {
      reading += reads ? 1 : 0;
      DataSet minibatch = minibatches.next();
      long start = System.nanoTime();
      network.fit(minibatch);
      seconds.add((System.nanoTime() - start) * 1e-9);
      reads = reads && !collected.ended.tryAcquire();
    }
    return new Turn(seconds.stream().mapToDouble(Double::doubleValue).toArray(), reading);
  }

  List<Turn> turns() {
    return List.copyOf(turns);
  }

  /** Returns where the readings come from and what they cost, in their order. */
  List<Provenance> readings() {
    return collected.readings();
  }

  /**
   * Returns the time of an iteration with a probe over that without: what the iterations during a
   * reading take longer than the others of its turn, spread over a period. Of the others the median
   * counts, as other work on the machine lengthens some.
   *
   * @param with a turn with a reading, of one iteration when the training waits for it
   * @param without a turn without a probe, which also stands in for others that are not there
   * @param every iterations from one reading to the next
   */
  static double slowdown(Turn with, Turn without, int every) {
    double plain = Stopwatch.median(without.seconds());
    double[] others = Arrays.copyOfRange(with.seconds(), with.reading(), with.seconds().length);
    double other = others.length == 0 ? plain : Stopwatch.median(others);
    double during = Arrays.stream(with.seconds(), 0, with.reading()).sum();
    return 1 + (during - with.reading() * other) / (every * plain);
  }

  @Override
  public void close() {
    if (listener != null) {
      listener.close();
    }
    network.close();
  }

  /** Keeps what readings cost, and tells when one has ended. */
  private static final class Collected implements ReadingSink {
    private final List<Provenance> readings = new ArrayList<>();
    private final Semaphore ended = new Semaphore(0);

    @Override
    public synchronized void accept(Reading reading) {
      readings.add(reading.provenance());
    }

    @Override
    public void report(ProbeEvent event) {
      ended.release();
    }

    synchronized List<Provenance> readings() {
      return List.copyOf(readings);
    }
  }
}
