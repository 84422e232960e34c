package org.eigenscope.listeners;

/**
 * Thrown on the training thread under {@link FailurePolicy#RETHROW} when a probe threw; the cause
 * is what it threw. Further probes that failed meanwhile are suppressed exceptions of this one.
 */
public final class ProbeFailedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  ProbeFailedException(String message, Throwable cause) {
    super(message, cause);
  }
}
