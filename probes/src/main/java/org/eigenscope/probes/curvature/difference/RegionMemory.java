package org.eigenscope.probes.curvature.difference;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The regions that one unit was in, for each batch and each of its calls: a recurrent layer calls
 * its activation function once for every time step, in the same order in every pass.
 */
final class RegionMemory {
  private final Regions regions;
  private final Map<Integer, List<INDArray[]>> forward = new HashMap<>();
  private final Map<Integer, List<INDArray[]>> backward = new HashMap<>();
  private long seenPass = -1;
  private int forwardCalls;
  private int backwardCalls;

  RegionMemory(Regions regions) {
    this.regions = regions;
  }

  /**
   * Returns the regions of the next forward call.
   *
   * @param observed the regions of the values at hand, as boolean masks in the current workspace
   */
  INDArray[] forward(Supplier<INDArray[]> observed) {
    startPass();
    List<INDArray[]> calls = forward.computeIfAbsent(regions.batch(), b -> new ArrayList<>());
    int call = forwardCalls++;
    if (regions.recording()) {
      INDArray[] masks = detached(observed.get());
      calls.add(masks);
      return masks;
    }
    INDArray[] masks = calls.get(call);
    INDArray[] here = observed.get();
    for (int i = 0; i < masks.length; i++) {
      regions.count(differences(here[i], masks[i]));
    }
    return masks;
  }

  /** Returns the regions of the next backward call; see {@link #forward}. */
  INDArray[] backward(Supplier<INDArray[]> observed) {
    startPass();
    List<INDArray[]> calls = backward.computeIfAbsent(regions.batch(), b -> new ArrayList<>());
    int call = backwardCalls++;
    if (regions.recording()) {
      INDArray[] masks = shared(observed.get());
      calls.add(masks);
      return masks;
    }
    return calls.get(call);
  }

  /** Starts over within a pass, for a second look at the same calls. */
  void rewind() {
    seenPass = -1;
  }

  private void startPass() {
    if (seenPass != regions.pass()) {
      seenPass = regions.pass();
      forwardCalls = 0;
      backwardCalls = 0;
      if (regions.recording()) {
        forward.remove(regions.batch());
        backward.remove(regions.batch());
      }
    }
  }

  /** Returns the masks of the forward call that a backward call belongs to, rather than a copy. */
  private INDArray[] shared(INDArray[] masks) {
    List<INDArray[]> calls = forward.get(regions.batch());
    if (calls != null) {
      for (int i = calls.size() - 1; i >= 0; i--) {
        INDArray[] candidate = calls.get(i);
        if (same(candidate, masks)) {
          return candidate;
        }
      }
    }
    return detached(masks);
  }

  private static boolean same(INDArray[] some, INDArray[] others) {
    for (int i = 0; i < some.length; i++) {
      if (!some[i].equalShapes(others[i]) || differences(some[i], others[i]) > 0) {
        return false;
      }
    }
    return true;
  }

  private static long differences(INDArray mask, INDArray other) {
    return mask.neq(other).castTo(DataType.INT64).sumNumber().longValue();
  }

  @SuppressWarnings("try") // the scope itself is the use
  private static INDArray[] detached(INDArray[] masks) {
    try (MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
      INDArray[] copies = new INDArray[masks.length];
      for (int i = 0; i < masks.length; i++) {
        copies[i] = masks[i].dup();
      }
      return copies;
    }
  }
}
