package org.eigenscope.listeners;

/** What becomes of a training when one of its probes throws. */
public enum FailurePolicy {
  /**
   * The training goes on: the failure is logged, counted and reported to the sinks as {@link
   * ProbeEvent.Failed}. The default.
   *
   * <p>This holds for exceptions and errors alike, also for an {@link OutOfMemoryError} or {@link
   * StackOverflowError}: what the probe had taken is free again once it has thrown. Other {@link
   * VirtualMachineError}s mean that the virtual machine is broken, and pass through.
   */
  LOG_AND_COUNT,
  /**
   * As above, and then the training thread throws a {@link ProbeFailedException}: at once when
   * probes are synchronous; when they are asynchronous, at the next iteration, the next end of an
   * epoch or {@link ProbeListener#close()}, whichever comes first.
   */
  RETHROW
}
