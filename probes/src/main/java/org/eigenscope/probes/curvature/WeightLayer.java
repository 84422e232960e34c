package org.eigenscope.probes.curvature;

/**
 * A layer that multiplies with a matrix of weights: z = W x + b, at each of its positions.
 *
 * @param name name of the layer or graph vertex
 * @param key Deeplearning4j's key of the weights, which are in the flat vector as W row by row:
 *     element (i, j) of W, from input j to output i, at i · inputs + j
 * @param inputs length of x: for a convolution channels × kernel height × kernel width, in this
 *     order
 * @param outputs length of z: for a convolution its channels
 * @param positions how often W works on an example: 1 for a dense layer, the pixels of the output
 *     for a convolution
 */
public record WeightLayer(String name, String key, long inputs, long outputs, long positions) {

  /** Returns {@code name/key}, the name of the weights as {@link Curvature#layer} takes it. */
  public String weights() {
    return name + "/" + key;
  }
}
