package org.eigenscope.probes.curvature;

import java.util.ArrayList;
import java.util.List;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.INDArrayIndex;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.learning.regularization.L1Regularization;
import org.nd4j.linalg.learning.regularization.L2Regularization;
import org.nd4j.linalg.learning.regularization.Regularization;
import org.nd4j.linalg.learning.regularization.WeightDecay;
import org.nd4j.linalg.ops.transforms.Transforms;

/**
 * The regularisation of a network's active parameters, as Deeplearning4j scores it: for each array
 * w with coefficients a and b, a ‖w‖₁ + (b/2) ‖w‖².
 *
 * <p>Weight decay counts as its coefficient says; a learning rate that it is multiplied by in an
 * update is not part of its score, nor of this. The absolute values are linear away from 0 and add
 * nothing to second derivatives.
 */
final class Penalty {

  /**
   * The coefficients of one array, at the network's iteration.
   *
   * @param values its parameters, DOUBLE
   */
  private record Term(ParameterArray array, INDArray values, double absolute, double square) {}

  private final List<Term> terms;

  private Penalty(List<Term> terms) {
    this.terms = terms;
  }

  /**
   * Returns a network's penalty, with coefficients at its present iteration and epoch.
   *
   * @throws IllegalArgumentException if a layer has a regularisation other than l1, l2 and weight
   *     decay
   */
  static Penalty of(Network network) {
    List<Term> terms = new ArrayList<>();
    INDArray parameters = network.model().params();
    int iteration = iteration(network.model());
    int epoch = epoch(network.model());
    for (ParameterArray array : network.arrays()) {
      if (!array.active()) {
        continue;
      }
      double absolute = 0;
      double square = 0;
      for (Regularization regularization : regularizations(network, array)) {
        if (regularization instanceof L1Regularization l1) {
          absolute += l1.getL1().valueAt(iteration, epoch);
        } else if (regularization instanceof L2Regularization l2) {
          square += l2.getL2().valueAt(iteration, epoch);
        } else if (regularization instanceof WeightDecay decay) {
          square += decay.getCoeff().valueAt(iteration, epoch);
        } else {
          throw new IllegalArgumentException(
              "regularization of %s must be l1, l2 or weight decay, got %s; measure without"
                  .formatted(array.name(), regularization.getClass().getName()));
        }
      }
      if (absolute != 0 || square != 0) {
        INDArray values =
            parameters
                .get(NDArrayIndex.interval(array.offset(), array.offset() + array.length()))
                .dup()
                .castTo(DataType.DOUBLE);
        terms.add(new Term(array, values, absolute, square));
      }
    }
    return new Penalty(terms);
  }

  private static List<Regularization> regularizations(Network network, ParameterArray array) {
    List<Regularization> list =
        network.configurationOf(array).getRegularizationByParam(array.key());
    return list == null ? List.of() : list;
  }

  private static int iteration(Model model) {
    return model instanceof MultiLayerNetwork network
        ? network.getLayerWiseConfigurations().getIterationCount()
        : ((ComputationGraph) model).getConfiguration().getIterationCount();
  }

  private static int epoch(Model model) {
    return model instanceof MultiLayerNetwork network
        ? network.getLayerWiseConfigurations().getEpochCount()
        : ((ComputationGraph) model).getConfiguration().getEpochCount();
  }

  /** Returns the penalty. */
  double value() {
    double sum = 0;
    for (Term term : terms) {
      double norm = term.values().norm2Number().doubleValue();
      sum += term.absolute() * term.values().norm1Number().doubleValue();
      sum += term.square() / 2 * norm * norm;
    }
    return sum;
  }

  /** Adds the penalty's gradient to a flat vector [P]. */
  void addGradient(INDArray flat) {
    for (Term term : terms) {
      INDArray part = flat.get(interval(term));
      part.addi(term.values().mul(term.square()).castTo(flat.dataType()));
      INDArray signs = Transforms.sign(term.values(), true).muli(term.absolute());
      part.addi(signs.castTo(flat.dataType()));
    }
  }

  /**
   * Adds products of the penalty's Hessian with the rows of a block, both [k, P] and of one type.
   */
  void addProduct(INDArray block, INDArray to) {
    for (Term term : terms) {
      INDArray part = to.get(NDArrayIndex.all(), interval(term));
      part.addi(block.get(NDArrayIndex.all(), interval(term)).mul(term.square()));
    }
  }

  private static INDArrayIndex interval(Term term) {
    long start = term.array().offset();
    return NDArrayIndex.interval(start, start + term.array().length());
  }
}
