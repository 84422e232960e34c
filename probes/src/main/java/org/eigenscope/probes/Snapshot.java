package org.eigenscope.probes;

import java.time.Instant;
import org.eigenscope.probes.curvature.DataBatches;
import org.eigenscope.probes.curvature.Network;

/**
 * The network and the data of one moment of a training, apart from the training: nothing in it
 * changes while probes measure it.
 *
 * @param network a replica of the model, without listeners, that shares no memory with it
 * @param data the examples to average over
 * @param run name of the training run, for people and tags
 * @param model name of the model within the run
 * @param iteration iteration whose update had just been applied, from 0; −1 outside a training
 * @param epoch epoch, from 0; −1 outside a training
 * @param time when the snapshot was taken
 */
public record Snapshot(
    Network network,
    DataBatches data,
    String run,
    String model,
    int iteration,
    int epoch,
    Instant time) {

  /** Returns a snapshot of a model outside a training: iteration and epoch −1. */
  public static Snapshot of(Network network, DataBatches data, Instant time) {
    return new Snapshot(network, data, "none", "model", -1, -1, time);
  }
}
