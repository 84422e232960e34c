package org.eigenscope.probes.curvature.tangent;

import java.util.ArrayList;
import java.util.List;
import org.eigenscope.probes.kernel.Elements;
import org.eigenscope.probes.kernel.Tensor;
import org.jspecify.annotations.Nullable;

/** Which edges share memory for their changes along a vector, and for what goes back. */
final class Storage {
  private final Program program;
  private final int[] tangents;
  private final int[] cotangents;

  Storage(Program program) {
    this.program = program;
    int n = program.values().size();
    this.tangents = new int[n];
    this.cotangents = new int[n];
    for (int i = 0; i < n; i++) {
      tangents[i] = i;
      cotangents[i] = i;
    }
    for (Step step : program.steps()) {
      if (step instanceof LossStep || !step.input().varies() || !step.input().hasOneConsumer()) {
        continue;
      }
      if (step.pushesInPlace()) {
        tangents[step.output().id()] = tangents[step.input().id()];
      }
      if (step.pullsInPlace()) {
        cotangents[step.output().id()] = cotangents[step.input().id()];
      }
    }
  }

  /** Fills in memory for the changes of some examples along one vector. */
  void allocateTangents(@Nullable Tensor[] to, Elements elements, long rows) {
    allocate(tangents, to, elements, rows);
  }

  /** Fills in memory for what goes back for some examples. */
  void allocateErrors(@Nullable Tensor[] to, Elements elements, long rows) {
    allocate(cotangents, to, elements, rows);
  }

  private void allocate(int[] places, @Nullable Tensor[] to, Elements elements, long rows) {
    for (Value value : program.values()) {
      if (!value.varies()) {
        continue;
      }
      int place = places[value.id()];
      if (place == value.id()) {
        to[value.id()] = Tensor.allocate(elements, rows, value.size());
      } else {
        to[value.id()] = to[place];
      }
    }
  }

  /** Returns the tensors that products need of the loss's errors. */
  List<Tensor> keptErrors(@Nullable Tensor[] errors) {
    List<Tensor> kept = new ArrayList<>();
    for (Step step : program.steps()) {
      Tensor tensor = errors[step.output().id()];
      if (tensor != null && step.keepsErrors()) {
        kept.add(tensor);
      }
    }
    return kept;
  }

  /** Returns each tensor once. */
  List<Tensor> distinct(@Nullable Tensor[] tensors) {
    List<Tensor> distinct = new ArrayList<>();
    for (Tensor tensor : tensors) {
      if (tensor != null && !distinct.contains(tensor)) {
        distinct.add(tensor);
      }
    }
    return distinct;
  }

  /** Returns the elements of one example's changes and of what goes back. */
  long width() {
    long width = 0;
    for (Value value : program.values()) {
      if (value.varies()) {
        width += tangents[value.id()] == value.id() ? value.size() : 0;
        width += cotangents[value.id()] == value.id() ? value.size() : 0;
      }
    }
    return width;
  }
}
