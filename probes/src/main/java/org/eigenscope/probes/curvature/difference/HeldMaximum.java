package org.eigenscope.probes.curvature.difference;

import org.deeplearning4j.nn.conf.graph.ElementWiseVertex;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.graph.vertex.GraphVertex;
import org.deeplearning4j.nn.workspace.ArrayType;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.DynamicCustomOp;
import org.nd4j.linalg.factory.Nd4j;

/**
 * An element-wise maximum of a graph's activations, held at the input that won at θ. Inputs that
 * broadcast are left to Deeplearning4j.
 */
@SuppressWarnings("serial") // lives in a replica, which nobody saves
final class HeldMaximum extends ElementWiseVertex {
  private final transient Regions regions;

  HeldMaximum(Regions regions) {
    super(ElementWiseVertex.Op.Max);
    this.regions = regions;
  }

  @Override
  public GraphVertex instantiate(
      ComputationGraph graph,
      String name,
      int index,
      INDArray parametersView,
      boolean initializeParameters,
      DataType dataType) {
    return new Vertex(graph, name, index, dataType, regions);
  }

  @Override
  public boolean equals(Object other) {
    return this == other;
  }

  @Override
  public int hashCode() {
    return System.identityHashCode(this);
  }

  @SuppressWarnings("overrides") // a superclass of Deeplearning4j drops the dots of a parameter
  private static final class Vertex
      extends org.deeplearning4j.nn.graph.vertex.impl.ElementWiseVertex {
    private static final org.deeplearning4j.nn.graph.vertex.impl.ElementWiseVertex.Op MAX =
        org.deeplearning4j.nn.graph.vertex.impl.ElementWiseVertex.Op.Max;

    private final transient RegionMemory memory;

    Vertex(ComputationGraph graph, String name, int index, DataType dataType, Regions regions) {
      super(graph, name, index, MAX, dataType);
      memory = new RegionMemory(regions);
    }

    @Override
    public INDArray doForward(boolean training, LayerWorkspaceMgr workspaces) {
      INDArray out = super.doForward(training, workspaces);
      if (held()) {
        INDArray[] winners = memory.forward(this::winners);
        out.assign(0);
        for (int i = 0; i < inputs.length; i++) {
          out.addi(inputs[i].mul(winners[i].castTo(out.dataType())));
        }
      }
      return out;
    }

    @Override
    public Pair<Gradient, INDArray[]> doBackward(boolean truncated, LayerWorkspaceMgr workspaces) {
      if (!held()) {
        return super.doBackward(truncated, workspaces);
      }
      INDArray[] winners = memory.backward(this::winners);
      INDArray[] errors = new INDArray[inputs.length];
      for (int i = 0; i < errors.length; i++) {
        errors[i] = workspaces.dup(ArrayType.ACTIVATION_GRAD, epsilon);
        errors[i].muli(winners[i].castTo(epsilon.dataType()));
      }
      return Pair.of(null, errors);
    }

    private boolean held() {
      for (INDArray input : inputs) {
        if (!input.equalShapes(inputs[0])) {
          return false;
        }
      }
      return inputs.length > 1;
    }

    /** Asks the operation that Deeplearning4j's own back-propagation asks. */
    private INDArray[] winners() {
      INDArray number = Nd4j.createUninitialized(DataType.INT32, inputs[0].shape());
      Nd4j.exec(
          DynamicCustomOp.builder("mergemaxindex").addInputs(inputs).addOutputs(number).build());
      INDArray[] winners = new INDArray[inputs.length];
      for (int i = 0; i < winners.length; i++) {
        winners[i] = number.eq(i);
      }
      return winners;
    }
  }
}
