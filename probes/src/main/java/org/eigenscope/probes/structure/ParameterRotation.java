package org.eigenscope.probes.structure;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * A rotation of a network's coordinates, array by array: a matrix of weights W [outputs, inputs]
 * becomes UᵀWV, whose elements are W's components along u ⊗ v (Wu et al., arXiv 2010.04261, section
 * 6); what no part names stays as it is.
 */
final class ParameterRotation {

  /**
   * The rotation of one array.
   *
   * @param offset of the array among the coordinates
   * @param outputs rows
   * @param inputs columns; the array is there row by row
   * @param left U, orthogonal, columns the new directions, [outputs, outputs]
   * @param right V, orthogonal, [inputs, inputs]; null for the identity
   */
  record Part(long offset, long outputs, long inputs, INDArray left, @Nullable INDArray right) {}

  private final List<Part> parts;

  ParameterRotation(List<Part> parts) {
    this.parts = List.copyOf(parts);
  }

  /** Returns the rotation that changes nothing. */
  static ParameterRotation none() {
    return new ParameterRotation(List.of());
  }

  /** Returns the components of a vector [n] along the rotated directions, a new array. */
  INDArray toRotated(INDArray vector) {
    return rotated(vector, true);
  }

  /** Returns the vector [n] with these components along the rotated directions, a new array. */
  INDArray toStandard(INDArray components) {
    return rotated(components, false);
  }

  private INDArray rotated(INDArray vector, boolean forward) {
    INDArray result = vector.dup('c');
    for (Part part : parts) {
      long end = part.offset + part.outputs * part.inputs;
      INDArray range = result.get(NDArrayIndex.interval(part.offset, end));
      INDArray matrix = range.reshape('c', part.outputs, part.inputs);
      INDArray left = Nd4j.gemm(part.left, matrix, forward, false);
      INDArray both = part.right == null ? left : Nd4j.gemm(left, part.right, false, !forward);
      range.assign(both.dup('c').reshape(range.length()));
    }
    return result;
  }
}
