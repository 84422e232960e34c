package org.eigenscope.probes.curvature;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * The coordinates that operators live on: some arrays of the flat parameter vector, in its order.
 */
final class Coordinates {
  private final List<ParameterArray> arrays;
  private final long parameters;
  private final boolean complete;
  private final long size;

  private Coordinates(List<ParameterArray> arrays, long parameters, boolean complete) {
    this.arrays = arrays;
    this.parameters = parameters;
    this.complete = complete;
    this.size = arrays.stream().mapToLong(ParameterArray::length).sum();
  }

  /** Returns all active coordinates of a network. */
  static Coordinates of(Network network) {
    List<ParameterArray> active = network.arrays().stream().filter(ParameterArray::active).toList();
    if (active.isEmpty()) {
      throw new IllegalArgumentException(
          "the network must have parameters that the loss depends on, got none: all are frozen");
    }
    return new Coordinates(active, network.parameters(), true);
  }

  /**
   * Returns those of a layer, or of one array of it.
   *
   * @param name a layer's name, or layer/key; the names themselves may hold slashes
   * @throws IllegalArgumentException if there is no such layer or array; lists those there are
   */
  Coordinates of(String name) {
    List<ParameterArray> chosen =
        arrays.stream()
            .filter(array -> array.layer().equals(name) || array.name().equals(name))
            .toList();
    if (chosen.isEmpty()) {
      Set<String> names = new LinkedHashSet<>();
      arrays.forEach(array -> names.add(array.layer()));
      arrays.forEach(array -> names.add(array.name()));
      throw new IllegalArgumentException(
          "layer must be one of %s, got '%s'".formatted(String.join(", ", names), name));
    }
    return new Coordinates(chosen, parameters, complete && chosen.size() == arrays.size());
  }

  /** Returns whether these are all active coordinates of the network. */
  boolean complete() {
    return complete;
  }

  List<ParameterArray> arrays() {
    return arrays;
  }

  /** Returns how many coordinates there are. */
  long size() {
    return size;
  }

  /** Returns the first parameter among these. */
  long from() {
    return arrays.get(0).offset();
  }

  /** Returns the parameter after the last of these. */
  long to() {
    ParameterArray last = arrays.get(arrays.size() - 1);
    return last.offset() + last.length();
  }

  /** Returns whether these are all parameters of the network, so that there is nothing to copy. */
  private boolean whole() {
    return size == parameters;
  }

  /**
   * Returns rows of flat vectors [k, P] that hold the rows of a block and 0 elsewhere; the block
   * itself if that is what it is.
   */
  INDArray scatter(INDArray block, DataType type) {
    if (whole()) {
      return block.castTo(type);
    }
    INDArray flat = Nd4j.create(type, block.rows(), parameters);
    long start = 0;
    for (ParameterArray array : arrays) {
      columns(flat, array.offset(), array.length()).assign(columns(block, start, array.length()));
      start += array.length();
    }
    return flat;
  }

  /**
   * Returns an array [k, n], the coordinates' columns of flat vectors [k, P]; those themselves if
   * there are no others.
   */
  INDArray gather(INDArray flat) {
    if (whole()) {
      return flat;
    }
    INDArray block = Nd4j.createUninitialized(flat.dataType(), flat.rows(), size);
    long start = 0;
    for (ParameterArray array : arrays) {
      columns(block, start, array.length()).assign(columns(flat, array.offset(), array.length()));
      start += array.length();
    }
    return block;
  }

  private static INDArray columns(INDArray matrix, long start, long length) {
    return matrix.get(NDArrayIndex.all(), NDArrayIndex.interval(start, start + length));
  }
}
