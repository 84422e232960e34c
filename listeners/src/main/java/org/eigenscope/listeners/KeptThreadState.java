package org.eigenscope.listeners;

import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.factory.Nd4j;

/**
 * What ND4J keeps for a thread, put back when a probe on that thread is through: the state of the
 * random generator (from which dropout draws) and the current workspace. Within, no workspace is
 * current.
 */
final class KeptThreadState implements AutoCloseable {
  private final RandomState random = RandomState.ofThread();
  private final MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces();

  @Override
  public void close() {
    outside.close();
    random.restore();
  }
}
