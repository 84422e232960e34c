package org.eigenscope.listeners;

/** Tells failures that can be survived from those that cannot. */
final class Failures {
  private Failures() {}

  /** Throws errors of a broken virtual machine; returns for all others, memory included. */
  static void throwIfBroken(Throwable thrown) {
    if (thrown instanceof VirtualMachineError error
        && !(thrown instanceof OutOfMemoryError)
        && !(thrown instanceof StackOverflowError)) {
      throw error;
    }
  }
}
