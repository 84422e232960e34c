package org.eigenscope.probes.curvature;

import java.util.List;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Computes a network's loss, gradient and second-order products on data, for {@link Curvature},
 * which is the door for users.
 *
 * <p>Vectors are of the engine's {@link #dataType} and as long as the network's flat parameter
 * vector, P. Their entries at inactive parameters (see {@link ParameterArray#active}) are 0 on the
 * way in and without meaning on the way out. The loss is the mean over all examples of all batches,
 * without regularisation.
 *
 * <p><b>Threading.</b> One thread at a time.
 */
public interface CurvatureEngine extends AutoCloseable {

  /** Returns which engine this is, never AUTO. */
  Engine engine();

  /** Returns FLOAT or DOUBLE, the type of all vectors. */
  DataType dataType();

  /** Returns the loss; may be NaN or infinite. */
  double loss();

  /** Returns the gradient of the loss, a new array [P]. */
  INDArray gradient();

  /**
   * Returns products with the rows of a block, each on its own.
   *
   * @param matrix which matrix
   * @param block k vectors as rows, [k, P]; not modified, not kept
   * @return a new array [k, P]
   * @throws UnsupportedOperationException if the network has a layer that the engine knows no such
   *     matrix of; the message names the layer
   */
  INDArray apply(CurvatureMatrix matrix, INDArray block);

  /**
   * Returns such products with a block on the diagonal of a matrix, which may cost less.
   *
   * @param matrix which matrix
   * @param block k vectors as rows, [k, P], 0 outside of the block; not modified, not kept
   * @param from first parameter of the block
   * @param to the one after its last
   * @return a new array [k, P], without meaning outside of the block
   * @throws UnsupportedOperationException as {@link #apply(CurvatureMatrix, INDArray)}
   */
  default INDArray apply(CurvatureMatrix matrix, INDArray block, long from, long to) {
    return apply(matrix, block);
  }

  /** Returns the number of values that the loss functions take, of all examples together. */
  long outputs();

  /**
   * Returns the values that the loss functions take, at the parameters.
   *
   * @return a new DOUBLE array [outputs], in the order of {@link #jvp}; 0 where masks are
   * @throws UnsupportedOperationException as {@link #jvp}
   */
  INDArray outputValues();

  /**
   * Returns the changes of the {@link #outputs} along the rows of a block.
   *
   * @param block k vectors as rows, [k, P]; not modified, not kept
   * @return a new array [k, outputs]: output layers one after the other, each [examples, values] in
   *     'c' order; 0 where masks are
   * @throws UnsupportedOperationException if the network has a layer whose outputs the engine does
   *     not see; the message names the layer
   */
  INDArray jvp(INDArray block);

  /**
   * Returns the products of the transposed derivative of the {@link #outputs} with the rows of a
   * block.
   *
   * @param block k vectors as rows, [k, outputs], as {@link #jvp} returns them; not modified
   * @return a new array [k, P]
   * @throws UnsupportedOperationException as {@link #jvp}
   */
  INDArray vjp(INDArray block);

  /**
   * Returns the squared norms of products as those of {@link #vjp}, of the outputs of one example
   * at a time, at active parameters.
   *
   * @param block k vectors as rows, [k, outputs], as {@link #jvp} returns them; not modified
   * @return a new DOUBLE array [k, examples]; null where the engine has no shorter way than a
   *     product for each example
   * @throws UnsupportedOperationException as {@link #jvp}
   */
  @Nullable INDArray squaredNorms(INDArray block);

  /**
   * Returns the layers with a matrix of weights that learns, in the order of their steps.
   *
   * @throws UnsupportedOperationException if the engine does not see layers
   */
  List<WeightLayer> weightLayers();

  /**
   * Goes through all examples once and shows what layers multiply their weights with.
   *
   * @param layers some of the {@link #weightLayers}
   * @param visitor takes a layer and some of its inputs, DOUBLE in 'c' order: whole examples, [k ·
   *     positions, inputs], position by position
   * @throws UnsupportedOperationException as {@link #weightLayers}
   */
  void visitInputs(List<WeightLayer> layers, BiConsumer<WeightLayer, INDArray> visitor);

  /**
   * Returns the second derivatives with respect to what layers' weights put out.
   *
   * @param matrix HESSIAN or GAUSS_NEWTON
   * @param layers some of the {@link #weightLayers}
   * @return one for each layer
   * @throws UnsupportedOperationException as {@link #weightLayers}
   */
  List<OutputHessian> outputHessians(
      CurvatureMatrix matrix, List<WeightLayer> layers, OutputProbing probing);

  /** Returns caveats in plain words. */
  List<String> notes();

  /** Returns what kinks did so far. */
  KinkCount kinks();

  /** Returns the work so far. */
  EvaluationCount evaluations();

  /** Returns the bytes held between calls and needed within one, as far as they are known. */
  long expectedBytes();

  @Override
  void close();
}
