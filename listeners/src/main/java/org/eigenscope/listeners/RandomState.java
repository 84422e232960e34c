package org.eigenscope.listeners;

import org.nd4j.linalg.api.rng.Random;
import org.nd4j.linalg.factory.Nd4j;

/** The state of ND4J's random generator of a thread, from which dropout draws. */
record RandomState(long root, long node) {

  /** Returns the state of the calling thread's generator. */
  static RandomState ofThread() {
    Random random = Nd4j.getRandom();
    return new RandomState(random.rootState(), random.nodeState());
  }

  /** Puts the calling thread's generator into this state. */
  void restore() {
    Nd4j.getRandom().setStates(root, node);
  }
}
