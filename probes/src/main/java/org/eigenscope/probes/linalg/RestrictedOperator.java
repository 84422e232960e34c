package org.eigenscope.probes.linalg;

import java.util.ArrayList;
import java.util.List;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.INDArrayIndex;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** A principal submatrix, on runs of adjacent coordinates. */
final class RestrictedOperator implements LinearOperator {

  /** Coordinates {@code from} (inclusive) to {@code to} (exclusive). */
  private record Run(long from, long to) {
    long length() {
      return to - from;
    }
  }

  private final LinearOperator operator;
  private final List<Run> runs;
  private final long order;

  private RestrictedOperator(LinearOperator operator, List<Run> runs) {
    this.operator = operator;
    this.runs = runs;
    this.order = runs.stream().mapToLong(Run::length).sum();
  }

  static RestrictedOperator of(LinearOperator operator, long from, long to) {
    if (from < 0 || from >= to || to > operator.order()) {
      throw new IllegalArgumentException(
          "a range of coordinates must satisfy 0 <= from < to <= the operator's order %d, got [%d, %d)"
              .formatted(operator.order(), from, to));
    }
    return new RestrictedOperator(operator, List.of(new Run(from, to)));
  }

  static RestrictedOperator of(LinearOperator operator, long[] coordinates) {
    if (coordinates.length == 0) {
      throw new IllegalArgumentException("a restriction needs at least one coordinate, got none");
    }
    List<Run> runs = new ArrayList<>();
    long from = coordinates[0];
    for (int i = 0; i < coordinates.length; i++) {
      long coordinate = coordinates[i];
      if (coordinate < 0 || coordinate >= operator.order()) {
        throw new IllegalArgumentException(
            "coordinates must be between 0 and %d, got %d at %d"
                .formatted(operator.order() - 1, coordinate, i));
      }
      if (i > 0 && coordinate <= coordinates[i - 1]) {
        throw new IllegalArgumentException(
            "coordinates must strictly ascend, got %d after %d at %d"
                .formatted(coordinate, coordinates[i - 1], i));
      }
      if (i > 0 && coordinate != coordinates[i - 1] + 1) {
        runs.add(new Run(from, coordinates[i - 1] + 1));
        from = coordinate;
      }
    }
    runs.add(new Run(from, coordinates[coordinates.length - 1] + 1));
    return new RestrictedOperator(operator, List.copyOf(runs));
  }

  @Override
  public long order() {
    return order;
  }

  @Override
  public DataType dataType() {
    return operator.dataType();
  }

  @Override
  public INDArray apply(INDArray block) {
    checkBlock(block);
    INDArray whole = Nd4j.create(dataType(), block.size(0), operator.order());
    INDArray result = Nd4j.createUninitialized(dataType(), block.size(0), order);
    long offset = 0;
    for (Run run : runs) {
      columns(whole, run.from(), run.length()).assign(columns(block, offset, run.length()));
      offset += run.length();
    }
    INDArray product = operator.apply(whole);
    offset = 0;
    for (Run run : runs) {
      columns(result, offset, run.length()).assign(columns(product, run.from(), run.length()));
      offset += run.length();
    }
    return result;
  }

  private static INDArray columns(INDArray block, long from, long length) {
    INDArrayIndex range = NDArrayIndex.interval(from, from + length);
    return block.get(NDArrayIndex.all(), range);
  }
}
