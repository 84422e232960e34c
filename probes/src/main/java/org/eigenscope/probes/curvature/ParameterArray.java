package org.eigenscope.probes.curvature;

/**
 * One parameter array of a layer and its place in the network's flat parameter vector.
 *
 * @param layer name of the layer or graph vertex
 * @param key Deeplearning4j's key of the array within the layer, for example {@code W} or {@code b}
 * @param offset first coordinate in the flat vector
 * @param length number of coordinates, contiguous in the flat vector; at least 1
 * @param active whether the loss is a function of the array and gradients reach it: false for the
 *     running statistics of batch normalization, whose "gradients" are updates, and for frozen
 *     layers
 */
public record ParameterArray(String layer, String key, long offset, long length, boolean active) {

  /** Returns {@code layer/key}, the array's name on the command line. */
  public String name() {
    return layer + "/" + key;
  }
}
